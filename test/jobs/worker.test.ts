import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Job, type Jobs, LeaseLost } from '../../src/jobs/jobs.ts';
import { SqliteJobs } from '../../src/jobs/sqlite-jobs.ts';
import { createWorker, type Handler, type JobOutcome, type Worker, type WorkerOptions } from '../../src/jobs/worker.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { aJob, type FakeClock, fakeClock, gate, type NotedLog, notedLog, until } from './support.ts';

const LEASE = 30_000;
/** Neither happens by itself within a test. */
const NEVER = 3_600_000;
const finish: Handler = async () => ({ kind: 'finish' });

let clock: FakeClock;
let db: Database;
let jobs: SqliteJobs;
let log: NotedLog;
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
function start(handler: Handler, change: Partial<WorkerOptions> = {}): Worker {
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
function queueWith(change: Partial<Jobs>): Jobs {
  return new Proxy<Jobs>(jobs, {
    get: (target, name: keyof Jobs) => change[name] ?? (target[name] as () => unknown).bind(target),
  });
}

const state = (key: string) => jobs.get('dispatch', key);
const gone = (key: string) => until(async () => (await state(key)) === undefined);

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
    const sleepy = queueWith({
      [slow]: async (...asked: Parameters<Jobs[typeof slow]>) => {
        const answer = await (jobs[slow] as (...given: typeof asked) => Promise<unknown>)(...asked);
        if (!slept) monotonic += LEASE - 1;
        slept = true;
        return answer;
      },
    });
    const { stillHeld, end } = await inHand({ jobs: sleepy, heartbeatMs: 2, monotonic: () => monotonic });
    await until(() => slept);
    // Whether or not it was prolonged meanwhile: no hold reaches further than a lease from before the slow call.
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
