import { type Channel, channels } from '../../src/policy/channel.ts';
import type { BlockReason } from '../../src/policy/codes.ts';
import {
  type Confidentiality,
  confidentialFamilies,
  confidentialities,
  type EndpointFact,
  type MessageTypeFact,
  type ScannedText,
} from '../../src/policy/message-facts.ts';
import type { ContactFact } from '../../src/policy/person-facts.ts';
import {
  isNeverLifted,
  isOfEverything,
  isOverridden,
  type LeftOpen,
  lastAttempt,
  objectionsTo,
  speaksOf,
} from './objecting.ts';
import type { Reach, Story } from './story.ts';
import { type Because, because } from './verdict.ts';
import { authoritiesFor, isForProxy, reachOf } from './who.ts';

type Found = Extract<MessageTypeFact, { kind: 'found' }>;

export interface OpenWay {
  readonly text: ScannedText;
  /** It says by an open channel what others may not see. */
  readonly tells: boolean;
  readonly to: readonly string[];
}

/** One channel that the type and the caller have: what bars it, or the words and the contact points. */
interface Look {
  readonly channel: Channel;
  /** None: the type does not go this way. */
  readonly text: ScannedText | undefined;
  readonly contacts: readonly ContactFact[];
  readonly tells: boolean;
  /** But for objections. */
  readonly bars: readonly BlockReason[];
}

/** Whether words that are too confidential for a channel keep it from being left; contract 8 does not say. */
export type Reading = 'words count' | 'words do not count';

/** The ways that are left, all that are as good; none: what shut each channel. */
export function waysFor(
  story: Story,
  type: Found,
  emergency: boolean,
  reading: Reading,
): {
  readonly open: readonly OpenWay[];
  readonly shut: readonly BlockReason[];
  readonly barred: readonly Because[];
} {
  const ofType = [...new Set(type.texts.map(({ channel }) => channel))];
  const asked = story.request.medium ?? ofType;
  const looks = asked.map((channel) => lookAt(channel, story, type, emergency));
  const objections = objectionsTo(story, type.type);
  const allowed = channels.filter((channel) => !objections.some((one) => speaksOf(one, channel)));
  // Whoever leaves a channel out of the request does not make it fail.
  const usable = allowed.filter(
    (channel) =>
      ofType.includes(channel) &&
      lookAt(channel, story, type, emergency).bars.every((bar) => reading !== 'words count' && isOfWords(bar)),
  );
  const left: LeftOpen = { allowed, usable };
  const standing = objections.filter((one) =>
    emergency ? isNeverLifted(one) : !isOverridden(one, story, type.type, left),
  );
  const inTheWay = standing.filter((one) => asked.some((channel) => speaksOf(one, channel)));
  const isInVain = story.decisions.overrides.some(
    (one) => one.isOfRequest && inTheWay.some(({ id }) => one.objection === `Consent/${id}`),
  );
  const all = looks.map((look) => ({
    ...look,
    bars: [
      ...look.bars,
      ...(standing.some((one) => speaksOf(one, look.channel)) ? (['objection', 'override-invalid'] as const) : []),
    ],
  }));
  const anyWay = all.filter(({ bars }) => bars.length === 0);
  const failed =
    !emergency && objections.some((one) => isOverridden(one, story, type.type, left))
      ? failedFor(story, left)
      : undefined;
  const others = anyWay.filter(({ channel }) => channel !== failed);
  // What failed is why the objection is overridden: where that opens another way, it is not tried again. Where it opens
  // none, the message goes as it would without it.
  const open = others.length > 0 ? others : anyWay;
  return {
    open: best(open, story, emergency).flatMap(opened),
    // What failed may be told. An objection to everything leaves open which words would have gone, and what is wrong with those may be told too.
    shut: [
      ...(failed === undefined ? [] : (['undeliverable'] as const)),
      ...(standing.some(isOfEverything) ? (['wording', 'too-long'] as const) : []),
    ],
    barred: [
      ...all.map(({ channel, bars }) => because(`nothing goes by ${channel}`, ...bars)),
      ...(isInVain ? [because('somebody decided in vain', 'override-invalid')] : []),
    ],
  };
}

const isOfWords = (bar: BlockReason): boolean => bar === 'too-confidential' || bar === 'confidential-content';

/** The channel whose failure is somebody's ground. */
function failedFor({ decisions, now }: Story, left: LeftOpen): Channel | undefined {
  const isGround = decisions.overrides.some(({ ground }) => ground === 'primary-contact-failed');
  return isGround ? lastAttempt(decisions, now, left)?.channel : undefined;
}

function lookAt(channel: Channel, story: Story, { type, texts }: Found, emergency: boolean): Look {
  const { request, now, providers } = story;
  const own = story.endpoints.find(
    (one) => one.channel === channel && one.active && one.assured && one.period.from <= now && now < one.period.until,
  );
  const [full, nudge] = (['full', 'nudge'] as const).map((kind) =>
    texts.find((one) => one.channel === channel && one.kind === kind),
  );
  const fits = emergency || (own !== undefined && isWithin(type.confidentiality, carriedBy(own)));
  const text = fits ? (full ?? nudge) : (nudge ?? full);
  const carries = own === undefined || fits || text?.kind !== 'full';
  const isOpenChannel = own !== undefined && !isWithin('R', carriedBy(own));
  const tells =
    isOpenChannel && text?.found.some(({ of }) => confidentialFamilies.some((family) => family === of)) === true;
  const contacts = usableContacts(channel, story, emergency);
  const isStopped = reachOf(story).contacts.some((one) => one.channel === channel && one.closed === 'stop');
  const papers = isForProxy(story) && story.proxy.isOfSubject ? authoritiesFor(story, type) : [];
  // One who has no authority at all is told so once, and not by channel.
  const isPermitted =
    papers.length === 0 || papers.some(({ channels }) => channels.length === 0 || channels.includes(channel));
  const bars: BlockReason[] = [
    ...(text === undefined ? (['channel-not-acceptable'] as const) : []),
    ...(request.tried.includes(channel) ? (['undeliverable'] as const) : []),
    ...(providers.includes(channel) && (own !== undefined || emergency) ? [] : (['channel-not-approved'] as const)),
    ...(carries ? [] : (['too-confidential'] as const)),
    ...(tells && !emergency && request.necessity === undefined ? (['confidential-content'] as const) : []),
    ...(isPermitted ? [] : (['proxy-not-authorised'] as const)),
    ...(isForProxy(story) && channel === 'nhsapp'
      ? (['channel-not-acceptable', 'channel-not-approved', 'no-contact'] as const)
      : []),
    ...(contacts.length > 0 ? [] : isStopped ? (['no-contact', 'objection'] as const) : (['no-contact'] as const)),
  ];
  return { channel, text, contacts, tells, bars };
}

/** Texts and plain email carry `N` at most, whatever an organisation would have them carry (contract 3.1, CHN-6). */
const carriedBy = ({ channel, ceiling }: EndpointFact): Confidentiality =>
  (channel === 'sms' || channel === 'email') && !isWithin(ceiling, 'N') ? 'N' : ceiling;

const isWithin = (words: Confidentiality, ceiling: Confidentiality): boolean =>
  confidentialities.indexOf(words) <= confidentialities.indexOf(ceiling);

/** PRF-5, VER-1, OBJ-11. */
function usableContacts(channel: Channel, story: Story, emergency: boolean): ContactFact[] {
  const { now, policy } = story;
  return reachOf(story).contacts.filter(
    (one) =>
      one.channel === channel &&
      !one.old &&
      one.valid.from <= now &&
      now < one.valid.until &&
      (one.form.kind === 'usable' || (one.form.kind === 'foreign' && policy.foreignNumbers)) &&
      (one.closed === undefined || (emergency && one.closed === 'stop')),
  );
}

/** Contract 3.1: recorded need, then preferred method, then rank, then the type's rank, then the usual order; MIN-3. */
function best(open: readonly Look[], story: Story, emergency: boolean): Look[] {
  if (emergency) return [...open];
  const reach = reachOf(story);
  const nearest = open.filter((one) => !open.some((other) => servesBetter(reach, other.channel, one.channel)));
  return nearest.filter((one) => {
    const alike = nearest.filter((other) => sameNeeds(reach, other.channel, one.channel));
    return alike.every((other) => comesBefore(other, one, story) >= 0);
  });
}

const LAST = Number.POSITIVE_INFINITY;

function comesBefore(other: Look, one: Look, story: Story): number {
  const { preferred } = reachOf(story);
  const order = story.policy.channelOrder as readonly Channel[];
  const measures: ((look: Look) => number)[] = [
    ({ text }) => (text?.kind === 'full' ? 0 : 1),
    ({ channel }) => (preferred?.includes(channel) === true ? 0 : 1),
    ({ contacts }) => Math.min(...contacts.map(({ rank }) => rank ?? LAST)),
    ({ text }) => text?.rank ?? LAST,
    ({ channel }) => (order.includes(channel) ? order.indexOf(channel) : LAST),
  ];
  for (const measure of measures) {
    const [ofOther, ofOne] = [measure(other), measure(one)];
    if (ofOther !== ofOne) return ofOther < ofOne ? -1 : 1;
  }
  return 0;
}

/** How far a channel is from each need: it meets it, comes near, or does neither. */
const distances = ({ needs }: Reach, channel: Channel): number[] =>
  needs.map(({ metBy, near }) => (metBy.includes(channel) ? 0 : near.includes(channel) ? 1 : 2));

const sameNeeds = (reach: Reach, one: Channel, other: Channel): boolean =>
  distances(reach, one).every((far, index) => far === distances(reach, other)[index]);

function servesBetter(reach: Reach, other: Channel, one: Channel): boolean {
  const [ofOther, ofOne] = [distances(reach, other), distances(reach, one)];
  return ofOther.every((far, index) => far <= (ofOne[index] ?? 0)) && !sameNeeds(reach, other, one);
}

function opened({ text, contacts, tells }: Look): OpenWay[] {
  const first = Math.min(...contacts.map(({ rank }) => rank ?? LAST));
  const equal = contacts.filter(({ rank }) => (rank ?? LAST) === first);
  return text === undefined ? [] : [{ text, tells, to: equal.flatMap(({ form }) => ('to' in form ? [form.to] : [])) }];
}
