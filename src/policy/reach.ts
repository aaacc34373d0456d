import type { Channel } from './channel.ts';
import { contactsFor, openEndpoints } from './choose.ts';
import type { BlockReason } from './codes.ts';
import type { Objection } from './consent-facts.ts';
import type { KnownFacts } from './facts.ts';
import { holdsAt } from './london.ts';
import type { PersonFact } from './person-facts.ts';

/** The channels by which people are reached at once, without paper (contract 12). */
export const digitalChannels = ['sms', 'email', 'nhsapp'] as const satisfies readonly Channel[];
export type DigitalChannel = (typeof digitalChannels)[number];

/** Why a channel does not reach somebody, whatever the message. */
export type Shut = Extract<BlockReason, 'channel-not-approved' | 'objection' | 'no-contact'>;

/** One living person, and all that decides whether a channel reaches them at all. */
export interface ReachFacts extends Pick<KnownFacts, 'now' | 'policy' | 'endpoints' | 'providerChannels'> {
  readonly person: Pick<PersonFact, 'contacts'>;
  readonly objections: readonly Objection[];
}

/**
 * TWO-7: why no digital channel reaches a person, channel by channel; `undefined` where one does. What limits a single
 * kind of message (its own channels, how confidential it is, an objection to a service) does not count.
 */
export function outOfDigitalReach(facts: ReachFacts): Readonly<Record<DigitalChannel, Shut>> | undefined {
  const [sms, email, nhsapp] = [shut(facts, 'sms'), shut(facts, 'email'), shut(facts, 'nhsapp')];
  return sms === undefined || email === undefined || nhsapp === undefined ? undefined : { sms, email, nhsapp };
}

/** Whether a letter reaches them. */
export const isReachedByLetter = (facts: ReachFacts): boolean => shut(facts, 'letter') === undefined;

function shut(facts: ReachFacts, channel: Channel): Shut | undefined {
  if (openEndpoints(facts, channel).length === 0 || !facts.providerChannels.includes(channel)) {
    return 'channel-not-approved';
  }
  if (facts.objections.some((one) => closes(one, channel, facts.now))) return 'objection';
  // No emergency lifts anything here.
  const asked = { ...facts, request: { emergency: undefined, requester: 'none' } } as const;
  return contactsFor(asked, facts.person, channel).length === 0 ? 'no-contact' : undefined;
}

/** An objection of the person's own that closes a channel to every kind of message (OBJ-1, OBJ-8). */
function closes(objection: Objection, channel: Channel, now: Date): boolean {
  const { status, period, ofProxy, everything, kinds, removed, channels } = objection;
  if ((status !== 'active' && status !== 'proposed') || ofProxy !== undefined || !holdsAt(period, now)) return false;
  if (everything) return true;
  return (kinds === 'all' || removed) && (channels === 'all' || channels.includes(channel));
}
