import { createLexicon, type Lexicon } from '../scan/lexicon.ts';
import { formsIn } from '../scan/lists.ts';
import { tokensOf } from '../scan/tokens.ts';
import { createUrgency, urgencyLists } from './meaning-urgency.ts';
import { type InboundListName, inboundListNames } from './word-lists.ts';

/** What the words of a received text may mean. It says where a person looks first, and never takes their place. */
export interface Meaning {
  /** It asks for texts to stop, in one of the forms that need no reading (OBJ-11, contract 11). */
  readonly stop: boolean;
  /** It may refuse messages, or take a refusal back: a person reads it and finds out. */
  readonly refusal: boolean;
  /** The number is not the person's whom we meant (VER-1). */
  readonly wrongNumber: boolean;
  /** Words of urgency or distress (TWO-3). */
  readonly urgent: boolean;
  /** A machine may have written it (TWO-2). */
  readonly automatic: boolean;
}

export type ReadMeaning = (text: string) => Meaning;

/**
 * Reads the words of texts by the published lists. `urgentWords`: the organisation's own, in place of the shipped ones.
 * Pure but for the lists, which are read once.
 */
export function createMeaning(urgentWords?: readonly string[]): ReadMeaning {
  let lexicon: Lexicon<InboundListName> | undefined;
  let isUrgent: ((text: string) => boolean) | undefined;
  return (text) => {
    lexicon ??= createLexicon(others.flatMap(formsIn), { forgiving });
    isUrgent ??= createUrgency(urgentWords);
    const tokens = tokensOf(text);
    const found = lexicon.find(text, tokens);
    const has = (list: InboundListName): boolean => found.some((one) => one.list === list);
    const whole = found.some((one) => one.list === 'stop' && one.first === 0 && one.last === tokens.length - 1);
    const begins = found.some((one) => one.list === 'stop-begins' && one.first === 0);
    const spelled = tokens.map((one) => one.plain).join('') === 'stop';
    const stop = whole || begins || spelled;
    return {
      stop,
      refusal: !stop && has('refusal'),
      wrongNumber: has('wrong-number'),
      urgent: isUrgent(text),
      automatic: has('automatic-reply') || isCode(text),
    };
  };
}

/** All but those of urgency, which are read in a way of their own. */
const others = inboundListNames.filter((one) => !urgencyLists.has(one));

/** Lists whose words are also found with a slip of the pen. */
const forgiving: ReadonlySet<InboundListName> = new Set(['wrong-number']);

/** Nothing but digits and signs: a code or a confirmation that a machine sends. */
const isCode = (text: string): boolean => !/\p{L}/u.test(text) && /\d/.test(text);
