import type { Task } from '@medplum/fhirtypes';
import type { Caller } from '../auth/caller.ts';
import type { Fault } from '../errors.ts';
import type { TaskCode } from '../policy/codes.ts';
import { decisionsIn } from '../send/gather-tasks.ts';
import type { Stored, Write } from '../store/fhir-store.ts';
import type { FhirDeps } from './call.ts';
import { discussObjection, discussRemoval, explainImpact } from './objection-effects.ts';
import { isCompleting, taskCodeOf } from './task-rules.ts';
import { triageInbound } from './triage-effect.ts';

/** What the completion of a Task of one kind does, beyond what it says to a request that waits for it (contract 8). */
export interface TaskEffect {
  /** What the decision needs and the Task lacks. Errors: StoreError. */
  faults?(deps: Pick<FhirDeps, 'store' | 'policy'>, completed: CompletedTask): Promise<Fault[]>;
  /** Goes into the same commit. Errors: StoreError. */
  writes?(deps: FhirDeps, completed: CompletedTask): Promise<Write[]>;
}

export interface CompletedTask {
  readonly task: Task & { id: string };
  readonly previous: Stored<Task> | undefined;
  /** The one decision; that it is one of its row's is checked before. */
  readonly decision: string | undefined;
  readonly caller: Caller;
}

/** One row for each kind of Task that acts; the others only close. */
const effects: Readonly<Partial<Record<TaskCode, TaskEffect>>> = {
  'discuss-objection': discussObjection,
  'triage-inbound': triageInbound,
  'discuss-removal': discussRemoval,
  'explain-impact': explainImpact,
};

/** See `TaskEffect.faults`; none while the Task is not being completed. */
export async function effectFaults(
  deps: Pick<FhirDeps, 'store' | 'policy'>,
  task: Task & { id: string },
  previous: Stored<Task> | undefined,
  caller: Caller,
): Promise<Fault[]> {
  return (await effectOf(task, previous)?.faults?.(deps, completedBy(task, previous, caller))) ?? [];
}

/** See `TaskEffect.writes`; none while the Task is not being completed. */
export async function effectWrites(
  deps: FhirDeps,
  task: Task & { id: string },
  previous: Stored<Task> | undefined,
  caller: Caller,
): Promise<Write[]> {
  return (await effectOf(task, previous)?.writes?.(deps, completedBy(task, previous, caller))) ?? [];
}

function effectOf(task: Task, previous: Task | undefined): TaskEffect | undefined {
  const code = taskCodeOf(task);
  return code !== undefined && isCompleting(task, previous) ? effects[code] : undefined;
}

const completedBy = (task: Task & { id: string }, previous: Stored<Task> | undefined, caller: Caller) => ({
  task,
  previous,
  decision: decisionsIn(task)[0],
  caller,
});
