import type { Job, NewJob } from '../jobs/jobs.ts';
import type { JobOutcome } from '../jobs/worker.ts';
import type { Provider } from '../providers/provider.ts';
import { applyOutcome, type Meaning, meaningFor, notificationId, type OutcomeDeps } from './outcome.ts';
import { attemptStatus, isFinal } from './status.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** How long after it was taken a message is asked after: receipts are not sent for everything, and can be lost. */
const schedule = [1 * MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR, 48 * HOUR, 75 * HOUR];
const THEN_EVERY = 24 * HOUR;

const neverTold: Meaning = { communication: 'unknown', final: true, reason: 'unknown', arrived: false };

/** The job that asks the provider what became of an attempt, `acceptedAt` when it was taken. */
export function followUpJob(communicationId: string, acceptedAt: Date, now: Date): NewJob {
  return {
    queue: 'follow-up',
    key: communicationId,
    priority: 5,
    runAt: nextAsk(acceptedAt, now),
    data: { acceptedAt: acceptedAt.toISOString() },
  };
}

/** When to ask next. */
export function nextAsk(acceptedAt: Date, now: Date): Date {
  const age = now.getTime() - acceptedAt.getTime();
  const next = schedule.find((one) => one > age);
  return new Date(next === undefined ? now.getTime() + THEN_EVERY : acceptedAt.getTime() + next);
}

/**
 * Asks the provider what became of a message that is still under way. Once the provider no longer keeps its record,
 * the outcome is `unknown`, and a person is told.
 */
export async function followUp(deps: OutcomeDeps & { provider: Provider }, job: Job): Promise<JobOutcome> {
  const communication = await deps.store.read('Communication', job.key);
  const status = attemptStatus(communication?.status);
  if (communication === undefined || status === undefined || isFinal(status)) return { kind: 'finish' };
  const id = notificationId(communication);
  if (id === undefined) return { kind: 'finish' };

  const now = deps.clock.now();
  const acceptedAt = new Date(String(job.data.acceptedAt));
  const later: JobOutcome = { kind: 'retry', runAt: nextAsk(acceptedAt, now), error: 'under-way', call: 'none' };
  const finish = { kind: 'finish', lease: job.lease } as const;
  const found = await deps.provider.findById(id);
  switch (found.kind) {
    case 'unavailable':
      return { kind: 'retry', delayMs: 30_000 + Math.random() * 30_000, error: found.code, call: 'none' };
    case 'none': {
      if (now.getTime() - acceptedAt.getTime() < deps.provider.retentionMs) return later;
      const told = { word: 'no-receipt', meaning: neverTold, sentAt: undefined, completedAt: undefined };
      await applyOutcome(deps, communication, told, [finish]);
      return { kind: 'settled' };
    }
    case 'found':
    case 'several': {
      const { notification } = found;
      const meaning = meaningFor(notification.status, communication);
      if (meaning === undefined || !meaning.final) return later;
      const told = {
        word: notification.status,
        meaning,
        sentAt: notification.sentAt,
        completedAt: notification.completedAt,
      };
      await applyOutcome(deps, communication, told, [finish]);
      return { kind: 'settled' };
    }
    default:
      return found satisfies never;
  }
}
