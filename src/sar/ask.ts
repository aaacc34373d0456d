import type { Task } from '@medplum/fhirtypes';
import type { Clock } from '../clock.ts';
import type { Controller, Policy } from '../policy/policy.ts';
import type { FhirStore, Stored } from '../store/fhir-store.ts';
import type { Stage } from './history.ts';
import type { AccessSubject } from './subject.ts';
import type { Period } from './timeline.ts';

export interface HistoryDeps {
  readonly store: FhirStore;
  readonly clock: Clock;
  readonly controller: Controller;
  readonly policy: Policy;
}

export interface HistoryAsk {
  readonly subject: AccessSubject;
  readonly task: Stored<Task>;
  readonly stage: Stage;
  readonly period: Period;
}
