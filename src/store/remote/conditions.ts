import { type FhirStore, type Stored, StoreError, type Write, type WriteResult } from '../fhir-store.ts';
import { unsupported } from '../search-text.ts';

/** A write whose condition, if it had one, has been looked at. */
export type PlainWrite =
  | { readonly op: 'create'; readonly resource: Write['resource'] }
  | { readonly op: 'update'; readonly resource: Write['resource']; readonly ifMatch?: string };

/**
 * Conditional creates (`unless`) over a server: our ids are our own, and servers offer `If-None-Exist` only for ids of
 * theirs. So it is looked first and written then. Repeats within this process wait for each other; between processes
 * nothing does: two that look at the same moment both write. Whoever relies on there being one looks for a second one
 * afterwards.
 */
export class Conditions {
  /** Conditions that somebody is at. */
  readonly #held = new Map<string, Promise<unknown>>();

  /**
   * Asks for what the creates must not match, has `perform` make the writes that are left, and answers for all of them.
   * Errors: StoreError `conflict` as the port has it; those of the store.
   */
  async run(
    store: Pick<FhirStore, 'search' | 'read'>,
    writes: readonly Write[],
    perform: (writes: readonly PlainWrite[]) => Promise<WriteResult[]>,
  ): Promise<WriteResult[]> {
    const keys = writes.flatMap((one) =>
      one.op === 'create' && one.unless !== undefined ? [JSON.stringify([one.resource.resourceType, one.unless])] : [],
    );
    if (keys.length === 0) return perform(writes.map(plain));
    return this.#alone(keys, async () => {
      const existing = await Promise.all(writes.map((one) => existingFor(store, one)));
      const made = await perform(writes.filter((_, at) => existing[at] === undefined).map(plain));
      return writes.flatMap((_, at): WriteResult[] => {
        const resource = existing[at];
        if (resource !== undefined) return [{ outcome: 'existing', resource }];
        const result = made.shift();
        return result === undefined ? [] : [result];
      });
    });
  }

  async #alone<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    for (;;) {
      const held = keys.flatMap((key) => this.#held.get(key) ?? []);
      if (held.length === 0) break;
      await Promise.allSettled(held);
    }
    const working = work();
    for (const key of keys) this.#held.set(key, working);
    try {
      return await working;
    } finally {
      for (const key of keys) this.#held.delete(key);
    }
  }
}

async function existingFor(store: Pick<FhirStore, 'search' | 'read'>, write: Write): Promise<Stored | undefined> {
  if (write.op !== 'create' || write.unless === undefined) return undefined;
  const { unless, onMatch } = write;
  const { resourceType } = write.resource;
  if (unless.length === 0) throw unsupported('unless', 'has no parameter');
  const found = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await store.search(resourceType, [...unless, ['_count', '2']], cursor);
    for (const { id } of page.matches) found.add(id);
    cursor = page.next;
  } while (cursor !== undefined && found.size < 2);
  const [id] = found;
  if (id === undefined) return undefined;
  if (found.size > 1) throw conflict(`several ${resourceType} resources match the condition`);
  if (onMatch === 'conflict') throw conflict(`a ${resourceType} that matches the condition exists`);
  // A search may know an older version than there is.
  const current = await store.read(resourceType, id);
  if (current === undefined) throw conflict(`the ${resourceType} that matched the condition has gone`);
  return current;
}

function plain(write: Write): PlainWrite {
  if (write.op === 'update') return write;
  return { op: 'create', resource: write.resource };
}

const conflict = (message: string): StoreError => new StoreError('conflict', message);
