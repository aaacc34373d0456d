import type { Clock } from '../clock.ts';
import { SqliteJobs } from '../jobs/sqlite-jobs.ts';
import { type Database, openDatabase } from './database.ts';
import { SqliteFhirStore } from './sqlite-store.ts';
import type { CommitUnit } from './unit.ts';

/** Store and queue in one file. */
export interface Embedded {
  readonly db: Database;
  readonly store: SqliteFhirStore;
  readonly jobs: SqliteJobs;
  /** Records and jobs in one commit: all of it, or nothing. */
  readonly commitUnit: CommitUnit;
  close(): void;
}

/** Opens (and makes) the embedded store and its queue. Errors: those of the file system. */
export function openEmbedded(file: string, options: { clock: Clock }): Embedded {
  const db = openDatabase(file);
  const store = new SqliteFhirStore(db, options);
  const jobs = new SqliteJobs(db, options);
  return {
    db,
    store,
    jobs,
    async commitUnit({ writes, jobs: changes = [] }) {
      const results = await db.write(() => {
        // The queue first: a lost lease or a call in hand is the cheaper thing to find out.
        jobs.apply(changes);
        return store.apply(writes);
      });
      jobs.announce(changes.flatMap((one) => (one.kind === 'add' ? [one.job] : [])));
      return results;
    },
    close: () => db.close(),
  };
}
