import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Controller, Policy } from '../policy/policy.ts';
import type { FhirStore } from '../store/fhir-store.ts';
import type { Fingerprint } from './fingerprint.ts';

/** What the use cases of objections work with. */
export interface ObjectionDeps {
  readonly store: FhirStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly controller: Controller;
  readonly policy: Policy;
  readonly fingerprint: Fingerprint;
}
