import { describe, expect, it } from 'vitest';
import type { Job } from '../../src/jobs/jobs.ts';
import type { WorkerOptions } from '../../src/jobs/worker.ts';
import { clock, finish, gone, jobs, LEASE, log, queueWith, start, state } from './rig.ts';
import { aJob, gate, until } from './support.ts';

describe('holding a job (contract 5: nothing is sent twice)', () => {
  /** A worker with one job in hand, whose handler waits. */
  async function inHand(change: Partial<WorkerOptions>) {
    await jobs.add([aJob('a')]);
    const started = gate<{ job: Job; stillHeld(): boolean }>();
    const end = gate();
    const worker = start(
      async (job, held) => {
        started.open({ job, stillHeld: held.stillHeld });
        await end.opened;
        return { kind: 'finish' };
      },
      { leaseMs: LEASE, heartbeatMs: LEASE / 2, ...change },
    );
    return { ...(await started.opened), end, worker };
  }

  it('a worker that was asleep past its lease knows when it wakes, before any heartbeat', async () => {
    let monotonic = 0;
    const { stillHeld, end } = await inHand({ monotonic: () => monotonic });
    monotonic = LEASE - 1;
    expect(stillHeld()).toBe(true);
    monotonic = LEASE;
    expect(stillHeld()).toBe(false);
    end.open();
  });

  it('so does one whose machine was suspended, so that only the wall clock went on', async () => {
    const { stillHeld, end } = await inHand({ monotonic: () => 0 });
    clock.advance(LEASE);
    expect(stillHeld()).toBe(false);
    end.open();
  });

  it('what was lost is not held again, even if the clock is set back', async () => {
    const { stillHeld, end } = await inHand({ monotonic: () => 0 });
    clock.advance(LEASE);
    expect(stillHeld()).toBe(false);
    clock.advance(-LEASE);
    expect(stillHeld()).toBe(false);
    end.open();
  });

  it('heartbeats keep a long job, for longer than its lease', async () => {
    let beats = 0;
    const counted = queueWith({
      heartbeat: async (...asked) => {
        const kept = await jobs.heartbeat(...asked);
        beats += 1;
        return kept;
      },
    });
    const { stillHeld, end } = await inHand({ jobs: counted, heartbeatMs: 2 });
    for (let turn = 0; turn < 4; turn += 1) {
      clock.advance(LEASE - 1);
      // The second one began after the clock moved.
      const seen = beats;
      await until(() => beats >= seen + 2);
    }
    expect(stillHeld()).toBe(true);
    expect(await jobs.claim(['dispatch'], { limit: 1, leaseMs: LEASE })).toEqual([]);
    end.open();
    await gone('a');
  });

  it.each(['claim', 'heartbeat'] as const)('counts the time that a slow %s took against the lease', async (slow) => {
    let monotonic = 0;
    let slept = false;
    const asleep = <T>(answer: T): T => {
      monotonic += LEASE - 1;
      slept = true;
      return answer;
    };
    const sleepy = queueWith({
      claim: async (...asked) => {
        const taken = await jobs.claim(...asked);
        return slow === 'claim' && !slept ? asleep(taken) : taken;
      },
      // Only one of them, so that none makes up for it.
      heartbeat: async (...asked) =>
        slow === 'heartbeat' && !slept ? asleep(await jobs.heartbeat(...asked)) : new Promise(() => {}),
    });
    const { stillHeld, end } = await inHand({ jobs: sleepy, heartbeatMs: 2, monotonic: () => monotonic });
    await until(() => slept);
    await new Promise((resolve) => setImmediate(resolve));
    expect(stillHeld()).toBe(true);
    monotonic += 1;
    expect(stillHeld()).toBe(false);
    end.open();
  });

  it('keeps jobs apart whose claims happen to carry the same number', async () => {
    await jobs.add([aJob('b', { queue: 'inbox' })]);
    const alike = (job: Job): Job => ({ ...job, lease: { ...job.lease, token: 1 } });
    let beaten: string[] = [];
    const { end } = await inHand({
      heartbeatMs: 2,
      jobs: queueWith({
        claim: async (...asked) => (await jobs.claim(...asked)).map(alike),
        heartbeat: async (leases) => {
          beaten = leases.map((one) => `${one.queue} ${one.key}`).sort();
          return [...leases];
        },
        finish: async () => {},
      }),
    });
    await until(() => beaten.length > 0);
    expect(beaten).toEqual(['dispatch a', 'inbox b']);
    end.open();
  });

  it('a heartbeat that finds the job gone ends the hold', async () => {
    const { stillHeld, end } = await inHand({ heartbeatMs: 2 });
    expect(stillHeld()).toBe(true);
    expect(await jobs.cancel('dispatch', 'a')).toBe('cancelled');
    await until(() => !stillHeld());
    end.open();
  });

  it('a heartbeat that cannot be made leaves the lease to run out', async () => {
    const { stillHeld, end } = await inHand({
      heartbeatMs: 2,
      jobs: queueWith({ heartbeat: async () => Promise.reject(new Error('database is locked')) }),
    });
    await until(() => log.lines.some((one) => one.event === 'queue.unavailable'));
    expect(stillHeld()).toBe(true);
    clock.advance(LEASE);
    expect(stillHeld()).toBe(false);
    end.open();
  });

  it('heartbeats that leave no room for a missed one are refused', () => {
    expect(() => start(finish, { leaseMs: 1_000, heartbeatMs: 501 })).toThrow(RangeError);
  });

  it('stopping finishes what is in hand and takes nothing more', async () => {
    const { end, worker } = await inHand({});
    let stopped = false;
    const stopping = worker.stop().then(() => {
      stopped = true;
    });
    await jobs.add([aJob('b')]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(stopped).toBe(false);
    end.open();
    await stopping;
    expect(await state('a')).toBeUndefined();
    expect(await state('b')).toMatchObject({ state: 'waiting', attempts: 0 });
  });

  it('stopping waits for what a claim under way brings', async () => {
    await jobs.add([aJob('a')]);
    const asked = gate();
    const answer = gate();
    const worker = start(finish, {
      jobs: queueWith({
        claim: async (...given) => {
          asked.open();
          await answer.opened;
          return jobs.claim(...given);
        },
      }),
    });
    await asked.opened;
    const stopping = worker.stop();
    answer.open();
    await stopping;
    expect(await state('a')).toBeUndefined();
  });

  it('stopping gives up what does not end in time, which then begins no call', async () => {
    const { stillHeld, worker, end } = await inHand({ stopWithinMs: 5 });
    await worker.stop();
    expect(stillHeld()).toBe(false);
    expect(log.lines).toContainEqual({ level: 'warn', event: 'worker.gave-up', fields: { count: 1 } });
    end.open();
    await gone('a');
  });
});
