import { addressFaultText, type Channel, channelName, channels } from '../channel.ts';
import { ceilingOf, considered, contactsFor, openEndpoints, textFor } from '../choose.ts';
import { addressee, type KnownFacts } from '../facts.ts';
import { holdsAt } from '../london.ts';
import type { PersonFact } from '../person-facts.ts';
import { proxyRecipient } from '../proxy.ts';
import type { Close, Refuse, Rule } from './rule.ts';

/** By which channels it may go. Each row closes channels; what is left is for `choose.ts` to choose from. */
export const channelRules: readonly Rule[] = [
  {
    id: 'channel-known',
    clauses: ['CHN-1'],
    on: 'facts',
    judge: ({ request }) =>
      request.unknownMedium.map((index) => ({
        effect: 'refuse',
        code: 'channel-not-approved',
        clause: 'CHN-1',
        text: `The request asks for a channel that the organisation does not have. Choose from ${channels.join(', ')}, or leave it out.`,
        expression: `CommunicationRequest.medium[${index}]`,
      })),
  },
  {
    id: 'channel-approved',
    clauses: ['CHN-1', 'CHN-5'],
    on: 'facts',
    judge: (facts) =>
      considered(facts).flatMap((channel): Close[] => {
        const name = channelName[channel];
        const own = facts.endpoints.filter((one) => one.channel === channel);
        if (openEndpoints(facts, channel).length === 0) {
          const unassured = own.some((one) => one.active && holdsAt(one.period, facts.now) && !one.assured);
          return [
            {
              effect: 'close',
              channel,
              code: 'channel-not-approved',
              clause: unassured ? 'CHN-5' : 'CHN-1',
              text: unassured
                ? `By ${name}: the channel has no assurance document, so it may not be used. Tell whoever looks after messaging.`
                : `By ${name}: the organisation has not approved this channel, or has closed it for now. Use another way.`,
            },
          ];
        }
        if (facts.providerChannels.includes(channel)) return [];
        return [
          {
            effect: 'close',
            channel,
            code: 'channel-not-approved',
            clause: 'CHN-1',
            text: `By ${name}: no provider is set up here that can carry it. If the person must be reached this way, do it by hand.`,
          },
        ];
      }),
  },
  {
    id: 'channel-acceptable-for-type',
    clauses: ['CHN-2', 'CHN-4'],
    on: 'facts',
    judge: (facts) => {
      const { request, messageType } = facts;
      if (messageType.kind !== 'found') return [];
      if (considered(facts).length === 0 && request.unknownMedium.length === 0) return [noChannelAtAll];
      const { templates } = messageType.type;
      return (request.medium ?? []).flatMap((channel): Close[] =>
        templates.some((one) => one.channel === channel)
          ? []
          : [
              notAcceptable(
                channel,
                'messages of this type do not go this way. Allow another channel, or choose another message type.',
              ),
            ],
      );
    },
  },
  {
    id: 'words-within-ceiling',
    clauses: ['MIN-1', 'MIN-2', 'MIN-3', 'CHN-6'],
    on: 'facts',
    judge: (facts) => {
      if (facts.messageType.kind !== 'found') return [];
      const { type, texts } = facts.messageType;
      return considered(facts).flatMap((channel): Close[] => {
        const own = type.templates.filter((one) => one.channel === channel);
        if (own.length === 0 || textFor(facts, channel) !== undefined) return [];
        if (!texts.some((one) => one.channel === channel)) {
          return [
            notAcceptable(
              channel,
              own.every((one) => one.words.held === 'at-provider')
                ? 'the provider has no template for it under the id that the message type gives. Tell whoever looks after messaging.'
                : "this message type has no words for it in the person's language, nor in any for everybody. Allow another channel, or choose another message type.",
            ),
          ];
        }
        // A closed channel has no ceiling to speak of; that it is closed is said elsewhere.
        if (ceilingOf(facts, channel) === undefined) return [];
        return [
          {
            effect: 'close',
            channel,
            code: 'too-confidential',
            clause: 'MIN-1',
            text: `By ${channelName[channel]}: what this message says is too confidential to go this way. Use a message type that only asks the person to get in touch, or a more secure channel.`,
          },
        ];
      });
    },
  },
  {
    id: 'contact-usable',
    clauses: ['PRF-5', 'VER-1', 'OBJ-11'],
    on: 'facts',
    judge: (facts) => {
      const person = addressee(facts);
      if (person === undefined) return [];
      return considered(facts).flatMap((channel): Close[] => {
        // Without a provider there is nothing that a contact detail could be used for.
        if (!facts.providerChannels.includes(channel)) return [];
        if (contactsFor(facts, person, channel).length > 0) return [];
        const closed = closedContact(facts, person, channel);
        if (closed !== undefined) return [closed];
        return [
          {
            effect: 'close',
            channel,
            code: 'no-contact',
            clause: 'PRF-5',
            text: `By ${channelName[channel]}: ${whyNone(facts, person, channel)} Ask the ${proxyRecipient(facts) === undefined ? 'person' : 'proxy'} for a current one and record it, or reach them another way.`,
          },
        ];
      });
    },
  },
  {
    id: 'not-tried-before',
    clauses: ['PRF-2'],
    on: 'facts',
    judge: ({ request }) =>
      request.tried.map((channel) => ({
        effect: 'close',
        channel,
        code: 'undeliverable',
        clause: 'PRF-2',
        text: `By ${channelName[channel]}: this message could not be delivered that way. Check the contact detail with the person.`,
      })),
  },
];

const noChannelAtAll: Refuse = {
  effect: 'refuse',
  code: 'channel-not-acceptable',
  clause: 'CHN-2',
  text: 'No channel is left to choose from: the request allows none, or the message type has none. Leave the channel out, or choose another message type.',
  expression: 'CommunicationRequest.medium',
};

const notAcceptable = (channel: Channel, why: string): Close => ({
  effect: 'close',
  channel,
  code: 'channel-not-acceptable',
  clause: 'CHN-2',
  text: `By ${channelName[channel]}: ${why}`,
});

/** Whether the only thing that stands against a contact point is a Task about it. */
function closedContact(facts: KnownFacts, person: PersonFact, channel: Channel): Close | undefined {
  const of = (why: 'wrong-number' | 'stop'): boolean =>
    person.contacts.some(
      (one) => one.channel === channel && !one.old && holdsAt(one.valid, facts.now) && one.closed === why,
    );
  const name = channelName[channel];
  if (of('stop')) {
    return {
      effect: 'close',
      channel,
      code: 'objection',
      clause: 'OBJ-11',
      text: `By ${name}: somebody who shares this contact detail asked for messages to stop, and it is not known yet who. Find that out and close the Task about it, or reach the person another way.`,
    };
  }
  if (!of('wrong-number')) return undefined;
  return {
    effect: 'close',
    channel,
    code: 'no-contact',
    clause: 'VER-1',
    text: `By ${name}: somebody answered from this contact detail that it is not this person's. It is not used until the Task to check it is done. Check it with the person another way.`,
  };
}

function whyNone(facts: KnownFacts, person: PersonFact, channel: Channel): string {
  const own = person.contacts.filter((one) => one.channel === channel);
  const noun = channel === 'letter' ? 'postal address' : channel === 'sms' ? 'mobile number' : 'email address';
  if (own.length === 0) return `no ${noun} is on record.`;
  const why = new Set(
    own.map((one) => {
      if (one.old) return 'marked as old';
      if (!holdsAt(one.valid, facts.now)) return 'out of date';
      switch (one.form.kind) {
        case 'malformed':
          return 'not written correctly';
        case 'not-mobile':
          return 'not a mobile number';
        case 'foreign':
          return channel === 'letter' ? 'not in the UK' : 'not a UK number';
        case 'unaddressable':
          return addressFaultText[one.form.fault];
        case 'usable':
          return 'not usable';
        default:
          return one.form satisfies never;
      }
    }),
  );
  return `what is on record cannot be used (${[...why].sort().join('; ')}).`;
}
