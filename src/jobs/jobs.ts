/**
 * The narrow port to the job queue. The embedded adapter is one table in the store's own SQLite file; PostgreSQL for
 * several machines comes later behind the same port.
 */
export interface Jobs {
  /** Puts jobs in; one whose (queue, key) is already there and not dead is left as it is. */
  add(jobs: readonly NewJob[]): Promise<void>;

  /** Takes up to `limit` due jobs, most urgent first, under a lease. A job whose lease ran out is due again. */
  claim(queues: readonly Queue[], options: { limit: number; leaseMs: number }): Promise<Job[]>;

  /** Prolongs leases; answers those still held. One that is missing from the answer is lost: stop working on it. */
  heartbeat(leases: readonly Lease[], leaseMs: number): Promise<Lease[]>;

  /**
   * Durably notes that a call which cannot be taken back is about to be made. Answers false, and notes nothing, when
   * the lease is lost or the job was cancelled: then the call must not be made.
   */
  beginCall(lease: Lease, at: Date): Promise<boolean>;

  /** Done: the job is gone. Errors: LeaseLost. */
  finish(lease: Lease): Promise<void>;

  /** Back into the queue. Errors: LeaseLost. */
  retry(lease: Lease, again: Again): Promise<void>;

  /** Out of attempts. Stays visible until it is removed. Errors: LeaseLost. */
  bury(lease: Lease, error: string): Promise<void>;

  /**
   * Takes a job out that no longer may run. `in-hand`: a call has begun or may have happened, so it was left alone.
   * A job that is claimed but whose call has not begun is cancelled: `beginCall` then answers false.
   */
  cancel(queue: Queue, key: string): Promise<'cancelled' | 'in-hand' | 'absent'>;

  /** The job as it stands; `undefined` when there is none. */
  get(queue: Queue, key: string): Promise<JobState | undefined>;

  stats(): Promise<QueueStats[]>;

  /** Calls back, in this process, when work was added that is due now; a hint, never the only way work is found. */
  onWork(listener: () => void): () => void;
}

/** `dispatch` sends messages; `inbox` applies what providers told us; `follow-up` asks providers what became of one. */
export const queues = ['dispatch', 'inbox', 'follow-up'] as const;
export type Queue = (typeof queues)[number];

export interface NewJob {
  readonly queue: Queue;
  /** Unique in its queue: the same work twice is one job. */
  readonly key: string;
  /** 0 first. */
  readonly priority: number;
  readonly runAt: Date;
  /** Ids and codes. Message text and contact details only in `inbox`, where they are the work itself. */
  readonly data: Readonly<Record<string, unknown>>;
  /** When a call was begun, or may have been, whose end nobody recorded. */
  readonly callBegunAt?: Date;
}

export interface Lease {
  readonly queue: Queue;
  readonly key: string;
  /** Grows with each claim of the job: an older holder's changes are refused (fencing). */
  readonly token: number;
  readonly expiresAt: Date;
}

export interface Again {
  readonly runAt: Date;
  /** A code. */
  readonly error: string;
  /** `none` says that nothing was sent; `uncertain` keeps the note of a call begun. */
  readonly call: 'none' | 'uncertain';
  /** The handler broke, rather than asked to be called again: see `Job.failures`. @default false */
  readonly failed?: boolean;
}

export interface Job extends NewJob {
  readonly lease: Lease;
  /** Claims, this one included. */
  readonly attempts: number;
  /** How often in a row the handler broke. A job that merely waits for something may be tried for ever. */
  readonly failures: number;
  readonly addedAt: Date;
}

export interface JobState extends NewJob {
  readonly state: 'waiting' | 'claimed' | 'dead';
  readonly attempts: number;
  readonly addedAt: Date;
  readonly lastError?: string;
}

export interface QueueStats {
  readonly queue: Queue;
  readonly waiting: number;
  readonly claimed: number;
  readonly dead: number;
  /** Seconds that the oldest due job has been waiting. */
  readonly oldestDueSeconds: number;
}

/** A change to the queue that belongs to a unit of work (see `store/unit.ts`). */
export type JobChange =
  | { readonly kind: 'add'; readonly job: NewJob }
  | { readonly kind: 'finish'; readonly lease: Lease }
  | { readonly kind: 'bury'; readonly lease: Lease; readonly error: string }
  | { readonly kind: 'cancel'; readonly queue: Queue; readonly key: string };

/** The lease ran out and somebody else may have the job: nothing of this attempt counts. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** A cancel came after the call had begun, or while nobody knows whether it happened. */
export class CallInHand extends Error {
  override readonly name = 'CallInHand';
}
