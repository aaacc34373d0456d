import type { Communication } from '@medplum/fhirtypes';
import type { Clock } from '../clock.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Log } from '../log.ts';
import { type FhirStore, type Stored, StoreError, searchAll } from '../store/fhir-store.ts';
import type { SettleDoubts } from '../store/unit.ts';
import { followUpJob } from './follow-up.ts';
import { dispatchJob } from './plan.ts';
import { settledRequest } from './settled.ts';
import type { AttemptStatus } from './status.ts';
import { triedFor } from './tried.ts';

/** An attempt younger than this may still be on its way from the record to the queue. */
const SETTLED_AFTER_MS = 30_000;

interface SweepDeps {
  readonly store: FhirStore;
  readonly jobs: Jobs;
  readonly settleDoubts: SettleDoubts;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Brings store and queue together again after a crash between the two, or after the loss of either: what was promised
 * to nobody is taken back, and an attempt that is recorded but in nobody's queue is queued again. Whether that one was
 * ever called is not known, so its job asks the provider by reference first. Answers how many attempts it mended.
 * Errors: StoreError.
 */
export async function sweep(deps: SweepDeps): Promise<number> {
  await deps.settleDoubts();
  const waiting = await untouched(deps, 'preparation');
  let mended = 0;
  for (const communication of waiting) {
    try {
      if (await mend(deps, communication)) mended += 1;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      // What the server refuses about one, or cannot give, must not keep the others waiting; silence keeps all.
      if (error.code === 'unavailable') await deps.store.ping();
      deps.log.error('sweep.refused', { reference: communication.id, code: error.code });
    }
  }
  if (mended > 0) deps.log.warn('sweep.mended', { count: mended });
  return mended;
}

/**
 * Asks after messages that the provider took, whose follow-up may have been lost with the queue: those that have one
 * keep it. For the start of a service whose queue may be younger than its records. Errors: StoreError.
 */
export async function followUpAll(deps: Pick<SweepDeps, 'store' | 'jobs' | 'clock'>): Promise<void> {
  const now = deps.clock.now();
  const underWay = await untouched(deps, 'in-progress');
  await deps.jobs.add(underWay.map((one) => followUpJob(one, new Date(one.sent ?? one.meta.lastUpdated), now)));
}

function untouched(deps: Pick<SweepDeps, 'store' | 'clock'>, status: AttemptStatus): Promise<Stored<Communication>[]> {
  const before = new Date(deps.clock.now().getTime() - SETTLED_AFTER_MS).toISOString();
  return searchAll(deps.store, 'Communication', [
    ['status', status],
    ['_lastUpdated', `lt${before}`],
  ]);
}

async function mend(deps: SweepDeps, communication: Stored<Communication>): Promise<boolean> {
  const id = communication.basedOn?.[0]?.reference?.split('/')[1];
  if (id === undefined || (await deps.jobs.get('dispatch', id)) !== undefined) return false;
  // One that landed at the server long after its caller was told that it was not kept is nobody's message.
  const request = await settledRequest(deps, id);
  if (request?.status !== 'active') return false;
  // Read again: it may have been settled between the search and now.
  const current = await deps.store.read('Communication', communication.id);
  if (current?.status !== 'preparation') return false;
  const now = deps.clock.now();
  const job = dispatchJob(request, communication.id, now, await triedFor(deps.store, id));
  // Before its time nothing was called; asking from now on would make a message of next month look forgotten.
  const mayHaveBeenCalled = job.runAt <= now;
  await deps.jobs.add([mayHaveBeenCalled ? { ...job, callBegunAt: now } : job]);
  return true;
}
