import { describe, expect, it } from 'vitest';
import { LeaseLost } from '../../src/jobs/jobs.ts';
import { aJob } from '../jobs/support.ts';
import { LEASE, type QueueBench } from './jobs-bench.ts';

/** The note of a begun call, and what it means for whoever wants to cancel. */
export function describeCalls(q: QueueBench): void {
  describe('a call (contract 5: nothing is sent twice)', () => {
    it('that was begun is remembered when its worker dies', async () => {
      await q.jobs.add([aJob('a')]);
      const { lease } = await q.claimOne();
      const at = q.clock.now();
      expect(await q.jobs.beginCall(lease, at)).toBe(true);
      q.clock.advance(LEASE);
      expect(await q.claimOne()).toMatchObject({ attempts: 2, callBegunAt: at });
    });

    it('that may have happened stays noted; one that certainly did not is forgotten', async () => {
      await q.jobs.add([aJob('a')]);
      const first = await q.claimOne();
      const at = q.clock.now();
      await q.jobs.beginCall(first.lease, at);
      await q.jobs.retry(first.lease, { runAt: at, error: 'timeout', call: 'uncertain' });
      const second = await q.claimOne();
      expect(second).toMatchObject({ callBegunAt: at, attempts: 2 });
      await q.jobs.retry(second.lease, { runAt: at, error: 'refused', call: 'none' });
      expect(await q.claimOne()).not.toHaveProperty('callBegunAt');
    });

    it('is noted with the time of the latest one', async () => {
      await q.jobs.add([aJob('a')]);
      const { lease } = await q.claimOne();
      await q.jobs.beginCall(lease, q.clock.now());
      q.clock.advance(1_000);
      await q.jobs.beginCall(lease, q.clock.now());
      expect(await q.jobs.get('dispatch', 'a')).toMatchObject({ callBegunAt: q.clock.now() });
    });
  });

  describe('cancelling', () => {
    it('takes a waiting job out', async () => {
      await q.jobs.add([aJob('a', { runAt: q.soon() })]);
      expect(await q.jobs.cancel('dispatch', 'a')).toBe('cancelled');
      expect(await q.jobs.get('dispatch', 'a')).toBeUndefined();
      expect(await q.jobs.cancel('dispatch', 'a')).toBe('absent');
    });

    it('of a job in hand whose call has not begun makes sure that it never begins', async () => {
      await q.jobs.add([aJob('a')]);
      const { lease } = await q.claimOne();
      expect(await q.jobs.cancel('dispatch', 'a')).toBe('cancelled');
      expect(await q.jobs.beginCall(lease, q.clock.now())).toBe(false);
      expect(await q.jobs.heartbeat([lease], LEASE)).toEqual([]);
      await expect(q.jobs.finish(lease)).rejects.toThrow(LeaseLost);
    });

    it('comes too late once the call has begun, also after the lease ran out', async () => {
      await q.jobs.add([aJob('a')]);
      const { lease } = await q.claimOne();
      await q.jobs.beginCall(lease, q.clock.now());
      expect(await q.jobs.cancel('dispatch', 'a')).toBe('in-hand');
      q.clock.advance(LEASE);
      expect(await q.jobs.cancel('dispatch', 'a')).toBe('in-hand');
      await q.jobs.finish(lease);
    });

    it('leaves a job alone of which nobody knows whether it was sent, until that is known', async () => {
      await q.jobs.add([aJob('a')]);
      const first = await q.claimOne();
      await q.jobs.beginCall(first.lease, q.clock.now());
      await q.jobs.retry(first.lease, { runAt: q.clock.now(), error: 'timeout', call: 'uncertain' });
      expect(await q.jobs.cancel('dispatch', 'a')).toBe('in-hand');
      const second = await q.claimOne();
      await q.jobs.retry(second.lease, { runAt: q.soon(), error: 'not-accepted', call: 'none' });
      expect(await q.jobs.cancel('dispatch', 'a')).toBe('cancelled');
    });
  });
}
