import type { EntryMask, MaskTally, Stage } from './history.ts';

/** So many masked parts are listed at the end of a review; each entry has its own all the same. */
export const MASKS_LISTED = 5_000;

/** Counts what is masked, as the history is read. */
export class Tally implements MaskTally {
  readonly #stage: Stage;
  readonly #ofSections: EntryMask[] = [];
  #ofEntries: EntryMask[] = [];
  #sections = 0;
  #entries = 0;
  more = false;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  get hidden(): number {
    return this.#sections + this.#entries;
  }

  get listed(): readonly EntryMask[] {
    return [...this.#ofSections, ...this.#ofEntries];
  }

  addSection(masks: readonly EntryMask[]): void {
    this.#sections += hiddenIn(masks);
    if (this.#stage === 'review') this.#ofSections.push(...masks);
  }

  /** A history can be read more than once: each reading counts its entries anew. */
  beginEntries(): void {
    this.#ofEntries = [];
    this.#entries = 0;
    this.more = false;
  }

  add(masks: readonly EntryMask[]): void {
    this.#entries += hiddenIn(masks);
    if (this.#stage === 'release' || masks.length === 0) return;
    const room = MASKS_LISTED - this.#ofSections.length - this.#ofEntries.length;
    this.#ofEntries.push(...masks.slice(0, Math.max(0, room)));
    this.more ||= masks.length > room;
  }
}

const hiddenIn = (masks: readonly EntryMask[]): number => masks.filter((one) => one.origin !== 'shown').length;
