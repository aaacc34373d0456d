import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * The one SQLite file of the embedded store and its queue. The only file that knows how it is opened and how writes
 * become durable.
 */
export interface Database {
  readonly sql: DatabaseSync;
  /**
   * Runs `work` (synchronous, all or nothing) in the writer and resolves once it is on disk. Writes asked for in the
   * same turn of the event loop share one commit, each in its own savepoint, so that many small writes cost one sync.
   */
  write<T>(work: () => T): Promise<T>;
  /**
   * The same for what must leave the file itself: freed places are overwritten, and the write-ahead log is emptied as
   * far as readers let it.
   */
  erase<T>(work: () => T): Promise<T>;
  /** Commits what is waiting and closes. */
  close(): void;
}

interface Waiting {
  readonly run: () => void;
  readonly settle: () => void;
  readonly fail: (cause: unknown) => void;
}

/** Opens (and makes, readable by the owner alone) the database; several processes may have it open at once. */
export function openDatabase(file: string): Database {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const sql = new DatabaseSync(file);
  if (file !== ':memory:') chmodSync(file, 0o600);
  sql.exec('PRAGMA busy_timeout = 10000');
  useWriteAheadLog(sql);
  // What is deleted must not stay readable in the file, as far as that costs no writes of its own: see `erase`.
  sql.exec(`
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA cache_size = -16384;
    PRAGMA wal_autocheckpoint = 4000;
    PRAGMA secure_delete = FAST;
  `);

  let waiting: Waiting[] = [];
  let scheduled = false;

  const flush = (): void => {
    scheduled = false;
    const group = waiting;
    waiting = [];
    if (group.length === 0) return;
    let answers: (() => void)[];
    try {
      sql.exec('BEGIN IMMEDIATE');
      answers = group.map(inSavepoint);
      sql.exec('COMMIT');
    } catch (cause) {
      try {
        if (sql.isOpen && sql.isTransaction) sql.exec('ROLLBACK');
      } finally {
        for (const one of group) one.fail(cause);
      }
      return;
    }
    for (const answer of answers) answer();
  };

  /** Runs one write of a group. Answers what to tell its asker once the group is on disk. */
  const inSavepoint = (one: Waiting): (() => void) => {
    sql.exec('SAVEPOINT one');
    try {
      one.run();
      sql.exec('RELEASE one');
      return one.settle;
    } catch (cause) {
      // A full disk or a failing one can undo the whole transaction: then nothing of the group was written.
      if (!sql.isTransaction) throw cause;
      sql.exec('ROLLBACK TO one; RELEASE one');
      return () => one.fail(cause);
    }
  };

  const write = <T>(work: () => T): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      let result: T;
      waiting.push({
        run: () => {
          result = work();
        },
        settle: () => resolve(result),
        fail: reject,
      });
      if (!scheduled) {
        scheduled = true;
        setImmediate(flush);
      }
    });

  return {
    sql,
    write,
    async erase(work) {
      sql.exec('PRAGMA secure_delete = ON');
      try {
        return await write(work);
      } finally {
        if (sql.isOpen) sql.exec('PRAGMA secure_delete = FAST; PRAGMA wal_checkpoint(TRUNCATE)');
      }
    },
    close() {
      flush();
      sql.close();
    },
  };
}

const SQLITE_BUSY = 5;

/** SQLite does not wait for the lock that this change needs when several processes make the file at once: so we do. */
function useWriteAheadLog(sql: DatabaseSync): void {
  const giveUpAt = performance.now() + 10_000;
  for (;;) {
    try {
      sql.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (cause) {
      const { errcode = 0 } = cause as { errcode?: number };
      if ((errcode & 0xff) !== SQLITE_BUSY || performance.now() > giveUpAt) throw cause;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}
