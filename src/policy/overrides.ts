import { type Channel, channels } from './channel.ts';
import { considered, contactsFor, openEndpoints, textFor } from './choose.ts';
import type { ClauseId } from './clauses.ts';
import { addressee, type KnownFacts } from './facts.ts';
import { holdsAt } from './london.ts';
import type { Override, OverrideGround } from './override-facts.ts';
import { proxyRecipient, reliedOn } from './proxy.ts';
import type { Forbidden } from './rules/rule.ts';

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;

/** How soon an appointment is near enough to be told of despite an objection. */
const IMMINENT_MS = 48 * HOUR;
/** How long a failed attempt speaks against a contact detail. */
const FAILED_WITHIN_MS = 28 * DAY;

/** Why a decision to override does not count, for staff; by the clause that asks for it. */
export interface OverrideFault {
  readonly clause: ClauseId;
  readonly text: string;
}

/** An objection that a decision of somebody lifts for this one message. References: `Consent/id`, `Task/id`. */
export interface AppliedOverride {
  readonly objection: string;
  readonly task: string;
  readonly ground: OverrideGround;
  readonly decidedBy: string;
}

/** The decisions that lift what `forbidden` holds; for each objection the first that is valid (OBJ-6, OBJ-7). */
export function appliedOverrides(facts: KnownFacts, forbidden: readonly Forbidden[]): AppliedOverride[] {
  return objectionsIn(forbidden).flatMap((objection): AppliedOverride[] => {
    const valid = inOrder(facts).find((one) => overrideFaults(one, objection, facts, forbidden).length === 0);
    if (valid?.ground === undefined || valid.decidedBy === undefined) return [];
    return [{ objection, task: valid.reference, ground: valid.ground, decidedBy: valid.decidedBy }];
  });
}

/** All that keeps each decision from lifting an objection, by the decision's reference; none lifts it. */
export function failedOverrides(
  facts: KnownFacts,
  objection: string,
  forbidden: readonly Forbidden[],
): { readonly override: Override; readonly faults: readonly OverrideFault[] }[] {
  return inOrder(facts)
    .filter((one) => one.isOfRequest || one.objection === objection)
    .map((override) => ({ override, faults: overrideFaults(override, objection, facts, forbidden) }));
}

/** The channel whose failure is the ground of a decision that counts: nothing is sent that way again. */
export function failedChannel(
  facts: KnownFacts,
  applied: readonly AppliedOverride[],
  forbidden: readonly Forbidden[],
): Channel | undefined {
  const rests = applied.some((one) => one.ground === 'primary-contact-failed');
  return rests ? lastAttempt(facts, allowedChannels(forbidden))?.channel : undefined;
}

export function objectionsIn(forbidden: readonly Forbidden[]): string[] {
  return [...new Set(forbidden.map((one) => one.objection))].sort();
}

function overrideFaults(
  override: Override,
  objection: string,
  facts: KnownFacts,
  forbidden: readonly Forbidden[],
): OverrideFault[] {
  const of = facts.objections.filter((one) => one.reference === objection);
  const consulted = override.guardianConsulted === true;
  const found: (OverrideFault | false)[] = [
    !override.isOfRequest && fault('It is for another request: one decision is for one message.'),
    !override.isOfSubject && fault('It is for another person.'),
    override.objection !== objection &&
      fault('It names another objection than one that stands in the way: each needs a decision of its own.'),
    !override.approved && fault('It was not approved.'),
    override.late &&
      fault('It was made once its request was no longer a draft: decide first, then activate the request.'),
    (override.period === undefined || !holdsAt(override.period, facts.now)) &&
      fault('It does not hold at this time, by its restriction.period.'),
    override.ground === undefined && fault('It gives no ground of the list, in reasonCode.'),
    !override.hasRationale && fault('It gives no rationale, in note.'),
    override.decidedBy === undefined && fault('It does not say which member of staff decided, in owner.'),
    !override.reasonConsidered && fault("It does not say that the person's reason was considered (input)."),
    override.guardianConsulted === undefined &&
      fault('It does not say whether the Caldicott Guardian was consulted (input).'),
    override.ground === 'other' && !consulted && fault('A ground of its own needs the Caldicott Guardian.'),
    // The guidance's grounds are about ways of being contacted.
    of.some((one) => !one.ownDevicesOnly) &&
      !consulted &&
      fault('An objection to more than a way of being contacted needs the Caldicott Guardian.'),
    of.some((one) => one.removed) && {
      clause: 'OBJ-8' as const,
      text: 'Contact by this way could bring serious harm, and no decision changes that.',
    },
    override.ground !== undefined && contradiction(override.ground, facts, forbidden),
  ];
  return found.filter((one) => one !== false);
}

const fault = (text: string): OverrideFault => ({ clause: 'OBJ-6', text });

/** What Herald can see that speaks against a ground (OBJ-7). */
function contradiction(
  ground: OverrideGround,
  facts: KnownFacts,
  forbidden: readonly Forbidden[],
): OverrideFault | false {
  const wrong = (text: string): OverrideFault => ({ clause: 'OBJ-7', text });
  const type = facts.messageType.kind === 'found' ? facts.messageType.type.code : undefined;
  const wanted = typeOf[ground];
  const isOfType = wanted === undefined || wanted === type;
  const wrongType = `Its ground speaks of messages of the type ${wanted}.`;
  switch (ground) {
    case 'imminent-appointment-change':
      return !hasImminentAppointment(facts) && wrong(notImminent);
    case 'urgent-treatment-offer': {
      const texts = [...(isOfType ? [] : [wrongType]), ...(hasImminentAppointment(facts) ? [] : [notImminent])];
      return texts.length > 0 && wrong(texts.join(' '));
    }
    case 'primary-contact-failed':
      return contactFailure(facts, allowedChannels(forbidden));
    case 'other':
      return false;
    default:
      return !isOfType && wrong(wrongType);
  }
}

/** The message type of which a ground speaks. */
const typeOf: Readonly<Partial<Record<OverrideGround, string>>> = {
  'communicable-disease': 'public-health-alert',
  'extreme-event-vulnerable': 'welfare-check',
  'virtual-consultation-link': 'virtual-consultation-invite',
  'prescribing-error': 'prescribing-error',
  'waiting-list-validation': 'waiting-list-validation',
  'credible-threat': 'credible-threat-contact',
  'urgent-treatment-offer': 'urgent-appointment-offer',
};

const notImminent =
  'No appointment of theirs that the request is about starts within 48 hours, nor did so before it was changed.';

function hasImminentAppointment({ now, overrides }: KnownFacts): boolean {
  const from = now.getTime();
  return overrides.appointmentStarts.some((start) => start >= from && start <= from + IMMINENT_MS);
}

function contactFailure(facts: KnownFacts, allowed: readonly Channel[]): OverrideFault | false {
  const last = lastAttempt(facts, allowed);
  if (last?.failed !== true) {
    const text =
      'The last attempt to reach the person in a way that they accept did not fail, or there was none in the last 28 days.';
    return { clause: 'OBJ-7', text };
  }
  const left = allowed.some((channel) => channel !== last.channel && isUsable(facts, channel));
  return left && { clause: 'OBJ-7', text: 'Another way that the person accepts is left.' };
}

function lastAttempt({ now, overrides }: KnownFacts, allowed: readonly Channel[]) {
  const since = now.getTime() - FAILED_WITHIN_MS;
  return overrides.attempts
    .filter((one) => one.at >= since && allowed.includes(one.channel))
    .sort((a, b) => b.at - a.at || Number(a.failed) - Number(b.failed) || (a.channel < b.channel ? -1 : 1))[0];
}

/** The channels that no objection forbids. */
function allowedChannels(forbidden: readonly Forbidden[]): readonly Channel[] {
  if (forbidden.some((one) => one.effect === 'refuse')) return [];
  return channels.filter((channel) => !forbidden.some((one) => one.effect === 'close' && one.channel === channel));
}

/** Whether a message of this type could go this way, whatever its caller allows: a caller cannot make it the last one. */
function isUsable(facts: KnownFacts, channel: Channel): boolean {
  const person = addressee(facts);
  if (person === undefined || facts.messageType.kind !== 'found') return false;
  const hasWords = facts.messageType.type.templates.some((one) => one.channel === channel);
  // Words are at hand for the channels in question alone.
  const fits = !considered(facts).includes(channel) || textFor(facts, channel) !== undefined;
  return (
    hasWords &&
    fits &&
    facts.providerChannels.includes(channel) &&
    !facts.request.tried.includes(channel) &&
    openEndpoints(facts, channel).length > 0 &&
    contactsFor(facts, person, channel).length > 0 &&
    (proxyRecipient(facts) === undefined || reliedOn(facts, channel).length > 0)
  );
}

const inOrder = ({ overrides }: KnownFacts): readonly Override[] =>
  [...overrides.overrides].sort((a, b) => (a.reference < b.reference ? -1 : 1));
