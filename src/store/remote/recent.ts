import type { ExtractResource, Resource, ResourceType } from '@medplum/fhirtypes';
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import {
  type FhirStore,
  type HistoryOptions,
  type SearchPage,
  type SearchParams,
  type Stored,
  StoreError,
  type Write,
  type WriteResult,
} from '../fhir-store.ts';
import { Conditions } from './conditions.ts';
import { isNewer, Memory } from './memory.ts';
import { type Step, type Walk, Walks } from './walks.ts';

export interface RecentOptions {
  readonly clock: Clock;
  /** Milliseconds on a clock that never jumps. Default: `performance.now`. */
  readonly monotonic?: () => number;
  readonly log: Log;
  /** How long the server's searches may lag behind its writes, in milliseconds. Default: 30 seconds. */
  readonly lagMs?: number;
  /** Each time that something was written. */
  readonly onWritten?: (resources: readonly Stored[]) => void;
}

/** A store whose searches know what was just written through it. */
export interface RecentStore extends FhirStore {
  /** What was written by another way counts as well. */
  remember(resources: readonly Stored[]): void;
  /** Is this the version that was last written through here, and known to be? Only for as long as searches may lag. */
  remembers(resource: Stored): boolean;
  /** Forgets everything. */
  close(): void;
}

/**
 * What was just written may not be found yet: many servers index a moment later. What is written through here is
 * remembered for that moment, and searches are answered as if the server knew it: matches are added, and what changed is
 * judged by what it is now. Reads by id are the server's.
 *
 * Some searches rest on more than their own matches: chained parameters, `_has`, includes, orders and totals. They find
 * what the server finds, as do those that the embedded store cannot judge. No rule may rest on such a search: all that
 * Herald decides by is asked by plain parameters, and read to the last page.
 */
export function withRecent(base: FhirStore, options: RecentOptions): RecentStore {
  return new MergingStore(base, options);
}

class MergingStore implements RecentStore {
  readonly #base: FhirStore;
  readonly #memory: Memory;
  readonly #walks = new Walks();
  readonly #conditions = new Conditions();
  readonly #onWritten: (resources: readonly Stored[]) => void;

  constructor(base: FhirStore, options: RecentOptions) {
    const { clock, log, monotonic = () => performance.now(), lagMs = 30_000, onWritten = () => {} } = options;
    this.#base = base;
    this.#onWritten = onWritten;
    this.#memory = new Memory({ clock, log, monotonic, lagMs });
  }

  remember(resources: readonly Stored[]): void {
    this.#memory.remember(resources);
    this.#onWritten(resources);
  }

  remembers({ resourceType, id, meta }: Stored): boolean {
    return this.#memory.get(resourceType, id)?.versionId === meta.versionId;
  }

  close(): void {
    this.#memory.close();
  }

  read<T extends ResourceType>(type: T, id: string): Promise<Stored<ExtractResource<T>> | undefined> {
    return this.#base.read(type, id);
  }

  vread<T extends ResourceType>(
    type: T,
    id: string,
    versionId: string,
  ): Promise<Stored<ExtractResource<T>> | undefined> {
    return this.#base.vread(type, id, versionId);
  }

  history<T extends ResourceType>(type: T, options: HistoryOptions): Promise<SearchPage<ExtractResource<T>>> {
    return this.#base.history(type, options);
  }

  async search<T extends ResourceType>(
    type: T,
    params: SearchParams,
    cursor?: string,
  ): Promise<SearchPage<ExtractResource<T>>> {
    const plain = params.every(([name, value]) => isPlain(name, value));
    if (cursor !== undefined) {
      const step = plain ? this.#walks.read(type, params, cursor) : undefined;
      return step === undefined ? this.#base.search(type, params, cursor) : this.#page(step);
    }
    if (!plain || !this.#memory.has(type)) return this.#base.search(type, params);
    const { order } = this.#memory;
    const queue = await this.#matches(type, params);
    if (queue === undefined) return this.#base.search(type, params);
    return this.#page({ walk: { type, params, order, queue }, offset: 0 });
  }

  async commit(writes: readonly Write[]): Promise<WriteResult[]> {
    // Conditions are looked at here, where searches know of recent writes.
    return this.#conditions.run(this, writes, async (plain) => {
      if (plain.length === 0) return [];
      const results = await this.#base.commit(plain);
      this.remember(results.map((one) => one.resource));
      return results;
    });
  }

  redact(type: ResourceType, id: string, rewrite: (version: Stored) => Stored): Promise<'done' | 'impossible'> {
    return this.#base.redact(type, id, rewrite);
  }

  ping(): Promise<void> {
    return this.#base.ping();
  }

  /** What is remembered and matches; `undefined`: the embedded store cannot tell. */
  async #matches(type: ResourceType, params: SearchParams): Promise<Stored[] | undefined> {
    const criteria = params.filter(([name]) => name !== '_count' && name !== '_total');
    try {
      return await this.#memory.matches(type, criteria);
    } catch (error) {
      if (error instanceof StoreError && error.code === 'unsupported-search') return undefined;
      throw error;
    }
  }

  async #page<T extends Resource>(step: Step): Promise<SearchPage<T>> {
    const { walk, offset, cursor } = step;
    const limit = limitOf(walk.params);
    const ours = cursor === undefined ? walk.queue.slice(offset, limit === undefined ? undefined : offset + limit) : [];
    if (ours.length === limit) {
      return { matches: cast(ours), included: [], next: this.#walks.cursor({ walk, offset: offset + limit }) };
    }
    const page: SearchPage = await this.#base.search(walk.type, baseParams(walk, limit), cursor);
    const theirs = new Map(page.matches.map((one) => [one.id, one]));
    const matches = [
      ...ours.map((one) => {
        const there = theirs.get(one.id);
        return there !== undefined && isNewer(there.meta, one.meta) ? there : one;
      }),
      ...page.matches.filter((one) => this.#stands(walk, one)),
    ];
    const { next, ...rest } = page;
    return {
      ...rest,
      matches: cast(matches),
      ...(next === undefined ? {} : { next: this.#walks.cursor({ walk, offset: walk.queue.length, cursor: next }) }),
    };
  }

  /** Is this match of the server's still one, and not handed out already? */
  #stands(walk: Walk, found: Stored): boolean {
    if (walk.queue.some((one) => one.id === found.id)) return false;
    const remembered = this.#memory.get(walk.type, found.id);
    if (remembered === undefined || remembered.order > walk.order) return true;
    // What was written since was looked at, and does not match.
    return !isNewer(remembered, found.meta);
  }
}

/** Does this parameter speak of each match by itself? */
function isPlain(name: string, value: string): boolean {
  if (name === '_total') return value === 'none';
  if (name === '_count') return !/^0+$/.test(value);
  return !name.includes('.') && !/^_(has|include|revinclude|sort|summary|elements|contained)/.test(name);
}

function limitOf(params: SearchParams): number | undefined {
  const value = params.find(([name]) => name === '_count')?.[1];
  return value === undefined || !/^\d{1,6}$/.test(value) ? undefined : Number(value);
}

/** The base's first page has what the queue leaves of a page; its cursors are good for that same question alone. */
function baseParams({ params, queue }: Walk, limit: number | undefined): SearchParams {
  if (limit === undefined) return params;
  const room = String(limit - (queue.length % limit));
  return params.map(([name, value]) => [name, name === '_count' ? room : value]);
}

/** The queue holds resources of the walk's type alone. */
function cast<T extends Resource>(resources: readonly Stored[]): readonly Stored<T>[] {
  return resources as readonly Stored<T>[];
}
