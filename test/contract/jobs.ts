import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { type Job, type Jobs, type Lease, LeaseLost, type Queue, queues } from '../../src/jobs/jobs.ts';
import { aJob, type FakeClock, fakeClock } from '../jobs/support.ts';
import { jobsKeepTheirInvariants } from './jobs-property.ts';

/** An empty queue on the clock given. */
export type OpenJobs = (options: { clock: Clock }) => Promise<{ jobs: Jobs; close(): Promise<void> }>;

const LEASE = 30_000;
const all: readonly Queue[] = queues;

/** What any queue must do to stand behind the port. */
export function describeJobs(name: string, open: OpenJobs): void {
  describe(`${name} as a queue`, () => {
    let clock: FakeClock;
    let jobs: Jobs;
    let close: () => Promise<void>;

    beforeEach(async () => {
      clock = fakeClock();
      ({ jobs, close } = await open({ clock }));
    });
    afterEach(() => close());

    const claim = (limit = 10, from = all): Promise<Job[]> => jobs.claim(from, { limit, leaseMs: LEASE });
    const claimOne = async (): Promise<Job> => {
      const [job, ...more] = await claim();
      if (job === undefined || more.length > 0) throw new Error('not exactly one job is due');
      return job;
    };
    const keys = (taken: readonly Job[]): string[] => taken.map((job) => job.key);
    const soon = (): Date => new Date(clock.now().getTime() + 60_000);

    describe('adding', () => {
      it('hands out what was put in', async () => {
        const job = aJob('a', { data: { communication: 'c-1', nested: { deep: [1, 'two', null] } } });
        await jobs.add([job]);
        expect(await claimOne()).toMatchObject({ ...job, attempts: 1, failures: 0, addedAt: clock.now() });
      });

      it('is idempotent by queue and key: the first one stays as it is', async () => {
        await jobs.add([aJob('a', { priority: 1 })]);
        await jobs.add([aJob('a', { priority: 0, data: { communication: 'other' } }), aJob('a', { queue: 'inbox' })]);
        expect(await jobs.get('dispatch', 'a')).toMatchObject({ priority: 1, data: { communication: 'c-a' } });
        expect(keys(await claim())).toEqual(['a', 'a']);
      });

      it('leaves a job that is being worked on alone', async () => {
        await jobs.add([aJob('a')]);
        const { lease } = await claimOne();
        await jobs.add([aJob('a')]);
        expect(await claim()).toEqual([]);
        await jobs.finish(lease);
        expect(await jobs.get('dispatch', 'a')).toBeUndefined();
      });

      it('replaces a dead one, which begins anew', async () => {
        await jobs.add([aJob('a')]);
        const { lease } = await claimOne();
        await jobs.beginCall(lease, clock.now());
        await jobs.bury(lease, 'code');
        await jobs.add([aJob('a', { data: { communication: 'second' } })]);
        const again = await claimOne();
        expect(again).toMatchObject({ attempts: 1, data: { communication: 'second' } });
        expect(again).not.toHaveProperty('callBegunAt');
        await expect(jobs.finish(lease)).rejects.toThrow(LeaseLost);
      });
    });

    describe('claiming', () => {
      it('takes the most urgent first, then the longest due, across queues', async () => {
        const at = (ms: number): Date => new Date(clock.now().getTime() - ms);
        await jobs.add([
          aJob('routine-old', { priority: 3, runAt: at(9_000) }),
          aJob('routine-new', { priority: 3, runAt: at(1_000) }),
          aJob('stat-new', { priority: 0, runAt: at(0) }),
          aJob('stat-old', { priority: 0, runAt: at(500), queue: 'inbox' }),
          aJob('routine-middle', { priority: 3, runAt: at(5_000), queue: 'follow-up' }),
          aJob('asap', { priority: 1, runAt: at(2_000) }),
        ]);
        expect(keys(await claim(4))).toEqual(['stat-old', 'stat-new', 'asap', 'routine-old']);
        expect(keys(await claim(4))).toEqual(['routine-middle', 'routine-new']);
      });

      it('never takes a job before its time, nor one of another queue', async () => {
        await jobs.add([aJob('later', { priority: 0, runAt: soon() }), aJob('elsewhere', { queue: 'inbox' })]);
        expect(await claim(10, ['dispatch', 'follow-up'])).toEqual([]);
        clock.advance(60_000);
        expect(keys(await claim(10, ['dispatch']))).toEqual(['later']);
      });

      it('gives one job to one holder at a time', async () => {
        await jobs.add([aJob('a'), aJob('b'), aJob('c')]);
        const taken = await Promise.all([claim(2), claim(2), claim(2)]);
        expect(keys(taken.flat()).sort()).toEqual(['a', 'b', 'c']);
      });
    });

    describe('a lease', () => {
      it('that runs out makes the job due again, and the earlier holder can do nothing more', async () => {
        await jobs.add([aJob('a')]);
        const first = await claimOne();
        clock.advance(LEASE - 1);
        expect(await claim()).toEqual([]);
        clock.advance(1);
        expect(await jobs.get('dispatch', 'a')).toMatchObject({ state: 'waiting' });
        const second = await claimOne();
        expect(second.attempts).toBe(2);
        expect(second.lease.token).toBeGreaterThan(first.lease.token);

        const again = { runAt: clock.now(), error: 'code', call: 'none' } as const;
        await expect(jobs.finish(first.lease)).rejects.toThrow(LeaseLost);
        await expect(jobs.retry(first.lease, again)).rejects.toThrow(LeaseLost);
        await expect(jobs.bury(first.lease, 'code')).rejects.toThrow(LeaseLost);
        expect(await jobs.beginCall(first.lease, clock.now())).toBe(false);
        expect(await jobs.heartbeat([first.lease], LEASE)).toEqual([]);
        const state = await jobs.get('dispatch', 'a');
        expect(state).toMatchObject({ state: 'claimed', attempts: 2 });
        expect(state).not.toHaveProperty('callBegunAt');
        await jobs.finish(second.lease);
      });

      it('that ran out begins no call and is not prolonged, even when nobody took the job yet', async () => {
        await jobs.add([aJob('a')]);
        const { lease } = await claimOne();
        clock.advance(LEASE);
        expect(await jobs.beginCall(lease, clock.now())).toBe(false);
        expect(await jobs.heartbeat([lease], LEASE)).toEqual([]);
        expect(keys(await claim())).toEqual(['a']);
      });

      it('that ran out may still say that the job is done, as long as nobody took it', async () => {
        await jobs.add([aJob('a')]);
        const { lease } = await claimOne();
        clock.advance(LEASE * 2);
        await jobs.finish(lease);
        expect(await claim()).toEqual([]);
      });

      it('is prolonged by a heartbeat, which answers those that are still held', async () => {
        await jobs.add([aJob('a'), aJob('b'), aJob('c')]);
        const [a, b, c] = (await claim()).map((job) => job.lease) as [Lease, Lease, Lease];
        await jobs.finish(b);
        clock.advance(LEASE - 1);
        const kept = await jobs.heartbeat([a, b], LEASE);
        expect(kept).toEqual([{ ...a, expiresAt: new Date(clock.now().getTime() + LEASE) }]);
        clock.advance(1);
        expect(keys(await claim())).toEqual([c.key]);
        await jobs.finish(a);
      });

      it('of a job that was cancelled and added again is never taken for the new one', async () => {
        await jobs.add([aJob('a')]);
        const old = await claimOne();
        await jobs.cancel('dispatch', 'a');
        await jobs.add([aJob('a')]);
        const fresh = await claimOne();
        expect(fresh.lease.token).toBeGreaterThan(old.lease.token);
        expect(await jobs.beginCall(old.lease, clock.now())).toBe(false);
        await expect(jobs.finish(old.lease)).rejects.toThrow(LeaseLost);
        await jobs.finish(fresh.lease);
      });

      it('is over once the job was put back', async () => {
        await jobs.add([aJob('a')]);
        const { lease } = await claimOne();
        await jobs.retry(lease, { runAt: soon(), error: 'code', call: 'none' });
        await expect(jobs.finish(lease)).rejects.toThrow(LeaseLost);
        expect(await jobs.beginCall(lease, clock.now())).toBe(false);
      });
    });

    describe('a call (contract 5: nothing is sent twice)', () => {
      it('that was begun is remembered when its worker dies', async () => {
        await jobs.add([aJob('a')]);
        const { lease } = await claimOne();
        const at = clock.now();
        expect(await jobs.beginCall(lease, at)).toBe(true);
        clock.advance(LEASE);
        expect(await claimOne()).toMatchObject({ attempts: 2, callBegunAt: at });
      });

      it('that may have happened stays noted; one that certainly did not is forgotten', async () => {
        await jobs.add([aJob('a')]);
        const first = await claimOne();
        const at = clock.now();
        await jobs.beginCall(first.lease, at);
        await jobs.retry(first.lease, { runAt: at, error: 'timeout', call: 'uncertain' });
        const second = await claimOne();
        expect(second).toMatchObject({ callBegunAt: at, attempts: 2 });
        await jobs.retry(second.lease, { runAt: at, error: 'refused', call: 'none' });
        expect(await claimOne()).not.toHaveProperty('callBegunAt');
      });

      it('is noted with the time of the latest one', async () => {
        await jobs.add([aJob('a')]);
        const { lease } = await claimOne();
        await jobs.beginCall(lease, clock.now());
        clock.advance(1_000);
        await jobs.beginCall(lease, clock.now());
        expect(await jobs.get('dispatch', 'a')).toMatchObject({ callBegunAt: clock.now() });
      });
    });

    describe('cancelling', () => {
      it('takes a waiting job out', async () => {
        await jobs.add([aJob('a', { runAt: soon() })]);
        expect(await jobs.cancel('dispatch', 'a')).toBe('cancelled');
        expect(await jobs.get('dispatch', 'a')).toBeUndefined();
        expect(await jobs.cancel('dispatch', 'a')).toBe('absent');
      });

      it('of a job in hand whose call has not begun makes sure that it never begins', async () => {
        await jobs.add([aJob('a')]);
        const { lease } = await claimOne();
        expect(await jobs.cancel('dispatch', 'a')).toBe('cancelled');
        expect(await jobs.beginCall(lease, clock.now())).toBe(false);
        expect(await jobs.heartbeat([lease], LEASE)).toEqual([]);
        await expect(jobs.finish(lease)).rejects.toThrow(LeaseLost);
      });

      it('comes too late once the call has begun, also after the lease ran out', async () => {
        await jobs.add([aJob('a')]);
        const { lease } = await claimOne();
        await jobs.beginCall(lease, clock.now());
        expect(await jobs.cancel('dispatch', 'a')).toBe('in-hand');
        clock.advance(LEASE);
        expect(await jobs.cancel('dispatch', 'a')).toBe('in-hand');
        await jobs.finish(lease);
      });

      it('leaves a job alone of which nobody knows whether it was sent, until that is known', async () => {
        await jobs.add([aJob('a')]);
        const first = await claimOne();
        await jobs.beginCall(first.lease, clock.now());
        await jobs.retry(first.lease, { runAt: clock.now(), error: 'timeout', call: 'uncertain' });
        expect(await jobs.cancel('dispatch', 'a')).toBe('in-hand');
        const second = await claimOne();
        await jobs.retry(second.lease, { runAt: soon(), error: 'not-accepted', call: 'none' });
        expect(await jobs.cancel('dispatch', 'a')).toBe('cancelled');
      });
    });

    describe('failing', () => {
      it('puts a job back for its time, with the code of the reason', async () => {
        await jobs.add([aJob('a')]);
        const { lease } = await claimOne();
        await jobs.retry(lease, { runAt: soon(), error: 'throttled', call: 'none' });
        expect(await jobs.get('dispatch', 'a')).toMatchObject({
          state: 'waiting',
          runAt: soon(),
          lastError: 'throttled',
        });
        expect(await claim()).toEqual([]);
        clock.advance(60_000);
        expect(keys(await claim())).toEqual(['a']);
      });

      it('is counted while it goes on, and forgotten after an orderly try', async () => {
        await jobs.add([aJob('a')]);
        const seen: number[] = [];
        for (const failed of [true, true, false, true]) {
          const job = await claimOne();
          seen.push(job.failures);
          await jobs.retry(job.lease, { runAt: clock.now(), error: 'code', call: 'none', failed });
        }
        expect([...seen, (await claimOne()).failures]).toEqual([0, 1, 2, 0, 1]);
      });

      it('for good leaves a dead letter that is seen, and never run or cancelled', async () => {
        await jobs.add([aJob('a')]);
        const { lease } = await claimOne();
        await jobs.bury(lease, 'no-more-tries');
        clock.advance(LEASE * 10);
        expect(await claim()).toEqual([]);
        expect(await jobs.cancel('dispatch', 'a')).toBe('absent');
        expect(await jobs.get('dispatch', 'a')).toMatchObject({ state: 'dead', lastError: 'no-more-tries' });
        await expect(jobs.finish(lease)).rejects.toThrow(LeaseLost);
      });
    });

    it('counts each queue, and tells how long the oldest due job has waited', async () => {
      await jobs.add([aJob('a', { priority: 0 }), aJob('b', { priority: 1 }), aJob('c'), aJob('d', { runAt: soon() })]);
      const [a] = await claim(2);
      await jobs.bury((a as Job).lease, 'code');
      clock.advance(12_000);
      const byQueue = new Map((await jobs.stats()).map((one) => [one.queue, one]));
      expect([...byQueue.keys()].sort()).toEqual([...queues].sort());
      expect(byQueue.get('dispatch')).toEqual({
        queue: 'dispatch',
        waiting: 2,
        claimed: 1,
        dead: 1,
        oldestDueSeconds: 12,
      });
      expect(byQueue.get('inbox')).toMatchObject({ waiting: 0, claimed: 0, dead: 0, oldestDueSeconds: 0 });
      clock.advance(LEASE);
      expect(await jobs.stats()).toContainEqual(expect.objectContaining({ queue: 'dispatch', waiting: 3, claimed: 0 }));
    });

    it('announces work that is due now, and only that', async () => {
      let calls = 0;
      const stop = jobs.onWork(() => {
        calls += 1;
      });
      await jobs.add([aJob('later', { runAt: soon() })]);
      expect(calls).toBe(0);
      await jobs.add([aJob('a')]);
      expect(calls).toBe(1);
      const { lease } = await claimOne();
      await jobs.retry(lease, { runAt: clock.now(), error: 'code', call: 'none' });
      expect(calls).toBe(2);
      stop();
      await jobs.add([aJob('b')]);
      expect(calls).toBe(2);
    });

    jobsKeepTheirInvariants(open);
  });
}
