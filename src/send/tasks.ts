import type { CommunicationRequest, Reference, Task } from '@medplum/fhirtypes';
import { codeSystem } from '../canonical.ts';
import { afterWorkingDays } from '../policy/bank-holidays.ts';
import type { TaskCode } from '../policy/codes.ts';
import { type StaffRole, staffRoles } from '../policy/policy.ts';
import { heraldReference, type RecordContext } from './authors.ts';

type Priority = NonNullable<CommunicationRequest['priority']>;

/** What a person is asked to do: one entry of a worklist (contract 8). */
export interface TaskRequest {
  readonly code: TaskCode;
  /** What it is about: a reference. */
  readonly focus: string;
  /** The patient it concerns, where one is known: `Patient/id`. */
  readonly patient?: string;
  /** For staff: no contact detail, no objection's reason. */
  readonly text: string;
  readonly priority?: Priority | undefined;
  readonly performerType?: string | undefined;
  readonly due?: Date;
}

/** Builds the Task. Its owner is whoever the policy names for that role. */
export function task(id: string, asked: TaskRequest, context: RecordContext): Task & { id: string } {
  const now = context.now.toISOString();
  const role = staffRoles.find((one) => one === asked.performerType);
  const owner = role === undefined ? undefined : context.policy.staffRoles[role];
  return {
    resourceType: 'Task',
    id,
    status: 'requested',
    intent: 'order',
    priority: asked.priority ?? 'routine',
    code: { coding: [{ system: codeSystem('task-code'), code: asked.code }] },
    description: asked.text,
    focus: { reference: asked.focus },
    ...(asked.patient === undefined ? {} : { for: { reference: asked.patient } }),
    authoredOn: now,
    lastModified: now,
    requester: heraldReference as NonNullable<Task['requester']>,
    ...(asked.performerType === undefined ? {} : { performerType: [performerTypeConcept(asked.performerType)] }),
    ...(owner === undefined ? {} : { owner: { reference: owner } as Reference as NonNullable<Task['owner']> }),
    ...(asked.due === undefined ? {} : { restriction: { period: { end: asked.due.toISOString() } } }),
  };
}

/**
 * When a held request must have been looked at: by its priority, and never after the message itself expires
 * (contract 3).
 */
export function holdDue(priority: Priority | undefined, from: Date, expires: Date | undefined): Date {
  const due = holdMinutes[priority ?? 'routine'];
  const byPriority = due === undefined ? afterWorkingDays(from, 2) : new Date(from.getTime() + due * 60_000);
  return expires !== undefined && expires < byPriority ? expires : byPriority;
}

const holdMinutes = { stat: 15, asap: 60, urgent: 240, routine: undefined } as const satisfies Record<
  Priority,
  number | undefined
>;

function performerTypeConcept(role: StaffRole | string) {
  return { coding: [{ system: codeSystem('staff-role'), code: role }] };
}
