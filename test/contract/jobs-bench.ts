import { afterEach, beforeEach } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { type Job, type Jobs, type Queue, queues } from '../../src/jobs/jobs.ts';
import { type FakeClock, fakeClock } from '../jobs/support.ts';

/** An empty queue on the clock given. */
export type OpenJobs = (options: { clock: Clock }) => Promise<{ jobs: Jobs; close(): Promise<void> }>;

export const LEASE = 30_000;

/** A queue and its clock, new for each test. */
export interface QueueBench {
  readonly jobs: Jobs;
  readonly clock: FakeClock;
  claim(limit?: number, from?: readonly Queue[]): Promise<Job[]>;
  /** Errors when not exactly one job is due. */
  claimOne(): Promise<Job>;
  /** In a minute. */
  soon(): Date;
}

export function benchOf(open: OpenJobs): QueueBench {
  let clock: FakeClock;
  let opened: Awaited<ReturnType<OpenJobs>>;
  beforeEach(async () => {
    clock = fakeClock();
    opened = await open({ clock });
  });
  afterEach(() => opened.close());

  const claim = (limit = 10, from: readonly Queue[] = queues) => opened.jobs.claim(from, { limit, leaseMs: LEASE });
  return {
    get jobs() {
      return opened.jobs;
    },
    get clock() {
      return clock;
    },
    claim,
    async claimOne() {
      const [job, ...more] = await claim();
      if (job === undefined || more.length > 0) throw new Error('not exactly one job is due');
      return job;
    },
    soon: () => new Date(clock.now().getTime() + 60_000),
  };
}

export const keys = (taken: readonly Job[]): string[] => taken.map((job) => job.key);
