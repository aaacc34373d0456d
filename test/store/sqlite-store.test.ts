import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { openDatabase } from '../../src/store/database.ts';
import { SqliteFhirStore } from '../../src/store/sqlite-store.ts';
import { describeFhirStore } from '../contract/fhir-store.ts';

describeFhirStore('SqliteFhirStore', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'herald-store-'));
  const db = openDatabase(join(folder, 'store.db'));
  return {
    store: new SqliteFhirStore(db, { clock: systemClock }),
    async close() {
      db.close();
      rmSync(folder, { recursive: true });
    },
  };
});
