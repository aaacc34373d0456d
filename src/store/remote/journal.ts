import type { StatementSync } from 'node:sqlite';
import type { Resource } from '@medplum/fhirtypes';
import type { Clock } from '../../clock.ts';
import type { Database } from '../database.ts';
import type { Write } from '../fhir-store.ts';

/**
 * What is done about writes that may or may not have reached another server: `undo` takes back what is there of them,
 * `finish` makes the rest of them once the first is there.
 */
export type Intent = 'undo' | 'finish';

/** Writes on their way to another server, noted before the first of them is sent. */
export interface Entry {
  readonly id: number;
  readonly intent: Intent;
  readonly writes: readonly Write[];
  /**
   * `open`: whoever wrote it is at it, or died at it. `doubt`: the server did not say what became of it. `undone`: taken
   * back, or not there yet; kept for a while, for a server may carry out a call long after its caller gave up.
   */
  readonly state: 'open' | 'doubt' | 'undone';
  readonly createdAt: Date;
  /** How often the server would not have it settled, and from when on it may be asked again. */
  readonly refusals: number;
  readonly againAt: Date;
}

/**
 * The journal of writes that another server has not confirmed yet, in the same file as the queue: what tells, after a
 * crash, a record that was promised to a caller from one that was not. It holds records as they were about to be
 * written, only until the server has confirmed them or they are taken back; the file is readable by the owner alone.
 * Errors: those of SQLite.
 */
export class Journal {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #statements = new Map<string, StatementSync>();
  /** Entries that somebody in this process is at, and the records that they write. */
  readonly #inHand = new Map<number, ReadonlySet<string>>();

  constructor(db: Database, options: { readonly clock: Clock }) {
    this.#db = db;
    this.#clock = options.clock;
    db.sql.exec(schema);
  }

  /**
   * Notes writes before the first of them is sent. Durable once resolved. Answers the entry's id; it is in hand until
   * `letGo`.
   */
  async open(intent: Intent, writes: readonly Write[]): Promise<number> {
    const names = writes.map(({ resource }) => nameOf(resource));
    const entry = await this.#db.write(() => {
      const at = this.#clock.now().getTime();
      const { id } = this.#statement(
        `INSERT INTO unconfirmed (intent, writes, created_at) VALUES (?, ?, ?) RETURNING id`,
      ).get(intent, JSON.stringify(writes), at) as { id: number };
      const name = this.#statement('INSERT OR IGNORE INTO unconfirmed_name (name, entry) VALUES (?, ?)');
      for (const one of names) name.run(one, id);
      return id;
    });
    this.#inHand.set(entry, new Set(names));
    return entry;
  }

  /** Whoever opened it has said what became of it. */
  letGo(id: number): void {
    this.#inHand.delete(id);
  }

  isInHand(id: number): boolean {
    return this.#inHand.has(id);
  }

  /** Is anybody in this process writing this record under a note? */
  isBeingWritten(resource: Resource & { id: string }): boolean {
    const name = nameOf(resource);
    return [...this.#inHand.values()].some((names) => names.has(name));
  }

  /** Certainly not made, or made in full: forgotten. */
  close(...ids: readonly number[]): Promise<void> {
    return this.#db.write(() => {
      for (const id of ids) this.forget(id);
    });
  }

  /**
   * Confirmed, inside a `Database.write` of the caller: what earlier entries say of the same records no longer holds,
   * for these were asked for anew, and kept.
   */
  confirm(id: number, writes: readonly Write[]): void {
    this.forget(id);
    const disown = this.#statement('DELETE FROM unconfirmed_name WHERE name = ?');
    for (const { resource } of writes) disown.run(nameOf(resource));
  }

  forget(id: number): void {
    this.#statement('DELETE FROM unconfirmed WHERE id = ?').run(id);
  }

  /** Nobody knows whether they were made. */
  doubt(id: number): Promise<void> {
    return this.#db.write(() => void this.#statement(`UPDATE unconfirmed SET state = 'doubt' WHERE id = ?`).run(id));
  }

  /**
   * Taken back, or not there yet. What is kept of what was taken back can be recognised by, and holds nothing of a
   * person; what is to be finished is kept as it is.
   */
  undone({ id, intent, writes }: Pick<Entry, 'id' | 'intent' | 'writes'>): Promise<void> {
    const kept = JSON.stringify(intent === 'undo' ? writes.map(bare) : writes);
    const sql = `UPDATE unconfirmed SET state = 'undone', writes = ? WHERE id = ?`;
    return this.#db.write(() => void this.#statement(sql).run(kept, id));
  }

  /** It could not be settled, and the server is asked again from then on; `refusals`: how often it would not have it. */
  putOff({ id, refusals, againAt }: Pick<Entry, 'id' | 'refusals' | 'againAt'>): Promise<void> {
    const sql = 'INSERT OR REPLACE INTO unconfirmed_refusal (entry, refusals, again_at) VALUES (?, ?, ?)';
    return this.#db.write(() => void this.#statement(sql).run(id, refusals, againAt.getTime()));
  }

  /** Is it noted still? */
  has(id: number): boolean {
    return this.#statement('SELECT 1 FROM unconfirmed WHERE id = ?').get(id) !== undefined;
  }

  /** Everything noted, oldest first. */
  entries(): Entry[] {
    return this.#statement(`${selectEntries} ORDER BY id`).all().map(entryOf);
  }

  /** Other notes of the same step, which was run again: at most one of them all can have got its first write through. */
  alike(id: number, [gate]: readonly Write[]): Entry[] {
    if (gate === undefined) return [];
    return this.about(nameOf(gate.resource)).filter(
      (one) => one.id !== id && one.intent === 'finish' && isSameGate(one.writes[0], gate),
    );
  }

  /** Is this record still the entry's, and of no later one that was confirmed? */
  owns(id: number, resource: Resource & { id: string }): boolean {
    const sql = 'SELECT 1 FROM unconfirmed_name WHERE entry = ? AND name = ?';
    return this.#statement(sql).get(id, nameOf(resource)) !== undefined;
  }

  /** The entries that speak of a record: `CommunicationRequest/id`. */
  about(reference: string): Entry[] {
    return this.#statement(
      `${selectEntries} WHERE id IN (SELECT entry FROM unconfirmed_name WHERE name = ?) ORDER BY id`,
    )
      .all(reference)
      .map(entryOf);
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#db.sql.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

const schema = `
  CREATE TABLE IF NOT EXISTS unconfirmed (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    intent TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open',
    created_at INTEGER NOT NULL,
    writes TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS unconfirmed_name (
    name TEXT NOT NULL,
    entry INTEGER NOT NULL REFERENCES unconfirmed (id) ON DELETE CASCADE,
    PRIMARY KEY (name, entry)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS unconfirmed_entry ON unconfirmed_name (entry);
  CREATE TABLE IF NOT EXISTS unconfirmed_refusal (
    entry INTEGER PRIMARY KEY REFERENCES unconfirmed (id) ON DELETE CASCADE,
    refusals INTEGER NOT NULL,
    again_at INTEGER NOT NULL
  ) STRICT;
`;

const selectEntries = `
  SELECT unconfirmed.*, coalesce(refusals, 0) AS refusals, coalesce(again_at, 0) AS again_at
  FROM unconfirmed LEFT JOIN unconfirmed_refusal ON unconfirmed_refusal.entry = id`;

/** Two that the server can only have carried out one of. */
function isSameGate(one: Write | undefined, other: Write): boolean {
  if (one === undefined || one.op !== other.op || nameOf(one.resource) !== nameOf(other.resource)) return false;
  return one.op === 'create' || (other.op === 'update' && one.ifMatch === other.ifMatch);
}

/** A write with no more of its resource than its name and status. */
function bare(write: Write): object {
  const { resource } = write;
  const status = 'status' in resource ? resource.status : undefined;
  return { ...write, resource: { resourceType: resource.resourceType, id: resource.id, status } };
}

/** How the journal names a record: `CommunicationRequest/id`. */
export function nameOf(resource: Resource & { id: string }): string {
  return `${resource.resourceType}/${resource.id}`;
}

function entryOf(row: Record<string, unknown>): Entry {
  return {
    id: Number(row.id),
    intent: row.intent === 'undo' ? 'undo' : 'finish',
    state: row.state === 'open' || row.state === 'doubt' ? row.state : 'undone',
    writes: JSON.parse(String(row.writes)) as Write[],
    createdAt: new Date(Number(row.created_at)),
    refusals: Number(row.refusals),
    againAt: new Date(Number(row.again_at)),
  };
}
