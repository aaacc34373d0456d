/** Lets so many go at once and keeps the others waiting in order, up to a bound. */
export class Slots {
  readonly #most: number;
  readonly #mostWaiting: number;
  #taken = 0;
  readonly #waiting = new Set<() => void>();

  constructor(limits: { readonly most: number; readonly mostWaiting: number }) {
    this.#most = limits.most;
    this.#mostWaiting = limits.mostWaiting;
  }

  /**
   * Takes a slot, which must be given back with `release`. Answers false, and takes none, when too many are waiting
   * already or `signal` ends the waiting.
   */
  async take(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    if (this.#taken < this.#most) {
      this.#taken += 1;
      return true;
    }
    if (this.#waiting.size >= this.#mostWaiting) return false;
    return new Promise((resolve) => {
      const settle = (taken: boolean): void => {
        this.#waiting.delete(goOn);
        signal.removeEventListener('abort', giveUp);
        resolve(taken);
      };
      const goOn = (): void => settle(true);
      const giveUp = (): void => settle(false);
      this.#waiting.add(goOn);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** Hands the slot to whoever has waited longest. */
  release(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#taken -= 1;
    else next();
  }
}
