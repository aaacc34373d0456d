import type { Consent, Patient, RelatedPerson } from '@medplum/fhirtypes';
import { system } from '../canonical.ts';
import { objectingProxy } from '../send/gather-objections.ts';
import { holdersOf } from '../send/gather-people.ts';
import { linkedRecords } from '../send/linked-records.ts';
import { localReference, nhsNumbersOf, tokens } from '../send/naming.ts';
import { type FhirStore, type Stored, searchAll } from '../store/fhir-store.ts';

/** All the records that an objection is about. */
export interface Concerned {
  /** Whose objection it is: their records, merged ones and those of the same NHS number included. */
  readonly own: readonly (Stored<Patient> | Stored<RelatedPerson>)[];
  /** Other records that may hold copies of their contact details. */
  readonly others: readonly Stored<RelatedPerson>[];
}

/** Errors: StoreError. */
export async function concernedBy(store: FhirStore, consent: Consent, now: Date): Promise<Concerned> {
  const proxy = objectingProxy(consent);
  if (proxy !== undefined) return concernedProxy(store, proxy, now);
  const id = localReference(consent.patient?.reference, 'Patient')?.split('/')[1];
  const record = id === undefined ? undefined : await store.read('Patient', id);
  if (record === undefined) return { own: [], others: [] };
  const own = await recordsOf(store, record, now);
  return { own, others: await relatedTo(store, own, now) };
}

/** Every record of the person whose record this is; it need not be stored yet. Errors: StoreError. */
export async function recordsOf(
  store: FhirStore,
  record: Patient & { id: string },
  now: Date,
): Promise<Stored<Patient>[]> {
  const holders = await holdersOf(store, nhsNumbersOf(record, now), now);
  const start = [record as Stored<Patient>, ...holders.filter((one) => one.id !== record.id)];
  return [...(await linkedRecords(store, start)).values()];
}

/** Those who are recorded for the person, and the person themselves where they act for somebody else. */
async function relatedTo(
  store: FhirStore,
  own: readonly Stored<Patient>[],
  now: Date,
): Promise<Stored<RelatedPerson>[]> {
  const numbers = own.flatMap((one) => nhsNumbersOf(one, now));
  const links = own.flatMap((one) => (one.link ?? []).map(({ other }) => other.reference));
  const named = links.flatMap((one) => localReference(one, 'RelatedPerson')?.slice('RelatedPerson/'.length) ?? []);
  const [theirs, byNumber, byLink] = await Promise.all([
    searchAll(store, 'RelatedPerson', [['patient', own.map((one) => `Patient/${one.id}`).join(',')]]),
    relatedByNumber(store, numbers),
    Promise.all([...new Set(named)].map((id) => store.read('RelatedPerson', id))),
  ]);
  const found = [...theirs, ...byNumber, ...byLink].filter((one) => one !== undefined);
  return [...new Map(found.map((one) => [one.id, one])).values()];
}

async function concernedProxy(store: FhirStore, proxy: string, now: Date): Promise<Concerned> {
  const record = await store.read('RelatedPerson', proxy.slice('RelatedPerson/'.length));
  if (record === undefined) return { own: [], others: [] };
  const others = await relatedByNumber(store, nhsNumbersOf(record, now));
  return { own: [record], others: others.filter((one) => one.id !== record.id) };
}

async function relatedByNumber(store: FhirStore, numbers: readonly string[]): Promise<Stored<RelatedPerson>[]> {
  if (numbers.length === 0) return [];
  const wanted = [...new Set(numbers)].map((one) => tokens(system.nhsNumber, one)).join(',');
  return searchAll(store, 'RelatedPerson', [['identifier', wanted]]);
}
