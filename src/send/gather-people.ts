import type { CommunicationRequest, Identifier, Patient, Reference, RelatedPerson } from '@medplum/fhirtypes';
import { system } from '../canonical.ts';
import type { PatientFact, PersonFact, RecipientFact, SubjectFact } from '../policy/facts.ts';
import { holdsAt, intervalOf } from '../policy/london.ts';
import { compactNhsNumber, isNhsNumber } from '../policy/nhs-number.ts';
import { type FhirStore, type Stored, searchAll } from '../store/fhir-store.ts';
import { personOf } from './gather-contacts.ts';

/** The subject as resolved, and what else is known to be the same person. */
export interface ResolvedSubject {
  readonly fact: SubjectFact;
  readonly person: PersonFact | undefined;
  /** `Patient/id` of this record and of all that are linked with it, in either direction. */
  readonly records: readonly string[];
  readonly identifiers: readonly Identifier[];
}

/** Whom a request is about. Errors: StoreError. */
export async function subjectOf(store: FhirStore, request: CommunicationRequest, now: Date): Promise<ResolvedSubject> {
  const resolved = await resolvePatient(store, request.subject, now);
  if (resolved.kind !== 'found') return { fact: resolved, person: undefined, records: [], identifiers: [] };
  const { record } = resolved;
  const reference = `Patient/${record.id}`;
  const numbers = nhsNumbersOf(record, now);
  const [linked, numberShared] = await Promise.all([
    linkedRecords(store, record),
    isNumberShared(store, record, numbers, now),
  ]);
  const person = personOf(record, reference);
  const replacing = (record.link ?? []).filter((one) => one.type === 'replaced-by');
  const replacedBy = [
    ...replacing.flatMap((one) => localReference(one.other.reference, 'Patient') ?? []),
    ...[...linked.values()].filter((one) => replaces(one, reference)).map((one) => `Patient/${one.id}`),
  ];
  const patient: PatientFact = {
    reference,
    nhsNumbers: numbers,
    hasLocalNumber: (record.identifier ?? []).some(
      (one) =>
        isCurrent(one, now) && one.system !== undefined && one.system !== system.nhsNumber && !!one.value?.trim(),
    ),
    hasName: (record.name ?? []).some((one) => !!(one.family ?? one.text ?? one.given?.[0])?.trim()),
    birthDate: record.birthDate,
    numberShared,
    deceased: record.deceasedBoolean === true || record.deceasedDateTime !== undefined,
    active: record.active !== false,
    replaced: replacing.length > 0 || replacedBy.length > 0,
    replacedBy: [...new Set(replacedBy)],
    restricted: (record.meta.security ?? []).some(
      (one) => one.system === system.confidentiality && (one.code === 'R' || one.code === 'V'),
    ),
    person,
  };
  return {
    fact: { kind: 'found', patient },
    person,
    records: [...linked.keys()],
    identifiers: record.identifier ?? [],
  };
}

/** To whom a request is to go, one for each that it lists. Errors: StoreError. */
export function recipientsOf(
  store: FhirStore,
  request: CommunicationRequest,
  subject: ResolvedSubject,
  now: Date,
): Promise<RecipientFact[]> {
  return Promise.all((request.recipient ?? []).map((one) => recipientOf(store, one, subject, now)));
}

/** The type of resource that a reference leads to, as far as the reference tells. */
export function referenceType(reference: Reference): string | undefined {
  const [, type] = localPattern.exec(reference.reference ?? '') ?? [];
  if (type !== undefined) return type;
  if (reference.type !== undefined) return reference.type;
  if (reference.identifier?.system === system.sdsUserId) return 'Practitioner';
  return reference.identifier?.system === system.odsCode ? 'Organization' : undefined;
}

async function recipientOf(
  store: FhirStore,
  reference: Reference,
  subject: ResolvedSubject,
  now: Date,
): Promise<RecipientFact> {
  switch (referenceType(reference)) {
    case 'Practitioner':
    case 'PractitionerRole':
    case 'CareTeam':
    case 'Organization':
    case 'HealthcareService':
      return { kind: 'colleague' };
    case 'Device':
    case 'Group':
      return { kind: 'not-a-person' };
    case 'Patient':
      return patientRecipient(store, reference, subject, now);
    case 'RelatedPerson':
      return proxyRecipient(store, reference, subject);
    default:
      break;
  }
  const { identifier } = reference;
  if (reference.reference !== undefined || !identifier?.value) return { kind: 'nobody' };
  if (subject.identifiers.some((one) => isCurrent(one, now) && sameIdentifier(one, identifier))) {
    return { kind: 'patient', isSubject: true };
  }
  const proxy = await proxyRecipient(store, reference, subject);
  return proxy.kind === 'nobody' ? patientRecipient(store, reference, subject, now) : proxy;
}

async function patientRecipient(
  store: FhirStore,
  reference: Reference,
  subject: ResolvedSubject,
  now: Date,
): Promise<RecipientFact> {
  const resolved = await resolvePatient(store, reference, now);
  if (resolved.kind === 'mismatch') return { kind: 'mismatch' };
  if (resolved.kind !== 'found') return { kind: 'nobody' };
  const isSubject = subject.fact.kind === 'found' && subject.fact.patient.reference === `Patient/${resolved.record.id}`;
  return { kind: 'patient', isSubject };
}

async function proxyRecipient(
  store: FhirStore,
  reference: Reference,
  subject: ResolvedSubject,
): Promise<RecipientFact> {
  const { identifier } = reference;
  let record: Stored<RelatedPerson> | undefined;
  if (reference.reference !== undefined) {
    const id = localReference(reference.reference, 'RelatedPerson')?.split('/')[1];
    record = id === undefined ? undefined : await store.read('RelatedPerson', id);
    if (
      record !== undefined &&
      identifier?.value &&
      !(record.identifier ?? []).some((one) => sameIdentifier(one, identifier))
    ) {
      return { kind: 'mismatch' };
    }
  } else if (identifier?.system && identifier.value && subject.records.length > 0) {
    const found = await searchAll(store, 'RelatedPerson', [
      ['patient', subject.records.join(',')],
      ['identifier', token(identifier.system, canonicalValue(identifier))],
    ]);
    // Two people with one number: it is not certain who is meant.
    record = found.length === 1 ? found[0] : undefined;
  }
  if (record === undefined) return { kind: 'nobody' };
  const { patient } = record;
  const literal = localReference(patient.reference, 'Patient');
  const isOfSubject =
    literal !== undefined
      ? subject.records.includes(literal)
      : patient.identifier !== undefined &&
        subject.identifiers.some((one) => sameIdentifier(one, patient.identifier as Identifier));
  return { kind: 'related-person', isOfSubject, person: personOf(record, `RelatedPerson/${record.id}`) };
}

type Resolved = { readonly kind: 'found'; readonly record: Stored<Patient> } | Exclude<SubjectFact, { kind: 'found' }>;

async function resolvePatient(store: FhirStore, reference: Reference | undefined, now: Date): Promise<Resolved> {
  if (reference === undefined) return { kind: 'none' };
  const type = referenceType(reference);
  if (type === 'Group') return { kind: 'group' };
  if (type !== undefined && type !== 'Patient') return { kind: 'not-a-patient' };
  const { identifier } = reference;
  if (reference.reference !== undefined) {
    const id = localReference(reference.reference, 'Patient')?.split('/')[1];
    const record = id === undefined ? undefined : await store.read('Patient', id);
    if (record === undefined) return { kind: 'dangling' };
    const agrees =
      !identifier?.value ||
      (record.identifier ?? []).some((one) => isCurrent(one, now) && sameIdentifier(one, identifier));
    return agrees ? { kind: 'found', record } : { kind: 'mismatch' };
  }
  if (!identifier?.value) return { kind: 'none' };
  if (!identifier.system) return { kind: 'unknown-number' };
  const value = canonicalValue(identifier);
  if (identifier.system === system.nhsNumber && !isNhsNumber(value)) return { kind: 'invalid-number' };
  const matches = await searchAll(store, 'Patient', [['identifier', token(identifier.system, value)]]);
  const holders = matches.filter((record) =>
    (record.identifier ?? []).some((one) => isCurrent(one, now) && sameIdentifier(one, identifier)),
  );
  // A merged record may keep the number of the one that replaces it; the number then means the survivor.
  const surviving = holders.filter((one) => !isReplaced(one, holders));
  const [record, second] = surviving.length > 0 ? surviving : holders;
  if (record === undefined) return { kind: 'unknown-number' };
  return second === undefined ? { kind: 'found', record } : { kind: 'several' };
}

async function isNumberShared(
  store: FhirStore,
  record: Stored<Patient>,
  numbers: readonly string[],
  now: Date,
): Promise<boolean> {
  for (const number of numbers.filter(isNhsNumber)) {
    const matches = await searchAll(store, 'Patient', [['identifier', token(system.nhsNumber, number)]]);
    const holders = matches.filter((one) => nhsNumbersOf(one, now).includes(number));
    const others = holders.filter((one) => one.id !== record.id);
    const isMerged = (one: Stored<Patient>) =>
      isReplaced(one, holders) || replaces(one, `Patient/${record.id}`) || isReplacedBy(record, `Patient/${one.id}`);
    if (others.some((one) => !isMerged(one))) return true;
  }
  return false;
}

/**
 * Every record that links with this one, however many steps away and in whichever direction, by reference; this one
 * included. What is on any of them counts for the person.
 */
async function linkedRecords(store: FhirStore, start: Stored<Patient>): Promise<Map<string, Stored<Patient>>> {
  const found = new Map([[`Patient/${start.id}`, start]]);
  let fresh = [...found.entries()];
  while (fresh.length > 0) {
    const named = fresh.flatMap(([, one]) =>
      (one.link ?? []).flatMap(({ other }) => localReference(other.reference, 'Patient') ?? []),
    );
    const wanted = [...new Set(named)].filter((one) => !found.has(one));
    const [forward, back] = await Promise.all([
      Promise.all(wanted.map((one) => store.read('Patient', one.slice('Patient/'.length)))),
      searchAll(store, 'Patient', [['link', fresh.map(([reference]) => reference).join(',')]]),
    ]);
    fresh = [...forward, ...back]
      .filter((one) => one !== undefined)
      .map((one): [string, Stored<Patient>] => [`Patient/${one.id}`, one])
      .filter(([reference]) => !found.has(reference));
    for (const [reference, record] of fresh) found.set(reference, record);
  }
  return found;
}

const isReplaced = (record: Stored<Patient>, others: readonly Stored<Patient>[]): boolean =>
  (record.link ?? []).some((one) => one.type === 'replaced-by') ||
  others.some((one) => replaces(one, `Patient/${record.id}`));

const isReplacedBy = (record: Patient, other: string): boolean =>
  (record.link ?? []).some(
    (one) => one.type === 'replaced-by' && localReference(one.other.reference, 'Patient') === other,
  );

const replaces = (record: Patient, other: string): boolean =>
  (record.link ?? []).some(
    (one) => one.type === 'replaces' && localReference(one.other.reference, 'Patient') === other,
  );

function nhsNumbersOf(record: Patient, now: Date): string[] {
  const numbers = (record.identifier ?? [])
    .filter((one) => one.system === system.nhsNumber && isCurrent(one, now))
    .flatMap((one) => (one.value?.trim() ? [compactNhsNumber(one.value)] : []));
  return [...new Set(numbers)];
}

const isCurrent = (one: Identifier, now: Date): boolean => one.use !== 'old' && holdsAt(intervalOf(one.period), now);

/** An identifier without a system agrees with any that has its value. */
function sameIdentifier(held: Identifier, given: Identifier): boolean {
  if (given.system !== undefined && held.system !== given.system) return false;
  return held.value !== undefined && canonicalValue(held) === canonicalValue(given);
}

const canonicalValue = ({ system: of, value = '' }: Identifier): string =>
  of === system.nhsNumber ? compactNhsNumber(value) : value.trim();

const localPattern = /^([A-Z][A-Za-z]+)\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[A-Za-z0-9.-]{1,64})?$/;

/** `Type/id` of a relative reference to that type, without a version; `undefined` for every other. */
export function localReference(reference: string | undefined, type: string): string | undefined {
  const [, found, id] = localPattern.exec(reference ?? '') ?? [];
  return found === type && id !== undefined ? `${type}/${id}` : undefined;
}

/** A token as a search takes it. */
const token = (of: string, value: string): string => `${searchText(of)}|${searchText(value)}`;

/** A value for a search, with FHIR's own separators escaped. */
export function searchText(value: string): string {
  return value.replace(/[\\,$|]/g, '\\$&');
}
