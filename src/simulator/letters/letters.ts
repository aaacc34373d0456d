import type { Database } from '../../store/database.ts';
import { one, run } from '../tables.ts';
import type { Postage } from './calendar.ts';

/** The lines of an address as the caller gave them: what the API answers. */
export type GivenLines = Readonly<Record<(typeof givenKeys)[number], unknown>>;

/** The parts of an address that the API answers, as they are named in what it is sent. */
export const givenKeys = [
  'address_line_1',
  'address_line_2',
  'address_line_3',
  'address_line_4',
  'address_line_5',
  'address_line_6',
  'postcode',
] as const;

/** What a letter has beyond other notifications. */
export interface Letter {
  readonly postage: Postage;
  readonly given: GivenLines;
  readonly contactBlock: string | null;
  /** A PDF that somebody sent, not one that was made of a template. */
  readonly precompiled: boolean;
  /** Of paper, as they are billed; 0 until they are counted. */
  readonly sheets: number;
  /** Why it did not pass the checks; Notify shows that on its site alone. */
  readonly reason: string | null;
  readonly hasPdf: boolean;
}

interface Row {
  readonly postage: Postage;
  readonly given: string;
  readonly contact_block: string | null;
  readonly precompiled: number;
  readonly sheets: number;
  readonly reason: string | null;
  readonly has_pdf: number;
}

/** The letters' own part of the accepted messages. Writes are to be made inside `Database.write`. */
export class Letters {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  insert(id: string, letter: Pick<Letter, 'postage' | 'given' | 'contactBlock' | 'precompiled'>, pdf?: Buffer): void {
    run(
      this.#database,
      'INSERT INTO letters VALUES (?, ?, ?, ?, ?, 0, NULL, ?)',
      id,
      letter.postage,
      JSON.stringify(letter.given),
      letter.contactBlock,
      letter.precompiled ? 1 : 0,
      pdf ?? null,
    );
  }

  get(id: string): Letter | undefined {
    const row = one<Row>(
      this.#database,
      `SELECT postage, given, contact_block, precompiled, sheets, reason, pdf IS NOT NULL AS has_pdf
       FROM letters WHERE id = ?`,
      id,
    );
    return (
      row && {
        postage: row.postage,
        given: JSON.parse(row.given),
        contactBlock: row.contact_block,
        precompiled: row.precompiled === 1,
        sheets: row.sheets,
        reason: row.reason,
        hasPdf: row.has_pdf === 1,
      }
    );
  }

  /** The PDF, once it is made. */
  pdf(id: string): Buffer | undefined {
    const row = one<{ pdf: Uint8Array | null }>(this.#database, 'SELECT pdf FROM letters WHERE id = ?', id);
    return row?.pdf ? Buffer.from(row.pdf) : undefined;
  }

  setPdf(id: string, pdf: Buffer): void {
    run(this.#database, 'UPDATE letters SET pdf = ? WHERE id = ?', pdf, id);
  }

  setSheets(id: string, sheets: number): void {
    run(this.#database, 'UPDATE letters SET sheets = ? WHERE id = ?', sheets, id);
  }

  setReason(id: string, reason: string): void {
    run(this.#database, 'UPDATE letters SET reason = ? WHERE id = ?', reason, id);
  }

  /** Deletes those whose notification is gone. */
  purge(): void {
    run(this.#database, 'DELETE FROM letters WHERE id NOT IN (SELECT id FROM notifications)');
  }
}
