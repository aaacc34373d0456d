import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dueIds } from '../../src/jobs/job-table.ts';
import { type Job, LeaseLost } from '../../src/jobs/jobs.ts';
import { SqliteJobs } from '../../src/jobs/sqlite-jobs.ts';
import { openDatabase } from '../../src/store/database.ts';
import { describeJobs } from '../contract/jobs.ts';
import { aJob, fakeClock } from './support.ts';

describeJobs('SQLite', async ({ clock }) => {
  const db = openDatabase(':memory:');
  return { jobs: new SqliteJobs(db, { clock }), close: async () => db.close() };
});

describe('the queue in its file', () => {
  it('keeps jobs, leases and begun calls when the process ends', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'herald-jobs-'));
    const clock = fakeClock();
    try {
      const before = openDatabase(join(folder, 'q.sqlite'));
      const first = new SqliteJobs(before, { clock });
      await first.add([aJob('a'), aJob('b')]);
      const [a] = (await first.claim(['dispatch'], { limit: 1, leaseMs: 1_000 })) as [Job];
      await first.beginCall(a.lease, clock.now());
      before.close();

      const after = openDatabase(join(folder, 'q.sqlite'));
      const second = new SqliteJobs(after, { clock });
      const claim = () => second.claim(['dispatch'], { limit: 5, leaseMs: 1_000 });
      expect((await claim()).map((job) => job.key)).toEqual(['b']);
      clock.advance(1_000);
      const again = (await claim()).find((job) => job.key === 'a');
      expect(again).toMatchObject({ attempts: 2, callBegunAt: new Date('2026-06-01T09:00:00.000Z') });
      expect(again?.lease.token).toBeGreaterThan(a.lease.token);
      await expect(second.finish(a.lease)).rejects.toThrow(LeaseLost);
      after.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('looks along an index: no claim reads the jobs that wait for their time', () => {
    const db = openDatabase(':memory:');
    new SqliteJobs(db, { clock: fakeClock() });
    const plan = db.sql
      .prepare(`EXPLAIN QUERY PLAN ${dueIds}`)
      .all({ queues: '["dispatch"]', now: 0, limit: 1 })
      .map((row) => String(row.detail));
    expect(plan).toContainEqual(
      expect.stringMatching(/SEARCH due USING .*job_due \(queue=\? AND priority=\? AND due_at</),
    );
    expect(plan.filter((one) => /SCAN (job|due)\b/.test(one))).toEqual([]);
    db.close();
  });
});
