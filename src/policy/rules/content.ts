import { channelName } from '../channel.ts';
import type { MessageTypeFact, TextFault } from '../message-facts.ts';
import type { Finding, Refuse, Rule } from './rule.ts';

const TYPE = 'CommunicationRequest.extension';
const PAYLOAD = 'CommunicationRequest.payload';

/** What it says, and until when it is worth saying. */
export const contentRules: readonly Rule[] = [
  {
    id: 'message-type-known',
    clauses: ['CHN-2'],
    on: 'facts',
    judge: ({ messageType }) => {
      if (messageType.kind === 'found') return [];
      const faults = messageType.kind === 'invalid' ? ` (${[...messageType.faults].sort().join('; ')})` : '';
      return [
        {
          effect: 'refuse',
          code: 'message-type-unknown',
          clause: 'CHN-2',
          text: typeTexts[messageType.kind].replace('{faults}', () => faults),
          expression: TYPE,
        },
      ];
    },
  },
  {
    id: 'personalisation-complete',
    clauses: ['SUS-1'],
    on: 'facts',
    judge: ({ messageType }) => {
      if (messageType.kind !== 'found') return [];
      const { content } = messageType;
      const found: Finding[] = [];
      if (content.unreadable) {
        found.push(
          incomplete(
            'A part of the payload cannot be read. Give the free text as contentString, and the values as one application/json attachment: a flat object of strings.',
          ),
        );
      }
      if (content.missing.length > 0) {
        found.push(
          incomplete(
            `The message type needs values that were not given: ${[...content.missing].sort().join(', ')}. Add them and ask again.`,
          ),
        );
      }
      if (content.freeText === 'missing') {
        found.push(
          incomplete('This message type carries your own words, and none were given. Add them as contentString.'),
        );
      }
      return found;
    },
  },
  {
    id: 'free-text-expected',
    clauses: ['SUS-1'],
    on: 'facts',
    judge: ({ messageType }) =>
      messageType.kind === 'found' && messageType.content.freeText === 'not-taken'
        ? [
            {
              effect: 'refuse',
              code: 'wording',
              clause: 'SUS-1',
              text: 'This message type has fixed words, and a text of your own was given. It would be lost: leave it out, or choose a message type that takes free text.',
              expression: PAYLOAD,
            },
          ]
        : [],
  },
  {
    id: 'links-approved',
    clauses: ['SUS-2'],
    on: 'facts',
    judge: ({ messageType, policy }) =>
      messageType.kind === 'found' && messageType.content.strangeLink
        ? [
            {
              effect: 'refuse',
              code: 'wording',
              clause: 'SUS-2',
              text: `The text has a link that people could take for a scam. Links start with https:// and lead to ${policy.linkDomains.join(' or ')}. Change it or leave it out.`,
              expression: PAYLOAD,
            },
          ]
        : [],
  },
  {
    id: 'words-ready',
    clauses: ['SUS-1', 'SUS-3', 'CHN-4'],
    on: 'choice',
    judge: (_facts, { channel, text }) =>
      text.faults.map((fault): Refuse => {
        switch (fault.kind) {
          case 'placeholder':
            return placeholderLeft(fault);
          case 'too-long':
            return {
              effect: 'refuse',
              code: 'too-long',
              clause: 'CHN-4',
              text: `As a ${channelName[channel]} this message has ${fault.characters} characters, and ${fault.limit} are allowed. Shorten it, or allow another channel only.`,
              expression: PAYLOAD,
            };
          case 'sender':
            return senderUnsaid[fault.lacks];
          default:
            return fault satisfies never;
        }
      }),
  },
  {
    id: 'still-worth-sending',
    // The guidance has no clause on lateness itself; that what is withheld is kept is the one that this leads to.
    clauses: ['REC-5'],
    on: 'facts',
    judge: ({ now, request: { expires, occurrence, timesUnclear } }) => {
      if (timesUnclear) {
        return [
          expired(
            'When this message is to go, or until when, cannot be read. Give occurrenceDateTime and expires as a FHIR date or dateTime.',
          ),
        ];
      }
      if (expires === undefined) return [];
      if (now >= expires) {
        return [
          expired('The time until which this message was worth sending has passed. Ask again if it still matters.'),
        ];
      }
      if (occurrence !== undefined && occurrence >= expires) {
        return [expired('The message is to go at a time when it has expired already. Correct the one or the other.')];
      }
      return [];
    },
  },
];

const typeTexts = {
  absent: 'The request does not say which message type it is. Name one; GET /fhir/ActivityDefinition lists them.',
  unknown:
    'The message type named is not known here. Check its address and version; GET /fhir/ActivityDefinition lists them.',
  retired: 'The message type named is no longer in use, or not yet. Choose one that is.',
  invalid: 'The message type named cannot be used as it is stored{faults}. Tell whoever looks after messaging.',
} as const satisfies Record<Exclude<MessageTypeFact['kind'], 'found'>, string>;

function incomplete(text: string): Refuse {
  return { effect: 'refuse', code: 'personalisation-incomplete', clause: 'SUS-1', text, expression: PAYLOAD };
}

function expired(text: string): Refuse {
  return { effect: 'refuse', code: 'expired', clause: 'REC-5', text, expression: TYPE };
}

/** Only of the provider's own templates, to which nothing is added. */
const senderUnsaid: Record<Extract<TextFault, { kind: 'sender' }>['lacks'], Refuse> = {
  name: {
    effect: 'refuse',
    code: 'wording',
    clause: 'SUS-3',
    text: "The provider's template does not say who writes. Put the organisation's name into it, as it is written here, or ((organisation)).",
    expression: TYPE,
  },
  'way-to-check': {
    effect: 'refuse',
    code: 'wording',
    clause: 'SUS-3',
    text: "The provider's template gives people no way to check who wrote it. Put a UK telephone number or a link to an approved domain into it.",
    expression: TYPE,
  },
};

function placeholderLeft(fault: Extract<TextFault, { kind: 'placeholder' }>): Refuse {
  return {
    effect: 'refuse',
    code: 'wording',
    clause: 'SUS-1',
    text: `A placeholder in ${fault.form} was left unfilled, and the person would read it as it stands. Fill it, or write the words without brackets.`,
    expression: PAYLOAD,
  };
}
