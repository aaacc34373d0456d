import { describe, expect, it } from 'vitest';
import { type Job, type Lease, LeaseLost, queues } from '../../src/jobs/jobs.ts';
import { aJob } from '../jobs/support.ts';
import { benchOf, keys, LEASE, type OpenJobs } from './jobs-bench.ts';
import { describeCalls } from './jobs-calls.ts';
import { jobsKeepTheirInvariants } from './jobs-property.ts';

/** What any queue must do to stand behind the port. */
export function describeJobs(name: string, open: OpenJobs): void {
  describe(`${name} as a queue`, () => {
    const q = benchOf(open);

    describe('adding', () => {
      it('hands out what was put in', async () => {
        const job = aJob('a', { data: { communication: 'c-1', nested: { deep: [1, 'two', null] } } });
        await q.jobs.add([job]);
        expect(await q.claimOne()).toMatchObject({ ...job, attempts: 1, failures: 0, addedAt: q.clock.now() });
      });

      it('is idempotent by queue and key: the first one stays as it is', async () => {
        await q.jobs.add([aJob('a', { priority: 1 })]);
        await q.jobs.add([aJob('a', { priority: 0, data: { communication: 'other' } }), aJob('a', { queue: 'inbox' })]);
        expect(await q.jobs.get('dispatch', 'a')).toMatchObject({ priority: 1, data: { communication: 'c-a' } });
        expect(keys(await q.claim())).toEqual(['a', 'a']);
      });

      it('leaves a job that is being worked on alone', async () => {
        await q.jobs.add([aJob('a')]);
        const { lease } = await q.claimOne();
        await q.jobs.add([aJob('a')]);
        expect(await q.claim()).toEqual([]);
        await q.jobs.finish(lease);
        expect(await q.jobs.get('dispatch', 'a')).toBeUndefined();
      });

      it('replaces a dead one, which begins anew', async () => {
        await q.jobs.add([aJob('a')]);
        const { lease } = await q.claimOne();
        await q.jobs.beginCall(lease, q.clock.now());
        await q.jobs.bury(lease, 'code');
        await q.jobs.add([aJob('a', { data: { communication: 'second' } })]);
        const again = await q.claimOne();
        expect(again).toMatchObject({ attempts: 1, data: { communication: 'second' } });
        expect(again).not.toHaveProperty('callBegunAt');
        await expect(q.jobs.finish(lease)).rejects.toThrow(LeaseLost);
      });
    });

    describe('claiming', () => {
      it('takes the most urgent first, then the longest due, across queues', async () => {
        const at = (ms: number): Date => new Date(q.clock.now().getTime() - ms);
        await q.jobs.add([
          aJob('routine-old', { priority: 3, runAt: at(9_000) }),
          aJob('routine-new', { priority: 3, runAt: at(1_000) }),
          aJob('stat-new', { priority: 0, runAt: at(0) }),
          aJob('stat-old', { priority: 0, runAt: at(500), queue: 'inbox' }),
          aJob('routine-middle', { priority: 3, runAt: at(5_000), queue: 'follow-up' }),
          aJob('asap', { priority: 1, runAt: at(2_000) }),
        ]);
        expect(keys(await q.claim(4))).toEqual(['stat-old', 'stat-new', 'asap', 'routine-old']);
        expect(keys(await q.claim(4))).toEqual(['routine-middle', 'routine-new']);
      });

      it('never takes a job before its time, nor one of another queue', async () => {
        await q.jobs.add([aJob('later', { priority: 0, runAt: q.soon() }), aJob('elsewhere', { queue: 'inbox' })]);
        expect(await q.claim(10, ['dispatch', 'follow-up'])).toEqual([]);
        q.clock.advance(60_000);
        expect(keys(await q.claim(10, ['dispatch']))).toEqual(['later']);
      });

      it('gives one job to one holder at a time', async () => {
        await q.jobs.add([aJob('a'), aJob('b'), aJob('c')]);
        const taken = await Promise.all([q.claim(2), q.claim(2), q.claim(2)]);
        expect(keys(taken.flat()).sort()).toEqual(['a', 'b', 'c']);
      });
    });

    describe('a lease', () => {
      it('that runs out makes the job due again, and the earlier holder can do nothing more', async () => {
        await q.jobs.add([aJob('a')]);
        const first = await q.claimOne();
        q.clock.advance(LEASE - 1);
        expect(await q.claim()).toEqual([]);
        q.clock.advance(1);
        expect(await q.jobs.get('dispatch', 'a')).toMatchObject({ state: 'waiting' });
        const second = await q.claimOne();
        expect(second.attempts).toBe(2);
        expect(second.lease.token).toBeGreaterThan(first.lease.token);

        const again = { runAt: q.clock.now(), error: 'code', call: 'none' } as const;
        await expect(q.jobs.finish(first.lease)).rejects.toThrow(LeaseLost);
        await expect(q.jobs.retry(first.lease, again)).rejects.toThrow(LeaseLost);
        await expect(q.jobs.bury(first.lease, 'code')).rejects.toThrow(LeaseLost);
        expect(await q.jobs.beginCall(first.lease, q.clock.now())).toBe(false);
        expect(await q.jobs.heartbeat([first.lease], LEASE)).toEqual([]);
        const state = await q.jobs.get('dispatch', 'a');
        expect(state).toMatchObject({ state: 'claimed', attempts: 2 });
        expect(state).not.toHaveProperty('callBegunAt');
        await q.jobs.finish(second.lease);
      });

      it('that ran out begins no call and is not prolonged, even when nobody took the job yet', async () => {
        await q.jobs.add([aJob('a')]);
        const { lease } = await q.claimOne();
        q.clock.advance(LEASE);
        expect(await q.jobs.beginCall(lease, q.clock.now())).toBe(false);
        expect(await q.jobs.heartbeat([lease], LEASE)).toEqual([]);
        expect(keys(await q.claim())).toEqual(['a']);
      });

      it('that ran out may still say that the job is done, as long as nobody took it', async () => {
        await q.jobs.add([aJob('a')]);
        const { lease } = await q.claimOne();
        q.clock.advance(LEASE * 2);
        await q.jobs.finish(lease);
        expect(await q.claim()).toEqual([]);
      });

      it('is prolonged by a heartbeat, which answers those that are still held', async () => {
        await q.jobs.add([aJob('a'), aJob('b'), aJob('c')]);
        const [a, b, c] = (await q.claim()).map((job) => job.lease) as [Lease, Lease, Lease];
        await q.jobs.finish(b);
        q.clock.advance(LEASE - 1);
        const kept = await q.jobs.heartbeat([a, b], LEASE);
        expect(kept).toEqual([{ ...a, expiresAt: new Date(q.clock.now().getTime() + LEASE) }]);
        q.clock.advance(1);
        expect(keys(await q.claim())).toEqual([c.key]);
        await q.jobs.finish(a);
      });

      it('of a job that was cancelled and added again is never taken for the new one', async () => {
        await q.jobs.add([aJob('a')]);
        const old = await q.claimOne();
        await q.jobs.cancel('dispatch', 'a');
        await q.jobs.add([aJob('a')]);
        const fresh = await q.claimOne();
        expect(fresh.lease.token).toBeGreaterThan(old.lease.token);
        expect(await q.jobs.beginCall(old.lease, q.clock.now())).toBe(false);
        await expect(q.jobs.finish(old.lease)).rejects.toThrow(LeaseLost);
        await q.jobs.finish(fresh.lease);
      });

      it('is over once the job was put back', async () => {
        await q.jobs.add([aJob('a')]);
        const { lease } = await q.claimOne();
        await q.jobs.retry(lease, { runAt: q.soon(), error: 'code', call: 'none' });
        await expect(q.jobs.finish(lease)).rejects.toThrow(LeaseLost);
        expect(await q.jobs.beginCall(lease, q.clock.now())).toBe(false);
      });
    });

    describe('failing', () => {
      it('puts a job back for its time, with the code of the reason', async () => {
        await q.jobs.add([aJob('a')]);
        const { lease } = await q.claimOne();
        await q.jobs.retry(lease, { runAt: q.soon(), error: 'throttled', call: 'none' });
        expect(await q.jobs.get('dispatch', 'a')).toMatchObject({
          state: 'waiting',
          runAt: q.soon(),
          lastError: 'throttled',
        });
        expect(await q.claim()).toEqual([]);
        q.clock.advance(60_000);
        expect(keys(await q.claim())).toEqual(['a']);
      });

      it('is counted while it goes on, and forgotten after an orderly try', async () => {
        await q.jobs.add([aJob('a')]);
        const seen: number[] = [];
        for (const failed of [true, true, false, true]) {
          const job = await q.claimOne();
          seen.push(job.failures);
          await q.jobs.retry(job.lease, { runAt: q.clock.now(), error: 'code', call: 'none', failed });
        }
        expect([...seen, (await q.claimOne()).failures]).toEqual([0, 1, 2, 0, 1]);
      });

      it('for good leaves a dead letter that is seen, and never run or cancelled', async () => {
        await q.jobs.add([aJob('a')]);
        const { lease } = await q.claimOne();
        await q.jobs.bury(lease, 'no-more-tries');
        q.clock.advance(LEASE * 10);
        expect(await q.claim()).toEqual([]);
        expect(await q.jobs.cancel('dispatch', 'a')).toBe('absent');
        expect(await q.jobs.get('dispatch', 'a')).toMatchObject({ state: 'dead', lastError: 'no-more-tries' });
        await expect(q.jobs.finish(lease)).rejects.toThrow(LeaseLost);
      });
    });

    it('counts each queue, and tells how long the oldest due job has waited', async () => {
      await q.jobs.add([
        aJob('a', { priority: 0 }),
        aJob('b', { priority: 1 }),
        aJob('c'),
        aJob('d', { runAt: q.soon() }),
      ]);
      const [a] = await q.claim(2);
      await q.jobs.bury((a as Job).lease, 'code');
      q.clock.advance(12_000);
      const byQueue = new Map((await q.jobs.stats()).map((one) => [one.queue, one]));
      expect([...byQueue.keys()].sort()).toEqual([...queues].sort());
      expect(byQueue.get('dispatch')).toEqual({
        queue: 'dispatch',
        waiting: 2,
        claimed: 1,
        dead: 1,
        oldestDueSeconds: 12,
      });
      expect(byQueue.get('inbox')).toMatchObject({ waiting: 0, claimed: 0, dead: 0, oldestDueSeconds: 0 });
      q.clock.advance(LEASE);
      expect(await q.jobs.stats()).toContainEqual(
        expect.objectContaining({ queue: 'dispatch', waiting: 3, claimed: 0 }),
      );
    });

    it('announces work that is due now, and only that', async () => {
      let calls = 0;
      const stop = q.jobs.onWork(() => {
        calls += 1;
      });
      await q.jobs.add([aJob('later', { runAt: q.soon() })]);
      expect(calls).toBe(0);
      await q.jobs.add([aJob('a')]);
      expect(calls).toBe(1);
      const { lease } = await q.claimOne();
      await q.jobs.retry(lease, { runAt: q.clock.now(), error: 'code', call: 'none' });
      expect(calls).toBe(2);
      stop();
      await q.jobs.add([aJob('b')]);
      expect(calls).toBe(2);
    });

    describeCalls(q);
    jobsKeepTheirInvariants(open);
  });
}
