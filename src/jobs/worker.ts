import type { Clock } from '../clock.ts';
import { describeError, type Log } from '../log.ts';
import { backoffMs } from './backoff.ts';
import { type Job, type Jobs, type Lease, LeaseLost, type Queue } from './jobs.ts';

/** What a handler says became of its job. */
export type JobOutcome =
  /** Finished, or given back, in a commit of the handler's own. */
  | { readonly kind: 'settled' }
  | { readonly kind: 'finish' }
  | { readonly kind: 'retry'; readonly runAt: Date; readonly error: string; readonly call: 'none' | 'uncertain' }
  | { readonly kind: 'retry'; readonly delayMs: number; readonly error: string; readonly call: 'none' | 'uncertain' }
  | { readonly kind: 'bury'; readonly error: string };

/** The worker's hold on a job, for the moment before something is done that cannot be taken back. */
export interface Held {
  /**
   * True while the job is certainly nobody else's. Measured on a clock that goes on while the process is stopped and
   * never jumps, so that a worker that slept past its lease knows at once when it wakes.
   */
  stillHeld(): boolean;
}

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
  readonly heartbeatMs: number;
  /** How often the queue is looked at when nothing announced work. */
  readonly pollMs: number;
  /** Tries in a row at a job whose handler throws for a reason that is not passing. */
  readonly maxFailures: number;
  /** Is this error one that passes by itself (a store that does not answer)? Such a job is tried for ever. */
  readonly passing: (error: unknown) => boolean;
  /** A job that threw that often: record it and bury it. */
  readonly onExhausted: (job: Job, error: string) => Promise<void>;
  /** Milliseconds on a clock that never jumps. @default performance.now */
  readonly monotonic?: () => number;
}

export interface Worker {
  start(): void;
  /** Takes no more, and waits for what is in hand. */
  stop(): Promise<void>;
}

interface InHand {
  job: Job;
  /** On the monotonic clock: from then on the job may be another's. */
  heldUntil: number;
}

/** A worker that takes due jobs from the queue, most urgent first, and runs their handlers side by side. */
export function createWorker(options: WorkerOptions): Worker {
  const { jobs, log, clock } = options;
  const monotonic = options.monotonic ?? (() => performance.now());
  const inHand = new Map<number, InHand>();
  const running = new Set<Promise<void>>();
  const names = Object.keys(options.handlers) as Queue[];
  let going = false;
  let looking: Promise<void> | undefined;
  let lookAgain = false;
  let poll: NodeJS.Timeout | undefined;
  let heart: NodeJS.Timeout | undefined;
  let unsubscribe = (): void => {};

  const look = (): void => {
    if (!going) return;
    if (looking !== undefined) {
      lookAgain = true;
      return;
    }
    looking = takeDue().finally(() => {
      looking = undefined;
      if (lookAgain) {
        lookAgain = false;
        look();
      }
    });
  };

  async function takeDue(): Promise<void> {
    const free = options.concurrency - running.size;
    if (free <= 0) return;
    // Measured before the claim: the lease cannot have begun later than it is thought to.
    const before = monotonic();
    let taken: Job[];
    try {
      taken = await jobs.claim(names, { limit: free, leaseMs: options.leaseMs });
    } catch (error) {
      log.error('queue.unavailable', describeError(error));
      return;
    }
    for (const job of taken) {
      const hold: InHand = { job, heldUntil: before + options.leaseMs };
      inHand.set(job.lease.token, hold);
      const run: Promise<void> = work(hold).finally(() => {
        inHand.delete(job.lease.token);
        running.delete(run);
        look();
      });
      running.add(run);
    }
    if (taken.length === free) lookAgain = true;
  }

  async function work(hold: InHand): Promise<void> {
    const { job } = hold;
    const fields = { queue: job.queue, job: job.key, attempt: job.attempts };
    try {
      const stillHeld = (): boolean => inHand.get(job.lease.token) === hold && monotonic() < hold.heldUntil;
      await settle(job, await options.handlers[job.queue](job, { stillHeld }));
    } catch (error) {
      if (error instanceof LeaseLost) {
        log.debug('job.lost', fields);
        return;
      }
      const passing = options.passing(error);
      log[passing ? 'warn' : 'error']('job.failed', { ...fields, ...describeError(error) });
      await failed(job, passing).catch((again: unknown) => {
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

  async function failed(job: Job, passing: boolean): Promise<void> {
    if (!passing && job.failures + 1 >= options.maxFailures) return options.onExhausted(job, 'failed-repeatedly');
    const delayMs = backoffMs(passing ? job.attempts : job.failures + 1, { baseMs: 250, capMs: 30_000 });
    return jobs.retry(job.lease, {
      runAt: new Date(clock.now().getTime() + delayMs),
      error: passing ? 'passing' : 'failed',
      // What the handler did before it failed is not known here, so the note of a begun call stays.
      call: 'uncertain',
      failed: !passing,
    });
  }

  async function beat(): Promise<void> {
    const held = [...inHand.values()];
    if (held.length === 0) return;
    const before = monotonic();
    let kept: readonly Lease[];
    try {
      kept = await jobs.heartbeat(
        held.map(({ job }) => job.lease),
        options.leaseMs,
      );
    } catch (error) {
      log.error('queue.unavailable', describeError(error));
      return;
    }
    const tokens = new Set(kept.map((lease) => lease.token));
    for (const hold of held) {
      // A lost one keeps its old end: it may still write what it knows, and fencing decides.
      if (tokens.has(hold.job.lease.token)) hold.heldUntil = before + options.leaseMs;
      else hold.heldUntil = Number.NEGATIVE_INFINITY;
    }
  }

  return {
    start() {
      going = true;
      unsubscribe = jobs.onWork(look);
      poll = setInterval(look, options.pollMs);
      heart = setInterval(() => void beat(), options.heartbeatMs);
      look();
    },
    async stop() {
      going = false;
      unsubscribe();
      clearInterval(poll);
      await looking;
      await Promise.all(running);
      clearInterval(heart);
    },
  };
}
