import type { Communication, Consent, Patient, RelatedPerson, Resource } from '@medplum/fhirtypes';
import type { Warning } from '../policy/decision.ts';
import { objectingProxy, objectionCategory } from '../send/gather-objections.ts';
import { holdersOf } from '../send/gather-people.ts';
import { linkedRecords } from '../send/linked-records.ts';
import { localReference, nhsNumbersOf } from '../send/naming.ts';
import { type FhirStore, type Stored, searchAll } from '../store/fhir-store.ts';
import { recordsOf } from './concerned.ts';
import type { ObjectionDeps } from './deps.ts';
import { type Person, withoutDetails } from './details.ts';
import { copiesOf, isRemoving, maskedMessage, removalOf } from './removal.ts';

type Deps = Pick<ObjectionDeps, 'store' | 'clock' | 'fingerprint'>;

/** What whoever wrote the record is told; it names no detail. */
const leftOut: Warning = {
  code: 'detail-removed',
  clause: 'OBJ-8',
  text: 'Contact details of this person put them at risk and stay out of the record: what was sent of them was not kept.',
};

/**
 * OBJ-8: a Patient or RelatedPerson as it may be kept, without the details that an objection removed, new ones of the
 * same channel included; and what its writer is told of that. Errors: StoreError.
 */
export async function keptOut<T extends Resource & { id: string }>(
  deps: Deps,
  resource: T,
): Promise<{ readonly resource: T; readonly warnings: readonly Warning[] }> {
  const person = resource as unknown as Person & { id: string };
  const detailed = [person.telecom, person.address, (person as Patient).contact].some((one) => (one ?? []).length > 0);
  if (!detailed) return { resource, warnings: [] };
  const kept = person.resourceType === 'Patient' ? await patient(deps, person) : await related(deps, person);
  return kept === person ? { resource, warnings: [] } : { resource: kept as unknown as T, warnings: [leftOut] };
}

async function patient(deps: Deps, person: Patient & { id: string }): Promise<Person> {
  const now = deps.clock.now();
  const records = await recordsOf(deps.store, person, now);
  const removing = await removingOn(deps.store, records, now);
  return removing
    .filter((one) => objectingProxy(one) === undefined)
    .reduce<Person>((kept, one) => withoutDetails(kept, removalOf(one), deps.fingerprint), person);
}

async function related(deps: Deps, person: RelatedPerson & { id: string }): Promise<Person> {
  const { store, fingerprint } = deps;
  const now = deps.clock.now();
  const self = `RelatedPerson/${person.id}`;
  const id = localReference(person.patient?.reference, 'Patient')?.split('/')[1];
  const [of, holders, linked, own] = await Promise.all([
    id === undefined ? undefined : store.read('Patient', id),
    holdersOf(store, nhsNumbersOf(person, now), now),
    searchAll(store, 'Patient', [['link', self]]),
    searchAll(store, 'Consent', [
      ['actor', self],
      ['category', objectionCategory],
    ]),
  ]);
  const start = [...(of === undefined ? [] : [of]), ...holders, ...linked];
  const records = start.length === 0 ? [] : [...(await linkedRecords(store, start)).values()];
  const copies = (await removingOn(store, records, now)).filter((one) => objectingProxy(one) === undefined);
  const theirs = own.filter((one) => objectingProxy(one) === self && isRemoving(one, now));
  const without = copies.reduce<Person>(
    (kept, one) => withoutDetails(kept, copiesOf(removalOf(one)), fingerprint),
    person,
  );
  return theirs.reduce<Person>((kept, one) => withoutDetails(kept, removalOf(one), fingerprint), without);
}

/**
 * The same for a message as it is recorded: it keeps where it went, which is not shown to everybody if that is a removed
 * detail. Errors: StoreError.
 */
export async function keptMasked<T extends Communication>(deps: Deps, message: T): Promise<T> {
  const id = localReference(message.subject?.reference, 'Patient')?.split('/')[1];
  const record = id === undefined ? undefined : await deps.store.read('Patient', id);
  if (record === undefined) return message;
  const now = deps.clock.now();
  const records = await recordsOf(deps.store, record, now);
  const patients = records.map((one) => `Patient/${one.id}`);
  const removing = await removingOn(deps.store, records, now);
  return removing.reduce((kept, one) => {
    const proxy = objectingProxy(one);
    const names = new Set(proxy === undefined ? patients : [proxy]);
    return maskedMessage(kept, names, removalOf(one), deps.fingerprint);
  }, message);
}

/** The objections on these records that keep contact details out of them. */
async function removingOn(
  store: FhirStore,
  records: readonly Stored<Patient>[],
  now: Date,
): Promise<Stored<Consent>[]> {
  if (records.length === 0) return [];
  const found = await searchAll(store, 'Consent', [
    ['patient', records.map((one) => `Patient/${one.id}`).join(',')],
    ['category', objectionCategory],
    ['status', 'active,proposed'],
  ]);
  return found.filter((one) => isRemoving(one, now));
}
