import type { Resource } from '@medplum/fhirtypes';
import type { Log } from '../../log.ts';
import { type FhirStore, type Stored, StoreError, type WriteResult } from '../fhir-store.ts';
import { type Answer, unavailable } from './answer.ts';
import type { Capabilities } from './capabilities.ts';
import type { RemoteClient } from './client.ts';
import type { PlainWrite } from './conditions.ts';
import { type Dropped, droppedOf } from './dropped.ts';
import { habitsOf, preconditionOf } from './habits.ts';
import { isUnlabelled, labelsBeyond, labelsCommon, metaOf } from './labels.ts';
import { conflict, isDone, refusalOf } from './refusal.ts';
import { bodyOf, isAddress, storedOf } from './resources.ts';
import { afterwards, type Made, TakeBack } from './take-back.ts';
import { putEntry, type Said, saidOf, transactionOf } from './transaction.ts';

export interface WriterDeps {
  readonly client: RemoteClient;
  readonly capabilities: () => Promise<Capabilities>;
  readonly reader: Pick<FhirStore, 'read' | 'vread' | 'history'>;
  readonly log: Log;
  readonly onDropped: (dropped: Dropped) => void;
}

/** Seconds are all that a server's `Date` tells, and clocks of its parts may differ a little. */
const CLOCK_SLACK_MS = 2_000;

/**
 * Writes to a FHIR server, and does not take its word for it: what came of each write is looked at, and a server that
 * overwrote what a create was to leave alone has what was there put back.
 *
 * Errors: StoreError. `conflict` and `rejected` say that nothing is written; `unavailable`, that it is not known.
 */
export class Writer {
  readonly #deps: WriterDeps;
  readonly #takeBack: TakeBack;
  /** What was told already: it is about the server, not about one record. */
  readonly #told = new Set<string>();

  constructor(deps: WriterDeps) {
    this.#deps = deps;
    this.#takeBack = new TakeBack(deps.client, deps.reader);
  }

  /** One write, by PUT. */
  async one(write: PlainWrite): Promise<WriteResult> {
    assertAddress(write);
    const capabilities = await this.#deps.capabilities();
    const precondition = preconditionOf(write, habitsOf(capabilities));
    const answer = await this.#deps.client.put(bodyOf(write.resource), precondition);
    const refusal = refusalOf(answer);
    if (refusal !== undefined) throw refusal;
    const [result] = await this.#results([{ write, said: answer }], answer, capabilities);
    if (result === undefined) throw unavailable('no-result');
    return result;
  }

  /** All of the writes in one `transaction`, or none. */
  async transaction(writes: readonly PlainWrite[]): Promise<WriteResult[]> {
    for (const write of writes) assertAddress(write);
    const { client, log } = this.#deps;
    const capabilities = await this.#deps.capabilities();
    const habits = habitsOf(capabilities);
    const entries = writes.map((write) =>
      putEntry(client.baseUrl, bodyOf(write.resource), preconditionOf(write, habits)),
    );
    const answer = await client.transaction(transactionOf(entries));
    const refusal = refusalOf(answer);
    if (refusal !== undefined) throw refusal;
    const said = saidOf(answer, writes.length);
    if (said === undefined) {
      // A server that took it for a batch may have made some of the writes and not others.
      log.error('store.transaction-in-parts', { count: writes.length });
      throw unavailable('transaction-in-parts');
    }
    const pairs = writes.map((write, at) => ({ write, said: said[at] ?? { status: 0 } }));
    return this.#results(pairs, answer, capabilities);
  }

  async #results(
    pairs: readonly { readonly write: PlainWrite; readonly said: Said }[],
    answer: Answer,
    capabilities: Capabilities,
  ): Promise<WriteResult[]> {
    const made: Made[] = [];
    for (const { write, said } of pairs) {
      const stored = await this.#labelled(write.resource, await this.#whole(write.resource, said));
      // Whatever answered so, it is not known to have kept what it was given.
      if (statusOf(stored) !== statusOf(write.resource)) throw unavailable('not-as-written');
      made.push({ write, status: said.status, stored, unchanged: isUnchanged(write, said.status, stored, answer) });
    }
    await this.#assertGuarded(made, answer);
    await this.#assertLabelled(made);
    const results: WriteResult[] = [];
    for (const one of made) {
      const stored = await this.#withoutOldLabels(one, made, capabilities);
      results.push({ outcome: one.status === 201 ? 'created' : 'updated', resource: stored });
    }
    return results;
  }

  /** The resource as the server keeps it: from the answer, or read where the answer was empty. */
  async #whole({ resourceType, id }: PlainWrite['resource'], said: Said): Promise<Stored> {
    const { client, reader } = this.#deps;
    if (said.resource?.resourceType === resourceType) {
      return storedOf(said.resource, { type: resourceType, id, etag: said.versionId, baseUrl: client.baseUrl });
    }
    const stored =
      said.versionId === undefined
        ? await reader.read(resourceType, id)
        : await reader.vread(resourceType, id, said.versionId);
    if (stored === undefined) throw unavailable('written-and-gone');
    return stored;
  }

  /** As it is kept, where the answer shows it without a label that it was sent with. */
  async #labelled(sent: PlainWrite['resource'], stored: Stored): Promise<Stored> {
    if (!droppedOf(sent, stored).some(isLabel)) return stored;
    const { resourceType, id, meta } = stored;
    return (await afterwards(this.#deps.reader.vread(resourceType, id, meta.versionId))) ?? stored;
  }

  /**
   * A create must have made something new, and an update with a version must not have. Where the server did otherwise,
   * all that it made is taken back. Errors: StoreError `conflict`, once that is done; `unavailable`.
   */
  async #assertGuarded(made: readonly Made[], { repeated }: Answer): Promise<void> {
    for (const one of made) {
      const { op, resource } = one.write;
      const wasThere = op === 'create' && (await this.#wasThere(one));
      const madeAnew = one.write.op === 'update' && one.write.ifMatch !== undefined && one.status === 201;
      if (!wasThere && !madeAnew) continue;
      if (repeated) throw unavailable('conflict-after-repeat');
      this.#deps.log.error('store.guard-ignored', {
        resourceType: resource.resourceType,
        resourceId: resource.id,
        code: madeAnew ? 'made-anew' : one.unchanged ? 'taken-as-it-is' : 'overwrote',
      });
      await this.#takeBack.all(made);
      throw conflict(`${resource.resourceType}/${resource.id} is not as this write expects it`);
    }
  }

  /** Did this create meet something under its id? */
  async #wasThere({ status, stored, unchanged }: Made): Promise<boolean> {
    if (status !== 201) {
      if (unchanged || (await this.#takeBack.previousOfUpdated(stored)) !== undefined) return true;
      throw unavailable('created-or-there-before');
    }
    // Under the id of something that was deleted the versions go on.
    return (await this.#takeBack.previous(stored)) !== undefined;
  }

  /**
   * HAPI only ever adds labels and tags. Those of the version before that were to go are taken away by `$meta-delete`,
   * in a call of its own: until then, and if that fails, more is protected than need be, never less. On a server that
   * only adds and has no such operation the write is taken back.
   * Errors: StoreError `rejected`, `unavailable`.
   */
  async #withoutOldLabels(one: Made, made: readonly Made[], capabilities: Capabilities): Promise<Stored> {
    const { write, stored } = one;
    const { client, reader } = this.#deps;
    const { resourceType, id } = stored;
    const extra = labelsBeyond(stored.meta, write.resource.meta);
    if (write.op === 'create' || isUnlabelled(extra)) return stored;
    const allOld = one.unchanged || habitsOf(capabilities).labelsAddUp;
    const old = allOld ? extra : labelsCommon(extra, (await this.#takeBack.previousOfUpdated(stored))?.meta);
    if (isUnlabelled(old)) return stored;
    if (!capabilities.types[resourceType]?.operations.includes('meta-delete')) {
      await this.#takeBack.all(made);
      throw new StoreError('rejected', `the server cannot take a label from ${resourceType}/${id}`, {
        subject: 'meta.security',
      });
    }
    const answer = await client.metaDelete(resourceType, id, metaOf(old));
    if (!isDone(answer.status)) throw unavailable('label-not-taken-away');
    const current = await reader.read(resourceType, id);
    if (current === undefined) throw unavailable('written-and-gone');
    return current;
  }

  /**
   * Labels say what somebody who acts for a person may not be told (PRX-7): where one is not kept, all that was made is
   * taken back. What else was dropped is told. Errors: StoreError `rejected`, `unavailable`.
   */
  async #assertLabelled(made: readonly Made[]): Promise<void> {
    const dropped = made.flatMap(({ write, stored }) => droppedOf(write.resource, stored));
    this.#tell(dropped);
    const unlabelled = dropped.find(isLabel);
    if (unlabelled === undefined) return;
    await this.#takeBack.all(made);
    throw new StoreError('rejected', `the server does not keep the labels of a ${unlabelled.resourceType}`, {
      subject: unlabelled.element,
    });
  }

  #tell(all: readonly Dropped[]): void {
    for (const dropped of all) {
      this.#deps.onDropped(dropped);
      const key = `${dropped.resourceType} ${dropped.element}`;
      if (this.#told.has(key)) continue;
      this.#told.add(key);
      this.#deps.log.error('store.dropped', { resourceType: dropped.resourceType, key: dropped.element });
    }
  }
}

const isLabel = ({ element }: Dropped): boolean => element === 'meta.security';

const statusOf = (resource: Resource): unknown => ('status' in resource ? resource.status : undefined);

function isUnchanged(write: PlainWrite, status: number, stored: Stored, { date, elapsedMs }: Answer): boolean {
  if (status === 201) return false;
  if (write.op === 'update' && write.ifMatch !== undefined) return stored.meta.versionId === write.ifMatch;
  // Older than the call, by the server's own clock.
  return date !== undefined && Date.parse(stored.meta.lastUpdated) < date - elapsedMs - CLOCK_SLACK_MS;
}

/** An address is made of these, so they must be what they say. */
function assertAddress({ resource }: PlainWrite): void {
  if (isAddress(resource.resourceType, resource.id)) return;
  throw new StoreError('rejected', `the id of a ${resource.resourceType} is not a FHIR id`, { subject: 'id' });
}
