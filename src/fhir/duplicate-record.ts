import type { Patient, Resource } from '@medplum/fhirtypes';
import { system } from '../canonical.ts';
import { describeError } from '../log.ts';
import { compactNhsNumber } from '../policy/nhs-number.ts';
import { newId } from '../send/ids.ts';
import { task } from '../send/tasks.ts';
import { type Stored, searchAll, type Write } from '../store/fhir-store.ts';
import type { FhirDeps } from './call.ts';

/**
 * VER-3: a second record with an NHS number is stored, because it exists; somebody must find out which one is right.
 * The Task that says so, to be written with the record; none when the number is not new to it or nobody else has it.
 * Errors: StoreError.
 */
export async function duplicateRecordTask(
  deps: FhirDeps,
  resource: Resource & { id: string },
  previous: Resource | undefined,
): Promise<Write[]> {
  const before = previous === undefined ? [] : nhsNumbers(previous as Patient);
  const added = nhsNumbers(resource as Patient).filter((one) => !before.includes(one));
  const others = await othersWith(deps, resource.id, added);
  return others.length === 0 ? [] : [duplicateTask(deps, resource.id)];
}

/**
 * The same once the record is stored: two records of one number that were written at the same moment did not see each
 * other before. Only the later of them is pointed at. The record is durable by now, so that a failure here is logged
 * and not answered; the rules refuse both records all the same.
 */
export async function lateDuplicateRecordTask(deps: FhirDeps, stored: Stored): Promise<void> {
  try {
    const others = await othersWith(deps, stored.id, nhsNumbers(stored as Stored<Patient>));
    if (others.some((other) => isLater(stored, other))) await deps.store.commit([duplicateTask(deps, stored.id)]);
  } catch (error) {
    deps.log.error('patient.duplicate-check-failed', { resourceId: stored.id, ...describeError(error) });
  }
}

async function othersWith(deps: FhirDeps, id: string, numbers: readonly string[]): Promise<Stored[]> {
  const others: Stored[] = [];
  for (const number of numbers) {
    const found = await searchAll(deps.store, 'Patient', [['identifier', `${system.nhsNumber}|${number}`]]);
    others.push(...found.filter((one) => one.id !== id));
  }
  return others;
}

function duplicateTask(deps: FhirDeps, patientId: string): Write {
  const now = deps.clock.now();
  const patient = `Patient/${patientId}`;
  const text =
    'Another record has the same NHS number, and no message goes to either. Find out whose number it is, correct or merge the records, and say in a note what was done.';
  return {
    op: 'create',
    resource: task(
      newId(now),
      { code: 'duplicate-record', focus: patient, patient, text, performerType: 'records' },
      { now, controller: deps.controller, policy: deps.policy },
    ),
  };
}

/** NHS numbers that can be searched for: those that are ten digits, whatever their check digit. */
function nhsNumbers(patient: Patient): string[] {
  const values = (patient.identifier ?? []).filter((one) => one.system === system.nhsNumber).map((one) => one.value);
  return [...new Set(values.map((value) => compactNhsNumber(value ?? '')))].filter((value) => /^\d{10}$/.test(value));
}

function isLater(one: Stored, other: Stored): boolean {
  const [a, b] = [one.meta.lastUpdated, other.meta.lastUpdated];
  return a === b ? one.id > other.id : a > b;
}
