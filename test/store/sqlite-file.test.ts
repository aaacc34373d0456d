import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Flag } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { openDatabase } from '../../src/store/database.ts';
import { SqliteFhirStore } from '../../src/store/sqlite-store.ts';
import { openTestStore, type TestStore } from './open-store.ts';

let test: TestStore;
beforeEach(() => {
  test = openTestStore();
});
afterEach(() => test.close());

describe('the file of the embedded store', () => {
  it('section 1: is readable by the owner alone', async () => {
    await test.put(aFlag('f1'));
    for (const end of ['', '-wal', '-shm']) expect(statSync(test.file + end).mode & 0o777).toBe(0o600);
    expect(statSync(join(test.file, '..')).mode & 0o777).toBe(0o700);
  });

  it('section 5: what was acknowledged is there after kill -9', async () => {
    for (let round = 0; round < 3; round += 1) {
      const child = writer(`round-${round}`, 100_000);
      const acknowledged = await linesUntil(child, 60);
      child.kill('SIGKILL');
      await once(child, 'exit');
      const db = openDatabase(test.file);
      const store = new SqliteFhirStore(db, { clock: systemClock });
      for (const id of acknowledged) expect(await store.read('Flag', id), id).toBeDefined();
      expect(db.sql.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
      db.close();
    }
  });

  it('two processes write at once and neither loses anything', async () => {
    await test.put({ resourceType: 'List', id: 'counter', status: 'current', mode: 'working' });
    const children = [writer('a', 40, 'counter'), writer('b', 40, 'counter')];
    const ended = children.map((child) => once(child, 'exit'));
    for (let at = 0; at < 40; at += 1) await test.put(aFlag(`own-${at}`));
    expect((await Promise.all(ended)).map(([code]) => code)).toEqual([0, 0]);
    const counter = await test.store.read('List', 'counter');
    const names = counter?.entry?.map((one) => one.item.display);
    expect(names?.filter((one) => one === 'a')).toHaveLength(40);
    expect(names?.filter((one) => one === 'b')).toHaveLength(40);
    expect(counter?.meta.versionId).toBe('81');
    expect(await test.ids('Flag', [])).toHaveLength(40);
  });

  it('what one connection wrote, another finds at once', async () => {
    const db = openDatabase(test.file);
    const other = new SqliteFhirStore(db, { clock: systemClock });
    await test.put(aFlag('f1'));
    expect((await other.search('Flag', [['_id', 'f1']])).matches).toHaveLength(1);
    await other.commit([{ op: 'update', resource: { ...aFlag('f1'), identifier: [{ value: 'x' }] } }]);
    expect(await test.ids('Flag', [['identifier', 'x']])).toEqual(['f1']);
    db.close();
  });

  it('an index made by another release is made anew when the store is opened', async () => {
    await test.put(aFlag('f1'));
    test.db.sql.exec("DELETE FROM eq; DELETE FROM rng; DROP TABLE words; UPDATE res SET seldom = ''");
    expect(await test.ids('Flag', [['subject', 'Patient/p1']])).toEqual([]);
    test.db.sql.exec("UPDATE store_meta SET value = 'older' WHERE key = 'index'");
    new SqliteFhirStore(test.db, { clock: systemClock });
    expect(await test.ids('Flag', [['subject', 'Patient/p1']])).toEqual(['f1']);
    expect(await test.ids('Flag', [['subject:missing', 'true']])).toEqual([]);
    expect(await test.ids('Flag', [['_lastUpdated', 'gt2020-01-01']])).toEqual(['f1']);
    expect(await test.ids('Flag', [['_tag:text', 'example']])).toEqual(['f1']);
  });

  it('meta.lastUpdated never goes back, even if the clock does', async () => {
    let now = new Date('2026-06-01T12:00:00.000Z');
    const db = openDatabase(test.file);
    const store = new SqliteFhirStore(db, { clock: { now: () => now } });
    await store.commit([{ op: 'create', resource: aFlag('f2') }]);
    now = new Date('2026-06-01T11:00:00.000Z');
    const [result] = await store.commit([{ op: 'update', resource: aFlag('f2') }]);
    expect(result?.resource.meta).toMatchObject({ versionId: '2', lastUpdated: '2026-06-01T12:00:00.000Z' });
    db.close();
  });

  it('apply shares a commit with whatever else is written there', async () => {
    const failing = test.db.write(() => {
      test.store.apply([{ op: 'create', resource: aFlag('f3') }]);
      throw new Error('the other part failed');
    });
    await expect(failing).rejects.toThrow('the other part failed');
    expect(await test.store.read('Flag', 'f3')).toBeUndefined();
    expect(await test.ids('Flag', [['subject', 'Patient/p1']])).toEqual([]);
  });
});

function aFlag(id: string): Flag & { id: string } {
  const meta = { tag: [{ code: 'example', display: 'Example' }] };
  return { resourceType: 'Flag', id, meta, status: 'active', code: {}, subject: { reference: 'Patient/p1' } };
}

function writer(name: string, limit: number, counter?: string): ChildProcess {
  const script = join(import.meta.dirname, 'writer-process.ts');
  const more = counter === undefined ? [] : [counter];
  return spawn(process.execPath, [script, test.file, name, String(limit), ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function linesUntil(child: ChildProcess, count: number): Promise<string[]> {
  let text = '';
  for await (const piece of child.stdout ?? []) {
    text += String(piece);
    if (text.split('\n').length > count) break;
  }
  return text.split('\n').slice(0, -1);
}
