import type { JobChange } from '../jobs/jobs.ts';
import type { Write, WriteResult } from './fhir-store.ts';

/** What one step of the work leaves behind: records, and the jobs that go with them. */
export interface Unit {
  readonly writes: readonly Write[];
  readonly jobs?: readonly JobChange[];
}

/**
 * Makes a unit durable. The embedded adapter does it in one SQLite commit. With another server there is no such
 * commit: records come first, jobs second, and a crash between the two is mended by the sweeper. Callers must
 * therefore be right under both, that is: repeatable.
 *
 * Errors: StoreError, LeaseLost (another worker has the job), CallInHand (a cancel came too late). After an error of
 * the embedded adapter nothing is written.
 */
export type CommitUnit = (unit: Unit) => Promise<WriteResult[]>;
