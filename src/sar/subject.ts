import type { Patient, Reference, RelatedPerson } from '@medplum/fhirtypes';
import { system } from '../canonical.ts';
import { AppError } from '../errors.ts';
import { isDeceased } from '../send/gather-people.ts';
import { linkedRecords } from '../send/linked-records.ts';
import { localReference, tokens } from '../send/naming.ts';
import { type FhirStore, type Stored, searchAll } from '../store/fhir-store.ts';

/** Whose history it is, on however many records, and who acts for them (SAR-1). */
export interface AccessSubject {
  readonly patient: Stored<Patient>;
  /** All records of theirs, this one first. */
  readonly records: readonly Stored<Patient>[];
  /** `Patient/id` of those. */
  readonly references: readonly string[];
  /** Those who act or acted for them. */
  readonly proxies: readonly Stored<RelatedPerson>[];
  /** Themselves, as they act for others. */
  readonly acting: readonly Stored<RelatedPerson>[];
}

/** Errors: AppError NOT_FOUND; StoreError. */
export async function accessSubject(store: FhirStore, patientId: string): Promise<AccessSubject> {
  const patient = await store.read('Patient', patientId);
  if (patient === undefined) throw new AppError('NOT_FOUND', `There is no Patient/${patientId}.`);
  const linked = [...(await linkedRecords(store, [patient])).values()];
  const records = [patient, ...linked.filter((one) => one.id !== patient.id)];
  const references = records.map((one) => `Patient/${one.id}`);
  const [proxies, acting] = await Promise.all([
    searchAll(store, 'RelatedPerson', [['patient', references.join(',')]]),
    actingOf(store, records),
  ]);
  return {
    patient,
    records,
    references,
    proxies: proxies.toSorted(byId),
    acting: acting.filter((one) => !references.includes(localReference(one.patient.reference, 'Patient') ?? '')),
  };
}

/** The person themselves, by every name that a reference has for them. */
export const selfOf = ({ references, acting }: AccessSubject): ReadonlySet<string> =>
  new Set([...references, ...acting.map((one) => `RelatedPerson/${one.id}`)]);

const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);

/** Whether any record of theirs says that the person has died: then another Act applies. */
export const hasDied = ({ records }: Pick<AccessSubject, 'records'>): boolean => records.some(isDeceased);

/** The same for a person whom a reference names; not where there is no such record. Errors: StoreError. */
export async function isOfDeceased(store: FhirStore, reference: Reference | undefined): Promise<boolean> {
  const id = localReference(reference?.reference, 'Patient')?.split('/')[1];
  const patient = id === undefined ? undefined : await store.read('Patient', id);
  if (patient === undefined) return false;
  return hasDied({ records: [...(await linkedRecords(store, [patient])).values()] });
}

/** By their NHS number, whenever they had it, and by what their own record says. */
async function actingOf(store: FhirStore, records: readonly Patient[]): Promise<Stored<RelatedPerson>[]> {
  const numbers = records
    .flatMap((one) => one.identifier ?? [])
    .flatMap((one) => (one.system === system.nhsNumber && one.value?.trim() ? [one.value.replaceAll(' ', '')] : []));
  const named = records
    .flatMap((one) => one.link ?? [])
    .flatMap(({ other }) => localReference(other.reference, 'RelatedPerson') ?? []);
  const wanted = [...new Set(numbers)].map((one) => tokens(system.nhsNumber, one));
  const [byNumber, byLink] = await Promise.all([
    wanted.length === 0 ? [] : searchAll(store, 'RelatedPerson', [['identifier', wanted.join(',')]]),
    Promise.all([...new Set(named)].map((one) => store.read('RelatedPerson', one.slice('RelatedPerson/'.length)))),
  ]);
  const found = [...byNumber, ...byLink].filter((one) => one !== undefined);
  return [...new Map(found.map((one) => [one.id, one])).values()];
}
