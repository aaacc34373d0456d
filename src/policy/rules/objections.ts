import { type Channel, channelName, channels } from '../channel.ts';
import { addressee, type KnownFacts, type Objection } from '../facts.ts';
import { holdsAt } from '../london.ts';
import type { Close, Refuse, Rule } from './rule.ts';

/**
 * An objection to everything refuses. Any other closes the channels it speaks of, for the kinds of message it speaks
 * of, and the message is refused only when none is left. Provisional objections (a STOP text, one without its reason yet) count in full.
 */
export const objectionRules: readonly Rule[] = [
  {
    id: 'objections-heeded',
    clauses: ['OBJ-1', 'OBJ-2', 'OBJ-5', 'OBJ-11', 'OBJ-12'],
    on: 'facts',
    judge: (facts) => {
      const binding = facts.objections.filter((one) => binds(one, facts));
      if (binding.some((one) => one.everything)) return [objectsToEverything];
      return channels.flatMap((channel): Close[] => {
        const own = binding.filter((one) => one.channels === 'all' || one.channels.includes(channel));
        if (own.length === 0) return [];
        return [close(channel, own.some((one) => one.kinds === 'all') ? channelText(channel) : kindText(channel))];
      });
    },
  },
];

/** Whether an objection speaks of this message at this time. */
function binds(objection: Objection, facts: KnownFacts): boolean {
  if (objection.status !== 'active' && objection.status !== 'proposed') return false;
  if (!holdsAt(objection.period, facts.now)) return false;
  if (!concernsAddressee(objection, facts)) return false;
  return objection.everything || objection.kinds === 'all' || speaksOfThisKind(objection.kinds, facts);
}

/**
 * A proxy's own objection closes that proxy alone. The person's own binds what goes to proxies too, unless it is about
 * a channel: then it concerns the person's own devices only (OBJ-12).
 */
function concernsAddressee(objection: Objection, facts: KnownFacts): boolean {
  const to = addressee(facts)?.reference;
  if (objection.ofProxy !== undefined) return objection.ofProxy === to;
  const toProxy = facts.recipients.some((one) => one.kind === 'related-person');
  return !toProxy || objection.everything || objection.kinds !== 'all';
}

function speaksOfThisKind(kinds: Exclude<Objection['kinds'], 'all'>, facts: KnownFacts): boolean {
  if (facts.messageType.kind !== 'found') return false;
  const own = facts.messageType.type.kinds;
  return kinds.some((named) =>
    own.some((one) => one.code === named.code && (named.system === undefined || one.system === named.system)),
  );
}

const objectsToEverything: Refuse = {
  effect: 'refuse',
  code: 'objection',
  clause: 'OBJ-5',
  text: 'The person objects to receiving messages, and that is on record. Nothing is sent. Talk to them about what it means for their care, or reach them in a way they accept.',
};

const close = (channel: Channel, text: string): Close => ({
  effect: 'close',
  channel,
  code: 'objection',
  clause: 'OBJ-5',
  text,
});

const channelText = (channel: Channel): string =>
  `By ${channelName[channel]}: an objection to this way of being contacted is on record. Reach the person in a way they accept.`;

const kindText = (channel: Channel): string =>
  `By ${channelName[channel]}: an objection to messages of this kind or service is on record. Reach the person in a way they accept.`;
