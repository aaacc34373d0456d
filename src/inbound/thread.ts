import type { Communication, HealthcareService } from '@medplum/fhirtypes';
import { codeSystem, structureDefinition } from '../canonical.ts';
import type { Policy } from '../policy/policy.ts';
import { namedType } from '../send/gather-catalogue.ts';
import { servicesOf } from '../send/gather-labels.ts';
import { type Opening, openingOfPolicy, openingOfServices } from '../send/opening.ts';
import { type FhirStore, type Stored, searchEach } from '../store/fhir-store.ts';
import { comparable } from './phone-forms.ts';
import type { Sender } from './senders.ts';

/** The statuses of a message that went out, whatever became of it there. */
const went: readonly Communication['status'][] = ['in-progress', 'completed', 'stopped', 'unknown'];

/**
 * The last text that was sent to a number before an instant: what a text from there answers (TWO-1). `people`: those
 * whose number it is or was. Errors: StoreError.
 */
export async function lastTextTo(
  store: FhirStore,
  e164: string,
  people: readonly Sender[],
  before: string,
): Promise<Stored<Communication> | undefined> {
  if (people.length === 0) return undefined;
  const sent = searchEach(store, 'Communication', [
    ['recipient', [...new Set(people.map((one) => one.person))].join(',')],
    ['medium', `${codeSystem('channel')}|sms`],
    ['sent', `le${before}`],
  ]);
  let last: Stored<Communication> | undefined;
  for await (const one of sent) {
    if (!went.includes(one.status) || numberOf(one) !== e164) continue;
    if (last === undefined || Date.parse(last.sent ?? '') <= Date.parse(one.sent ?? '')) last = one;
  }
  return last;
}

/** The number that a text went to or came from, as numbers are compared. */
export function numberOf({ extension = [] }: Communication): string | undefined {
  const used = extension.find((one) => one.url === structureDefinition('contact-point-used'))?.valueContactPoint;
  return used?.value === undefined ? undefined : comparable(used.value);
}

/** Who answers in a conversation, and when they are there. */
export interface Team {
  /** `HealthcareService/id`; `undefined` where the message type names no service, or more than one has it. */
  readonly reference: string | undefined;
  readonly opening: Opening;
  /** The team's own number, as it is on record. */
  readonly phone: string | undefined;
}

/** The team of the message that is answered (contract 3.2), or else what the policy says for all. Errors: StoreError. */
export async function teamOf(
  store: FhirStore,
  answered: Communication | undefined,
  policy: Policy,
  now: Date,
): Promise<Team> {
  const general = openingOfPolicy(policy.teamHours);
  const canonical = answered?.instantiatesCanonical?.[0];
  if (canonical === undefined) return { reference: undefined, opening: general, phone: undefined };
  const services: Stored<HealthcareService>[] = await servicesOf(store, await namedType(store, canonical, now));
  const [only, second] = services.filter((one) => one.active !== false);
  return {
    reference: only === undefined || second !== undefined ? undefined : `HealthcareService/${only.id}`,
    opening: openingOfServices(services, policy.teamHours) ?? general,
    phone: second === undefined ? phoneOf(only) : undefined,
  };
}

const phoneOf = (service: HealthcareService | undefined): string | undefined =>
  service?.telecom?.find((one) => one.system === 'phone' && one.use !== 'old' && one.value?.trim())?.value?.trim();
