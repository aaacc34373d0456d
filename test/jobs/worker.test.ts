import { describe, expect, it } from 'vitest';
import { SqliteJobs } from '../../src/jobs/sqlite-jobs.ts';
import type { JobOutcome } from '../../src/jobs/worker.ts';
import { clock, db, finish, gone, jobs, log, queueWith, start, state } from './rig.ts';
import { aJob, gate, until } from './support.ts';

describe('taking work', () => {
  it('takes the most urgent first, whatever was added first', async () => {
    await jobs.add([aJob('routine'), aJob('urgent', { priority: 2 }), aJob('stat', { priority: 0, queue: 'inbox' })]);
    const order: string[] = [];
    start(
      async (job) => {
        order.push(job.key);
        return { kind: 'finish' };
      },
      { concurrency: 1 },
    );
    await gone('routine');
    expect(order).toEqual(['stat', 'urgent', 'routine']);
  });

  it('lets an urgent message overtake a backlog as soon as a place is free', async () => {
    await jobs.add([aJob('r1'), aJob('r2'), aJob('r3')]);
    const order: string[] = [];
    const first = gate();
    start(
      async (job) => {
        order.push(job.key);
        if (order.length === 1) await first.opened;
        return { kind: 'finish' };
      },
      { concurrency: 1 },
    );
    await until(() => order.length === 1);
    await jobs.add([aJob('stat', { priority: 0 })]);
    first.open();
    await gone('r3');
    expect(order).toEqual(['r1', 'stat', 'r2', 'r3']);
  });

  it('runs as many side by side as it may, and no more', async () => {
    await jobs.add(Array.from({ length: 12 }, (_, index) => aJob(`j${index}`)));
    let now = 0;
    let most = 0;
    start(async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      return { kind: 'finish' };
    });
    await until(async () => (await jobs.stats()).every((one) => one.waiting + one.claimed === 0));
    expect(most).toBe(4);
  });

  it('takes nothing more while every place is taken, whatever is announced', async () => {
    await jobs.add([aJob('r1'), aJob('r2')]);
    const started: string[] = [];
    const ends = gate();
    start(
      async (job) => {
        started.push(job.key);
        await ends.opened;
        return { kind: 'finish' };
      },
      { concurrency: 2, pollMs: 1 },
    );
    await until(() => started.length === 2);
    await jobs.add([aJob('stat', { priority: 0 })]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await state('stat')).toMatchObject({ state: 'waiting', attempts: 0 });
    ends.open();
    await gone('stat');
  });

  it('wakes at once when work is added in its process', async () => {
    start(finish);
    await jobs.add([aJob('a')]);
    await gone('a');
  });

  it('finds by polling what another process added, and what has become due', async () => {
    const elsewhere = new SqliteJobs(db, { clock });
    start(finish, { pollMs: 5 });
    await elsewhere.add([aJob('a'), aJob('later', { runAt: new Date(clock.now().getTime() + 60_000) })]);
    await gone('a');
    expect(await state('later')).toMatchObject({ state: 'waiting', attempts: 0 });
    clock.advance(60_000);
    await gone('later');
  });

  it('rests between looks also when it was stopped and started again', async () => {
    let looks = 0;
    const counted = queueWith({
      claim: async (...asked) => {
        looks += 1;
        // Without this, looking without rest would not even let the test fail.
        await new Promise((resolve) => setImmediate(resolve));
        return jobs.claim(...asked);
      },
    });
    const worker = start(finish, { jobs: counted });
    await worker.stop();
    worker.start();
    const before = looks;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(looks - before).toBeLessThanOrEqual(1);
    await jobs.add([aJob('a')]);
    await gone('a');
  });

  it('goes on when the queue does not answer for a while', async () => {
    let refusals = 3;
    start(finish, {
      pollMs: 1,
      jobs: queueWith({
        claim: async (...asked) => {
          if (refusals-- > 0) throw new Error('database is locked');
          return jobs.claim(...asked);
        },
      }),
    });
    await jobs.add([aJob('a')]);
    await gone('a');
    expect(log.lines.filter((one) => one.event === 'queue.unavailable')).toHaveLength(3);
  });
});

describe('what became of a job', () => {
  const outcomes: [string, JobOutcome, object][] = [
    [
      'back for a time',
      { kind: 'retry', runAt: new Date('2026-06-02T00:00:00Z'), error: 'limit-day', call: 'none' },
      { state: 'waiting', runAt: new Date('2026-06-02T00:00:00Z'), lastError: 'limit-day', failures: 0 },
    ],
    [
      'back after a while',
      { kind: 'retry', delayMs: 5_000, error: 'timeout', call: 'uncertain' },
      { state: 'waiting', runAt: new Date('2026-06-01T09:00:05Z'), lastError: 'timeout' },
    ],
    ['buried', { kind: 'bury', error: 'rejected' }, { state: 'dead', lastError: 'rejected' }],
    ['settled elsewhere', { kind: 'settled' }, { state: 'claimed' }],
  ];
  it.each(outcomes)('%s', async (_what, outcome, after) => {
    await jobs.add([aJob('a')]);
    const worker = start(async () => outcome);
    await until(async () => (await state('a'))?.attempts === 1);
    await worker.stop();
    expect(await state('a')).toMatchObject(after);
  });

  it('is written again when the queue does not take it at once, without running the job twice', async () => {
    await jobs.add([aJob('a')]);
    let runs = 0;
    let refusals = 2;
    start(
      async () => {
        runs += 1;
        return { kind: 'finish' };
      },
      {
        jobs: queueWith({
          finish: async (lease) => {
            if (refusals-- > 0) throw new Error('database is locked');
            return jobs.finish(lease);
          },
        }),
      },
    );
    await gone('a');
    expect(runs).toBe(1);
  });
});
