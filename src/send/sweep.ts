import type { Communication } from '@medplum/fhirtypes';
import type { Clock } from '../clock.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Log } from '../log.ts';
import { type FhirStore, type Stored, searchAll } from '../store/fhir-store.ts';
import { dispatchJob } from './plan.ts';

/** An attempt younger than this may still be on its way from the record to the queue. */
const SETTLED_AFTER_MS = 30_000;

/**
 * Finds attempts that are recorded but in nobody's queue (a crash between a store and a queue that share no commit,
 * a queue that was lost) and queues them again. Whether such an attempt was ever called is not known, so its job
 * asks the provider by reference first. Answers how many it mended. Errors: StoreError.
 */
export async function sweep(deps: { store: FhirStore; jobs: Jobs; clock: Clock; log: Log }): Promise<number> {
  const now = deps.clock.now();
  const before = new Date(now.getTime() - SETTLED_AFTER_MS).toISOString();
  const waiting = await searchAll(deps.store, 'Communication', [
    ['status', 'preparation'],
    ['_lastUpdated', `lt${before}`],
  ]);
  let mended = 0;
  for (const communication of waiting) if (await mend(deps, communication, now)) mended += 1;
  if (mended > 0) deps.log.warn('sweep.mended', { count: mended });
  return mended;
}

async function mend(
  deps: { store: FhirStore; jobs: Jobs },
  communication: Stored<Communication>,
  now: Date,
): Promise<boolean> {
  const id = communication.basedOn?.[0]?.reference?.split('/')[1];
  if (id === undefined || (await deps.jobs.get('dispatch', id)) !== undefined) return false;
  const request = await deps.store.read('CommunicationRequest', id);
  if (request?.status !== 'active') return false;
  // Read again: it may have been settled between the search and now.
  const current = await deps.store.read('Communication', communication.id);
  if (current?.status !== 'preparation') return false;
  const job = dispatchJob(request, communication.id, now);
  // Before its time nothing was called; asking from now on would make a message of next month look forgotten.
  const mayHaveBeenCalled = job.runAt <= now;
  await deps.jobs.add([mayHaveBeenCalled ? { ...job, data: { ...job.data, settleFrom: now.toISOString() } } : job]);
  return true;
}
