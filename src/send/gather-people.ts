import type { CommunicationRequest, Identifier, Patient, Reference, RelatedPerson } from '@medplum/fhirtypes';
import { system } from '../canonical.ts';
import { always, never, readableIntervalOf } from '../policy/london.ts';
import { isNhsNumber } from '../policy/nhs-number.ts';
import type { PatientFact, PersonFact, RecipientFact, SubjectFact } from '../policy/person-facts.ts';
import { type FhirStore, type Stored, searchAll } from '../store/fhir-store.ts';
import { personOf } from './gather-contacts.ts';
import { isReplaced, isSamePerson, linkedRecords, replacementsIn, survivorsOf } from './linked-records.ts';
import {
  canonicalValue,
  currentIdentifiers,
  isCurrent,
  localReference,
  nhsNumbersOf,
  referenceType,
  sameIdentifier,
  tokens,
} from './naming.ts';

/** The subject as resolved, and what else is known to be the same person. */
export interface ResolvedSubject {
  readonly fact: SubjectFact;
  readonly person: PersonFact | undefined;
  /** `Patient/id` of this record and of all that are linked with it, in either direction. */
  readonly records: readonly string[];
  readonly identifiers: readonly Identifier[];
  /** Those in use, on this record and on the linked ones. */
  readonly allIdentifiers: readonly Identifier[];
}

/** A recipient as resolved. `record`: that of somebody who is named in the patient's stead. */
export interface ResolvedRecipient {
  readonly fact: RecipientFact;
  readonly record?: Stored<RelatedPerson>;
}

/** Whom a request is about. Errors: StoreError. */
export async function subjectOf(store: FhirStore, request: CommunicationRequest, now: Date): Promise<ResolvedSubject> {
  const resolved = await resolvePatient(store, request.subject, now);
  if (resolved.kind !== 'found') return { ...nobody, fact: resolved };
  const { record } = resolved;
  const reference = `Patient/${record.id}`;
  const numbers = nhsNumbersOf(record, now);
  const [linked, holders] = await Promise.all([linkedRecords(store, [record]), holdersOf(store, numbers, now)]);
  const records = [...linked.values()];
  const links = replacementsIn([...records, ...holders]);
  const person = personOf(record, reference, now);
  const survivors = survivorsOf(reference, links);
  const patient: PatientFact = {
    reference,
    nhsNumbers: numbers,
    hasLocalNumber: (record.identifier ?? []).some(
      (one) =>
        isCurrent(one, now) && one.system !== undefined && one.system !== system.nhsNumber && !!one.value?.trim(),
    ),
    hasName: (record.name ?? []).some((one) => !!(one.family ?? one.text ?? one.given?.[0])?.trim()),
    birthDate: record.birthDate,
    numberShared: holders.some((one) => !isSamePerson(one, reference, links)),
    deceased: records.some(isDeceased),
    active: record.active !== false,
    replaced: (record.link ?? []).some((one) => one.type === 'replaced-by') || survivors.length > 0,
    replacedBy: survivors,
    restricted: records.some(isRestricted),
    person,
  };
  return {
    fact: { kind: 'found', patient },
    person,
    records: [...linked.keys()],
    identifiers: record.identifier ?? [],
    allIdentifiers: records.flatMap((one) => currentIdentifiers(one, now)),
  };
}

const nobody = { person: undefined, records: [], identifiers: [], allIdentifiers: [] } as const;

export const isDeceased = (one: Patient): boolean => one.deceasedBoolean === true || one.deceasedDateTime !== undefined;

const isRestricted = (one: Patient): boolean =>
  (one.meta?.security ?? []).some(
    ({ system: of, code }) => of === system.confidentiality && (code === 'R' || code === 'V'),
  );

/** To whom a request is to go, one for each that it lists. Errors: StoreError. */
export function recipientsOf(
  store: FhirStore,
  request: CommunicationRequest,
  subject: ResolvedSubject,
  now: Date,
): Promise<ResolvedRecipient[]> {
  return Promise.all((request.recipient ?? []).map((one) => recipientOf(store, one, subject, now)));
}

async function recipientOf(
  store: FhirStore,
  reference: Reference,
  subject: ResolvedSubject,
  now: Date,
): Promise<ResolvedRecipient> {
  switch (referenceType(reference)) {
    case 'Practitioner':
    case 'PractitionerRole':
    case 'CareTeam':
    case 'Organization':
    case 'HealthcareService':
      return { fact: { kind: 'colleague' } };
    case 'Device':
    case 'Group':
      return { fact: { kind: 'not-a-person' } };
    case 'Patient':
      return { fact: await patientRecipient(store, reference, subject, now) };
    case 'RelatedPerson':
      return proxyRecipient(store, reference, subject, now);
    default:
      break;
  }
  const { identifier } = reference;
  if (reference.reference !== undefined || !identifier?.value) return { fact: { kind: 'nobody' } };
  if (subject.identifiers.some((one) => isCurrent(one, now) && sameIdentifier(one, identifier))) {
    return { fact: { kind: 'patient', isSubject: true } };
  }
  const proxy = await proxyRecipient(store, reference, subject, now);
  return proxy.fact.kind === 'nobody' ? { fact: await patientRecipient(store, reference, subject, now) } : proxy;
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
  now: Date,
): Promise<ResolvedRecipient> {
  const { identifier } = reference;
  const isNamed = (record: RelatedPerson): boolean =>
    identifier !== undefined && currentIdentifiers(record, now).some((one) => sameIdentifier(one, identifier));
  let record: Stored<RelatedPerson> | undefined;
  if (reference.reference !== undefined) {
    const id = localReference(reference.reference, 'RelatedPerson')?.split('/')[1];
    record = id === undefined ? undefined : await store.read('RelatedPerson', id);
    if (record !== undefined && identifier?.value && !isNamed(record)) return { fact: { kind: 'mismatch' } };
  } else if (identifier?.system && identifier.value && subject.records.length > 0) {
    const found = await searchAll(store, 'RelatedPerson', [
      ['patient', subject.records.join(',')],
      ['identifier', tokens(identifier.system, canonicalValue(identifier))],
    ]);
    const named = found.filter(isNamed);
    // Two people with one number: it is not certain who is meant.
    record = named.length === 1 ? named[0] : undefined;
  }
  if (record === undefined) return { fact: { kind: 'nobody' } };
  const fact: RecipientFact = {
    kind: 'related-person',
    isOfSubject: isOfSubject(record.patient, subject),
    person: personOf(record, `RelatedPerson/${record.id}`, now),
    active: record.active !== false,
    valid: record.period === undefined ? always : (readableIntervalOf(record.period) ?? never),
    // Not looked for here: see `proxyFactsOf`.
    deceased: false,
  };
  return { fact, record };
}

/** Whether a reference to a patient means the subject, by any record of theirs; a number beside it must not disagree. */
export function isOfSubject(
  { reference, identifier }: Reference,
  subject: Pick<ResolvedSubject, 'records' | 'allIdentifiers'>,
): boolean {
  const literal = localReference(reference, 'Patient');
  if (reference !== undefined && (literal === undefined || !subject.records.includes(literal))) return false;
  if (!identifier?.value) return literal !== undefined;
  const agrees = subject.allIdentifiers.some((one) => sameIdentifier(one, identifier));
  // A number that Herald does not know of says nothing against the reference, unless it is one of the same system.
  const known = subject.allIdentifiers.some((one) => one.system === identifier.system);
  return agrees || (literal !== undefined && !known);
}

/** Whether a reference names this person: literally, or by an identifier that they have now; never both disagreeing. */
export function namesPerson({ reference, identifier }: Reference, record: Stored<RelatedPerson>, now: Date): boolean {
  const literal = localReference(reference, 'RelatedPerson');
  if (reference !== undefined && literal !== `RelatedPerson/${record.id}`) return false;
  if (!identifier?.value) return literal !== undefined;
  if (identifier.system === undefined) return literal !== undefined;
  return currentIdentifiers(record, now).some((one) => sameIdentifier(one, identifier));
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
    const agrees = !identifier?.value || currentIdentifiers(record, now).some((one) => sameIdentifier(one, identifier));
    return agrees ? { kind: 'found', record } : { kind: 'mismatch' };
  }
  if (!identifier?.value) return { kind: 'none' };
  if (!identifier.system) return { kind: 'unknown-number' };
  const value = canonicalValue(identifier);
  if (identifier.system === system.nhsNumber && !isNhsNumber(value)) return { kind: 'invalid-number' };
  const matches = await searchAll(store, 'Patient', [['identifier', tokens(identifier.system, value)]]);
  const holders = matches.filter((record) =>
    currentIdentifiers(record, now).some((one) => sameIdentifier(one, identifier)),
  );
  const surviving = await survivingAmong(store, holders);
  const [record, second] = surviving.length > 0 ? surviving : holders;
  if (record === undefined) return { kind: 'unknown-number' };
  return second === undefined ? { kind: 'found', record } : { kind: 'several' };
}

/**
 * A merged record may keep the number of the one that replaces it; the number then means the survivor. Errors: StoreError.
 */
export async function survivingAmong(
  store: FhirStore,
  holders: readonly Stored<Patient>[],
): Promise<Stored<Patient>[]> {
  const among = (known: readonly Stored<Patient>[]): Stored<Patient>[] => {
    const links = replacementsIn(known);
    return holders.filter((one) => !isReplaced(one, links));
  };
  const surviving = among(holders);
  // The link between two of them may lead over a third that no longer has the number.
  return surviving.length < 2 ? surviving : among([...(await linkedRecords(store, holders)).values()]);
}

/** Every record that has one of these NHS numbers now. */
export async function holdersOf(store: FhirStore, numbers: readonly string[], now: Date): Promise<Stored<Patient>[]> {
  const valid = numbers.filter(isNhsNumber);
  if (valid.length === 0) return [];
  const wanted = valid.map((one) => tokens(system.nhsNumber, one)).join(',');
  const found = await searchAll(store, 'Patient', [['identifier', wanted]]);
  return found.filter((one) => nhsNumbersOf(one, now).some((number) => valid.includes(number)));
}
