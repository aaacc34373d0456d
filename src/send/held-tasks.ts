import type { Task } from '@medplum/fhirtypes';
import { codeSystem } from '../canonical.ts';
import type { TaskNeeded } from '../policy/decision.ts';
import { type FhirStore, type Stored, searchAll } from '../store/fhir-store.ts';
import { isHerald } from './authors.ts';
import { codesIn, type HoldCode, holdCodes } from './gather-tasks.ts';

/** Statuses of R4 in which a Task still waits for somebody. */
const openStatuses = 'draft,requested,received,accepted,ready,in-progress,on-hold';

/** Every Task that some held request waits for: what Herald asked, not what others ask beside it. Errors: StoreError. */
export async function openHoldTasks(store: FhirStore): Promise<Stored<Task>[]> {
  const code = holdCodes.map((one) => `${codeSystem('task-code')}|${one}`).join(',');
  const open = await searchAll(store, 'Task', [
    ['code', code],
    ['status', openStatuses],
  ]);
  return open.filter((one) => isHerald(one.requester));
}

/** What of all that a person must do about a request has no Task yet that waits for somebody. Errors: StoreError. */
export async function withoutOpenTask(
  view: FhirStore,
  requestId: string,
  needed: readonly TaskNeeded[],
): Promise<TaskNeeded[]> {
  const open = await searchAll(view, 'Task', [
    ['focus', `CommunicationRequest/${requestId}`],
    ['status', openStatuses],
  ]);
  return needed.filter(
    ({ code, performerType }) =>
      !open.some(
        (one) =>
          isHerald(one.requester) &&
          codesIn(one.code, 'task-code').includes(code) &&
          (performerType === undefined || rolesOf(one).includes(performerType)),
      ),
  );
}

/** Which question a Task asks; `undefined` for one that holds nothing. */
export function holdCodeOf({ code }: Task): HoldCode | undefined {
  const codes = codesIn(code, 'task-code');
  return holdCodes.find((one) => codes.includes(one));
}

const rolesOf = ({ performerType = [] }: Task): string[] => performerType.flatMap((one) => codesIn(one, 'staff-role'));
