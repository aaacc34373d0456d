import { randomUUID } from 'node:crypto';
import type { ResourceType } from '@medplum/fhirtypes';
import type { SearchParams, Stored } from '../fhir-store.ts';
import { unsupported } from '../search-text.ts';

/** A search with what was remembered when it began. Its pages are these first, and then the base's. */
export interface Walk {
  readonly type: ResourceType;
  readonly params: SearchParams;
  /** The last thing that was remembered: what is written later is none of its business. */
  readonly order: number;
  readonly queue: readonly Stored[];
}

/** Where a page of a walk begins: so many of the queue are behind it, and then so much of the base. */
export interface Step {
  readonly walk: Walk;
  readonly offset: number;
  readonly cursor?: string;
}

/** More walks, or more in all their queues, are not kept: who reads on in an older one is told that it has expired. */
const MOST = 1_000;
const MOST_QUEUED = 10_000;

/** Walks under way. Cursors name them, and can be used again. */
export class Walks {
  readonly #walks = new Map<string, Walk>();
  readonly #names = new WeakMap<Walk, string>();
  #queued = 0;

  cursor({ walk, offset, cursor = '' }: Step): string {
    const name = this.#names.get(walk) ?? randomUUID();
    if (!this.#walks.has(name)) {
      this.#names.set(walk, name);
      this.#walks.set(name, walk);
      this.#queued += walk.queue.length;
      this.#endOldest(name);
    }
    return `${name}.${offset}.${cursor}`;
  }

  /** `undefined`: the base's own cursor. Errors: StoreError `unsupported-search`. */
  read(type: ResourceType, params: SearchParams, cursor: string): Step | undefined {
    const [, name, offset, inner] = /^([0-9a-f-]{36})\.(\d{1,6})\.(.*)$/.exec(cursor) ?? [];
    if (name === undefined || inner === undefined) return undefined;
    const walk = this.#walks.get(name);
    if (walk === undefined) throw unsupported('cursor', 'has expired; begin the search again');
    if (JSON.stringify([walk.type, walk.params]) !== JSON.stringify([type, params])) {
      throw unsupported('cursor', 'was not made for this search');
    }
    return { walk, offset: Number(offset), ...(inner === '' ? {} : { cursor: inner }) };
  }

  #endOldest(newest: string): void {
    for (const [name, { queue }] of this.#walks) {
      if (name === newest || (this.#walks.size <= MOST && this.#queued <= MOST_QUEUED)) return;
      this.#walks.delete(name);
      this.#queued -= queue.length;
    }
  }
}
