import type { Clock } from '../clock.ts';
import { CallInHand, LeaseLost } from '../jobs/jobs.ts';
import { SqliteJobs } from '../jobs/sqlite-jobs.ts';
import { type Database, openDatabase } from './database.ts';
import { StoreError } from './fhir-store.ts';
import { prepare } from './prepared.ts';
import { SqliteFhirStore } from './sqlite-store.ts';
import type { CommitUnit, SettleDoubts } from './unit.ts';

/** Store and queue in one file. */
export interface Embedded {
  readonly db: Database;
  readonly store: SqliteFhirStore;
  readonly jobs: SqliteJobs;
  /** Records and jobs in one commit: all of it, or nothing. */
  readonly commitUnit: CommitUnit;
  /** There is no other server whose abilities would have to be asked for. */
  readonly capabilities?: undefined;
  /** Reading costs no call. */
  readonly aheadOf?: undefined;
  readonly recall?: undefined;
  /** One commit leaves no doubts. */
  readonly settleDoubts: SettleDoubts;
  close(): void;
}

/** Opens (and makes) the embedded store and its queue. Errors: those of the file system and of SQLite. */
export function openEmbedded(file: string, options: { readonly clock: Clock }): Embedded {
  const db = openDatabase(file);
  const store = new SqliteFhirStore(db, options);
  const jobs = new SqliteJobs(db, options);
  return {
    db,
    store,
    jobs,
    async commitUnit({ writes, jobs: changes = [] }) {
      const prepared = await prepare(writes);
      const results = await db
        .write(() => {
          // The queue first: a lost lease or a call in hand is the cheaper thing to find out.
          jobs.apply(changes);
          return store.apply(writes, prepared);
        })
        .catch((cause: unknown) => {
          throw unitError(cause);
        });
      jobs.announce(changes.flatMap((one) => (one.kind === 'add' ? [one.job] : [])));
      return results;
    },
    settleDoubts: async () => false,
    close: () => db.close(),
  };
}

/** What the queue or the commit itself throws (file locked, disk full) is the store not answering. */
function unitError(cause: unknown): Error {
  if (cause instanceof StoreError || cause instanceof LeaseLost || cause instanceof CallInHand) return cause;
  return new StoreError('unavailable', 'the embedded store failed', { cause });
}
