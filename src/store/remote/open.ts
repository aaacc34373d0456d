import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import { SqliteJobs } from '../../jobs/sqlite-jobs.ts';
import type { Log } from '../../log.ts';
import { openDatabase } from '../database.ts';
import type { FhirStore, Write, WriteResult } from '../fhir-store.ts';
import type { ReadAhead, Recall } from '../read-ahead.ts';
import type { CommitUnit, SettleDoubts } from '../unit.ts';
import type { AccessSettings } from './access.ts';
import { createReadAhead, Hints, recallFrom } from './ahead.ts';
import type { Capabilities } from './capabilities.ts';
import { lockDirectory } from './directory-lock.ts';
import { Journal } from './journal.ts';
import { withRecent } from './recent.ts';
import { createRemote, type RemoteOptions } from './remote-store.ts';
import { createSequence, type Sequence } from './sequence.ts';
import { createRemoteUnits, type GiveUp } from './unit.ts';

/** The record on a server of its own, the queue and the journal here. */
export interface OpenedRemote {
  readonly store: FhirStore;
  readonly jobs: SqliteJobs;
  readonly commitUnit: CommitUnit;
  readonly settleDoubts: SettleDoubts;
  /** Reading with as few calls as may be, through this store or one around it. */
  readonly aheadOf: (store: FhirStore) => ReadAhead;
  readonly recall: Recall;
  /** What the server says that it can do; read once, and again when `fresh`. Errors: StoreError `unavailable`. */
  readonly capabilities: (how?: 'fresh') => Promise<Capabilities>;
  close(): void;
}

/**
 * Opens the queue in a data directory that is this process's alone, beside a record on any FHIR R4 server, which is not
 * called yet. Errors: DirectoryInUse; those of the file system and of SQLite.
 */
export function openRemote(
  dataDir: string,
  server: { readonly baseUrl: string; readonly access: AccessSettings } & Pick<RemoteOptions, 'onDropped' | 'limits'>,
  { clock, log, giveUp }: { readonly clock: Clock; readonly log: Log; readonly giveUp: GiveUp },
): OpenedRemote {
  const lock = lockDirectory(dataDir);
  const db = openDatabase(join(dataDir, 'queue.sqlite'));
  const jobs = new SqliteJobs(db, { clock });
  const journal = new Journal(db, { clock });
  const remote = createRemote({
    ...server,
    clock,
    log,
    sequence: (writes) => sequence.commit(writes),
    coalesce: true,
  });
  const sequence: Sequence = createSequence(
    {
      read: (type, id) => remote.store.read(type, id),
      vread: (type, id, versionId) => remote.store.vread(type, id, versionId),
      history: (type, options) => remote.store.history(type, options),
      writeOne: remote.writeOne,
      remembers: (resource) => store.remembers(resource),
    },
    journal,
  );
  const hints = new Hints();
  const store = withRecent(remote.store, { clock, log, onWritten: (resources) => hints.wrote(resources) });
  const writeAll = async (writes: readonly Write[]): Promise<WriteResult[]> => {
    const { transaction } = await remote.capabilities();
    const results = transaction ? await remote.transaction(writes) : await sequence.inOrder(writes);
    store.remember(results.map((one) => one.resource));
    return results;
  };
  const units = createRemoteUnits({ store, writeAll, db, jobs, journal, sequence, clock, log, giveUp });
  return {
    store,
    jobs,
    settleDoubts: units.settleDoubts,
    async commitUnit(unit) {
      try {
        return await units.commitUnit(unit);
      } catch (error) {
        hints.forget(unit.writes.map((one) => one.resource));
        throw error;
      }
    },
    aheadOf: (over) => createReadAhead(over, hints),
    recall: recallFrom(hints),
    capabilities: remote.capabilities,
    close() {
      remote.close();
      store.close();
      db.close();
      lock.release();
    },
  };
}
