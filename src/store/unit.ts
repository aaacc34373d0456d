import type { JobChange } from '../jobs/jobs.ts';
import type { FhirStore, Write, WriteResult } from './fhir-store.ts';

/** What one step of the work leaves behind: records, and the jobs that go with them. */
export interface Unit {
  readonly writes: readonly Write[];
  readonly jobs?: readonly JobChange[];
  /**
   * What becomes of records of which nobody knows whether they were written. `undo`: they were a promise to a caller
   * who was told that it was not kept, so they are taken back. @default 'stand'
   */
  readonly inDoubt?: 'undo' | 'stand';
}

/**
 * Makes a unit durable. The embedded adapter does it in one SQLite commit. With another server there is no such
 * commit: see `remote/unit.ts`. Callers must be right under both, that is: repeatable.
 *
 * Errors: StoreError, LeaseLost (another worker has the job), CallInHand (a cancel came too late). After an error of
 * the embedded adapter nothing is written.
 */
export type CommitUnit = (unit: Unit) => Promise<WriteResult[]>;

/**
 * Finds out about records in doubt and takes back what was promised to nobody: those that speak of one record
 * (`CommunicationRequest/id`), before anything is decided on it, or all. Answers whether a write that nobody was promised
 * may still land there: see `settledRequest`. Errors: StoreError, and then the doubt stays.
 */
export type SettleDoubts = (reference?: string) => Promise<boolean>;

/** Writes that a server refuses for good: what was to be taken back, or to be finished. */
export interface Refused {
  readonly intent: 'undo' | 'finish';
  readonly writes: readonly Write[];
}

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
