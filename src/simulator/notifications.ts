import type { Database } from '../store/database.ts';
import type { SimulatorClock } from './clock.ts';
import type { Channel, KeyType } from './settings.ts';
import { all, one, run } from './tables.ts';

export type Status =
  | 'created'
  | 'sending'
  | 'sent'
  | 'pending'
  | 'delivered'
  | 'temporary-failure'
  | 'permanent-failure'
  | 'technical-failure'
  // Letters alone.
  | 'pending-virus-check'
  | 'virus-scan-failed'
  | 'validation-failed'
  | 'cancelled'
  | 'returned-letter';

/** The statuses with which Notify shows a time of completion: `sent` is one of them, `virus-scan-failed` is not. */
export const completedStatuses: readonly Status[] = [
  'sent',
  'delivered',
  'temporary-failure',
  'permanent-failure',
  'technical-failure',
  'validation-failed',
  'cancelled',
  'returned-letter',
];

/** One accepted message, as it is in the table. Times are in microseconds since 1970. */
export interface Notification {
  readonly id: string;
  readonly created_us: number;
  readonly channel: Channel;
  readonly key_type: KeyType;
  readonly status: Status;
  readonly reference: string | null;
  /** As submitted, less the characters that nobody sees. */
  readonly recipient: string;
  readonly normalised: string;
  readonly template_id: string;
  readonly template_version: number;
  readonly body: string;
  readonly subject: string | null;
  readonly sent_us: number | null;
  readonly updated_us: number | null;
  readonly international: 0 | 1;
  readonly multiplier: number;
  readonly fragments: number;
  readonly unsubscribe_url: string | null;
}

export interface ListFilter {
  readonly keyType: KeyType;
  readonly channels?: readonly string[];
  readonly statuses?: readonly string[];
  readonly reference?: string;
  readonly olderThan?: string;
  readonly pageSize: number;
}

/** The accepted messages. Writes are to be made inside `Database.write`. */
export class Notifications {
  readonly #database: Database;
  readonly #clock: SimulatorClock;
  #lastUs: number;

  constructor(database: Database, clock: SimulatorClock) {
    this.#database = database;
    this.#clock = clock;
    this.#lastUs = one<{ us: number | null }>(database, 'SELECT max(created_us) AS us FROM notifications')?.us ?? 0;
  }

  /** A time for a new row: no two in the same microsecond, as paging by time would skip one of them. */
  nextUs(): number {
    this.#lastUs = Math.max(this.#clock.ms() * 1000, this.#lastUs + 1);
    return this.#lastUs;
  }

  insert(row: Notification): void {
    const columns = Object.keys(row);
    const marks = columns.map(() => '?').join(', ');
    run(
      this.#database,
      `INSERT INTO notifications (${columns.join(', ')}) VALUES (${marks})`,
      ...(Object.values(row) as (string | number | null)[]),
    );
  }

  get(id: string): Notification | undefined {
    return one(this.#database, 'SELECT * FROM notifications WHERE id = ?', id);
  }

  /** Sets the status if the message is still in one of those that may lead to it; answers whether it was. */
  move(id: string, from: readonly Status[], to: Status): boolean {
    const us = this.#clock.ms() * 1000;
    const sent = to === 'sending' || to === 'sent';
    const marks = from.map(() => '?').join(', ');
    return (
      run(
        this.#database,
        `UPDATE notifications SET status = ?, updated_us = ?, sent_us = ${sent ? '?2' : 'sent_us'}
         WHERE id = ? AND status IN (${marks})`,
        to,
        us,
        id,
        ...from,
      ) > 0
    );
  }

  /** One page, newest first; nothing when `olderThan` is not known. */
  list(filter: ListFilter): Notification[] {
    const where = ['key_type = ?'];
    const values: (string | number)[] = [filter.keyType];
    const among = (column: string, wanted: readonly string[] | undefined): void => {
      if (wanted === undefined) return;
      where.push(`${column} IN (${wanted.map(() => '?').join(', ')})`);
      values.push(...wanted);
    };
    among('channel', filter.channels);
    among('status', filter.statuses);
    among('reference', filter.reference === undefined ? undefined : [filter.reference]);
    if (filter.olderThan !== undefined) {
      where.push('created_us < (SELECT created_us FROM notifications WHERE id = ?)');
      values.push(filter.olderThan);
    }
    return all(
      this.#database,
      `SELECT * FROM notifications WHERE ${where.join(' AND ')} ORDER BY created_us DESC LIMIT ?`,
      ...values,
      filter.pageSize,
    );
  }

  /** Everything accepted, oldest first, of one reference or of all. */
  ledger(reference?: string): Notification[] {
    return reference === undefined
      ? all(this.#database, 'SELECT * FROM notifications ORDER BY created_us')
      : all(this.#database, 'SELECT * FROM notifications WHERE reference = ? ORDER BY created_us', reference);
  }

  /** The newest messages of all keys, newest first. */
  newest(limit: number): Notification[] {
    return all(this.#database, 'SELECT * FROM notifications ORDER BY created_us DESC LIMIT ?', limit);
  }

  /** Messages on these channels, in one of these statuses, that were created before then. */
  waiting(channels: readonly Channel[], statuses: readonly Status[], beforeUs: number): Notification[] {
    const marks = (list: readonly string[]): string => list.map(() => '?').join(', ');
    const where = `channel IN (${marks(channels)}) AND status IN (${marks(statuses)}) AND created_us < ?`;
    return all(this.#database, `SELECT * FROM notifications WHERE ${where}`, ...channels, ...statuses, beforeUs);
  }

  /** Deletes what was created before then, except letters that are under way; answers how many. */
  purge(beforeUs: number): number {
    return run(
      this.#database,
      `DELETE FROM notifications WHERE created_us < ? AND NOT (channel = 'letter' AND key_type <> 'test'
       AND status IN ('pending-virus-check', 'created', 'sending'))`,
      beforeUs,
    );
  }
}
