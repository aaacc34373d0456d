import type { Consent, Patient } from '@medplum/fhirtypes';
import type { Clock } from '../clock.ts';
import type { Channel } from '../policy/channel.ts';
import type { Objection } from '../policy/consent-facts.ts';
import type { EndpointFact } from '../policy/message-facts.ts';
import type { PersonFact } from '../policy/person-facts.ts';
import type { Policy } from '../policy/policy.ts';
import { type DigitalChannel, isReachedByLetter, outOfDigitalReach, type Shut } from '../policy/reach.ts';
import { endpointsOf } from '../send/gather-catalogue.ts';
import { closedNumbersOf, type Fingerprint, withClosed } from '../send/gather-checks.ts';
import { personOf } from '../send/gather-contacts.ts';
import { objectionCategory, objectionOf } from '../send/gather-objections.ts';
import { isDeceased } from '../send/gather-people.ts';
import { isReplaced, linkedRecords, partsOf, replacementsIn } from '../send/linked-records.ts';
import { localReference } from '../send/naming.ts';
import { type FhirStore, type Stored, searchAll, searchEach } from '../store/fhir-store.ts';

export interface FindDeps {
  readonly store: FhirStore;
  readonly clock: Clock;
  readonly policy: Policy;
  readonly fingerprint: Fingerprint;
  /** Channels for which a provider is set up. */
  readonly providerChannels: readonly Channel[];
}

/** Somebody whom no digital channel reaches, and why. */
export interface Unreached {
  /** `Patient/id`. */
  readonly patient: string;
  readonly why: Readonly<Record<DigitalChannel, Shut>>;
  readonly byLetter: boolean;
}

/** People looked at in one turn of the store: their names and numbers must fit into the address of a search. */
const AT_ONCE = 25;

/**
 * Every living person with a record in use whom no digital channel reaches (TWO-7), in the order of the store and never
 * all of them at once. Errors: StoreError, at any step; what came until then is not all.
 */
export async function* unreached(deps: FindDeps): AsyncGenerator<Unreached> {
  const endpoints = await endpointsOf(deps.store);
  let some: Stored<Patient>[] = [];
  // R4 has no search for every Patient that all servers answer in pages alike; this one is as good as that.
  for await (const one of searchEach(deps.store, 'Patient', [['_lastUpdated', 'ge1900-01-01']])) {
    if (one.active === false || isDeceased(one)) continue;
    some.push(one);
    if (some.length < AT_ONCE) continue;
    yield* await unreachedAmong(deps, endpoints, some);
    some = [];
  }
  yield* await unreachedAmong(deps, endpoints, some);
}

async function unreachedAmong(
  deps: FindDeps,
  endpoints: readonly EndpointFact[],
  asked: readonly Stored<Patient>[],
): Promise<Unreached[]> {
  if (asked.length === 0) return [];
  const { store, policy, providerChannels, fingerprint } = deps;
  const now = deps.clock.now();
  const records = [...(await linkedRecords(store, asked)).values()];
  const links = replacementsIn(records);
  const parts = partsOf(records);
  const living = asked.filter((one) => !isReplaced(one, links) && !partOf(parts, one).some(isDeceased));
  const people = living.map((one) => ({ record: one, person: personOf(one, `Patient/${one.id}`, now) }));
  const contacts = people.flatMap(({ person }) => person.contacts);
  const [consents, closed] = await Promise.all([
    objectionsOn(
      store,
      living.flatMap((one) => partOf(parts, one)),
    ),
    closedNumbersOf(store, { contacts }, undefined, fingerprint),
  ]);
  return people.flatMap(({ record, person }): Unreached[] => {
    const own = partOf(parts, record).map(({ id }) => `Patient/${id}`);
    const objections = consents.flatMap(({ patient, objection }) => (own.includes(patient) ? [objection] : []));
    const reached = withClosed(person, closed) satisfies PersonFact;
    const facts = { now, policy, endpoints, providerChannels, objections, person: reached };
    const why = outOfDigitalReach(facts);
    return why === undefined ? [] : [{ patient: person.reference, why, byLetter: isReachedByLetter(facts) }];
  });
}

type Parts = ReturnType<typeof partsOf<Stored<Patient>>>;

/** All records of one person, this one among them. */
const partOf = (parts: Parts, record: Stored<Patient>): readonly Stored<Patient>[] =>
  parts.get(`Patient/${record.id}`) ?? [record];

async function objectionsOn(
  store: FhirStore,
  records: readonly Stored<Patient>[],
): Promise<{ readonly patient: string; readonly objection: Objection }[]> {
  if (records.length === 0) return [];
  const consents = await searchAll(store, 'Consent', [
    ['patient', records.map(({ id }) => `Patient/${id}`).join(',')],
    ['category', objectionCategory],
    ['status', 'active,proposed'],
  ]);
  return consents.flatMap((one: Stored<Consent>) => {
    const patient = localReference(one.patient?.reference, 'Patient');
    return patient === undefined ? [] : [{ patient, objection: objectionOf(one) }];
  });
}
