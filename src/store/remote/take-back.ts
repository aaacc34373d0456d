import type { BundleEntry } from '@medplum/fhirtypes';
import type { FhirStore, Stored } from '../fhir-store.ts';
import { type Answer, unavailable } from './answer.ts';
import type { RemoteClient } from './client.ts';
import type { PlainWrite } from './conditions.ts';
import { entityTag } from './habits.ts';
import { isDone } from './refusal.ts';
import { bodyOf } from './resources.ts';
import { putEntry, transactionOf } from './transaction.ts';

/** A write that the server has made. */
export interface Made {
  readonly write: PlainWrite;
  readonly status: number;
  readonly stored: Stored;
  /** What is there was there before: some servers make no version of equal content. */
  readonly unchanged: boolean;
}

/** What was there before a write, and how to have it back. */
export class TakeBack {
  readonly #client: RemoteClient;
  readonly #reader: Pick<FhirStore, 'vread' | 'history'>;

  constructor(client: RemoteClient, reader: Pick<FhirStore, 'vread' | 'history'>) {
    this.#client = client;
    this.#reader = reader;
  }

  /** Makes undone what the server has made. Errors: StoreError `unavailable`. */
  async all(made: readonly Made[]): Promise<void> {
    const client = this.#client;
    const steps: { readonly entry: BundleEntry; readonly run: () => Promise<Answer> }[] = [];
    for (const { stored, status } of made.filter((one) => !one.unchanged)) {
      const { resourceType, id, meta } = stored;
      const precondition = { ifMatch: entityTag(meta.versionId) };
      const previous = status === 201 ? await this.previous(stored) : await this.previousOfUpdated(stored);
      if (previous !== undefined) {
        const body = bodyOf(previous);
        steps.push({
          entry: putEntry(client.baseUrl, body, precondition),
          run: () => client.put(body, precondition),
        });
      } else if (status === 201) {
        steps.push({
          entry: { request: { method: 'DELETE', url: `${resourceType}/${id}`, ...precondition } },
          run: () => client.remove(resourceType, id, precondition),
        });
      } else throw unavailable('previous-version-gone');
    }
    const [only] = steps;
    if (only === undefined) return;
    const run =
      steps.length === 1 ? only.run : () => client.transaction(transactionOf(steps.map(({ entry }) => entry)));
    const answer = await run();
    if (!isDone(answer.status)) throw unavailable('not-taken-back');
  }

  /** The version before this one, where versions are counted. Errors: StoreError `unavailable`. */
  async previous({ resourceType, id, meta }: Stored): Promise<Stored | undefined> {
    const number = /^\d{1,15}$/.test(meta.versionId) ? Number(meta.versionId) : 0;
    return number > 1 ? afterwards(this.#reader.vread(resourceType, id, String(number - 1))) : undefined;
  }

  /** The version before this one, of something that was there. Errors: StoreError `unavailable`. */
  async previousOfUpdated(stored: Stored): Promise<Stored | undefined> {
    const counted = await this.previous(stored);
    if (counted !== undefined) return counted;
    const { matches } = await afterwards(this.#reader.history(stored.resourceType, { id: stored.id, count: 10 }));
    const at = matches.findIndex((one) => one.meta.versionId === stored.meta.versionId);
    return at < 0 ? undefined : matches[at + 1];
  }
}

/** What goes wrong once the write is made says nothing about the write. Errors: StoreError `unavailable`. */
export function afterwards<T>(asked: Promise<T>): Promise<T> {
  return asked.catch(() => {
    throw unavailable('written-and-not-seen');
  });
}
