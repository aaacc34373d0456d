/** Writes to a store until it is killed, or to a number of writes, and says each one that was acknowledged. */
import { systemClock } from '../../src/clock.ts';
import { openDatabase } from '../../src/store/database.ts';
import { SqliteFhirStore } from '../../src/store/sqlite-store.ts';

const [, , file = '', name = '', limit = '0', counter] = process.argv;
const store = new SqliteFhirStore(openDatabase(file), { clock: systemClock });

for (let at = 0; at < Number(limit); at += 1) {
  if (counter === undefined) {
    const id = `${name}-${at}`;
    await store.commit([
      { op: 'create', resource: { resourceType: 'Flag', id, status: 'active', code: {}, subject: {} } },
    ]);
    process.stdout.write(`${id}\n`);
  } else await addOne(counter);
}

async function addOne(id: string): Promise<void> {
  for (;;) {
    const current = await store.read('List', id);
    if (!current) throw new Error('no counter');
    const entry = [...(current.entry ?? []), { item: { display: name } }];
    try {
      await store.commit([{ op: 'update', resource: { ...current, entry }, ifMatch: current.meta.versionId }]);
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== 'conflict') throw error;
    }
  }
}
