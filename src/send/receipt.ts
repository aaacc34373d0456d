import { backoffMs } from '../jobs/backoff.ts';
import type { Job } from '../jobs/jobs.ts';
import type { JobOutcome } from '../jobs/worker.ts';
import { StoreError } from '../store/fhir-store.ts';
import { applyOutcome, channelOf, meaningFor, notificationId, type OutcomeDeps } from './outcome.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A receipt whose record is not there may only be early: it is kept this long before it counts as somebody else's. */
const EARLY_FOR_MS = 60 * 60_000;

/**
 * Applies one delivery receipt from the inbox. It is found by our reference, which is the record's own id; one that
 * came before the record knows the provider's id waits for it.
 */
export async function applyReceipt(deps: OutcomeDeps, job: Job): Promise<JobOutcome> {
  const { id, reference, status, sentAt, completedAt } = job.data;
  const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
  const ours = text(reference);
  const communication =
    ours !== undefined && UUID.test(ours) ? await deps.store.read('Communication', ours.toLowerCase()) : undefined;
  const known = communication === undefined ? undefined : notificationId(communication);

  if (communication === undefined || (known === undefined && communication.status === 'preparation')) {
    // Early, or of another system on the same account.
    if (deps.clock.now().getTime() - job.addedAt.getTime() > EARLY_FOR_MS) {
      deps.log.warn('receipt.unmatched', { job: job.key });
      return { kind: 'finish' };
    }
    const capMs = communication === undefined ? 5 * 60_000 : 5_000;
    return { kind: 'retry', delayMs: backoffMs(job.attempts, { baseMs: 100, capMs }), error: 'early', call: 'none' };
  }
  if (known !== undefined && known !== id) {
    deps.log.error('receipt.of-another-message', { reference: communication.id });
    deps.count('receipt-mismatch', channelOf(communication));
    return { kind: 'finish' };
  }
  const word = String(status);
  const meaning = meaningFor(word, communication);
  if (meaning === undefined) {
    deps.log.warn('receipt.unknown-word', { reference: communication.id });
    return { kind: 'finish' };
  }
  try {
    await applyOutcome(deps, communication, { word, meaning, sentAt: text(sentAt), completedAt: text(completedAt) }, [
      { kind: 'finish', lease: job.lease },
      ...(meaning.final ? [{ kind: 'cancel' as const, queue: 'follow-up' as const, key: communication.id }] : []),
    ]);
  } catch (error) {
    // Somebody else wrote the same record: look again at once.
    if (error instanceof StoreError && error.code === 'conflict') {
      return { kind: 'retry', delayMs: 20, error: 'conflict', call: 'none' };
    }
    throw error;
  }
  return { kind: 'settled' };
}
