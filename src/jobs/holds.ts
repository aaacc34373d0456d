import type { Clock } from '../clock.ts';
import { describeError, type Log } from '../log.ts';
import type { Job, Jobs, Lease } from './jobs.ts';

/** The worker's hold on a job, for the moment before something is done that cannot be taken back. */
export interface Held {
  /**
   * True while the job is certainly nobody else's. A process that was stopped past its lease is told so at once when it
   * wakes, before it has heard from the queue. Once false, it stays false.
   */
  stillHeld(): boolean;
}

export interface HoldsOptions {
  readonly jobs: Pick<Jobs, 'heartbeat'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly leaseMs: number;
  /** Milliseconds on a clock that never jumps. */
  readonly monotonic: () => number;
}

/** The jobs that a worker has in hand, and how long it may believe that they are nobody else's. */
export interface Holds {
  /** A job that was claimed no earlier than `since`, on the monotonic clock. */
  take(job: Job, since: number): Held;
  /** The handler is done with it: no more heartbeats. */
  release(job: Job): void;
  /** Prolongs every lease in one call; what the queue no longer knows as ours is lost. Never throws. */
  beat(): Promise<void>;
  /** Gives everything up: nothing is held any more, and nothing prolonged. Answers how many it was. */
  abandon(): number;
}

interface Hold {
  lease: Lease;
  /** On the monotonic clock. */
  until: number;
  lost: boolean;
}

export function createHolds(options: HoldsOptions): Holds {
  const { jobs, clock, log, leaseMs, monotonic } = options;
  const holds = new Map<string, Hold>();
  let beating = false;

  /**
   * By two clocks, whichever says no first: the monotonic one sees that the process was stopped, and is not fooled by
   * a clock set back; the wall clock sees that the whole machine was suspended, when the other may stand still. Lost
   * is lost: no later heartbeat makes up for the moment in which another worker may have taken the job.
   */
  const check = (hold: Hold): boolean => {
    if (monotonic() >= hold.until || clock.now() >= hold.lease.expiresAt) hold.lost = true;
    return !hold.lost;
  };

  return {
    take(job, since) {
      const hold: Hold = { lease: job.lease, until: since + leaseMs, lost: false };
      holds.set(nameOf(job.lease), hold);
      return { stillHeld: () => check(hold) };
    },
    release: (job) => void holds.delete(nameOf(job.lease)),
    async beat() {
      const held = [...holds.values()].filter(check);
      if (beating || held.length === 0) return;
      beating = true;
      // Taken before the call: a lease cannot have begun later than it is believed to.
      const since = monotonic();
      try {
        const kept = await jobs.heartbeat(
          held.map((one) => one.lease),
          leaseMs,
        );
        const leases = new Map(kept.map((lease) => [nameOf(lease), lease]));
        for (const hold of held) {
          const lease = leases.get(nameOf(hold.lease));
          if (lease === undefined) hold.lost = true;
          else Object.assign(hold, { lease, until: since + leaseMs });
        }
      } catch (error) {
        // The leases run on, and the next heartbeat may still come in time.
        log.error('queue.unavailable', describeError(error));
      } finally {
        beating = false;
      }
    },
    abandon() {
      const given = [...holds.values()];
      for (const hold of given) hold.lost = true;
      holds.clear();
      return given.length;
    },
  };
}

/** Tokens count the claims of one job: two jobs may well be at the same number. */
function nameOf({ queue, key, token }: Lease): string {
  return `${queue} ${token} ${key}`;
}
