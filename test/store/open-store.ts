import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Resource } from '@medplum/fhirtypes';
import { type Clock, systemClock } from '../../src/clock.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { type SearchParams, searchAll } from '../../src/store/fhir-store.ts';
import { SqliteFhirStore } from '../../src/store/sqlite-store.ts';

export interface TestStore {
  readonly file: string;
  readonly db: Database;
  readonly store: SqliteFhirStore;
  /** Creates them all in one commit. */
  put(...resources: readonly (Resource & { id: string })[]): Promise<void>;
  /** Ids of all matches, in order of id. */
  ids(type: Resource['resourceType'], params: SearchParams): Promise<string[]>;
  close(): void;
}

/** A store of its own in a folder of its own. */
export function openTestStore(clock: Clock = systemClock): TestStore {
  const folder = mkdtempSync(join(tmpdir(), 'herald-store-'));
  const file = join(folder, 'data', 'store.db');
  const db = openDatabase(file);
  const store = new SqliteFhirStore(db, { clock });
  return {
    file,
    db,
    store,
    async put(...resources) {
      await store.commit(resources.map((resource) => ({ op: 'create', resource })));
    },
    async ids(type, params) {
      return (await searchAll(store, type, params)).map((one) => one.id).sort();
    },
    close() {
      db.close();
      rmSync(folder, { recursive: true });
    },
  };
}
