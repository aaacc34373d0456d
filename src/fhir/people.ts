import type { Identifier, Patient, PatientLink, Reference, Resource, Task, TaskOutput } from '@medplum/fhirtypes';
import { system } from '../canonical.ts';
import { AppError, type Fault } from '../errors.ts';
import { compactNhsNumber, isNhsNumber } from '../policy/nhs-number.ts';
import { survivingAmong } from '../send/gather-people.ts';
import { codesIn } from '../send/gather-tasks.ts';
import { canonicalValue, localReference, referenceType, sameIdentifier, tokens } from '../send/naming.ts';
import { type FhirStore, type Stored, searchAll } from '../store/fhir-store.ts';

/** Where a resource says whom it is about. */
const patientElement: Readonly<Record<string, 'patient' | 'subject' | 'for'>> = {
  Consent: 'patient',
  RelatedPerson: 'patient',
  Communication: 'subject',
  Flag: 'subject',
  List: 'subject',
  Encounter: 'subject',
  DocumentReference: 'subject',
};

/**
 * A resource about somebody named by number alone gets the literal reference as well, and so does a Patient's link to a
 * record that it replaces: servers search by those, and an objection that no search finds would be an objection that
 * nobody heeds (OBJ-1). NHS number and reference that disagree are refused (VER-1). Errors: AppError PROFILE_INVALID;
 * StoreError.
 */
export async function withLiteralPatient<T extends Resource>(store: FhirStore, resource: T): Promise<T> {
  if (resource.resourceType === 'Patient') return (await withLiteralLinks(store, resource)) as T;
  if (resource.resourceType === 'Task') return (await withLiteralTask(store, resource)) as T;
  const element = patientElement[resource.resourceType];
  if (element === undefined) return resource;
  const reference = Reflect.get(resource, element) as Reference | undefined;
  const literal = await literalOf(store, reference, `${resource.resourceType}.${element}`);
  return literal === reference ? resource : { ...resource, [element]: literal };
}

/** Whom a Task is for, and whom its output `person` names: who sent a text is filed under them (contract 11). */
async function withLiteralTask<T extends Task>(store: FhirStore, task: T): Promise<T> {
  const output: TaskOutput[] = [];
  for (const [index, one] of (task.output ?? []).entries()) {
    const named = codesIn(one.type, 'task-parameter').includes('person') ? one.valueReference : undefined;
    const literal = await literalOf(store, named, `Task.output[${index}].valueReference`);
    output.push(literal === named ? one : { ...one, valueReference: literal as Reference });
  }
  const whom = await literalOf(store, task.for, 'Task.for');
  return {
    ...task,
    ...(whom === undefined ? {} : { for: whom }),
    ...(task.output === undefined ? {} : { output }),
  };
}

/** VER-3: a record that is replaced must be found by the link, whichever of the two records has it. */
async function withLiteralLinks<T extends Patient>(store: FhirStore, patient: T): Promise<T> {
  const links: PatientLink[] = [];
  for (const [index, link] of (patient.link ?? []).entries()) {
    const other = await literalOf(store, link.other, `Patient.link[${index}].other`, {
      link: true,
      except: patient.id,
    });
    links.push(other === undefined ? link : { ...link, other: other as PatientLink['other'] });
  }
  return patient.link === undefined ? patient : { ...patient, link: links };
}

/** `link`: the record may be one that is not kept here, and is not the one with the id `except`. */
async function literalOf(
  store: FhirStore,
  reference: Reference | undefined,
  expression: string,
  { link = false, except }: { readonly link?: boolean; readonly except?: string | undefined } = {},
): Promise<Reference | undefined> {
  const { identifier } = reference ?? {};
  if (reference === undefined || !identifier?.system || !identifier.value) return reference;
  if ((referenceType(reference) ?? 'Patient') !== 'Patient') return reference;
  const isNational = identifier.system === system.nhsNumber;
  if (isNational && !link && !isNhsNumber(compactNhsNumber(identifier.value))) {
    throw refused(expression, 'The NHS number fails its check digit (VER-1). Correct it.');
  }
  if (!isNational && reference.reference !== undefined) return reference;
  const holders = (await holdersOf(store, identifier)).filter((one) => one.id !== except);
  if (reference.reference !== undefined) {
    const named = localReference(reference.reference, 'Patient');
    if (holders.some((one) => `Patient/${one.id}` === named)) return reference;
    throw refused(expression, 'Reference and NHS number name different people (VER-1). Correct the one that is wrong.');
  }
  const surviving = link ? holders : await survivingAmong(store, holders);
  const [patient, second] = surviving.length > 0 ? surviving : holders;
  if (patient !== undefined && second === undefined) return { ...reference, reference: `Patient/${patient.id}` };
  // Any other number may be one that is kept elsewhere, or of something that is no person.
  if (!isNational || (link && patient === undefined)) return reference;
  throw refused(
    expression,
    patient === undefined
      ? 'No Patient kept here has this NHS number. Record the Patient first, or correct the number.'
      : 'Several Patients have this NHS number (VER-1). Name the one by reference, Patient/id.',
  );
}

async function holdersOf(store: FhirStore, identifier: Identifier): Promise<Stored<Patient>[]> {
  const wanted = tokens(identifier.system ?? '', canonicalValue(identifier));
  const found = await searchAll(store, 'Patient', [['identifier', wanted]]);
  return found.filter((one) => one.identifier?.some((held) => sameIdentifier(held, identifier)));
}

function refused(expression: string, text: string): AppError {
  const fault: Fault = { expression, issue: 'business-rule', text };
  return new AppError('PROFILE_INVALID', [fault]);
}
