import type { Patient, Task } from '@medplum/fhirtypes';
import { auditEvent } from '../audit.ts';
import type { Caller } from '../auth/caller.ts';
import { codeSystem } from '../canonical.ts';
import { AppError } from '../errors.ts';
import { londonDay } from '../policy/london.ts';
import { isNhsNumber } from '../policy/nhs-number.ts';
import { holdersOf } from '../send/gather-people.ts';
import { newId } from '../send/ids.ts';
import { linkedRecords } from '../send/linked-records.ts';
import type { FhirStore, Stored } from '../store/fhir-store.ts';
import type { HistoryDeps } from './ask.ts';
import { openRequests } from './open-requests.ts';
import { accessRequestFaults, withDueDate } from './request.ts';
import { isOfDeceased } from './subject.ts';

/**
 * The request that is open for the person with this NHS number, the oldest where there are several; a new one, received
 * today, where there is none: asked for twice it is the same. It and its audit are one commit. Errors: AppError NOT_FOUND
 * for a number that nobody has; PROFILE_INVALID for a dead person's, or one of several records; StoreError.
 */
export async function requestByNumber(
  deps: HistoryDeps,
  { nhsNumber, caller }: { readonly nhsNumber: string; readonly caller: Caller },
): Promise<{ readonly task: Stored<Task>; readonly opened: boolean }> {
  const { store, clock, controller } = deps;
  const now = clock.now();
  const { patient, records } = await personOf(store, nhsNumber, now);
  const open = (await openRequests(store, now)).find((one) => records.includes(one.patient ?? ''));
  if (open !== undefined) return { task: open.resource, opened: false };
  const task = withDueDate(taskFor(patient, caller, now), now);
  const faults = accessRequestFaults(task, undefined, await isOfDeceased(store, task.for));
  if (faults.length > 0) throw new AppError('PROFILE_INVALID', faults);
  const audit = auditEvent({
    ...{ action: 'C', subtype: 'create', outcome: '0', recorded: now, caller, controller },
    ...{ patient: `Patient/${patient.id}`, entities: [`Task/${task.id}`] },
  });
  // In this order: a server without transactions that checks references would have no audit of what is not there.
  await store.commit([
    { op: 'create', resource: task },
    { op: 'create', resource: audit },
  ]);
  const kept = await store.read('Task', task.id);
  if (kept === undefined) throw new AppError('NOT_FOUND', 'The request was written and cannot be read. Try again.');
  return { task: kept, opened: true };
}

async function personOf(
  store: FhirStore,
  number: string,
  now: Date,
): Promise<{ patient: Stored<Patient>; records: readonly string[] }> {
  if (!isNhsNumber(number)) throw new AppError('NOT_FOUND', 'That is no NHS number. Check its digits.');
  const [patient, ...others] = await holdersOf(store, [number], now);
  if (patient === undefined) throw new AppError('NOT_FOUND', 'Nobody on record has this NHS number.');
  const records = [...(await linkedRecords(store, [patient])).keys()];
  if (others.some((one) => !records.includes(`Patient/${one.id}`))) {
    const text = 'Several records that are not linked have this NHS number. Link them, or open the request for one.';
    throw new AppError('PROFILE_INVALID', text);
  }
  const current = [patient, ...others].find((one) => !one.link?.some(({ type }) => type === 'replaced-by'));
  return { patient: current ?? patient, records };
}

function taskFor({ id }: Stored<Patient>, { fhirUser }: Caller, now: Date): Task & { id: string } {
  return {
    resourceType: 'Task',
    id: newId(now),
    status: 'in-progress',
    intent: 'order',
    code: { coding: [{ system: codeSystem('task-code'), code: 'subject-access-request' }] },
    for: { reference: `Patient/${id}` },
    authoredOn: now.toISOString(),
    ...(fhirUser === undefined ? {} : { owner: fhirUser as NonNullable<Task['owner']> }),
    restriction: { period: { start: londonDay(now) } },
  };
}
