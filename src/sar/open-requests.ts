import type { Task } from '@medplum/fhirtypes';
import { codeSystem } from '../canonical.ts';
import { londonDay } from '../policy/london.ts';
import { type FhirStore, type Stored, searchAll } from '../store/fhir-store.ts';
import { daysBetween, isPaused } from './clock.ts';
import type { RequestDetails } from './history.ts';
import { clockOf, requestDetails } from './request.ts';

/** A request that is still to be answered. */
export interface OpenRequest extends RequestDetails {
  /** `Patient/id`; absent while it is not known whose record is asked for. */
  readonly patient?: string;
  readonly status: NonNullable<Task['status']>;
  /** Until the last day on which the answer is in time; negative when that has passed. */
  readonly daysLeft: number;
  readonly paused: boolean;
  readonly resource: Stored<Task>;
}

const open = 'draft,requested,received,accepted,ready,in-progress,on-hold';

/** Every request that is still open, the oldest first; when each is due is worked out anew. Errors: StoreError. */
export async function openRequests(store: FhirStore, now: Date): Promise<OpenRequest[]> {
  const tasks = await searchAll(store, 'Task', [
    ['code', `${codeSystem('task-code')}|subject-access-request`],
    ['status', open],
  ]);
  const today = londonDay(now);
  return tasks
    .map((resource): OpenRequest => {
      const details = requestDetails(resource, now);
      return {
        ...details,
        ...(resource.for?.reference === undefined ? {} : { patient: resource.for.reference }),
        status: resource.status ?? 'requested',
        daysLeft: daysBetween(today, details.due),
        paused: isPaused(clockOf(resource, now), today),
        resource,
      };
    })
    .sort((a, b) => (a.received === b.received ? compare(a.task, b.task) : compare(a.received, b.received)));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
