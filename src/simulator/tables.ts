import type { StatementSync } from 'node:sqlite';
import { type Database, openDatabase } from '../store/database.ts';

/**
 * Opens the simulator's file (or `:memory:`) and makes its tables. What `Database.write` has resolved for is on disk:
 * an accepted message survives a kill of the process before its 201 is written.
 */
export function openTables(file: string): Database {
  const database = openDatabase(file);
  database.sql.exec(`
    CREATE TABLE IF NOT EXISTS notifications (
      id TEXT PRIMARY KEY,
      created_us INTEGER NOT NULL,
      channel TEXT NOT NULL,
      key_type TEXT NOT NULL,
      status TEXT NOT NULL,
      reference TEXT,
      recipient TEXT NOT NULL,
      normalised TEXT NOT NULL,
      template_id TEXT NOT NULL,
      template_version INTEGER NOT NULL,
      body TEXT NOT NULL,
      subject TEXT,
      sent_us INTEGER,
      updated_us INTEGER,
      international INTEGER NOT NULL,
      multiplier INTEGER NOT NULL,
      fragments INTEGER NOT NULL,
      unsubscribe_url TEXT
    ) STRICT;
    CREATE INDEX IF NOT EXISTS by_time ON notifications (created_us);
    CREATE INDEX IF NOT EXISTS by_reference ON notifications (reference);
    CREATE INDEX IF NOT EXISTS by_recipient ON notifications (normalised, created_us);
    CREATE TABLE IF NOT EXISTS templates (
      id TEXT NOT NULL,
      version INTEGER NOT NULL,
      type TEXT NOT NULL,
      name TEXT NOT NULL,
      subject TEXT,
      body TEXT NOT NULL,
      archived INTEGER NOT NULL,
      created_us INTEGER NOT NULL,
      updated_us INTEGER,
      postage TEXT,
      contact_block TEXT,
      PRIMARY KEY (id, version)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS letters (
      id TEXT PRIMARY KEY,
      postage TEXT NOT NULL,
      given TEXT NOT NULL,
      contact_block TEXT,
      precompiled INTEGER NOT NULL,
      sheets INTEGER NOT NULL,
      reason TEXT,
      pdf BLOB
    ) STRICT;
    CREATE TABLE IF NOT EXISTS steps (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      due_ms INTEGER NOT NULL,
      notification TEXT NOT NULL,
      step TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS steps_due ON steps (due_ms);
    CREATE TABLE IF NOT EXISTS callbacks (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      due_ms INTEGER NOT NULL,
      url TEXT NOT NULL,
      token TEXT NOT NULL,
      payload TEXT NOT NULL,
      attempts INTEGER NOT NULL,
      held INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS callbacks_due ON callbacks (due_ms);
    CREATE TABLE IF NOT EXISTS received_texts (
      id TEXT PRIMARY KEY,
      created_us INTEGER NOT NULL,
      user_number TEXT NOT NULL,
      notify_number TEXT NOT NULL,
      content TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS day_counts (
      day TEXT NOT NULL,
      name TEXT NOT NULL,
      count INTEGER NOT NULL,
      PRIMARY KEY (day, name)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS faults (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      rule TEXT NOT NULL,
      remaining INTEGER,
      draws INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  `);
  // A file of an earlier version has its templates without what letters need.
  addColumn(database, 'templates', 'postage');
  addColumn(database, 'templates', 'contact_block');
  return database;
}

function addColumn(database: Database, table: string, column: string): void {
  const columns = all<{ name: string }>(database, 'SELECT name FROM pragma_table_info(?)', table);
  if (columns.some(({ name }) => name === column)) return;
  database.sql.exec(`ALTER TABLE ${table} ADD COLUMN ${column} TEXT`);
}

/** Every table, for a reset. */
export const tables = [
  'notifications',
  'templates',
  'letters',
  'steps',
  'callbacks',
  'received_texts',
  'day_counts',
  'faults',
  'settings',
] as const;

/** What a column may hold. */
export type Value = string | number | null | Uint8Array;

/** Rows of a query. The caller names the columns that its SQL asks for. */
export function all<Row>(database: Database, query: string, ...values: Value[]): Row[] {
  return prepare(database, query).all(...values) as unknown as Row[];
}

/** The first row of a query, if any. */
export function one<Row>(database: Database, query: string, ...values: Value[]): Row | undefined {
  return prepare(database, query).get(...values) as unknown as Row | undefined;
}

/** Runs a statement; answers how many rows it changed. To be called inside `Database.write`. */
export function run(database: Database, statement: string, ...values: Value[]): number {
  return Number(prepare(database, statement).run(...values).changes);
}

const prepared = new WeakMap<Database, Map<string, StatementSync>>();

/** Every statement is compiled once per file: the texts are few. */
function prepare(database: Database, text: string): StatementSync {
  const known = prepared.get(database) ?? new Map<string, StatementSync>();
  prepared.set(database, known);
  const statement = known.get(text) ?? database.sql.prepare(text);
  known.set(text, statement);
  return statement;
}
