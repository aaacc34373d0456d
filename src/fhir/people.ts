import type { Identifier, Patient, Reference, Resource } from '@medplum/fhirtypes';
import { system } from '../canonical.ts';
import { AppError, type Fault } from '../errors.ts';
import { compactNhsNumber, isNhsNumber } from '../policy/nhs-number.ts';
import { type FhirStore, searchAll } from '../store/fhir-store.ts';

/** Where a resource says whom it is about. */
const patientElement: Readonly<Record<string, 'patient' | 'subject' | 'for'>> = {
  Consent: 'patient',
  RelatedPerson: 'patient',
  Communication: 'subject',
  Flag: 'subject',
  List: 'subject',
  Task: 'for',
  Encounter: 'subject',
  DocumentReference: 'subject',
};

/**
 * A resource about somebody named by NHS number alone gets the literal reference as well: servers search by those, and
 * an objection that no search finds would be an objection that nobody heeds (OBJ-1). Number and reference that disagree
 * are refused (VER-1). Errors: AppError PROFILE_INVALID; StoreError.
 */
export async function withLiteralPatient<T extends Resource>(store: FhirStore, resource: T): Promise<T> {
  const element = patientElement[resource.resourceType];
  const reference = element === undefined ? undefined : (Reflect.get(resource, element) as Reference | undefined);
  const { identifier } = reference ?? {};
  if (element === undefined || identifier?.system !== system.nhsNumber || !identifier.value) return resource;
  const expression = `${resource.resourceType}.${element}`;
  const holders = await holdersOf(store, identifier, expression);
  if (reference?.reference !== undefined) {
    if (holders.some((one) => `Patient/${one.id}` === reference.reference)) return resource;
    throw refused(expression, 'Reference and NHS number name different people (VER-1). Correct the one that is wrong.');
  }
  const [patient, second] = holders;
  if (patient === undefined) {
    throw refused(
      expression,
      'No Patient kept here has this NHS number. Record the Patient first, or correct the number.',
    );
  }
  if (second !== undefined) {
    throw refused(expression, 'Several Patients have this NHS number (VER-1). Name the one by reference, Patient/id.');
  }
  return { ...resource, [element]: { ...reference, reference: `Patient/${patient.id}` } };
}

async function holdersOf(store: FhirStore, identifier: Identifier, expression: string): Promise<Patient[]> {
  const value = compactNhsNumber(identifier.value ?? '');
  if (!isNhsNumber(value)) {
    throw refused(expression, 'The NHS number fails its check digit (VER-1). Correct it.');
  }
  return searchAll(store, 'Patient', [['identifier', `${system.nhsNumber}|${value}`]]);
}

function refused(expression: string, text: string): AppError {
  const fault: Fault = { expression, issue: 'business-rule', text };
  return new AppError('PROFILE_INVALID', [fault]);
}
