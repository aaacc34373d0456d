import type { Database } from '../store/database.ts';
import type { SimulatorClock } from './clock.ts';
import { dayLimited, rateLimited } from './notify-error.ts';
import {
  type ApiKey,
  type DailyLimit,
  defaultService,
  type KeyType,
  LETTERS_A_DAY,
  type ServiceSettings,
} from './settings.ts';
import { one, run } from './tables.ts';

const MOST_TOKENS = 1000;

/** Notify's two limits on sending: a token bucket per key type, and a count per channel and UTC day. */
export class Limits {
  readonly #database: Database;
  readonly #clock: SimulatorClock;
  readonly #buckets = new Map<KeyType, { tokens: number; filledS: number }>();

  constructor(database: Database, clock: SimulatorClock) {
    this.#database = database;
    this.#clock = clock;
  }

  /**
   * Takes a token, even for a request that is refused: who keeps asking faster than the bucket fills gets nothing.
   *
   * @throws {NotifyError} 429
   */
  checkMinute(service: ServiceSettings, type: KeyType): void {
    const perSecond = service.ratePerMinute / 60;
    const most = Math.min(Math.ceil(service.ratePerMinute / 3) + 1, MOST_TOKENS);
    const nowS = this.#clock.ms() / 1000;
    const bucket = this.#buckets.get(type) ?? { tokens: most, filledS: nowS };
    const refill = Math.floor(Math.max(nowS - bucket.filledS, 0) * perSecond);
    bucket.tokens = Math.max(Math.min(bucket.tokens + refill, most) - 1, 0);
    bucket.filledS += refill / perSecond;
    this.#buckets.set(type, bucket);
    if (bucket.tokens < 1) throw rateLimited(type, service.ratePerMinute);
  }

  /** @throws {NotifyError} 429 when the day's count has reached the limit; a test key counts nothing. */
  checkDay(service: ServiceSettings, type: KeyType, name: DailyLimit): void {
    const limits = type === 'test' && service.trial ? defaultService.dailyLimits : service.dailyLimits;
    const limit = limits[name] ?? LETTERS_A_DAY;
    const sent = type === 'test' ? 0 : this.#count(name);
    if (sent + 1 > limit) throw dayLimited(name, limit);
  }

  /** Counts an accepted message; to be called inside `Database.write`. */
  count(key: ApiKey, ...names: DailyLimit[]): void {
    if (key.type === 'test') return;
    for (const name of names) {
      run(
        this.#database,
        'INSERT INTO day_counts VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1',
        this.#day(),
        name,
      );
    }
  }

  /** Takes back one that was counted today, if any was; to be called inside `Database.write`. */
  uncount(name: DailyLimit): void {
    const statement = 'UPDATE day_counts SET count = count - 1 WHERE day = ? AND name = ? AND count > 0';
    run(this.#database, statement, this.#day(), name);
  }

  /** Forgets the buckets; the counts are in the file. */
  reset(): void {
    this.#buckets.clear();
  }

  #count(name: DailyLimit): number {
    const query = 'SELECT count FROM day_counts WHERE day = ? AND name = ?';
    return one<{ count: number }>(this.#database, query, this.#day(), name)?.count ?? 0;
  }

  #day(): string {
    return this.#clock.now().toISOString().slice(0, 10);
  }
}
