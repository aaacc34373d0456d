import type { Channel } from '../../src/policy/channel.ts';
import type { MessageType } from '../../src/policy/message-facts.ts';
import type { ContactAttempt, Override, OverrideFacts } from '../../src/policy/override-facts.ts';
import { isRunning } from './calendar.ts';
import type { ObjectionPaper, Story } from './story.ts';
import { isForProxy, share } from './who.ts';

const HOUR = 3_600_000;

/** What is objected to that speaks of this message to this person, now (OBJ-1, 2, 5, 9, 11, 12; PRX-9). */
export const objectionsTo = (story: Story, type: MessageType): ObjectionPaper[] =>
  story.objections.filter(
    (paper) =>
      ['active', 'proposed'].includes(paper.status) &&
      isRunning(paper.term, story.now) &&
      concernsRecipient(paper, story) &&
      (isOfEverything(paper) || isRisk(paper, story) || paper.kinds.length === 0 || share(paper.kinds, type.kinds)),
  );

function concernsRecipient(paper: ObjectionPaper, story: Story): boolean {
  if (paper.by === 'another-proxy') return false;
  if (paper.by === 'proxy') return isForProxy(story);
  const isOfOwnDevices = paper.scopes.every((scope) => scope === 'channel');
  return !isForProxy(story) || !isOfOwnDevices;
}

/** Whoever is in danger when a device rings is so whatever kind of message it is (OBJ-8). */
const isRisk = (paper: ObjectionPaper, story: Story): boolean =>
  isNeverLifted(paper) && (paper.by === 'proxy') === isForProxy(story);

export const isOfEverything = ({ scopes }: ObjectionPaper): boolean =>
  scopes.includes('all-messages') || scopes.includes('care-processing');

export const speaksOf = (paper: ObjectionPaper, channel: Channel): boolean =>
  isOfEverything(paper) || paper.channels.includes('all') || paper.channels.includes(channel);

/** A risk of serious harm, unless somebody decided that the detail stays: nothing reaches that method (OBJ-8). */
export const isNeverLifted = ({ harm }: ObjectionPaper): boolean => harm === 'undecided' || harm === 'remove';

/** What the ground of a failed contact is checked against. */
export interface LeftOpen {
  /** Channels that nobody objects to. */
  readonly allowed: readonly Channel[];
  /** Those of them by which such a message could go, whether or not the caller lets it. */
  readonly usable: readonly Channel[];
}

/** Somebody decided on compelling legitimate grounds, in every part that contract 8 asks for (OBJ-6, OBJ-7). */
export function isOverridden(paper: ObjectionPaper, story: Story, type: MessageType, left: LeftOpen): boolean {
  if (isNeverLifted(paper)) return false;
  const isOfMethod = paper.scopes.every((scope) => scope === 'channel');
  return story.decisions.overrides.some(
    (one) =>
      one.objection === `Consent/${paper.id}` &&
      isWhole(one, story.now) &&
      (one.guardianConsulted === true || (isOfMethod && one.ground !== 'other')) &&
      isTrue(one, story, type, left),
  );
}

function isWhole(one: Override, now: number): boolean {
  const isOfThis = one.isOfRequest && one.isOfSubject && !one.late;
  const isReasoned = one.hasRationale && one.reasonConsidered && one.decidedBy !== undefined && one.approved;
  const isInTime = one.period !== undefined && one.period.from <= now && now < one.period.until;
  return isOfThis && isReasoned && isInTime && one.guardianConsulted !== undefined;
}

function isTrue({ ground }: Override, { now, decisions }: Story, { code }: MessageType, left: LeftOpen): boolean {
  const isNear = decisions.appointmentStarts.some((start) => start >= now && start <= now + 48 * HOUR);
  switch (ground) {
    case 'imminent-appointment-change':
      return isNear;
    case 'urgent-treatment-offer':
      return isNear && code === 'urgent-appointment-offer';
    case 'primary-contact-failed': {
      const last = lastAttempt(decisions, now, left);
      return last?.failed === true && left.usable.every((channel) => channel === last.channel);
    }
    case 'communicable-disease':
      return code === 'public-health-alert';
    case 'extreme-event-vulnerable':
      return code === 'welfare-check';
    case 'virtual-consultation-link':
      return code === 'virtual-consultation-invite';
    case 'prescribing-error':
      return code === 'prescribing-error';
    case 'waiting-list-validation':
      return code === 'waiting-list-validation';
    case 'credible-threat':
      return code === 'credible-threat-contact';
    case 'other':
      return true;
    case undefined:
      return false;
  }
}

/** The last attempt on a channel that the person accepts, in the last 28 days. */
export const lastAttempt = (
  { attempts }: OverrideFacts,
  now: number,
  { allowed }: LeftOpen,
): ContactAttempt | undefined =>
  attempts
    .filter(({ at, channel }) => at >= now - 28 * 24 * HOUR && allowed.includes(channel))
    .reduce<ContactAttempt | undefined>(
      (last, one) => (last === undefined || one.at > last.at ? one : last),
      undefined,
    );
