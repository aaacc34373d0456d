import { afterEach, beforeEach } from 'vitest';
import type { Jobs } from '../../src/jobs/jobs.ts';
import { SqliteJobs } from '../../src/jobs/sqlite-jobs.ts';
import { createWorker, type Handler, type Worker, type WorkerOptions } from '../../src/jobs/worker.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { type FakeClock, fakeClock, type NotedLog, notedLog, until } from './support.ts';

export const LEASE = 30_000;
/** Neither happens by itself within a test. */
export const NEVER = 3_600_000;
export const finish: Handler = async () => ({ kind: 'finish' });

/** A queue in memory and its clock, new for each test of the file that imports them. */
export let clock: FakeClock;
export let db: Database;
export let jobs: SqliteJobs;
export let log: NotedLog;
let workers: Worker[];

beforeEach(() => {
  clock = fakeClock();
  db = openDatabase(':memory:');
  jobs = new SqliteJobs(db, { clock });
  log = notedLog();
  workers = [];
});
afterEach(async () => {
  await Promise.all(workers.map((one) => one.stop()));
  db.close();
});

/** A worker whose three queues have the same handler; it looks once, and then only when told to. */
export function start(handler: Handler, change: Partial<WorkerOptions> = {}): Worker {
  const worker = createWorker({
    jobs,
    handlers: { dispatch: handler, inbox: handler, 'follow-up': handler },
    clock,
    log,
    concurrency: 4,
    leaseMs: 2 * NEVER,
    heartbeatMs: NEVER,
    pollMs: NEVER,
    maxFailures: 3,
    passing: () => false,
    onExhausted: (job, error) => jobs.bury(job.lease, error),
    monotonic: () => clock.now().getTime(),
    ...change,
  });
  worker.start();
  workers.push(worker);
  return worker;
}

/** The queue, with some of its methods replaced. */
export function queueWith(change: Partial<Jobs>): Jobs {
  return new Proxy<Jobs>(jobs, {
    get: (target, name: keyof Jobs) => change[name] ?? (target[name] as () => unknown).bind(target),
  });
}

export const state = (key: string) => jobs.get('dispatch', key);
export const gone = (key: string) => until(async () => (await state(key)) === undefined);
