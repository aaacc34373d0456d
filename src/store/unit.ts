import type { JobChange } from '../jobs/jobs.ts';
import type { FhirStore, Write, WriteResult } from './fhir-store.ts';

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

/**
 * What a store will hold once writes that are not made yet are made: a caller's transaction is decided on it. Nothing
 * that is put here reaches the store itself.
 */
export interface Draft {
  /**
   * Reads and searches see the pending writes as if they were stored. What cannot be answered so (chained parameters,
   * includes, totals and orders that pending writes could change) is a StoreError `unsupported-search`, never an answer
   * that leaves one of them out. Nothing can be committed to it.
   */
  readonly store: FhirStore;
  /** Errors: StoreError `rejected`, as the store itself would say. */
  put(writes: readonly Write[]): Promise<void>;
  /** Frees what it holds. */
  close(): void;
}

export type OpenDraft = (base: FhirStore) => Draft;
