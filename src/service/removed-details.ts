import type { Health } from '../http/health.ts';
import { createFingerprint, type Fingerprint } from '../objections/fingerprint.ts';
import { type FhirStore, StoreError } from '../store/fhir-store.ts';
import { removedDetailsKey } from './removed-details-key.ts';

/** By what removed details and closed numbers are known again, as soon as it is known whether there is a key to look for. */
export interface RemovedDetails {
  /** Errors: StoreError `unavailable` until then, so that nothing is decided without it (OBJ-8, VER-1). */
  readonly fingerprint: Fingerprint;
  /** Asks the store, until it has answered. Errors: those of `removedDetailsKey`. */
  settle(): Promise<void>;
  health(): Readonly<Record<string, Health>>;
}

/**
 * For a service that may start while its store does not answer (contract 1): with a key it knows at once, without one
 * as soon as the store says that none is missing. Errors: ConfigError, and those of the file system.
 */
export async function removedDetails(dataDir: string, store: FhirStore): Promise<RemovedDetails> {
  let known: Fingerprint | undefined;
  const settle = async (): Promise<void> => {
    known ??= createFingerprint(await removedDetailsKey(dataDir, store));
  };
  try {
    await settle();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
  }
  return {
    fingerprint(detail) {
      if (known === undefined)
        throw new StoreError('unavailable', 'not known yet whether removed-details.key is missing');
      return known(detail);
    },
    settle,
    health: () => (known === undefined ? { 'removed-details-key': { kind: 'not-ready', code: 'unavailable' } } : {}),
  };
}
