import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { SqliteJobs } from '../../src/jobs/sqlite-jobs.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { aJob, until } from './support.ts';

const JOBS = 400;
const script = join(import.meta.dirname, 'drain.ts');

let folder: string;
let db: Database;
let children: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'herald-processes-'));
  db = openDatabase(join(folder, 'q.sqlite'));
  db.sql.exec('CREATE TABLE effect (key TEXT NOT NULL, by TEXT NOT NULL)');
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  db.close();
  rmSync(folder, { recursive: true });
});

function drain(name: string, mode: 'hold' | 'work'): ChildProcess {
  const child = spawn(process.execPath, [script, join(folder, 'q.sqlite'), name, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

it('contract 5: three processes work on one file, one is killed with jobs in hand, and none is lost', async () => {
  const jobs = new SqliteJobs(db, { clock: systemClock });
  const done = () => db.sql.prepare('SELECT key, by FROM effect').all() as unknown as { key: string; by: string }[];
  const keys = Array.from({ length: JOBS }, (_, index) => `j${index}`);
  await jobs.add(keys.map((key) => aJob(key)));

  const victim = drain('victim', 'hold');
  const holding: string[] = [];
  if (victim.stdout === null) throw new Error('no output to read');
  createInterface(victim.stdout).on('line', (line) => holding.push(line));
  await until(() => holding.length === 4);
  const ends = [drain('one', 'work'), drain('two', 'work')].map((child) => once(child, 'exit'));
  await until(() => done().length >= JOBS / 2);
  victim.kill('SIGKILL');
  expect((await Promise.all(ends)).map(([code]) => code)).toEqual([0, 0]);

  const effects = done();
  expect(new Set(effects.map((one) => one.key))).toEqual(new Set(keys));
  // What the dead one had in hand was done by somebody else.
  for (const key of holding) expect(effects.find((one) => one.key === key)?.by).toMatch(/^(one|two)$/);
  expect(db.sql.prepare('SELECT count(*) AS left FROM job').get()).toEqual({ left: 0 });
});
