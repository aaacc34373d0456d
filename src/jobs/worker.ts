import type { Clock } from '../clock.ts';
import { describeError, type Log } from '../log.ts';
import { backoffMs } from './backoff.ts';
import { createHolds, type Held } from './holds.ts';
import { type Job, type Jobs, LeaseLost, type Queue } from './jobs.ts';

/** What a handler says became of its job. */
export type JobOutcome =
  /** Finished, or given back, in a commit of the handler's own. */
  | { readonly kind: 'settled' }
  | { readonly kind: 'finish' }
  | { readonly kind: 'retry'; readonly runAt: Date; readonly error: string; readonly call: 'none' | 'uncertain' }
  | { readonly kind: 'retry'; readonly delayMs: number; readonly error: string; readonly call: 'none' | 'uncertain' }
  | { readonly kind: 'bury'; readonly error: string };

export type { Held };

export type Handler = (job: Job, held: Held) => Promise<JobOutcome>;

export interface WorkerOptions {
  readonly jobs: Jobs;
  readonly handlers: Readonly<Record<Queue, Handler>>;
  readonly clock: Clock;
  readonly log: Log;
  /** Jobs in hand at once. */
  readonly concurrency: number;
  /** How long a claim holds without a heartbeat. */
  readonly leaseMs: number;
  /** At most half of `leaseMs`: one heartbeat may be missed. */
  readonly heartbeatMs: number;
  /** How often the queue is looked at when nothing announced work. @default 200 */
  readonly pollMs?: number;
  /** Tries in a row at a job whose handler throws for a reason that is not passing. */
  readonly maxFailures: number;
  /** Is this error one that passes by itself (a store that does not answer)? Such a job is tried for ever. */
  readonly passing: (error: unknown) => boolean;
  /**
   * A job that threw that often, with the note of a call begun as the queue has it now: record it and bury it. If this
   * throws as well, the job is tried again.
   */
  readonly onExhausted: (job: Job, error: string) => Promise<void>;
  /** How long `stop` waits for handlers. @default 20 000 */
  readonly stopWithinMs?: number;
  /** Milliseconds on a clock that never jumps. @default performance.now */
  readonly monotonic?: () => number;
}

export interface Worker {
  start(): void;
  /**
   * Takes no more, and waits for what is in hand. What is not done in time is given up: its `stillHeld` turns false, its
   * lease runs out, and another worker takes it.
   */
  stop(): Promise<void>;
}

/** A worker that takes due jobs from the queue, most urgent first, and runs their handlers side by side. */
export function createWorker(options: WorkerOptions): Worker {
  const { jobs, log, clock, concurrency, leaseMs, heartbeatMs, pollMs = 200, stopWithinMs = 20_000 } = options;
  if (heartbeatMs * 2 > leaseMs) throw new RangeError('heartbeatMs is more than half of leaseMs');
  const monotonic = options.monotonic ?? (() => performance.now());
  const holds = createHolds({ jobs, clock, log, leaseMs, monotonic });
  const running = new Set<Promise<void>>();
  const names = Object.keys(options.handlers) as Queue[];
  const rest = createRest();
  let going = false;
  let loop: Promise<void> = Promise.resolve();
  /** The last look filled every place, so that more may be due. */
  let behind = false;

  async function takeDue(): Promise<void> {
    const free = concurrency - running.size;
    behind = true;
    if (free <= 0) return;
    const since = monotonic();
    const taken = await jobs.claim(names, { limit: free, leaseMs });
    behind = taken.length >= free;
    for (const job of taken) {
      const run: Promise<void> = work(job, since).finally(() => {
        holds.release(job);
        running.delete(run);
        if (behind) rest.wake();
      });
      running.add(run);
    }
  }

  async function takeUntilStopped(): Promise<void> {
    let failures = 0;
    while (going) {
      rest.begin();
      try {
        await takeDue();
        failures = 0;
      } catch (error) {
        failures += 1;
        log.error('queue.unavailable', { ...describeError(error), attempt: failures });
      }
      const jitter = 0.9 + Math.random() * 0.2;
      if (failures === 0) await rest.untilWoken(pollMs * jitter);
      // Announcements do not cut this short: they would only knock harder on a queue that does not answer.
      else await rest.untilStopped(pollMs + backoffMs(failures, { baseMs: 100, capMs: 5_000 }));
    }
  }

  async function work(job: Job, since: number): Promise<void> {
    const fields = { queue: job.queue, job: job.key, attempt: job.attempts };
    const held = holds.take(job, since);
    try {
      const outcome = await options.handlers[job.queue](job, held);
      await persist(held, () => settle(job, outcome));
    } catch (error) {
      if (error instanceof LeaseLost) return log.debug('job.lost', fields);
      const passing = options.passing(error);
      log[passing ? 'warn' : 'error']('job.failed', { ...fields, ...describeError(error) });
      await failed(job, held, passing).catch((again: unknown) => {
        // Its lease runs out, and then it is due again.
        if (!(again instanceof LeaseLost)) log.error('job.unsettled', { ...fields, ...describeError(again) });
      });
    }
  }

  async function settle(job: Job, outcome: JobOutcome): Promise<void> {
    switch (outcome.kind) {
      case 'settled':
        return;
      case 'finish':
        return jobs.finish(job.lease);
      case 'bury':
        return jobs.bury(job.lease, outcome.error);
      case 'retry': {
        const { error, call } = outcome;
        const runAt = 'runAt' in outcome ? outcome.runAt : new Date(clock.now().getTime() + outcome.delayMs);
        return jobs.retry(job.lease, { runAt, error, call });
      }
      default:
        return outcome satisfies never;
    }
  }

  async function failed(job: Job, held: Held, passing: boolean): Promise<void> {
    const failures = job.failures + 1;
    if (!passing && failures >= options.maxFailures && (await exhausted(job))) return;
    const delayMs = backoffMs(passing ? job.attempts : failures, { baseMs: 250, capMs: 30_000 });
    const runAt = new Date(clock.now().getTime() + delayMs);
    // What the handler did before it failed is not known here, so the note of a begun call stays.
    const again = { runAt, error: passing ? 'passing' : 'failed', call: 'uncertain', failed: !passing } as const;
    await persist(held, () => jobs.retry(job.lease, again));
  }

  /** Whether the job has come to its end. */
  async function exhausted(job: Job): Promise<boolean> {
    try {
      // The handler may have begun a call since the claim: whoever ends the job must know that it may have been made.
      const { callBegunAt: _atClaim, ...claimed } = job;
      const now = await jobs.get(job.queue, job.key);
      if (now === undefined) return true;
      const { callBegunAt } = now;
      await options.onExhausted({ ...claimed, ...(callBegunAt && { callBegunAt }) }, 'failed-repeatedly');
      return true;
    } catch (error) {
      if (error instanceof LeaseLost) throw error;
      log.error('job.not-buried', { queue: job.queue, job: job.key, ...describeError(error) });
      return false;
    }
  }

  /** A queue that does not answer is asked a few times more, as long as the job is ours. */
  async function persist(held: Held, write: () => Promise<void>): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await write();
      } catch (error) {
        if (error instanceof LeaseLost || tries === 5 || !held.stillHeld()) throw error;
        await new Promise((resolve) => setTimeout(resolve, backoffMs(tries, { baseMs: 50, capMs: 1_000 })));
      }
    }
  }

  let heart: NodeJS.Timeout | undefined;
  let unsubscribe = (): void => {};
  return {
    start() {
      going = true;
      unsubscribe = jobs.onWork(rest.wake);
      heart = setInterval(holds.beat, heartbeatMs);
      loop = takeUntilStopped();
    },
    async stop() {
      going = false;
      unsubscribe();
      rest.stop();
      await loop;
      let limit: NodeJS.Timeout | undefined;
      const tooLong = new Promise<void>((resolve) => {
        limit = setTimeout(resolve, stopWithinMs);
      });
      await Promise.race([Promise.all(running), tooLong]);
      clearTimeout(limit);
      clearInterval(heart);
      const count = holds.abandon();
      if (count > 0) log.warn('worker.gave-up', { count });
    },
  };
}

/** Waiting that an announcement, or the end, cuts short. One that comes while work is being taken is not missed. */
function createRest() {
  let woken = false;
  let stopped = false;
  let wake = (): void => {};
  const sleep = (ms: number, until: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(done, ms);
      wake = () => until() && done();
      wake();
    });
  return {
    begin: (): void => {
      woken = false;
      stopped = false;
    },
    wake: (): void => {
      woken = true;
      wake();
    },
    stop: (): void => {
      stopped = true;
      wake();
    },
    untilWoken: (ms: number) => sleep(ms, () => woken || stopped),
    untilStopped: (ms: number) => sleep(ms, () => stopped),
  };
}
