import type { StatementSync } from 'node:sqlite';
import type { Clock } from '../clock.ts';
import type { Database } from '../store/database.ts';
import { dueIds, type JobRow, jobOf, schema, stateOf } from './job-table.ts';
import {
  type Again,
  CallInHand,
  type Job,
  type JobChange,
  type JobState,
  type Jobs,
  type Lease,
  LeaseLost,
  type NewJob,
  type Queue,
  type QueueStats,
  queues,
} from './jobs.ts';

/**
 * The queue as one table in the store's own file, so that a record and its job can share a commit. Several processes
 * may work on it: every change by a worker names the token of its claim and is refused once the claim is another's.
 * Errors besides the port's: those of SQLite (file locked for ten seconds, disk full); nothing is changed then.
 */
export class SqliteJobs implements Jobs {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  readonly #statements = new Map<string, StatementSync>();

  /** Makes the table where there is none. */
  constructor(db: Database, options: { readonly clock: Clock }) {
    this.#db = db;
    this.#clock = options.clock;
    db.sql.exec(schema);
  }

  async add(jobs: readonly NewJob[]): Promise<void> {
    await this.#db.write(() => {
      for (const job of jobs) this.#add(job);
    });
    this.announce(jobs);
  }

  /**
   * The changes of a unit of work, in their order, inside a `Database.write` of the caller: all of them, or an error
   * that undoes it. `announce` the jobs added once it is on disk. Errors: LeaseLost, CallInHand.
   */
  apply(changes: readonly JobChange[]): void {
    for (const change of changes) {
      switch (change.kind) {
        case 'add':
          this.#add(change.job);
          break;
        case 'finish':
          this.#finish(change.lease);
          break;
        case 'bury':
          this.#bury(change.lease, change.error);
          break;
        case 'cancel':
          this.take(change.queue, change.key);
          break;
        default:
          change satisfies never;
      }
    }
  }

  /**
   * Cancels a job like `cancel`, and answers it so that it can be put back, inside a `Database.write` of the caller.
   * Errors: CallInHand.
   */
  take(queue: Queue, key: string): NewJob[] {
    const row = this.#row('SELECT * FROM job WHERE queue = ? AND key = ? AND dead = 0', queue, key);
    if (this.#cancel(queue, key) === 'in-hand') throw new CallInHand(`${queue} ${key}: its call has begun`);
    return row === undefined ? [] : [stateOf(row as unknown as JobRow, this.#now())];
  }

  /** Wakes the workers of this process when one of the jobs is due now. */
  announce(jobs: readonly NewJob[]): void {
    const now = this.#clock.now();
    if (jobs.some((job) => job.runAt <= now)) this.#wake();
  }

  async claim(from: readonly Queue[], options: { limit: number; leaseMs: number }): Promise<Job[]> {
    // Looking takes no lock; only work that is there costs a write.
    if (this.#due(from, 1).length === 0) return [];
    return this.#db.write(() => {
      const ids = this.#due(from, options.limit);
      if (ids.length === 0) return [];
      // One counter for the whole queue: a job that is finished and added again never repeats a token.
      const { last } = this.#row('UPDATE job_token SET last = last + ? RETURNING last', ids.length) as { last: number };
      const leaseUntil = this.#now() + options.leaseMs;
      return ids.map((id, index) => {
        const row = this.#row(
          'UPDATE job SET token = ?, lease_until = ?, attempts = attempts + 1 WHERE id = ? RETURNING *',
          last - index,
          leaseUntil,
          id,
        );
        return jobOf(row as unknown as JobRow, leaseUntil);
      });
    });
  }

  async heartbeat(leases: readonly Lease[], leaseMs: number): Promise<Lease[]> {
    return this.#db.write(() => {
      const now = this.#now();
      const until = now + leaseMs;
      return leases.flatMap((lease) =>
        this.#change(`UPDATE job SET lease_until = ? WHERE ${mine} AND lease_until > ?`, until, ...named(lease), now)
          ? [{ ...lease, expiresAt: new Date(until) }]
          : [],
      );
    });
  }

  async beginCall(lease: Lease, at: Date): Promise<boolean> {
    // The clock is read inside the transaction: waiting for the writer counts against the lease.
    return this.#db.write(() =>
      this.#change(
        `UPDATE job SET call_begun_at = ? WHERE ${mine} AND lease_until > ?`,
        at.getTime(),
        ...named(lease),
        this.#now(),
      ),
    );
  }

  async finish(lease: Lease): Promise<void> {
    await this.#db.write(() => this.#finish(lease));
  }

  async retry(lease: Lease, again: Again): Promise<void> {
    const note = again.call === 'none' ? ', call_begun_at = NULL' : '';
    const failures = again.failed === true ? 'failures + 1' : '0';
    await this.#db.write(() =>
      this.#changeMine(
        lease,
        `UPDATE job SET run_at = ?, last_error = ?, lease_until = NULL, failures = ${failures}${note} WHERE ${mine}`,
        again.runAt.getTime(),
        again.error,
      ),
    );
    if (again.runAt <= this.#clock.now()) this.#wake();
  }

  async bury(lease: Lease, error: string): Promise<void> {
    await this.#db.write(() => this.#bury(lease, error));
  }

  async cancel(queue: Queue, key: string): Promise<'cancelled' | 'in-hand' | 'absent'> {
    return this.#db.write(() => this.#cancel(queue, key));
  }

  async get(queue: Queue, key: string): Promise<JobState | undefined> {
    const row = this.#row('SELECT * FROM job WHERE queue = ? AND key = ?', queue, key);
    return row === undefined ? undefined : stateOf(row as unknown as JobRow, this.#now());
  }

  async stats(): Promise<QueueStats[]> {
    const now = this.#now();
    return queues.map((queue) => {
      const live = this.#row(
        `SELECT count(*) AS jobs, count(*) FILTER (WHERE lease_until > ?) AS claimed, min(due_at) AS oldest
         FROM job INDEXED BY job_due WHERE queue = ? AND dead = 0`,
        now,
        queue,
      ) as { jobs: number; claimed: number; oldest: number | null };
      const { dead } = this.#row('SELECT count(*) AS dead FROM job WHERE queue = ? AND dead = 1', queue) as {
        dead: number;
      };
      return {
        queue,
        waiting: live.jobs - live.claimed,
        claimed: live.claimed,
        dead,
        oldestDueSeconds: Math.max(0, now - (live.oldest ?? now)) / 1_000,
      };
    });
  }

  onWork(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #add(job: NewJob): void {
    this.#change(
      `INSERT INTO job (queue, key, priority, run_at, added_at, data, call_begun_at) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (queue, key) DO UPDATE SET
         priority = excluded.priority, run_at = excluded.run_at, added_at = excluded.added_at, data = excluded.data,
         attempts = 0, failures = 0, dead = 0, call_begun_at = excluded.call_begun_at, last_error = NULL
       WHERE job.dead = 1`,
      job.queue,
      job.key,
      job.priority,
      job.runAt.getTime(),
      this.#now(),
      JSON.stringify(job.data),
      job.callBegunAt?.getTime() ?? null,
    );
  }

  #finish(lease: Lease): void {
    this.#changeMine(lease, `DELETE FROM job WHERE ${mine}`);
  }

  #bury(lease: Lease, error: string): void {
    this.#changeMine(lease, `UPDATE job SET dead = 1, lease_until = NULL, last_error = ? WHERE ${mine}`, error);
  }

  #cancel(queue: Queue, key: string): 'cancelled' | 'in-hand' | 'absent' {
    const row = this.#row('SELECT call_begun_at FROM job WHERE queue = ? AND key = ? AND dead = 0', queue, key);
    if (row === undefined) return 'absent';
    if (row.call_begun_at !== null) return 'in-hand';
    this.#change('DELETE FROM job WHERE queue = ? AND key = ?', queue, key);
    return 'cancelled';
  }

  /** Ids of what may be claimed now. */
  #due(from: readonly Queue[], limit: number): number[] {
    const rows = this.#statement(dueIds).all({ queues: JSON.stringify(from), now: this.#now(), limit });
    return rows.map((row) => Number(row.id));
  }

  /** A change that only the holder of the lease may make: `sql` ends in `mine`. */
  #changeMine(lease: Lease, sql: string, ...values: (string | number)[]): void {
    if (this.#change(sql, ...values, ...named(lease))) return;
    throw new LeaseLost(`${lease.queue} ${lease.key}: the job is no longer held under this lease`);
  }

  /** Whether a row was changed. */
  #change(sql: string, ...values: (string | number | null)[]): boolean {
    return this.#statement(sql).run(...values).changes !== 0;
  }

  #row(sql: string, ...values: (string | number)[]) {
    return this.#statement(sql).get(...values);
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#db.sql.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #now(): number {
    return this.#clock.now().getTime();
  }

  #wake(): void {
    for (const listener of this.#listeners) listener();
  }
}

/**
 * The job is still under this claim: not finished, put back, buried, cancelled or claimed again since. That the lease
 * ran out is no reason to refuse a result as long as nobody else took the job: it is true, and refusing it would mean
 * doing the work twice.
 */
const mine = 'queue = ? AND key = ? AND token = ? AND dead = 0 AND lease_until IS NOT NULL';

function named(lease: Lease): [queue: string, key: string, token: number] {
  return [lease.queue, lease.key, lease.token];
}
