import type { Communication } from '@medplum/fhirtypes';
import { backoffMs } from '../jobs/backoff.ts';
import type { Job } from '../jobs/jobs.ts';
import type { JobOutcome } from '../jobs/worker.ts';
import type { Stored } from '../store/fhir-store.ts';
import { channelOf, notificationId, type OutcomeDeps } from './outcome.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A callback whose record is not there may only be early: it is kept this long before it counts as somebody else's. */
const EARLY_FOR_MS = 60 * 60_000;

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/**
 * The attempt that a callback speaks of. It is found by our reference, which is the record's own id; one that came before
 * the record knows the provider's id waits for it, and another system's is not ours to apply. Errors: StoreError.
 */
export async function attemptForCallback(
  deps: Pick<OutcomeDeps, 'store' | 'recall' | 'clock' | 'log' | 'count'>,
  job: Job,
): Promise<
  | { readonly kind: 'found'; readonly communication: Stored<Communication> }
  | { readonly kind: 'outcome'; readonly outcome: JobOutcome }
> {
  const ours = text(job.data.reference);
  if (ours === undefined || !UUID.test(ours)) {
    deps.log.info('receipt.of-another-system', { job: job.key });
    return { kind: 'outcome', outcome: { kind: 'finish' } };
  }
  const communication = await attemptToMove(deps, ours.toLowerCase());
  const known = communication === undefined ? undefined : notificationId(communication);

  if (communication === undefined || (known === undefined && communication.status === 'preparation')) {
    // Early, or of another system on the same account that names its messages as we do.
    if (deps.clock.now().getTime() - job.addedAt.getTime() > EARLY_FOR_MS) {
      deps.log.warn('receipt.unmatched', { job: job.key });
      return { kind: 'outcome', outcome: { kind: 'finish' } };
    }
    const capMs = communication === undefined ? 5 * 60_000 : 5_000;
    const delayMs = backoffMs(job.attempts, { baseMs: 100, capMs });
    return { kind: 'outcome', outcome: { kind: 'retry', delayMs, error: 'early', call: 'none' } };
  }
  if (known !== undefined && known !== job.data.id) {
    deps.log.error('receipt.of-another-message', { reference: communication.id });
    deps.count('receipt-mismatch', channelOf(communication));
    return { kind: 'outcome', outcome: { kind: 'finish' } };
  }
  return { kind: 'found', communication };
}

/** One that we know to be under way is moved on under its version; if it has another by now, it is read. */
async function attemptToMove(
  { store, recall }: Pick<OutcomeDeps, 'store' | 'recall'>,
  id: string,
): Promise<Stored<Communication> | undefined> {
  const remembered = recall?.('Communication', id);
  return remembered?.status === 'in-progress' ? remembered : store.read('Communication', id);
}
