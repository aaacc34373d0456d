import { describe, expect, it } from 'vitest';
import { type Job, LeaseLost } from '../../src/jobs/jobs.ts';
import { clock, jobs, log, start, state } from './rig.ts';
import { aJob, until } from './support.ts';

describe('a handler that breaks', () => {
  const secret = 'rang 07700 900123';

  it('is tried again later; a call that it began stays noted, and its words are not kept', async () => {
    await jobs.add([aJob('a')]);
    const worker = start(async (job) => {
      await jobs.beginCall(job.lease, clock.now());
      throw new TypeError(secret);
    });
    await until(async () => (await state('a'))?.lastError !== undefined);
    await worker.stop();
    const after = await state('a');
    expect(after).toMatchObject({ callBegunAt: clock.now(), lastError: 'failed' });
    expect(JSON.stringify([after, log.lines])).not.toContain('07700');
    expect(log.lines).toContainEqual(expect.objectContaining({ level: 'error', event: 'job.failed' }));
  });

  it('too often in a row is ended by the one who knows how, who is told of a call begun in this very try', async () => {
    await jobs.add([aJob('a')]);
    const ended: [Job, string][] = [];
    start(
      async (job) => {
        if (job.failures === 2) await jobs.beginCall(job.lease, clock.now());
        throw new Error(secret);
      },
      {
        pollMs: 1,
        onExhausted: async (job, error) => {
          ended.push([job, error]);
          await jobs.bury(job.lease, error);
        },
      },
    );
    await until(async () => {
      clock.advance(1_000);
      return (await state('a'))?.state === 'dead';
    });
    expect(ended).toHaveLength(1);
    expect(ended[0]?.[0]).toMatchObject({ key: 'a', attempts: 3, failures: 2, callBegunAt: expect.any(Date) });
  });

  it('is tried on when even its end cannot be recorded: nothing is lost', async () => {
    await jobs.add([aJob('a')]);
    let refusals = 2;
    start(async () => Promise.reject(new Error(secret)), {
      pollMs: 1,
      maxFailures: 1,
      onExhausted: async (job, error) => {
        if (refusals-- > 0) throw new Error(secret);
        await jobs.bury(job.lease, error);
      },
    });
    await until(async () => {
      clock.advance(1_000);
      return (await state('a'))?.state === 'dead';
    });
    expect(await state('a')).toMatchObject({ attempts: 3 });
  });

  it('for a reason that passes is tried for ever, and does not count towards the failures in a row', async () => {
    await jobs.add([aJob('a')]);
    const passes = new Error('the store does not answer');
    const errors = [passes, passes, passes, new Error(secret), passes, passes, new Error(secret), passes];
    let ended = false;
    start(
      async () => {
        const error = errors.shift();
        if (error !== undefined) throw error;
        return { kind: 'finish' };
      },
      {
        pollMs: 1,
        maxFailures: 2,
        passing: (error) => error === passes,
        onExhausted: async () => {
          ended = true;
        },
      },
    );
    await until(async () => {
      clock.advance(30_000);
      return (await state('a')) === undefined;
    });
    expect(errors).toEqual([]);
    expect(ended).toBe(false);
  });

  it('because the job is another’s now is no failure', async () => {
    await jobs.add([aJob('a')]);
    const worker = start(async () => {
      throw new LeaseLost('dispatch a');
    });
    await until(() => log.lines.length > 0);
    await worker.stop();
    expect(log.lines).toEqual([expect.objectContaining({ level: 'debug', event: 'job.lost' })]);
    expect(await state('a')).not.toHaveProperty('lastError');
  });
});
