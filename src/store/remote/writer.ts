import type { Bundle, BundleEntry, Coding, Meta, Resource } from '@medplum/fhirtypes';
import type { Log } from '../../log.ts';
import { type FhirStore, type Stored, StoreError, type WriteResult } from '../fhir-store.ts';
import type { Capabilities } from './capabilities.ts';
import { type Answer, type FhirResource, type RemoteClient, unavailable } from './client.ts';
import type { PlainWrite } from './conditions.ts';
import { type Dropped, droppedOf, labelKey } from './dropped.ts';
import { entityTag, habitsOf, type Precondition, preconditionOf } from './habits.ts';
import { objectIn, objectsIn, textIn } from './json.ts';
import { bodyOf, isAbsence, storedOf } from './resources.ts';

export interface WriterDeps {
  readonly client: RemoteClient;
  readonly capabilities: () => Promise<Capabilities>;
  readonly reader: Pick<FhirStore, 'read' | 'vread' | 'history'>;
  readonly log: Log;
  readonly onDropped: (dropped: Dropped) => void;
}

/** What the server said of one write. */
interface Said {
  readonly status: number;
  readonly resource?: FhirResource | undefined;
  readonly versionId?: string | undefined;
}

/** A write that the server has made. */
interface Made {
  readonly write: PlainWrite;
  readonly status: number;
  readonly stored: Stored;
  /** What is there was there before: some servers make no version of equal content. */
  readonly unchanged: boolean;
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
  /** What was told already: it is about the server, not about one record. */
  readonly #told = new Set<string>();

  constructor(deps: WriterDeps) {
    this.#deps = deps;
  }

  /** One write, by PUT. */
  async one(write: PlainWrite): Promise<WriteResult> {
    assertAddress(write);
    const capabilities = await this.#deps.capabilities();
    const answer = await this.#deps.client.put(
      bodyOf(write.resource),
      headersOf(preconditionOf(write, habitsOf(capabilities))),
    );
    const fault = faultOf(answer);
    if (fault !== undefined) throw fault;
    const [result] = await this.#results([{ write, said: answer }], answer, capabilities);
    if (result === undefined) throw unavailable('no-result');
    return result;
  }

  /** All of the writes in one `transaction`, or none. */
  async transaction(writes: readonly PlainWrite[]): Promise<WriteResult[]> {
    for (const write of writes) assertAddress(write);
    const { client } = this.#deps;
    const capabilities = await this.#deps.capabilities();
    const habits = habitsOf(capabilities);
    const answer = await client.transaction(
      transactionOf(writes.map((write) => this.#putEntry(bodyOf(write.resource), preconditionOf(write, habits)))),
    );
    const fault = faultOf(answer);
    if (fault !== undefined) throw fault;
    const said = this.#responses(answer, writes.length);
    const pairs = writes.map((write, at) => ({ write, said: said[at] ?? { status: 0 } }));
    return this.#results(pairs, answer, capabilities);
  }

  #responses({ resource }: Answer, expected: number): Said[] {
    const entries = objectsIn(resource?.entry);
    const said = entries.map((one): Said => {
      const response = objectIn(one.response);
      return {
        status: Number.parseInt(textIn(response.status) ?? '', 10),
        resource: resourceOf(one.resource),
        versionId: versionIn(response),
      };
    });
    const all = resource?.type === 'transaction-response' && said.length === expected;
    if (all && said.every(({ status }) => isDone(status))) return said;
    // A server that took it for a batch may have made some of the writes and not others.
    this.#deps.log.error('store.transaction-in-parts', { count: expected });
    throw unavailable('transaction-in-parts');
  }

  async #results(
    pairs: readonly { readonly write: PlainWrite; readonly said: Said }[],
    answer: Answer,
    capabilities: Capabilities,
  ): Promise<WriteResult[]> {
    const made: Made[] = [];
    for (const { write, said } of pairs) {
      const stored = await this.#whole(write.resource, said);
      made.push({ write, status: said.status, stored, unchanged: isUnchanged(write, said.status, stored, answer) });
    }
    await this.#assertGuarded(made, answer);
    const results: WriteResult[] = [];
    for (const one of made) {
      const stored = await this.#withoutOldLabels(one, made, capabilities);
      this.#tellDropped(one.write.resource, stored);
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
      await this.#takeBack(made);
      throw conflict(`${resource.resourceType}/${resource.id} is not as this write expects it`);
    }
  }

  /** Did this create meet something under its id? */
  async #wasThere({ status, stored, unchanged }: Made): Promise<boolean> {
    if (status !== 201) {
      if (unchanged || (await this.#previousOfUpdated(stored)) !== undefined) return true;
      throw unavailable('created-or-there-before');
    }
    // Under the id of something that was deleted the versions go on.
    return (await this.#previous(stored)) !== undefined;
  }

  /** Makes undone what the server has made. Errors: StoreError `unavailable`. */
  async #takeBack(made: readonly Made[]): Promise<void> {
    const { client } = this.#deps;
    const steps: { readonly entry: BundleEntry; readonly run: () => Promise<Answer> }[] = [];
    for (const { stored, status } of made.filter((one) => !one.unchanged)) {
      const { resourceType, id, meta } = stored;
      const precondition = { ifMatch: entityTag(meta.versionId) };
      const previous = status === 201 ? await this.#previous(stored) : await this.#previousOfUpdated(stored);
      if (previous !== undefined) {
        const body = bodyOf(previous);
        steps.push({
          entry: this.#putEntry(body, precondition),
          run: () => client.put(body, headersOf(precondition)),
        });
      } else if (status === 201) {
        steps.push({
          entry: { request: { method: 'DELETE', url: `${resourceType}/${id}`, ...precondition } },
          run: () => client.remove(resourceType, id, meta.versionId),
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

  /** The version before this one, where versions are counted. */
  async #previous({ resourceType, id, meta }: Stored): Promise<Stored | undefined> {
    const number = /^\d{1,15}$/.test(meta.versionId) ? Number(meta.versionId) : 0;
    return number > 1 ? afterwards(this.#deps.reader.vread(resourceType, id, String(number - 1))) : undefined;
  }

  /** The version before this one, of something that was there. */
  async #previousOfUpdated(stored: Stored): Promise<Stored | undefined> {
    const counted = await this.#previous(stored);
    if (counted !== undefined) return counted;
    const { matches } = await afterwards(this.#deps.reader.history(stored.resourceType, { id: stored.id, count: 10 }));
    const at = matches.findIndex((one) => one.meta.versionId === stored.meta.versionId);
    return at < 0 ? undefined : matches[at + 1];
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
    const extra = beyond(stored.meta, write.resource.meta);
    if (write.op === 'create' || isEmpty(extra)) return stored;
    const allOld = one.unchanged || habitsOf(capabilities).labelsAddUp;
    const old = allOld ? extra : common(extra, (await this.#previousOfUpdated(stored))?.meta);
    if (isEmpty(old)) return stored;
    if (!capabilities.types[resourceType]?.operations.includes('meta-delete')) {
      await this.#takeBack(made);
      throw new StoreError('rejected', `the server cannot take a label from ${resourceType}/${id}`, {
        subject: 'meta.security',
      });
    }
    const { security, tag } = old;
    // R4 has no empty lists.
    const answer = await client.metaDelete(resourceType, id, {
      ...(security.length > 0 ? { security } : {}),
      ...(tag.length > 0 ? { tag } : {}),
    });
    if (!isDone(answer.status)) throw unavailable('label-not-taken-away');
    const current = await reader.read(resourceType, id);
    if (current === undefined) throw unavailable('written-and-gone');
    return current;
  }

  #tellDropped(sent: Resource, stored: Stored): void {
    for (const dropped of droppedOf(sent, stored)) {
      this.#deps.onDropped(dropped);
      const key = `${dropped.resourceType} ${dropped.element}`;
      if (this.#told.has(key)) continue;
      this.#told.add(key);
      this.#deps.log.error('store.dropped', { resourceType: dropped.resourceType, key: dropped.element });
    }
  }

  #putEntry(resource: Resource & { id: string }, precondition: Precondition): BundleEntry {
    const url = `${resource.resourceType}/${resource.id}`;
    // The address lets the server tell that relative references mean the other entries.
    const fullUrl = `${this.#deps.client.baseUrl}/${url}`;
    return { fullUrl, resource, request: { method: 'PUT', url, ...precondition } };
  }
}

/** What goes wrong once the write is made says nothing about the write. */
function afterwards<T>(asked: Promise<T>): Promise<T> {
  return asked.catch(() => {
    throw unavailable('written-and-not-seen');
  });
}

function isUnchanged(write: PlainWrite, status: number, stored: Stored, { date, elapsedMs }: Answer): boolean {
  if (status === 201) return false;
  if (write.op === 'update' && write.ifMatch !== undefined) return stored.meta.versionId === write.ifMatch;
  // Older than the call, by the server's own clock.
  return date !== undefined && Date.parse(stored.meta.lastUpdated) < date - elapsedMs - CLOCK_SLACK_MS;
}

function transactionOf(entry: BundleEntry[]): Bundle {
  return { resourceType: 'Bundle', type: 'transaction', entry };
}

function headersOf({ ifMatch, ifNoneMatch }: Precondition): Record<string, string> {
  return {
    ...(ifMatch === undefined ? {} : { 'If-Match': ifMatch }),
    ...(ifNoneMatch === undefined ? {} : { 'If-None-Match': ifNoneMatch }),
  };
}

const isDone = (status: number): boolean => status === 200 || status === 201 || status === 204;

/** What the status of a write means; `undefined`: it is made. */
function faultOf(answer: Answer): StoreError | undefined {
  const { status, resource, repeated } = answer;
  if (isDone(status)) return undefined;
  if (status === 409 || status === 412) {
    // It may be our own earlier try that is in the way.
    return repeated ? unavailable('conflict-after-repeat') : conflict('the version moved on, or the id is taken');
  }
  if ([400, 413, 415, 422].includes(status) || (status === 404 && isAbsence(answer))) {
    const element = elementNamed(resource);
    const at = element === undefined ? '' : ` at ${element}`;
    return new StoreError('rejected', `the FHIR store will not have this content (${status}${at})`, {
      ...(element === undefined ? {} : { subject: element }),
    });
  }
  return unavailable(`status-${status}`);
}

/** The first place that the server names, if it is a path of elements and nothing else. */
function elementNamed(outcome: FhirResource | undefined): string | undefined {
  const named = objectsIn(outcome?.issue).flatMap(({ expression, location }) => [expression, location].flat(2));
  return named.flatMap((one) => textIn(one) ?? []).find((one) => /^[A-Z][A-Za-z]+(\.[A-Za-z]+(\[\d+\])?)+$/.test(one));
}

/** An address is made of these, so they must be what they say. */
function assertAddress({ resource }: PlainWrite): void {
  if (isAddress(resource.resourceType, resource.id)) return;
  throw new StoreError('rejected', `the id of a ${resource.resourceType} is not a FHIR id`, { subject: 'id' });
}

/** Can this be the address of a resource? Dots alone would be steps of a path. */
export function isAddress(type: string, id: string): boolean {
  return /^[A-Z][A-Za-z]+$/.test(type) && /^[A-Za-z0-9\-.]{1,64}$/.test(id) && !/^\.+$/.test(id);
}

function versionIn(response: Readonly<Record<string, unknown>>): string | undefined {
  const tag = /^(?:W\/)?"?([A-Za-z0-9\-.]{1,64})"?$/.exec(textIn(response.etag) ?? '')?.[1];
  return tag ?? /\/_history\/([A-Za-z0-9\-.]{1,64})$/.exec(textIn(response.location) ?? '')?.[1];
}

function resourceOf(value: unknown): FhirResource | undefined {
  const { resourceType, ...rest } = objectIn(value);
  return typeof resourceType === 'string' ? { resourceType, ...rest } : undefined;
}

interface Labels {
  readonly security: Coding[];
  readonly tag: Coding[];
}

/** The labels and tags of `meta` that `sent` does not have. */
function beyond(meta: Pick<Meta, 'security' | 'tag'>, sent: Meta | undefined): Labels {
  return {
    security: minus(meta.security, sent?.security),
    tag: minus(meta.tag, sent?.tag),
  };
}

function common(labels: Labels, meta: Meta | undefined): Labels {
  const strange = beyond(labels, meta);
  return {
    security: minus(labels.security, strange.security),
    tag: minus(labels.tag, strange.tag),
  };
}

function minus(all: readonly Coding[] = [], without: readonly Coding[] = []): Coding[] {
  const keys = new Set(without.map(labelKey));
  return all.filter((one) => !keys.has(labelKey(one)));
}

const isEmpty = ({ security, tag }: Labels): boolean => security.length + tag.length === 0;

const conflict = (message: string): StoreError => new StoreError('conflict', message);
