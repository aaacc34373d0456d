import { createHash } from 'node:crypto';
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Resource } from '@medplum/fhirtypes';
import { loadDefinitions } from '../fhir/definitions/load.ts';
import { entriesOf, hashOf, type IndexEntries, type RangedEntry } from './search-index.ts';

/**
 * `res` has a row for each resource, `ver` one for each version: `res.vid` is the current one. `vid` numbers all writes
 * in their order. `seldom` lists what may be asked for but is not worth an index row, with a comma before and after
 * each. `eq` holds hashes for what is searched by equality, `rng` what is searched by order (times in milliseconds
 * since 1970, `high` not included; texts in `low` without case and accents, in `high` as written; URIs in `low`).
 * `words` has the texts that are kept whole (`search-words.ts`), apart from `res` so that rows there stay short.
 */
const TABLES = `
  CREATE TABLE IF NOT EXISTS res (
    pk INTEGER PRIMARY KEY,
    type TEXT NOT NULL,
    id TEXT NOT NULL,
    vid INTEGER NOT NULL,
    seldom TEXT NOT NULL,
    UNIQUE (type, id)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS ver (
    vid INTEGER PRIMARY KEY,
    pk INTEGER NOT NULL,
    version INTEGER NOT NULL,
    type TEXT NOT NULL,
    updated TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (pk, version)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS ver_updated ON ver (type, updated);
  CREATE TABLE IF NOT EXISTS eq (h INTEGER NOT NULL, pk INTEGER NOT NULL, PRIMARY KEY (h, pk)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS rng (
    pk INTEGER NOT NULL,
    p INTEGER NOT NULL,
    low NOT NULL,
    high NOT NULL,
    PRIMARY KEY (pk, p, low, high)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS rng_low ON rng (p, low);
  CREATE TABLE IF NOT EXISTS words (pk INTEGER PRIMARY KEY, lines TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS store_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
`;

/** Raise it with every change to the grammar of index entries (`search-index.ts`, `search-value.ts`, `search-words.ts`). */
const INDEX_GRAMMAR = 2;

/** The current JSON by row number. */
export const BODY_OF_PK = 'SELECT v.body AS body FROM res r CROSS JOIN ver v ON v.vid = r.vid WHERE r.pk = ?';

/** The current JSON by type and id. */
export const BODY_OF_ID =
  'SELECT v.body AS body FROM res r CROSS JOIN ver v ON v.vid = r.vid WHERE r.type = ? AND r.id = ?';

/** The statements that recur, prepared once for each connection. */
export interface Statements {
  prepare(text: string): StatementSync;
}

export function statementsOf(sql: DatabaseSync): Statements {
  const prepared = new Map<string, StatementSync>();
  return {
    prepare(text) {
      const known = prepared.get(text);
      if (known) return known;
      if (prepared.size >= 500) prepared.clear();
      const statement = sql.prepare(text);
      prepared.set(text, statement);
      return statement;
    },
  };
}

/**
 * Makes the tables, and makes the search index anew if it was written by other definitions or by another grammar
 * than ours: a search must never miss what an older release wrote. Several processes may do this at once.
 */
export function prepareSchema(sql: DatabaseSync): void {
  sql.exec('BEGIN IMMEDIATE');
  try {
    sql.exec(TABLES);
    const fingerprint = indexFingerprint();
    const stored = sql.prepare("SELECT value FROM store_meta WHERE key = 'index'").get()?.value;
    if (stored !== fingerprint) {
      rebuildIndex(sql);
      sql.prepare("INSERT OR REPLACE INTO store_meta (key, value) VALUES ('index', ?)").run(fingerprint);
    }
    sql.exec('COMMIT');
  } catch (cause) {
    sql.exec('ROLLBACK');
    throw cause;
  }
}

/** Brings the index of one resource from what an older version needed to what the new one needs. */
export function writeEntries(
  statements: Statements,
  pk: number,
  before: IndexEntries | undefined,
  after: IndexEntries,
): void {
  const removeEqual = statements.prepare('DELETE FROM eq WHERE h = ? AND pk = ?');
  const removeRanged = statements.prepare('DELETE FROM rng WHERE pk = ? AND p = ? AND low = ? AND high = ?');
  for (const text of before?.equal ?? []) if (!after.equal.has(text)) removeEqual.run(hashOf(text), pk);
  for (const [key, entry] of before?.ranged ?? []) if (!after.ranged.has(key)) removeRanged.run(...row(pk, entry));
  const equal = [...after.equal].filter((text) => !before?.equal.has(text));
  const ranged = [...after.ranged].filter(([key]) => !before?.ranged.has(key));
  insert(
    statements,
    'eq (h, pk)',
    equal.map((text) => [hashOf(text), pk]),
  );
  insert(
    statements,
    'rng (pk, p, low, high)',
    ranged.map(([, entry]) => row(pk, entry)),
  );
  const lines = linesOf(after);
  if (before !== undefined && linesOf(before) === lines) return;
  statements.prepare('INSERT OR REPLACE INTO words (pk, lines) VALUES (?, ?)').run(pk, lines);
}

/** The column `lines` of the table `words`. */
export function linesOf({ words }: IndexEntries): string {
  return [...words].join('');
}

/** The column `seldom`. */
export function seldomColumn({ seldom }: IndexEntries): string {
  return [...seldom].join('');
}

/** Many rows in one statement: a call for each would cost more than the rows do. */
const ROWS_AT_ONCE = 50;

function insert(statements: Statements, table: string, rows: readonly SQLInputValue[][]): void {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    const some = rows.slice(at, at + ROWS_AT_ONCE);
    const places = some.map((row) => `(${row.map(() => '?').join(', ')})`).join(', ');
    statements.prepare(`INSERT OR IGNORE INTO ${table} VALUES ${places}`).run(...some.flat());
  }
}

function row(pk: number, { group, low, high }: RangedEntry): SQLInputValue[] {
  return [pk, hashOf(group), low, high];
}

function rebuildIndex(sql: DatabaseSync): void {
  sql.exec('DELETE FROM eq; DELETE FROM rng; DELETE FROM words');
  const statements = statementsOf(sql);
  const writeSeldom = sql.prepare('UPDATE res SET seldom = ? WHERE pk = ?');
  for (const { pk } of sql.prepare('SELECT pk FROM res').all()) {
    const row = statements.prepare(BODY_OF_PK).get(pk ?? null);
    const entries = entriesOf(JSON.parse(String(row?.body)) as Resource);
    writeSeldom.run(seldomColumn(entries), pk ?? null);
    writeEntries(statements, Number(pk), undefined, entries);
  }
}

function indexFingerprint(): string {
  const definitions = createHash('sha256').update(loadDefinitions().searchParametersText).digest('hex');
  return `${INDEX_GRAMMAR}:${definitions}`;
}
