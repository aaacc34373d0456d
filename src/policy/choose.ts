import { type Channel, channelName, channels } from './channel.ts';
import type { BlockReason } from './codes.ts';
import { type EmergencyQuestion, isEmergency } from './emergency.ts';
import { addressee, type KnownFacts } from './facts.ts';
import { holdsAt } from './london.ts';
import { type Confidentiality, confidentialities, type EndpointFact, type ScannedText } from './message-facts.ts';
import type { ContactFact, PersonFact } from './person-facts.ts';
import { distanceFrom } from './preferences.ts';
import { proxyRecipient } from './proxy.ts';
import type { Close } from './rules/rule.ts';

/** Which words would go by which channel to which contact point. */
export interface Choice {
  readonly channel: Channel;
  readonly contact: ContactFact;
  readonly to: string;
  readonly text: ScannedText;
  /** Channels that a rule has closed for this message. */
  readonly closed: readonly Close[];
  /** Preferences and ceilings were not looked at. */
  readonly inEmergency?: true;
}

/** The channels in question: those that the caller allows, otherwise all that the type has. Always in one order. */
export function considered({ request, messageType }: KnownFacts): readonly Channel[] {
  const { medium } = request;
  if (medium !== undefined) return channels.filter((one) => medium.includes(one));
  if (messageType.kind !== 'found') return [];
  const { templates } = messageType.type;
  return channels.filter((channel) => templates.some((one) => one.channel === channel));
}

/**
 * The best of the channels that no rule has closed (contract 3.1): what meets the person's recorded needs, then the full
 * text before a nudge (MIN-3), then the preferred method, then the lowest rank of a contact point, then the type's rank, then the organisation's order.
 */
export function choose(facts: KnownFacts, closed: readonly Close[]): Choice | undefined {
  const person = addressee(facts);
  if (person === undefined) return undefined;
  const candidates = considered(facts).flatMap((channel): Choice[] => {
    if (closed.some((one) => one.channel === channel)) return [];
    const text = textFor(facts, channel);
    const [contact] = contactsFor(facts, person, channel);
    if (text === undefined || contact === undefined || !('to' in contact.form)) return [];
    return [{ channel, contact, to: contact.form.to, text, closed }];
  });
  const { channelOrder } = facts.policy;
  const place = (channel: Channel): number => {
    const at = channelOrder.indexOf(channel);
    return at < 0 ? channelOrder.length + channels.indexOf(channel) : at;
  };
  return candidates.sort(
    (a, b) =>
      distanceFrom(person.needs, a.channel) - distanceFrom(person.needs, b.channel) ||
      Number(a.text.kind === 'nudge') - Number(b.text.kind === 'nudge') ||
      Number(isPreferred(person, b)) - Number(isPreferred(person, a)) ||
      byRank(a.contact.rank, b.contact.rank) ||
      byRank(a.text.rank, b.text.rank) ||
      place(a.channel) - place(b.channel),
  )[0];
}

/**
 * In an emergency (EMG-1): the full text where there is one, the way that reaches people soonest, and whatever contact
 * point would be used there.
 */
export function chooseInEmergency(facts: KnownFacts, closed: readonly Close[]): Choice | undefined {
  const person = addressee(facts);
  if (person === undefined || facts.messageType.kind !== 'found') return undefined;
  const { texts } = facts.messageType;
  const candidates = mostPractical.flatMap((channel): Choice[] => {
    if (!considered(facts).includes(channel) || closed.some((one) => one.channel === channel)) return [];
    const [contact] = contactsFor(facts, person, channel);
    if (contact === undefined || !('to' in contact.form)) return [];
    const { to } = contact.form;
    return texts
      .filter((one) => one.channel === channel)
      .map((text) => ({ channel, contact, to, text, closed, inEmergency: true }));
  });
  const isWhole = ({ text }: Choice): boolean => text.kind === 'full';
  // What does not fit one way is not left unsaid for it.
  const fits = ({ text }: Choice): boolean => !text.faults.some((one) => one.kind === 'too-long');
  return (
    candidates.find((one) => isWhole(one) && fits(one)) ??
    candidates.find(fits) ??
    candidates.find(isWhole) ??
    candidates[0]
  );
}

/** A text is seen at once; a letter is seen in days. */
const mostPractical: readonly Channel[] = ['sms', 'nhsapp', 'email', 'secure-email', 'letter'];

/** The organisation's Endpoints through which a channel is open now (CHN-5). */
export function openEndpoints(facts: Pick<KnownFacts, 'endpoints' | 'now'>, channel: Channel): readonly EndpointFact[] {
  return facts.endpoints.filter(
    (one) => one.channel === channel && one.active && one.assured && holdsAt(one.period, facts.now),
  );
}

/** How confidential a text may be on a channel: the least of its open Endpoints. `undefined` where it is closed. */
export function ceilingOf(facts: KnownFacts, channel: Channel): Confidentiality | undefined {
  const open = openEndpoints(facts, channel).map((one) => confidentialities.indexOf(one.ceiling));
  if (open.length === 0) return undefined;
  // Texts and plain email are never more than N, whatever their Endpoint says (CHN-6).
  const cap = channel === 'sms' || channel === 'email' ? confidentialities.indexOf('N') : confidentialities.length;
  return confidentialities[Math.min(cap, ...open)];
}

/** The words that a channel can carry: the full text if it may, otherwise the nudge, which is always `N`. */
export function textFor(facts: KnownFacts, channel: Channel): ScannedText | undefined {
  const ceiling = ceilingOf(facts, channel);
  if (facts.messageType.kind !== 'found' || ceiling === undefined) return undefined;
  const { type, texts } = facts.messageType;
  const fits = (level: Confidentiality) => confidentialities.indexOf(level) <= confidentialities.indexOf(ceiling);
  const of = (kind: 'full' | 'nudge') => texts.find((one) => one.channel === channel && one.kind === kind);
  return (fits(type.confidentiality) ? of('full') : undefined) ?? (fits('N') ? of('nudge') : undefined);
}

/** The contact points that may be used for a channel now, best first (PRF-5). */
export function contactsFor(
  facts: Pick<KnownFacts, 'now' | 'policy'> & EmergencyQuestion,
  person: Pick<PersonFact, 'contacts'>,
  channel: Channel,
): readonly ContactFact[] {
  return person.contacts
    .filter(
      (one) =>
        one.channel === channel &&
        !one.old &&
        holdsAt(one.valid, facts.now) &&
        one.closed !== 'wrong-number' &&
        // What an emergency lifts of objections, it lifts of this one (EMG-1).
        (one.closed !== 'stop' || isEmergency(facts)) &&
        (one.form.kind === 'usable' || (one.form.kind === 'foreign' && facts.policy.foreignNumbers)),
    )
    .sort(byUsefulness);
}

/** Whether a recorded preference is kept, and if not, which and why, in words for staff without any contact detail. */
export function preferenceOf(
  facts: KnownFacts,
  choice: Choice,
): { readonly met: true } | { readonly met: false; readonly text: string } | undefined {
  const person = addressee(facts);
  if (person === undefined) return undefined;
  const wanted = person.preferred ?? lowestRanked(facts, person);
  if (wanted === undefined) return undefined;
  if (wanted.includes(choice.channel)) return { met: true };
  const who = proxyRecipient(facts) === undefined ? 'person' : 'proxy';
  const goes = `this message goes by ${channelName[choice.channel]}`;
  const first = channels.find((one) => wanted.includes(one));
  if (first === undefined) {
    return { met: false, text: `The ${who} prefers a way of being contacted that Herald does not have; ${goes}.` };
  }
  return {
    met: false,
    text: `The ${who} prefers ${channelName[first]}; ${goes}, because ${whyNot(facts, choice, first)}.`,
  };
}

/** The channels of the contact points that are ranked first, where any is ranked. */
function lowestRanked(facts: KnownFacts, person: PersonFact): readonly Channel[] | undefined {
  const usable = channels.flatMap((channel) => contactsFor(facts, person, channel));
  const lowest = Math.min(...usable.map((one) => one.rank ?? Number.POSITIVE_INFINITY));
  return Number.isFinite(lowest) ? usable.filter((one) => one.rank === lowest).map((one) => one.channel) : undefined;
}

function whyNot(facts: KnownFacts, choice: Choice, channel: Channel): string {
  const codes = new Set(choice.closed.filter((one) => one.channel === channel).map((one) => one.code));
  const [, why] = whyClosed.find(([code]) => codes.has(code)) ?? [];
  if (why !== undefined) return why;
  if (choice.inEmergency) return 'it is an emergency, in which the quickest way is taken';
  if (!considered(facts).includes(channel)) {
    return facts.request.medium === undefined
      ? 'messages of this type do not go that way'
      : 'whoever asked for it allows other ways only';
  }
  const needs = addressee(facts)?.needs ?? [];
  if (distanceFrom(needs, choice.channel) < distanceFrom(needs, channel)) return 'a recorded need comes first';
  return 'only the other way can carry its full words';
}

const whyClosed: readonly (readonly [BlockReason, string])[] = [
  ['undeliverable', 'this message could not be delivered that way'],
  ['objection', 'an objection to that way is on record'],
  ['proxy-not-authorised', "the proxy's authority does not include that way"],
  ['no-contact', 'no usable contact detail for it is on record'],
  ['too-confidential', 'its words are too confidential for that way'],
  ['confidential-content', 'its words are too confidential for that way'],
  ['channel-not-acceptable', 'messages of this type do not go that way'],
  ['channel-not-approved', 'that way is not open here'],
];

const isPreferred = (person: PersonFact, choice: Choice): boolean =>
  person.preferred?.includes(choice.channel) ?? false;

function byRank(a: number | undefined, b: number | undefined): number {
  if (a === b) return 0;
  return (a ?? Number.POSITIVE_INFINITY) < (b ?? Number.POSITIVE_INFINITY) ? -1 : 1;
}

/** By rank, then what it is for, then use, then the newer; the last word is the value's, so that the order of a list never decides. */
function byUsefulness(a: ContactFact, b: ContactFact): number {
  return (
    byRank(a.rank, b.rank) ||
    placeOfType(a) - placeOfType(b) ||
    placeOfUse(a) - placeOfUse(b) ||
    byRank(-a.valid.from, -b.valid.from) ||
    byText(sortKey(a), sortKey(b))
  );
}

const uses: readonly (string | undefined)[] = ['mobile', 'home', 'temp', undefined, 'work'];
const placeOfUse = ({ contactPoint }: ContactFact): number => {
  const at = uses.indexOf(contactPoint.use);
  return at < 0 ? uses.length : at;
};

/** Of postal addresses: one to write to before one to go to. */
const addressTypes: readonly (string | undefined)[] = ['postal', 'both', undefined, 'physical'];
const placeOfType = ({ contactPoint }: ContactFact): number =>
  'type' in contactPoint ? addressTypes.indexOf(contactPoint.type) : addressTypes.indexOf(undefined);

const sortKey = ({ form, contactPoint }: ContactFact): string =>
  `${'to' in form ? form.to : ''} ${JSON.stringify(contactPoint)}`;

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
