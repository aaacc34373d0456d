import { isDeepStrictEqual } from 'node:util';
import type { Resource } from '@medplum/fhirtypes';
import type { FhirStore, Stored, Write, WriteResult } from '../fhir-store.ts';
import { StoreError } from '../fhir-store.ts';
import type { Entry, Journal } from './journal.ts';
import type { JsonObject } from './json.ts';

/** What a sequence needs of the server: one write at a time, and reading. */
export interface SequenceServer extends Pick<FhirStore, 'read' | 'vread' | 'history'> {
  /** Errors: StoreError. */
  writeOne(write: Write): Promise<WriteResult>;
  /** Is this version one that this process knows itself to have written? */
  remembers(resource: Stored): boolean;
}

/** Several writes to a server that has no transactions. */
export interface Sequence {
  /**
   * All of them in order, under a note in the journal. The first is the gate: if the server will not have it, nothing
   * was written. Once it is through, the rest is made however long that takes: see `finish`. Errors: StoreError;
   * `unavailable` when it is not certain that nothing was written.
   */
  commit(writes: readonly Write[]): Promise<WriteResult[]>;
  /** The same without a note, for a writer that keeps its own. Once the gate is through, every error is `unavailable`. */
  inOrder(writes: readonly Write[]): Promise<WriteResult[]>;
  /**
   * Makes what is left of a noted sequence whose first write is there, and closes the note. One whose first write is not
   * there yet is kept: it may still come. Errors: StoreError, and then it is to be tried again.
   */
  finish(entry: Entry): Promise<void>;
}

export function createSequence(server: SequenceServer, journal: Journal): Sequence {
  return {
    async commit(writes) {
      const noted = await journal.open('finish', writes);
      try {
        const results = await inOrder(server, writes);
        // An earlier run of the same step can no longer get through.
        await journal.close(noted, ...journal.alike(noted, writes).map((one) => one.id));
        return results;
      } catch (error) {
        const certain = isCertain(error) && !(isVersioned(writes) && (await isOwnConflict(error, server, writes)));
        if (certain) await journal.close(noted);
        else await journal.doubt(noted);
        throw certain ? error : uncertain(error);
      } finally {
        journal.letGo(noted);
      }
    },
    inOrder: (writes) => inOrder(server, writes),
    async finish(entry) {
      const [gate] = entry.writes;
      switch (gate === undefined ? 'overtaken' : await fateOf(server, gate)) {
        case 'overtaken':
          return journal.close(entry.id);
        case 'open':
          return entry.state === 'undone' ? undefined : journal.undone(entry);
        case 'made': {
          // Looked at once the first write has been seen: whoever begins now is refused by the server.
          const others = journal.alike(entry.id, entry.writes);
          if (others.some((one) => journal.isInHand(one.id))) return;
          const chosen = await begunOf(
            server,
            [entry, ...others].sort((a, b) => a.id - b.id),
          );
          for (const write of byReference(chosen.writes).slice(1)) await makeUp(server, write);
          return journal.close(entry.id, ...others.map((one) => one.id));
        }
      }
    },
  };
}

/**
 * Runs of one step that ended alike: whichever got through, what follows is made once. The run that has more than its
 * first write there, or else the last.
 */
async function begunOf(server: SequenceServer, runs: readonly Entry[]): Promise<Entry> {
  const last = runs[runs.length - 1] as Entry;
  for (const run of runs.length === 1 ? [] : runs) {
    for (const write of run.writes.slice(1)) {
      if (write.op === 'create' && (await isMade(server, write))) return run;
    }
  }
  return last;
}

/** Does this error say that nothing was written? */
export function isCertain(error: unknown): boolean {
  return error instanceof StoreError && error.code !== 'unavailable';
}

/**
 * Does a conflict come of our own write? A gateway between us and the server may repeat a call whose answer it did not
 * get, and pass on what the server says to the second one. What this process knows itself to have written was another
 * step's. Where the look fails, nobody knows.
 */
export async function isOwnConflict(
  error: unknown,
  server: Pick<SequenceServer, 'read' | 'remembers'>,
  [gate]: readonly Write[],
): Promise<boolean> {
  if (!(error instanceof StoreError && error.code === 'conflict') || gate === undefined) return false;
  try {
    const current = await server.read(gate.resource.resourceType, gate.resource.id);
    return current !== undefined && sameContent(current, gate.resource) && !server.remembers(current);
  } catch {
    return true;
  }
}

/** A step that creates finds what it made when it is run again; one that changes finds its change, and takes it for done. */
function isVersioned([gate]: readonly Write[]): boolean {
  return gate?.op === 'update' && gate.ifMatch !== undefined;
}

/** The error of a call of which nobody knows whether it was carried out. */
export function uncertain(cause: unknown): unknown {
  if (!isCertain(cause)) return cause;
  return new StoreError('unavailable', 'the server refused a write that it may have made', { cause });
}

async function inOrder(server: SequenceServer, writes: readonly Write[]): Promise<WriteResult[]> {
  const made = new Map<Write, WriteResult>();
  for (const write of byReference(writes)) {
    try {
      made.set(write, await server.writeOne(write));
    } catch (cause) {
      if (made.size === 0) throw cause;
      throw new StoreError('unavailable', 'the server took only some of several writes', { cause });
    }
  }
  return writes.flatMap((write) => made.get(write) ?? []);
}

/** The gate first, and everything else after what it refers to, for a server may look whether that is there. */
function byReference([gate, ...rest]: readonly Write[]): Write[] {
  if (gate === undefined) return [];
  const ordered = [gate];
  let waiting = rest;
  while (waiting.length > 0) {
    const missing = new Set(waiting.map(({ resource }) => `${resource.resourceType}/${resource.id}`));
    const ready = waiting.filter((one) => {
      const own = `${one.resource.resourceType}/${one.resource.id}`;
      return !referencesIn(one.resource).some((reference) => reference !== own && missing.has(reference));
    });
    // Those that refer to each other in a ring go as they come.
    const next = ready.length > 0 ? ready : waiting.slice(0, 1);
    ordered.push(...next);
    waiting = waiting.filter((one) => !next.includes(one));
  }
  return ordered;
}

/** `Type/id` of all that a resource refers to. */
function referencesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) =>
    key === 'reference' && typeof one === 'string' ? [one.split('/').slice(0, 2).join('/')] : referencesIn(one),
  );
}

/** `made`: it is on the server. `open`: not, and it may still come. `overtaken`: another took its place for good. */
type Fate = 'made' | 'open' | 'overtaken';

const isMade = async (server: SequenceServer, write: Write): Promise<boolean> =>
  (await fateOf(server, write)) === 'made';

/** What became of a write. Found by id and version, for no search need know it yet. */
async function fateOf(server: SequenceServer, write: Write): Promise<Fate> {
  const { resourceType, id } = write.resource;
  const current = await server.read(resourceType, id);
  if (write.op === 'create') return current === undefined ? 'open' : 'made';
  if (current !== undefined && sameContent(current, write.resource)) return 'made';
  if (write.ifMatch === undefined || current === undefined || current.meta.versionId === write.ifMatch) return 'open';
  // Later versions may have taken the place of ours.
  let cursor: string | undefined;
  do {
    const page = await server.history(resourceType, { id, ...(cursor === undefined ? {} : { cursor }) });
    for (const version of page.matches) {
      if (version.meta.versionId === write.ifMatch) return 'overtaken';
      if (isKeptFrom(version, write.resource)) return 'made';
    }
    cursor = page.next;
  } while (cursor !== undefined);
  throw versionGone(write.resource);
}

/** Without the versions in between nobody can tell what became of a write: a person has to look. */
export function versionGone({ resourceType, id }: Write['resource']): StoreError {
  return new StoreError('rejected', `a version of ${resourceType}/${id} that a write was about is gone`);
}

/** One of the later writes, made if it is not made yet. What moved on meanwhile takes over only what we changed. */
async function makeUp(server: SequenceServer, write: Write): Promise<void> {
  const { resource } = write;
  if (await isMade(server, write)) return;
  const current = await server.read(resource.resourceType, resource.id);
  if (write.op === 'create' || current === undefined || write.ifMatch === undefined) {
    await server.writeOne(write);
    return;
  }
  const { versionId } = current.meta;
  if (versionId === write.ifMatch) {
    await server.writeOne(write);
    return;
  }
  const base = await server.vread(resource.resourceType, resource.id, write.ifMatch);
  if (base === undefined) throw versionGone(resource);
  await server.writeOne({ op: 'update', resource: rebased(current, base, resource), ifMatch: versionId });
}

/** What is there now, with the elements that we changed as we changed them. */
function rebased(current: Stored, base: Stored, ours: Resource & { id: string }): Resource & { id: string } {
  const elements = (one: object): Record<string, unknown> => ({ ...one });
  const [now, before, wanted] = [elements(current), elements(base), elements(ours)];
  const changed = [...new Set([...Object.keys(before), ...Object.keys(wanted)])].filter(
    (name) => name !== 'meta' && !isDeepStrictEqual(before[name], wanted[name]),
  );
  for (const name of changed) {
    if (wanted[name] === undefined) delete now[name];
    else now[name] = wanted[name];
  }
  return now as unknown as Resource & { id: string };
}

/** Is this the version that was made of what we sent? Servers may drop extensions, as `droppedOf` tells. */
function isKeptFrom(version: Stored, sent: Resource): boolean {
  return isDeepStrictEqual(withoutExtensions(contentOf(version)), withoutExtensions(contentOf(sent)));
}

function withoutExtensions(content: JsonObject): JsonObject {
  const isExtension = (name: string): boolean => name === 'extension' || name === 'modifierExtension';
  return JSON.parse(JSON.stringify(content, (name, value) => (isExtension(name) ? undefined : value)));
}

function sameContent(one: Resource, other: Resource): boolean {
  return isDeepStrictEqual(contentOf(one), contentOf(other));
}

/**
 * What must be the same, whatever the server keeps about it, the narrative it may have made, and the versions in its
 * references: HAPI keeps none.
 */
function contentOf({ meta: _meta, ...rest }: Resource): JsonObject {
  const withoutVersion = (name: string, value: unknown): unknown =>
    name === 'reference' && typeof value === 'string' ? value.replace(/\/_history\/[^/]*$/, '') : value;
  return { ...JSON.parse(JSON.stringify(rest, withoutVersion)), text: null };
}
