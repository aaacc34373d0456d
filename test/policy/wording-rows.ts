import type { ClauseId } from '../../src/policy/clauses.ts';
import type { BlockReason } from '../../src/policy/codes.ts';
import type { PolicyFacts } from '../../src/policy/facts.ts';
import type { WordsFound } from '../../src/policy/message-facts.ts';
import { known, messageType, request, text, world } from './world.ts';

type Change = Partial<PolicyFacts>;

/** The ordinary type, by text and email, with something found in the words of both. */
export const saying = (...found: WordsFound[]): Change => ({
  messageType: known(messageType({}, [text('sms', { found }), text('email', { found })])),
});

export const insulin: WordsFound = { of: 'medicine', words: 'insulin' };
export const number: WordsFound = { of: 'identifier', words: 'an NHS number' };

/** A type of the organisation's whose topic says that it tells results. */
export const tellingResults: Change = {
  messageType: known(
    messageType({
      kinds: [{ system: 'https://herald.example/fhir/CodeSystem/message-type', code: 'results-routine' }],
    }),
  ),
};

/** Free text of a type that a second person reads first. */
export const readTwice = (freeText: 'given' | 'none' = 'given'): Change => {
  const found = messageType({ freeText: true });
  if (found.kind !== 'found') return {};
  return {
    messageType: known({ ...found, content: { ...found.content, freeText } }),
    policy: { ...world().policy, secondReader: ['appointment-reminder'] },
  };
};

/** One row for each demand on the words: what is so, what refuses it, and by which clause. */
export const wordingRefusals: readonly [demand: string, change: Change, code: BlockReason, clause: ClauseId][] = [
  ['MIN-4: a medicine by text and email', saying(insulin), 'confidential-content', 'MIN-4'],
  ['MIN-4: an NHS number', saying(number), 'confidential-content', 'MIN-4'],
  ['MIN-4: a condition', saying({ of: 'diagnosis', words: 'asthma' }), 'confidential-content', 'MIN-4'],
  ['MIN-4: a service', saying({ of: 'sensitive-service', words: 'CAMHS' }), 'confidential-content', 'MIN-4'],
  ['MIN-5: results without a statement', tellingResults, 'results-not-routine', 'MIN-5'],
  [
    'MIN-5: results that are not routine',
    { ...tellingResults, request: request({ resultsStatement: 'not-routine' }) },
    'results-not-routine',
    'MIN-5',
  ],
  [
    'MIN-5: a statement of not routine, whatever the type',
    { request: request({ resultsStatement: 'not-routine' }) },
    'results-not-routine',
    'MIN-5',
  ],
  ['CON-3: an appeal in the words', saying({ of: 'appeal', words: 'donate' }), 'out-of-scope', 'CON-3'],
  ['CON-3: a study in the words', saying({ of: 'study', words: 'clinical trial' }), 'out-of-scope', 'CON-3'],
  ['SUS-1: shouting', saying({ of: 'shouting', words: 'URGENT' }), 'wording', 'SUS-1'],
  ['SUS-1: exclamation marks', saying({ of: 'exclamation', words: '!' }), 'wording', 'SUS-1'],
  ['SUS-1: pressure', saying({ of: 'pressure', words: 'act now' }), 'wording', 'SUS-1'],
  ['SUS-1: text-speak', saying({ of: 'text-speak', words: 'pls' }), 'wording', 'SUS-1'],
  ['SUS-2: a request for money', saying({ of: 'payment', words: 'pay now' }), 'wording', 'SUS-2'],
  ['SUS-2: letters that look alike', saying({ of: 'look-alike', words: 'nhѕ' }), 'wording', 'SUS-2'],
  ['SUS-2: a link in fixed words', saying({ of: 'link', words: 'bit.ly' }), 'wording', 'SUS-2'],
];
