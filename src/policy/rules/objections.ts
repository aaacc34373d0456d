import { type Channel, channelName, channels } from '../channel.ts';
import type { ClauseId } from '../clauses.ts';
import type { Objection } from '../consent-facts.ts';
import { addressee, type KnownFacts } from '../facts.ts';
import { always, holdsAt } from '../london.ts';
import { proxyRecipient } from '../proxy.ts';
import type { Close, Refuse, Rule, Warn } from './rule.ts';

/**
 * An objection to everything refuses. Any other closes the channels it speaks of, for the kinds of message it speaks
 * of, and the message is refused only when none is left. Provisional objections (a STOP text, one without its reason yet) count in full.
 */
export const objectionRules: readonly Rule[] = [
  {
    id: 'objections-heeded',
    clauses: ['OBJ-1', 'OBJ-2', 'OBJ-5', 'OBJ-8', 'OBJ-11', 'OBJ-12'],
    on: 'facts',
    judge: (facts) => {
      const binding = facts.objections.filter((one) => speaks(one, facts));
      const everything = binding.filter((one) => one.everything);
      const ways = binding.filter((one) => !one.everything);
      return [
        ...everything.map((one): Refuse => ({ ...refusedFor(whose(one, facts)), objection: one.reference })),
        ...channels.flatMap((channel): Close[] =>
          ways
            .filter((one) => one.channels === 'all' || one.channels.includes(channel))
            .map((one) => ({
              ...closedFor(channel, one.kinds === 'all' || one.removed ? 'way' : 'kind', whose(one, facts)),
              objection: one.reference,
            })),
        ),
      ];
    },
  },
  {
    id: 'objection-periods-noticed',
    clauses: ['OBJ-1', 'OBJ-9'],
    on: 'facts',
    judge: (facts) =>
      facts.objections.flatMap((one): Warn[] => {
        const now = facts.now.getTime();
        const { from, until } = one.period;
        if (holdsAt(one.period, facts.now) || !speaks({ ...one, period: always }, facts)) return [];
        // What begins after it ends never holds, and somebody meant something by it.
        return [now < from && from < until ? notBegun : isOver];
      }),
  },
];

const notBegun: Warn = {
  effect: 'warn',
  code: 'objection-period',
  clause: 'OBJ-1',
  text: 'An objection to such messages is on record that begins later. Look whether a message after this one would still be welcome.',
};

const isOver: Warn = {
  effect: 'warn',
  code: 'objection-period',
  clause: 'OBJ-9',
  text: 'An objection to such messages is on record whose period is over, and nobody has ended it. Ask the person whether it still stands, and record the answer.',
};

/**
 * Whether an objection stands against this message at this time. A proxy's own closes that proxy alone. The person's own
 * binds what goes to proxies too, unless it is about a way of being contacted alone: then it concerns the person's own
 * devices only (OBJ-12). Where a way of being contacted puts somebody at risk, it does so whatever a message is about
 * (OBJ-8).
 */
function speaks(objection: Objection, facts: KnownFacts): boolean {
  if (objection.status !== 'active' && objection.status !== 'proposed') return false;
  if (!holdsAt(objection.period, facts.now)) return false;
  const isOfThis = objection.everything || objection.kinds === 'all' || speaksOfThisKind(objection.kinds, facts);
  const { ofProxy, removed } = objection;
  if (ofProxy !== undefined) return ofProxy === addressee(facts)?.reference && (isOfThis || removed);
  if (proxyRecipient(facts) === undefined) return isOfThis || removed;
  return isOfThis && (objection.everything || !objection.ownDevicesOnly);
}

/** Whose objection stands against whose message: what staff can do about it differs. */
type Whose = 'own' | 'of-patient' | 'of-proxy';

function whose(objection: Objection, facts: KnownFacts): Whose {
  if (objection.ofProxy !== undefined) return 'of-proxy';
  return proxyRecipient(facts) === undefined ? 'own' : 'of-patient';
}

function speaksOfThisKind(kinds: Exclude<Objection['kinds'], 'all'>, facts: KnownFacts): boolean {
  if (facts.messageType.kind !== 'found') return false;
  const own = facts.messageType.type.kinds;
  return kinds.some((named) =>
    own.some((one) => one.code === named.code && (named.system === undefined || one.system === named.system)),
  );
}

function refusedFor(by: Whose): Refuse {
  return { effect: 'refuse', code: 'objection', clause: clauseOf[by], text: everythingText[by] };
}

function closedFor(channel: Channel, what: 'way' | 'kind', by: Whose): Close {
  const text = `By ${channelName[channel]}: ${objectionText[by][what]}`;
  return { effect: 'close', channel, code: 'objection', clause: clauseOf[by], text };
}

const clauseOf = { own: 'OBJ-5', 'of-patient': 'OBJ-12', 'of-proxy': 'OBJ-5' } as const satisfies Record<
  Whose,
  ClauseId
>;

const everythingText = {
  own: 'The person objects to receiving messages, and that is on record. Nothing is sent. Talk to them about what it means for their care, or reach them in a way they accept.',
  'of-patient':
    'The patient objects to messages, and that is on record; it includes telling others about their care. Nothing goes to their proxy either. Talk to the patient about what it means for their care.',
  'of-proxy':
    'The proxy objects to receiving messages, and that is on record. Nothing is sent to them. Write to the patient, or reach the proxy in a way they accept.',
} as const satisfies Record<Whose, string>;

const objectionText = {
  own: {
    way: 'an objection to this way of being contacted is on record. Reach the person in a way they accept.',
    kind: 'an objection to messages of this kind or service is on record. Reach the person in a way they accept.',
  },
  'of-patient': {
    way: 'an objection of the patient is on record that does not say what it is about. Talk to the patient about what they accept.',
    kind: 'an objection of the patient to messages of this kind or service is on record; it includes telling others about their care. Talk to the patient about what they accept.',
  },
  'of-proxy': {
    way: 'an objection of the proxy to this way of being contacted is on record. Reach the proxy in a way they accept, or write to the patient.',
    kind: 'an objection of the proxy to messages of this kind or service is on record. Reach the proxy in a way they accept, or write to the patient.',
  },
} as const satisfies Record<Whose, Record<'way' | 'kind', string>>;
