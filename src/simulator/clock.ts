import type { Clock } from '../clock.ts';

/** A clock that runs on and can be moved forward; everything in the simulator that waits, waits by it. */
export class SimulatorClock implements Clock {
  readonly #base: Clock;
  #offsetMs: number;

  constructor(base: Clock, offsetMs: number) {
    this.#base = base;
    this.#offsetMs = offsetMs;
  }

  now(): Date {
    return new Date(this.ms());
  }

  ms(): number {
    return this.unmovedMs() + this.#offsetMs;
  }

  /** The time as it would be had nobody moved it: that of the clients, whose tokens must be fresh. */
  unmovedMs(): number {
    return this.#base.now().getTime();
  }

  /**
   * Moves the time on by this many milliseconds (not back: what happened has happened). Answers how far it is now ahead
   * of the clock that it started from.
   */
  advance(ms: number): number {
    if (ms < 0) throw new RangeError('the clock only goes forward');
    this.#offsetMs += ms;
    return this.#offsetMs;
  }
}

/** Microseconds since 1970 as Notify writes a time: UTC with six digits. */
export function timestamp(us: number): string {
  const iso = new Date(Math.floor(us / 1000)).toISOString().slice(0, -1);
  return `${iso}${String(us % 1000).padStart(3, '0')}Z`;
}

/** Calls back when something is due by the simulator's clock, and again for whatever is due next. */
export class Alarm {
  readonly #clock: SimulatorClock;
  readonly #nextDueMs: () => number | undefined;
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(clock: SimulatorClock, nextDueMs: () => number | undefined, ring: () => void) {
    this.#clock = clock;
    this.#nextDueMs = nextDueMs;
    this.#ring = ring;
  }

  /** Looks again at what is due next; to be called when that may have changed. */
  set(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#stopped) return;
    const due = this.#nextDueMs();
    if (due === undefined) return;
    const wait = Math.min(Math.max(due - this.#clock.ms(), 0), LONGEST_WAIT_MS);
    this.#timer = setTimeout(() => this.#ring(), wait);
    this.#timer.unref();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}

/** Timers cannot wait longer than 2^31 - 1 ms; looking once an hour costs nothing. */
const LONGEST_WAIT_MS = 3_600_000;
