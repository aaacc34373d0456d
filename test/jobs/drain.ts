import { systemClock } from '../../src/clock.ts';
import { SqliteJobs } from '../../src/jobs/sqlite-jobs.ts';
import { createWorker, type Handler } from '../../src/jobs/worker.ts';
import { openDatabase } from '../../src/store/database.ts';
import { notedLog } from './support.ts';

/**
 * One process of several on the same file (see `processes.test.ts`): writes down each job it did, and ends when nothing
 * is left. With `hold` it never ends its first four, and says which they are.
 */
const [file = '', name = '', mode = ''] = process.argv.slice(2);
const db = openDatabase(file);
const jobs = new SqliteJobs(db, { clock: systemClock });
const insert = db.sql.prepare('INSERT INTO effect (key, by) VALUES (?, ?)');
let taken = 0;

const work: Handler = async (job) => {
  taken += 1;
  if (mode === 'hold' && taken <= 4) {
    process.stdout.write(`${job.key}\n`);
    await new Promise(() => {});
  }
  await new Promise((resolve) => setTimeout(resolve, 5));
  await db.write(() => insert.run(job.key, name));
  return { kind: 'finish' };
};

const worker = createWorker({
  jobs,
  handlers: { dispatch: work, inbox: work, 'follow-up': work },
  clock: systemClock,
  log: notedLog(),
  concurrency: 8,
  leaseMs: 600,
  heartbeatMs: 100,
  pollMs: 20,
  maxFailures: 3,
  passing: () => true,
  onExhausted: (job, error) => jobs.bury(job.lease, error),
});
worker.start();

const timer = setInterval(async () => {
  if ((await jobs.stats()).some((one) => one.waiting + one.claimed > 0)) return;
  clearInterval(timer);
  await worker.stop();
  db.close();
}, 20);
