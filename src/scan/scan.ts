import type { WordsFound } from '../policy/message-facts.ts';
import { identifiersIn } from './identifiers.ts';
import { createLexicon, type Lexicon, type Match as MatchOf } from './lexicon.ts';
import { type WordListName, wordForms } from './lists.ts';
import { exclaims, lookAlike, shouting } from './style.ts';
import { type Token, tokensOf } from './tokens.ts';

type Match = MatchOf<WordListName>;

let lexicon: Lexicon<WordListName> | undefined;

/** Lists whose words are also found with a slip of the pen. */
const forgiving: ReadonlySet<WordListName> = new Set(['diagnosis', 'medicine', 'sensitive-service']);

/** Whose it is does not matter: my heart, his heart, your heart. */
const alike: ReadonlyMap<string, string> = new Map(
  ['my', 'his', 'her', 'their'].map((whose): [string, string] => [whose, 'your']),
);

/**
 * What in a text is confidential, out of place, or written as scams are (MIN-4, CON-3, SUS-1, SUS-2): each thing once,
 * in the order of the text. Pure but for the word lists, which are read once. The words of an identifier are not its own.
 */
export function scan(text: string): WordsFound[] {
  lexicon ??= createLexicon(wordForms(), { forgiving, alike });
  const tokens = tokensOf(text);
  const matches = lexicon.find(text, tokens);
  const excused = excusedIn(matches, tokens);
  const found: WordsFound[] = identifiersIn(text).map((words) => ({ of: 'identifier', words }));
  for (const one of matches) {
    if (excuses(one.list) || excused.has(one)) continue;
    found.push({ of: one.list, words: text.slice(tokens[one.first]?.start, tokens[one.last]?.end) });
  }
  const [dose] = doses.exec(text) ?? [];
  if (dose !== undefined) found.push({ of: 'medicine', words: dose });
  const loud = shouting(text);
  if (loud !== undefined) found.push({ of: 'shouting', words: loud });
  if (exclaims(text)) found.push({ of: 'exclamation', words: '!' });
  const strange = lookAlike(text);
  if (strange !== undefined) found.push({ of: 'look-alike', words: strange });
  return [...new Map(withoutLoneShort(found).map((one) => [`${one.of} ${one.words.toLowerCase()}`, one])).values()];
}

/** One short word may be a name, a reference or a slip of the thumb; two are how a text is written (SUS-1). */
function withoutLoneShort(found: readonly WordsFound[]): readonly WordsFound[] {
  const short = new Set(found.filter((one) => one.of === 'text-speak').map((one) => one.words.toLowerCase()));
  return short.size > 1 ? found : found.filter((one) => one.of !== 'text-speak');
}

/** Nothing but a medicine comes in such small weights. */
const doses = /(?<![\d.])\d+(?:\.\d+)?\s?(?:mgs?|mcg|micrograms?|milligrams?)\b/i;

type Excuse = 'ordinary' | 'no-payment' | 'general';

const excuses = (list: WordListName): list is Excuse =>
  list === 'ordinary' || list === 'no-payment' || list === 'general';

/** What is found and means nothing: part of something ordinary, or of a question that everybody is asked. */
function excusedIn(matches: readonly Match[], tokens: readonly Token[]): ReadonlySet<Match> {
  const excused = new Set<Match>();
  const excusing = matches.filter((one) => excuses(one.list));
  if (excusing.length === 0) return excused;
  for (const one of matches) {
    const isPart = excusing.some(
      ({ list, first, last }) =>
        (list === 'ordinary' || (list === 'no-payment' && one.list === 'payment')) &&
        // Its last word is what a phrase is about: "your fracture" in "your fracture clinic".
        first <= one.last &&
        last >= one.last &&
        last - first >= one.last - one.first,
    );
    if (isPart) excused.add(one);
  }
  for (const opener of excusing) if (opener.list === 'general') excuseAfter(opener, matches, tokens, excused);
  return excused;
}

/** Words of no weight may stand between the opening of a question and what is asked about: "if you take any of". */
const BETWEEN = 2;

/** A condition or medicine right behind the opening of a general question, and those that "or" and commas join to it. */
function excuseAfter(opener: Match, matches: readonly Match[], tokens: readonly Token[], excused: Set<Match>): void {
  let end = opener.last;
  for (const one of matches) {
    if ((one.list !== 'diagnosis' && one.list !== 'medicine') || one.first <= opener.last) continue;
    if (one.first > end + 1 + BETWEEN) break;
    if (tokens.slice(end + 1, one.first + 1).some((token) => token.opens)) break;
    excused.add(one);
    end = Math.max(end, one.last);
  }
}
