import type { Channel } from '../channel.ts';
import { channelName } from '../channel.ts';
import { ceilingOf, considered, textFor } from '../choose.ts';
import type { ClauseId } from '../clauses.ts';
import { isCleared } from '../clearance.ts';
import type { KnownFacts } from '../facts.ts';
import {
  type ConfidentialFamily,
  confidentialFamilies,
  confidentialities,
  type ScannedText,
  type WordsFound,
} from '../message-facts.ts';
import type { Close, Refuse, Rule } from './rule.ts';

const PAYLOAD = 'CommunicationRequest.payload';

/** How it is put: as little as possible that is confidential, nothing like a scam, and read by a second person first. */
export const wordingRules: readonly Rule[] = [
  {
    id: 'no-confidential-words',
    clauses: ['MIN-4'],
    on: 'facts',
    judge: (facts) => {
      if (facts.request.necessity !== undefined) return [];
      return considered(facts).flatMap((channel): Close[] => {
        const text = textFor(facts, channel);
        if (text === undefined || !isOpen(facts, channel)) return [];
        const found = confidentialIn(text);
        if (found.length === 0) return [];
        return [
          {
            effect: 'close',
            channel,
            code: 'confidential-content',
            clause: 'MIN-4',
            text: `By ${channelName[channel]}, which others may see: the message has ${listed(found)}. Take it out and ask the person to get in touch, or say in the extension necessity why it has to be there.`,
          },
        ];
      });
    },
  },
  {
    id: 'necessity-recorded',
    clauses: ['MIN-4'],
    on: 'choice',
    judge: (facts, { channel, text }) => {
      const { necessity } = facts.request;
      const found = isOpen(facts, channel) ? confidentialIn(text) : [];
      if (necessity === undefined || found.length === 0) return [];
      return [
        {
          effect: 'warn',
          code: 'necessity',
          clause: 'MIN-4',
          text: `By ${channelName[channel]}, which others may see, this message has ${listed(found)}. The reason given: ${necessity}`,
        },
      ];
    },
  },
  {
    id: 'results-routine',
    clauses: ['MIN-5'],
    on: 'facts',
    judge: ({ request: { resultsStatement }, messageType }) => {
      if (messageType.kind !== 'found' || resultsStatement === 'routine') return [];
      const tellsResults = messageType.type.kinds.some(({ code }) => code === RESULTS);
      if (resultsStatement === 'none' && !tellsResults) return [];
      return [
        {
          effect: 'refuse',
          code: 'results-not-routine',
          clause: 'MIN-5',
          text: 'Results go in a message only where they are routine or as expected and the person is known to the service. If both are so, say so in the extension results-statement; if not, somebody tells the person themselves, and results-available asks them to call.',
          expression: 'CommunicationRequest.extension',
        },
      ];
    },
  },
  {
    id: 'words-of-care',
    clauses: ['CON-3'],
    on: 'facts',
    judge: ({ messageType }) => {
      if (messageType.kind !== 'found') return [];
      return faultsOfScope(messageType.texts.flatMap((one) => one.found)).map(({ clause, text }) => ({
        effect: 'refuse',
        code: 'out-of-scope',
        clause,
        text,
        expression: PAYLOAD,
      }));
    },
  },
  {
    id: 'wording-neutral',
    clauses: ['SUS-1', 'SUS-2'],
    on: 'choice',
    judge: ({ messageType }, { text }) =>
      faultsOfStyle(text.found).flatMap(({ of, clause, text: said }): Refuse[] => {
        // Of a link in the caller's own words `links-approved` has told already.
        if (of === 'link' && messageType.kind === 'found' && messageType.content.strangeLink) return [];
        return [{ effect: 'refuse', code: 'wording', clause, text: said, expression: PAYLOAD }];
      }),
  },
  {
    id: 'second-reader',
    clauses: ['MIN-6'],
    on: 'facts',
    judge: (facts) => {
      const { messageType, policy } = facts;
      if (messageType.kind !== 'found' || !policy.secondReader.includes(messageType.type.code)) return [];
      if (messageType.content.freeText !== 'given' || isCleared(facts, 'second-reader')) return [];
      return [
        {
          effect: 'hold',
          code: 'second-reader',
          clause: 'MIN-6',
          text: 'Somebody other than its author reads a message of this type before it goes. Have the Task about it answered; it waits until then.',
          task: {
            code: 'second-reader',
            text: 'Read the words of this message as whoever gets it would, and answer agreed or refused. The person who asked for the message may not be the one who answers.',
            performerType: 'clinic',
          },
        },
      ];
    },
  },
];

/** The topic by which a message type says that it tells results; the shipped type of that name is one. */
const RESULTS = 'results-routine';

/** Whether what goes this way may be seen by others than the person: whatever may not carry more than `N`. */
function isOpen(facts: KnownFacts, channel: Channel): boolean {
  const ceiling = ceilingOf(facts, channel);
  return ceiling === undefined || confidentialities.indexOf(ceiling) <= confidentialities.indexOf('N');
}

const confidentialIn = ({ found }: ScannedText): WordsFound[] =>
  found.filter(({ of }) => confidentialFamilies.some((family) => family === of));

/** The confidential words by what they are; numbers and dates are never repeated. */
function listed(found: readonly WordsFound[]): string {
  return confidentialFamilies
    .flatMap((family) => {
      const words = wordsOf(found, family);
      if (words.length === 0) return [];
      return family === 'identifier' ? words : [`${familyName[family]} (${quoted(words)})`];
    })
    .join(', ');
}

const familyName = {
  identifier: 'an identifier',
  diagnosis: 'words about a condition',
  medicine: 'words about a medicine',
  'sensitive-service': 'words about a sensitive service',
} as const satisfies Record<ConfidentialFamily, string>;

const wordsOf = (found: readonly WordsFound[], of: WordsFound['of']): string[] =>
  [...new Set(found.filter((one) => one.of === of).map((one) => one.words))].sort();

const quoted = (words: readonly string[]): string => words.map((one) => `"${one}"`).join(', ');

const outOfScope = {
  appeal: (words: string) =>
    `The message reads like an appeal for money or an offer (${words}). Fundraising and marketing are not sent from here. Take it out, or use the service that the organisation has for them.`,
  study: (words: string) =>
    `The message reads like an invitation to research (${words}). Research is not sent from here. Take it out, or use the service that the organisation has for it.`,
} as const;

/** What makes words something else than a message about care (CON-3), and how to mend it. */
export function faultsOfScope(found: readonly WordsFound[]): { clause: ClauseId; text: string }[] {
  return (['appeal', 'study'] as const).flatMap((matter) => {
    const words = wordsOf(found, matter);
    return words.length === 0 ? [] : [{ clause: 'CON-3', text: outOfScope[matter](quoted(words)) }];
  });
}

type Style = Exclude<WordsFound['of'], ConfidentialFamily | 'appeal' | 'study'>;

/** What makes words look like a scam, or unlike a letter from a hospital, with the clause and how to mend it. */
export function faultsOfStyle(found: readonly WordsFound[]): { of: Style; clause: ClauseId; text: string }[] {
  return styles.flatMap((of) => {
    const words = wordsOf(found, of);
    return words.length === 0 ? [] : [{ of, clause: clauseOf[of], text: mends[of](quoted(words)) }];
  });
}

const clauseOf = {
  shouting: 'SUS-1',
  exclamation: 'SUS-1',
  pressure: 'SUS-1',
  'text-speak': 'SUS-1',
  payment: 'SUS-2',
  'look-alike': 'SUS-2',
  link: 'SUS-2',
} as const satisfies Record<Style, ClauseId>;

const styles = Object.keys(clauseOf) as Style[];

const mends = {
  shouting: (words) => `Words in capitals read as shouting: ${words}. Write them in small letters.`,
  exclamation: () => 'The message has more than one exclamation mark. Write plain sentences.',
  pressure: (words) =>
    `The message presses or threatens as scams do: ${words}. Say calmly what the person can do and whom to call.`,
  'text-speak': (words) => `The message has text-speak: ${words}. Write the words out.`,
  payment: (words) =>
    `The message asks for money or for bank details, or seems to: ${words}. Messages never do. Take it out.`,
  'look-alike': (words) =>
    `A word mixes letters of two alphabets that look alike: ${words}. Type it again in plain letters.`,
  link: (words) =>
    `The message has a link that people could take for a scam: ${words}. Links start with https:// and lead to a domain that the organisation has approved.`,
} as const satisfies Record<Style, (words: string) => string>;
