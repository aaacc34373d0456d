import type { IndexEntries } from './search-index.ts';

const KEPT = 500;

/**
 * By what the resources written last can be found, so that the next version of one need not work it out again: a message
 * changes several times within seconds. Known by their whole text, for the number of a row that was rolled back is given
 * again.
 */
export class RecentEntries {
  readonly #byBody = new Map<string, IndexEntries>();

  put(body: string, entries: IndexEntries): void {
    const [oldest] = this.#byBody.size >= KEPT ? this.#byBody.keys() : [];
    if (oldest !== undefined) this.#byBody.delete(oldest);
    this.#byBody.set(body, entries);
  }

  /** For the version that is being replaced; it is not asked for again. */
  take(body: string): IndexEntries | undefined {
    const entries = this.#byBody.get(body);
    this.#byBody.delete(body);
    return entries;
  }
}
