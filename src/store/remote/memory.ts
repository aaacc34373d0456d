import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ResourceType } from '@medplum/fhirtypes';
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import { type Database, openDatabase } from '../database.ts';
import { type SearchParams, type Stored, searchAll } from '../fhir-store.ts';
import { SqliteFhirStore } from '../sqlite-store.ts';
import { unavailable } from './answer.ts';

export interface Version {
  readonly versionId: string;
  readonly lastUpdated: string;
}

/** A resource as it was last written, for as long as searches may not know it. */
export interface Remembered extends Version {
  readonly id: string;
  /** Later ones have greater numbers. */
  readonly order: number;
}

interface Entry extends Remembered {
  readonly body: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Characters of all that is remembered. Beyond them the oldest is forgotten before its time. */
const MOST_CHARACTERS = 32 * 1024 * 1024;

/** Resources that are indexed before other work may go on: a few milliseconds. */
const AT_ONCE = 10;

/** What was written in the last moments, found as the embedded store finds things. */
export class Memory {
  readonly #clock: Clock;
  readonly #monotonic: () => number;
  readonly #lagMs: number;
  readonly #log: Log;
  /** By type and id; what was written last stands last. */
  readonly #entries = new Map<string, Map<string, Entry>>();
  readonly #indexes = new Map<string, Index>();
  #order = 0;
  #characters = 0;
  #toldFullAt = Number.NEGATIVE_INFINITY;

  constructor(options: {
    readonly clock: Clock;
    /** Milliseconds on a clock that never jumps: what was written a moment ago stays so when the time is set. */
    readonly monotonic: () => number;
    readonly lagMs: number;
    readonly log: Log;
  }) {
    this.#monotonic = options.monotonic;
    this.#clock = options.clock;
    this.#lagMs = options.lagMs;
    this.#log = options.log;
  }

  /** The number of the last thing that was remembered. */
  get order(): number {
    return this.#order;
  }

  remember(resources: readonly Stored[]): void {
    const at = this.#monotonic();
    for (const resource of resources) {
      const { resourceType, id, meta } = resource;
      const known = this.#entries.get(resourceType)?.get(id);
      // Answers may come in another order than the writes.
      if (known !== undefined && isNewer(known, meta)) continue;
      this.#forget(resourceType, id);
      this.#order += 1;
      const body = JSON.stringify(resource);
      const entry = { id, versionId: meta.versionId, lastUpdated: meta.lastUpdated, order: this.#order, body, at };
      const ofType = this.#entries.get(resourceType) ?? new Map<string, Entry>();
      this.#entries.set(resourceType, ofType.set(id, entry));
      this.#characters += body.length;
    }
    this.#forgetOld(at);
  }

  /** Is anything of this type remembered? */
  has(type: string): boolean {
    this.#forgetOld(this.#monotonic());
    return this.#entries.has(type);
  }

  get(type: string, id: string): Remembered | undefined {
    return this.#entries.get(type)?.get(id);
  }

  /**
   * What is remembered of this type and matches. Errors: StoreError `unsupported-search` for what the embedded store does
   * not know; `unavailable` when something is remembered that it cannot index: it may be what is looked for.
   */
  async matches(type: ResourceType, criteria: SearchParams): Promise<Stored[]> {
    const entries = this.has(type) ? [...(this.#entries.get(type)?.values() ?? [])] : [];
    let index = this.#indexes.get(type);
    if (index === undefined || index.isOutgrown(entries.length)) {
      index?.close();
      index = new Index(this.#clock);
      this.#indexes.set(type, index);
    }
    const ids = new Set(await index.ids(type, criteria, entries));
    return entries.filter((one) => ids.has(one.id)).map((one) => JSON.parse(one.body));
  }

  close(): void {
    for (const index of this.#indexes.values()) index.close();
    this.#indexes.clear();
    this.#entries.clear();
    this.#characters = 0;
  }

  #forgetOld(now: number): void {
    for (const [type, entries] of this.#entries) {
      for (const entry of entries.values()) {
        if (now - entry.at <= this.#lagMs) break;
        this.#forget(type, entry.id);
      }
    }
    if (this.#characters > MOST_CHARACTERS) this.#forgetFirst(now);
  }

  #forgetFirst(now: number): void {
    if (now - this.#toldFullAt > this.#lagMs) this.#log.warn('store.recent-full', { count: this.#order });
    this.#toldFullAt = now;
    const all = [...this.#entries].flatMap(([type, entries]) =>
      [...entries.values()].map((entry) => ({ type, entry })),
    );
    for (const { type, entry } of all.sort((a, b) => a.entry.order - b.entry.order)) {
      if (this.#characters <= MOST_CHARACTERS / 2) return;
      this.#forget(type, entry.id);
    }
  }

  #forget(type: string, id: string): void {
    const entries = this.#entries.get(type);
    const entry = entries?.get(id);
    if (entries === undefined || entry === undefined) return;
    entries.delete(id);
    this.#characters -= entry.body.length;
    if (entries.size === 0) this.#entries.delete(type);
  }
}

/** Versions are compared by number where they are numbers, and otherwise by the server's clock. */
export function isNewer(one: Version, other: Version): boolean {
  const [a, b] = [one.versionId, other.versionId];
  if (a === b) return false;
  if (/^\d{1,15}$/.test(a) && /^\d{1,15}$/.test(b)) return Number(a) > Number(b);
  return Date.parse(one.lastUpdated) > Date.parse(other.lastUpdated);
}

/** The embedded store's index over resources of one type. It only grows; see `isOutgrown`. */
class Index {
  readonly #database: Database = openDatabase(':memory:');
  readonly #store: SqliteFhirStore;
  /** The order of what is indexed, by id. */
  readonly #indexed = new Map<string, number>();
  #versions = 0;
  /** Searches take turns: each brings the index up to date first. */
  #turn: Promise<unknown> = Promise.resolve();
  /** The time that a version gets: it is the server's. */
  #stamp: Date | undefined;

  constructor(clock: Clock) {
    this.#store = new SqliteFhirStore(this.#database, { clock: { now: () => this.#stamp ?? clock.now() } });
  }

  /** Most of it is about what is no longer remembered. */
  isOutgrown(remembered: number): boolean {
    return this.#versions > 500 + 4 * remembered;
  }

  ids(type: ResourceType, criteria: SearchParams, entries: readonly Entry[]): Promise<string[]> {
    const answer = this.#turn.then(async () => {
      await this.#add(entries.filter((one) => this.#indexed.get(one.id) !== one.order));
      const found = await searchAll(this.#store, type, [...criteria, ['_count', '1000']]);
      return found.map((one) => one.id);
    });
    this.#turn = answer.catch(() => {});
    return answer;
  }

  close(): void {
    this.#turn.finally(() => this.#database.close());
  }

  async #add(entries: readonly Entry[]): Promise<void> {
    for (let at = 0; at < entries.length; at += AT_ONCE) {
      await Promise.all(entries.slice(at, at + AT_ONCE).map((one) => this.#put(one)));
      await nextTurn();
    }
  }

  async #put(entry: Entry): Promise<void> {
    const put = this.#database.write(() => {
      this.#stamp = new Date(entry.lastUpdated);
      try {
        this.#store.apply([{ op: 'update', resource: JSON.parse(entry.body) }]);
      } finally {
        this.#stamp = undefined;
      }
    });
    await put.catch(() => {
      throw unavailable('recent-not-indexed');
    });
    this.#indexed.set(entry.id, entry.order);
    this.#versions += 1;
  }
}
