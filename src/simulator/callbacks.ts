import type { Database } from '../store/database.ts';
import { Alarm, type SimulatorClock } from './clock.ts';
import type { FaultRule } from './faults.ts';
import type { SavedSettings } from './saved-settings.ts';
import type { CallbackTarget, Timings } from './settings.ts';
import { all, one, run } from './tables.ts';

interface Callback {
  readonly id: number;
  readonly due_ms: number;
  readonly url: string;
  readonly token: string;
  readonly payload: string;
  readonly attempts: number;
}

export interface CallbackOptions {
  readonly delayMs?: number;
  readonly copies?: number;
  /** Waits until another callback has gone. */
  readonly held?: boolean;
}

/** How a callback goes astray under a fault; undefined when it never leaves. */
export function astray(rule: FaultRule | undefined): CallbackOptions | undefined {
  switch (rule?.fault) {
    case 'callback-missing':
      return undefined;
    case 'callback-duplicate':
      return { copies: 2 };
    case 'callback-late':
      return { delayMs: rule.delayMs ?? 60_000 };
    case 'callback-reordered':
      return { held: true };
    default:
      return {};
  }
}

/** Answers of the receiver after which Notify tries again; every other 4xx ends it. */
const isWorthRetrying = (status: number): boolean => status >= 500 || status === 429;

/** How many posts are under way at once. */
const AT_ONCE = 16;

/** A held callback goes by itself after this long, should none other come. */
const HELD_MS = 30_000;

/**
 * Posts to the service's addresses as Notify does (11): bearer token, five seconds, five retries on no answer, 5xx and
 * 429. The address, token and payload are those of when the event happened. A post that a crash cut short is made again.
 */
export class Callbacks {
  readonly #database: Database;
  readonly #clock: SimulatorClock;
  readonly #settings: SavedSettings;
  readonly #timings: Timings;
  readonly #alarm: Alarm;
  readonly #underWay = new Set<number>();
  readonly #stop = new AbortController();

  constructor(database: Database, clock: SimulatorClock, settings: SavedSettings, timings: Timings) {
    this.#database = database;
    this.#clock = clock;
    this.#settings = settings;
    this.#timings = timings;
    this.#alarm = new Alarm(
      clock,
      () => (this.#mayRun() ? this.#next(1)[0]?.due_ms : undefined),
      () => this.work(),
    );
  }

  /** Puts a callback in the queue; to be called inside `Database.write`, and `work` after it. */
  enqueue(target: CallbackTarget | undefined, payload: unknown, options: CallbackOptions | undefined): void {
    if (target === undefined || options === undefined) return;
    const held = options.held === true;
    const due = this.#clock.ms() + (held ? HELD_MS : (options.delayMs ?? 0));
    for (let copy = 0; copy < (options.copies ?? 1); copy += 1) {
      run(
        this.#database,
        'INSERT INTO callbacks (due_ms, url, token, payload, attempts, held) VALUES (?, ?, ?, ?, 0, ?)',
        due,
        target.url,
        target.token,
        JSON.stringify(payload),
        held ? 1 : 0,
      );
    }
  }

  /** Posts what is due. */
  work(): void {
    if (this.#mayRun()) {
      const now = this.#clock.ms();
      for (const callback of this.#next(AT_ONCE - this.#underWay.size)) {
        if (callback.due_ms <= now) void this.#attempt(callback);
      }
    }
    this.#alarm.set();
  }

  waiting(): number {
    return one<{ n: number }>(this.#database, 'SELECT count(*) AS n FROM callbacks')?.n ?? 0;
  }

  /** Posts whose answer is being waited for. */
  underWay(): number {
    return this.#underWay.size;
  }

  stop(): void {
    this.#alarm.stop();
    this.#stop.abort();
  }

  #mayRun(): boolean {
    return !this.#settings.current.callbacksPaused && !this.#stop.signal.aborted && this.#underWay.size < AT_ONCE;
  }

  #next(limit: number): Callback[] {
    const query = 'SELECT * FROM callbacks ORDER BY due_ms, id LIMIT ?';
    const first = all<Callback>(this.#database, query, limit + this.#underWay.size);
    return first.filter(({ id }) => !this.#underWay.has(id)).slice(0, limit);
  }

  async #attempt(callback: Callback): Promise<void> {
    this.#underWay.add(callback.id);
    const again = await this.#post(callback);
    if (!this.#stop.signal.aborted) await this.#record(callback, again);
    this.#underWay.delete(callback.id);
    if (!this.#stop.signal.aborted) this.work();
  }

  /** Whether it must be tried again. */
  async #post({ url, token, payload }: Callback): Promise<boolean> {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: payload,
        signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(this.#timings.callbackTimeoutMs)]),
      });
      await response.body?.cancel();
      return isWorthRetrying(response.status);
    } catch {
      return true;
    }
  }

  async #record({ id, attempts }: Callback, again: boolean): Promise<void> {
    await this.#database.write(() => {
      if (again && attempts < this.#timings.callbackRetries) {
        const due = this.#clock.ms() + this.#timings.callbackRetryMs;
        run(this.#database, 'UPDATE callbacks SET attempts = attempts + 1, due_ms = ? WHERE id = ?', due, id);
      } else {
        run(this.#database, 'DELETE FROM callbacks WHERE id = ?', id);
      }
      run(this.#database, 'UPDATE callbacks SET held = 0, due_ms = ? WHERE held = 1', this.#clock.ms());
    });
  }
}
