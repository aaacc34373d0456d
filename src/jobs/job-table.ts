import type { Job, JobState, Lease, Queue } from './jobs.ts';

/**
 * The queue's table. Times are milliseconds since 1970. Whose a job is follows from `lease_until`: null while it waits,
 * else it is the holder of `token`'s until then. `due_at` is when it may next be claimed, by either column.
 */
export const schema = `
  CREATE TABLE IF NOT EXISTS job (
    id INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    key TEXT NOT NULL,
    priority INTEGER NOT NULL,
    run_at INTEGER NOT NULL,
    added_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    token INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER,
    due_at INTEGER GENERATED ALWAYS AS (coalesce(lease_until, run_at)) VIRTUAL,
    call_begun_at INTEGER,
    dead INTEGER NOT NULL DEFAULT 0,
    last_error TEXT,
    data TEXT NOT NULL,
    UNIQUE (queue, key)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS job_due ON job (queue, priority, due_at) WHERE dead = 0;
  CREATE INDEX IF NOT EXISTS job_dead ON job (queue) WHERE dead = 1;
  CREATE TABLE IF NOT EXISTS job_token (last INTEGER NOT NULL) STRICT;
  INSERT INTO job_token SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM job_token);
`;

/**
 * The ids of what is due, most urgent first. A lane is one priority of one queue; the lanes are hopped along the index,
 * so that the work is the same however many jobs wait for their time or for their turn.
 */
export const dueIds = `
  WITH RECURSIVE lane (queue, priority) AS (
    SELECT value, (SELECT min(priority) FROM job WHERE queue = value AND dead = 0) FROM json_each(:queues)
    UNION ALL
    SELECT queue, (SELECT min(priority) FROM job WHERE queue = lane.queue AND dead = 0 AND priority > lane.priority)
    FROM lane WHERE priority IS NOT NULL
  )
  SELECT job.id FROM lane CROSS JOIN job
  WHERE job.id IN (
    SELECT id FROM job AS due
    WHERE due.queue = lane.queue AND due.priority = lane.priority AND due.dead = 0 AND due.due_at <= :now
    ORDER BY due.due_at LIMIT :limit
  )
  ORDER BY job.priority, job.due_at, job.id LIMIT :limit
`;

export interface JobRow {
  readonly queue: Queue;
  readonly key: string;
  readonly priority: number;
  readonly run_at: number;
  readonly added_at: number;
  readonly attempts: number;
  readonly failures: number;
  readonly token: number;
  readonly lease_until: number | null;
  readonly call_begun_at: number | null;
  readonly dead: number;
  readonly last_error: string | null;
  readonly data: string;
}

/** A row that was just claimed, until `leaseUntil`. */
export function jobOf(row: JobRow, leaseUntil: number): Job {
  const lease: Lease = { queue: row.queue, key: row.key, token: row.token, expiresAt: new Date(leaseUntil) };
  return { ...described(row), lease };
}

/** A row as it stands at `now`: one whose lease ran out waits again, though nobody has put it back. */
export function stateOf(row: JobRow, now: number): JobState {
  const claimed = row.lease_until !== null && row.lease_until > now;
  return {
    ...described(row),
    state: row.dead === 1 ? 'dead' : claimed ? 'claimed' : 'waiting',
    ...(row.last_error === null ? {} : { lastError: row.last_error }),
  };
}

function described(row: JobRow): Omit<Job, 'lease'> {
  return {
    queue: row.queue,
    key: row.key,
    priority: row.priority,
    runAt: new Date(row.run_at),
    data: JSON.parse(row.data) as Record<string, unknown>,
    attempts: row.attempts,
    failures: row.failures,
    addedAt: new Date(row.added_at),
    ...(row.call_begun_at === null ? {} : { callBegunAt: new Date(row.call_begun_at) }),
  };
}
