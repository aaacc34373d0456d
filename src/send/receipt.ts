import type { Job } from '../jobs/jobs.ts';
import type { JobOutcome } from '../jobs/worker.ts';
import { StoreError } from '../store/fhir-store.ts';
import { attemptForCallback } from './callback-attempt.ts';
import { applyOutcome, meaningFor, type OutcomeDeps } from './outcome.ts';

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** Applies one delivery receipt from the inbox. Errors: StoreError. */
export async function applyReceipt(deps: OutcomeDeps, job: Job): Promise<JobOutcome> {
  const { status, sentAt, completedAt } = job.data;
  const found = await attemptForCallback(deps, job);
  if (found.kind === 'outcome') return found.outcome;
  const { communication } = found;
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
