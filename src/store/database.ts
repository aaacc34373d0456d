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
  sql.exec(`
    PRAGMA busy_timeout = 10000;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA cache_size = -65536;
    PRAGMA wal_autocheckpoint = 4000;
  `);

  let waiting: Waiting[] = [];
  let scheduled = false;

  const flush = (): void => {
    scheduled = false;
    const group = waiting;
    waiting = [];
    if (group.length === 0) return;
    try {
      sql.exec('BEGIN IMMEDIATE');
    } catch (cause) {
      for (const one of group) one.fail(cause);
      return;
    }
    const done: Waiting[] = [];
    for (const one of group) {
      sql.exec('SAVEPOINT one');
      try {
        one.run();
        sql.exec('RELEASE one');
        done.push(one);
      } catch (cause) {
        sql.exec('ROLLBACK TO one; RELEASE one');
        one.fail(cause);
      }
    }
    try {
      sql.exec('COMMIT');
    } catch (cause) {
      if (sql.isTransaction) sql.exec('ROLLBACK');
      for (const one of done) one.fail(cause);
      return;
    }
    for (const one of done) one.settle();
  };

  return {
    sql,
    write<T>(work: () => T): Promise<T> {
      return new Promise<T>((resolve, reject) => {
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
    },
    close() {
      flush();
      sql.close();
    },
  };
}
