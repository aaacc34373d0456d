import type { Database } from '../store/database.ts';
import { timestamp } from './clock.ts';
import { all, run } from './tables.ts';

/** A text that somebody sent to the service, as it is in the table. */
export interface ReceivedText {
  readonly id: string;
  readonly created_us: number;
  /** Digits with the country code. */
  readonly user_number: string;
  readonly notify_number: string;
  readonly content: string;
}

/** The texts that the service received. Writes are to be made inside `Database.write`. */
export class ReceivedTexts {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  insert({ id, created_us, user_number, notify_number, content }: ReceivedText): void {
    const statement = 'INSERT INTO received_texts VALUES (?, ?, ?, ?, ?)';
    run(this.#database, statement, id, created_us, user_number, notify_number, content);
  }

  /** The newest, newest first. */
  newest(limit: number): ReceivedText[] {
    return all(this.#database, 'SELECT * FROM received_texts ORDER BY created_us DESC LIMIT ?', limit);
  }

  /** One page, newest first; nothing when `olderThan` is not known. */
  list(pageSize: number, olderThan?: string): ReceivedText[] {
    const older = 'created_us < (SELECT created_us FROM received_texts WHERE id = ?)';
    return olderThan === undefined
      ? all(this.#database, 'SELECT * FROM received_texts ORDER BY created_us DESC LIMIT ?', pageSize)
      : all(
          this.#database,
          `SELECT * FROM received_texts WHERE ${older} ORDER BY created_us DESC LIMIT ?`,
          olderThan,
          pageSize,
        );
  }
}

/** A received text as it is listed (5.10). */
export function receivedTextView(text: ReceivedText, serviceId: string): Record<string, unknown> {
  const { created_us: us, ...rest } = text;
  return { ...rest, service_id: serviceId, created_at: timestamp(us) };
}

/** The payload of its callback (11). */
export function receivedTextEvent(text: ReceivedText): Record<string, unknown> {
  return {
    id: text.id,
    source_number: text.user_number,
    destination_number: text.notify_number,
    message: text.content,
    date_received: timestamp(text.created_us),
  };
}
