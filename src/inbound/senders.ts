import type { ContactPoint, Patient, RelatedPerson } from '@medplum/fhirtypes';
import { holdsAt, intervalOf } from '../policy/london.ts';
import { isDeceased } from '../send/gather-people.ts';
import { isReplaced, linkedRecords, type Replacements, replacementsIn, survivorsOf } from '../send/linked-records.ts';
import { localReference, searchText } from '../send/naming.ts';
import { type FhirStore, type Stored, searchAll } from '../store/fhir-store.ts';
import { comparable, writtenForms } from './phone-forms.ts';

/** Somebody who may have written. */
export interface Sender {
  /** `Patient/id` or `RelatedPerson/id`. */
  readonly person: string;
  /** `Patient/id`: whose record it belongs to. */
  readonly patient: string;
}

export interface Senders {
  /** The one living person or proxy who has the number now (contract 11, VER-1); `undefined`: nobody, or not certainly one. */
  readonly only: Sender | undefined;
  /** All who have the number or had it, living or not, each once. */
  readonly candidates: readonly Sender[];
}

/**
 * Whose a number is. Records that were merged are one person; a number that is marked as old or whose period is over is
 * nobody's any more; a record out of use still says that the number may be its person's, so that it stands in the way of
 * certainty. Errors: StoreError.
 */
export async function sendersOf(store: FhirStore, e164: string, now: Date): Promise<Senders> {
  const forms = writtenForms(e164).map(searchText).join(',');
  const [patients, proxies] = await Promise.all([
    searchAll(store, 'Patient', [['telecom', forms]]),
    searchAll(store, 'RelatedPerson', [['telecom', forms]]),
  ]);
  const found = [...patients, ...proxies].filter((one) => pointsOf(one, e164).length > 0);
  const people = await peopleIn(store, found);
  const claims = found.map((one) => claimOf(one, e164, people, now));
  const holders = distinct(claims.filter((one) => one.holds && !one.dead).map((one) => one.sender));
  const [only, second] = holders;
  const certain =
    only !== undefined && second === undefined && claims.some((one) => one.usable && same(one.sender, only));
  return { only: certain ? only : undefined, candidates: distinct(claims.map((one) => one.sender)) };
}

/** Of a short code, a name, or nothing at all: no number that a person has. */
export const nobodyKnown: Senders = { only: undefined, candidates: [] };

interface Claim {
  readonly sender: Sender;
  /** They have the number now. */
  readonly holds: boolean;
  readonly dead: boolean;
  /** In use, and not replaced by several: a text may be filed here. */
  readonly usable: boolean;
}

interface People {
  readonly records: ReadonlyMap<string, Stored<Patient>>;
  readonly links: Replacements;
}

/** The patients that matter, with all records that are linked with theirs. Errors: StoreError. */
async function peopleIn(
  store: FhirStore,
  found: readonly (Stored<Patient> | Stored<RelatedPerson>)[],
): Promise<People> {
  const own = found.filter((one): one is Stored<Patient> => one.resourceType === 'Patient');
  const ofProxies = found.flatMap((one) =>
    one.resourceType === 'RelatedPerson' ? (localReference(one.patient.reference, 'Patient') ?? []) : [],
  );
  const wanted = [...new Set(ofProxies)].filter((one) => !own.some(({ id }) => one === `Patient/${id}`));
  const read = await Promise.all(wanted.map((one) => store.read('Patient', one.slice('Patient/'.length))));
  const start = [...own, ...read.filter((one) => one !== undefined)];
  if (start.length === 0) return { records: new Map(), links: new Map() };
  const records = await linkedRecords(store, start);
  return { records, links: replacementsIn([...records.values()]) };
}

function claimOf(record: Stored<Patient> | Stored<RelatedPerson>, e164: string, people: People, now: Date): Claim {
  const holds = pointsOf(record, e164).some((one) => one.use !== 'old' && holdsAt(intervalOf(one.period), now));
  if (record.resourceType === 'Patient') {
    const patient = survivor(`Patient/${record.id}`, people);
    const current = people.records.get(patient) ?? record;
    return {
      sender: { person: patient, patient },
      holds,
      dead: isDeceased(record) || isDeceased(current),
      usable: current.active !== false && !isReplaced(current, people.links),
    };
  }
  const named = localReference(record.patient.reference, 'Patient') ?? '';
  const inUse = record.active !== false && holdsAt(intervalOf(record.period), now);
  return {
    sender: { person: `RelatedPerson/${record.id}`, patient: survivor(named, people) },
    // One who acts for the person no more has no say here; they may still have written.
    holds: holds && inUse,
    dead: false,
    usable: people.records.has(named),
  };
}

/** The record that counts in place of a replaced one; itself where that is not certainly one. */
function survivor(reference: string, { links }: People): string {
  const [only, second] = survivorsOf(reference, links);
  return only !== undefined && second === undefined ? only : reference;
}

/** The telephone numbers of a record that are this one, however they are written. */
function pointsOf({ telecom = [] }: Patient | RelatedPerson, e164: string): ContactPoint[] {
  return telecom.filter(
    (one) => (one.system === 'phone' || one.system === 'sms') && comparable(one.value?.trim() ?? '') === e164,
  );
}

const same = (a: Sender, b: Sender): boolean => a.person === b.person && a.patient === b.patient;

function distinct(senders: readonly Sender[]): Sender[] {
  const byName = new Map(senders.map((one) => [`${one.person} ${one.patient}`, one]));
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}
