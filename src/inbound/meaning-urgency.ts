import { createLexicon, type Match } from '../scan/lexicon.ts';
import { formsIn, type WordForm } from '../scan/lists.ts';
import { type Token, tokensOf } from '../scan/tokens.ts';
import { lineOf } from './urgency-line.ts';
import { signs } from './urgency-signs.ts';

/** Words of a text, from the first to the last of them. */
type Stretch = Pick<Match<ListName>, 'first' | 'last'>;

type ListName = 'urgent' | 'not-urgent' | 'body-and-device';

/** Words that are taken for the first of them, in the lists and in the texts. */
const alike: ReadonlyMap<string, string> = new Map(
  [
    ['my', 'his', 'her', 'their'],
    ['cant', 'carnt', 'cnt', 'cannot', 'couldnt', 'cudnt', 'cudn', 'cannae', 'kant', 'coudnt'],
    ['wont', 'wouldnt', 'wudnt', 'wnt'],
    ['dont', 'doesnt', 'didnt', 'dnt', 'dosent', 'dosnt', 'dint'],
    ['isnt', 'aint', 'arent', 'wasnt', 'werent'],
    ['havent', 'hasnt', 'hadnt', 'havnt', 'hasent', 'avent', 'hvnt'],
    ['someone', 'somebody', 'sumone', 'sum1', 'some1', 'sombody'],
    ['doctor', 'dr', 'doc', 'docter', 'gp', 'medic'],
    ['through', 'thru'],
    ['walk', 'wlk'],
    ['help', 'hlp'],
    ['bleeding', 'blding', 'bleedin'],
    ['blood', 'bld'],
    ['breathe', 'brth', 'brthe', 'breeve'],
    ['tonight', '2nite', 'tonite', '2night'],
    ['tomorrow', 'tmrw', 'tmw', 'tomoz', 'tmoro', '2moro', 'tomoro'],
    ['appointment', 'appt', 'apt', 'app', 'appointmnt', 'apointment'],
    [
      'something',
      'sumfing',
      'summat',
      'somethin',
      'sumthing',
      'smth',
      'somthng',
      'smthng',
      'somthing',
      'sumthin',
      'sumat',
    ],
    ['nothing', 'nowt', 'nuffin', 'nothin'],
    ['mum', 'mam', 'mom', 'mother', 'nan', 'nana', 'gran', 'grandma', 'dad', 'father', 'grandad', 'husband', 'wife'],
    ['pill', 'tab', 'tablet', 'tabs', 'tablets', 'pills', 'capsule', 'capsules'],
    ['meds', 'medicine', 'medicines', 'medication', 'medications', 'medecine', 'medcine'],
    ['nothing', 'nought'],
    ['to', '2'],
  ].flatMap(([first = '', ...others]) => others.map((one): [string, string] => [one, first])),
);

/** Words that people put into a phrase, or leave out, without a change of what it says. */
const fillers: ReadonlySet<string> = new Set(
  (
    'a an the any some of really rly proper properly very so just even still quite bit actually completely totally ' +
    'is are was were has have had been be being got gotten get getting now all much too also again suddenly slightly ' +
    'in feel feels feeling more longer am at anywhere anymore'
  ).split(' '),
);

/** The lists by which urgency is read, in a way of their own. */
export const urgencyLists: ReadonlySet<string> = new Set<ListName>(['urgent', 'not-urgent', 'body-and-device']);

/**
 * Whether a text has words of urgency or distress (TWO-3). `own`: the organisation's words, in place of the shipped ones.
 *
 * One sure word is enough, unless it is part of something that is not urgent, and so is a sign that no list can hold. A word that stands in both lists is doubtful by itself, as "funny": it counts beside a second one, or
 * beside a part of the body, a device or a medicine.
 */
export function createUrgency(own?: readonly string[]): (text: string) => boolean {
  const forms: WordForm<ListName>[] =
    own === undefined
      ? [...formsIn('urgent'), ...formsIn('body-and-device')]
      : own.map((words) => ({ list: 'urgent', words, as: undefined }));
  const lexicon = createLexicon([...forms, ...formsIn('not-urgent')], { forgiving: new Set(['urgent']), alike });
  return (text) => {
    const tokens = tokensOf(text);
    const line = lineOf(text, tokens);
    if (own === undefined && signs.some((one) => one.test(line))) return true;
    const found = [...lexicon.find(text, tokens), ...withoutFillers(tokens, (kept) => lexicon.find(text, kept))];
    const excuses = found.filter((one) => one.list === 'not-urgent');
    const isDoubtful = (one: Stretch): boolean => own === undefined && excuses.some((two) => isSame(one, two));
    const things = found.filter((one) => one.list === 'body-and-device' && !isExcused(one, excuses, tokens));
    const isThing = (one: Stretch): boolean => found.some((two) => two.list === 'body-and-device' && isSame(one, two));
    const words = found.filter((one) => one.list === 'urgent' && !isThing(one) && !isExcused(one, excuses, tokens));
    const [sure, doubtful] = [words.filter((one) => !isDoubtful(one)), words.filter(isDoubtful)];
    return sure.length > 0 || (!isLight(tokens) && isPair(doubtful, things));
  };
}

/** Laughed at, or over: "my knee and hip are much better". Doubtful words are then no sign of need. */
function isLight(tokens: readonly Token[]): boolean {
  const words = tokens.map((one) => one.plain);
  return words.some((word, at) => laughter.has(word) || relief.has(`${word} ${words[at + 1] ?? ''}`));
}

const laughter: ReadonlySet<string> = new Set(['lol', 'haha', 'hahaha', 'hehe', 'lmao']);
const relief: ReadonlySet<string> = new Set(
  [
    'much better',
    'better now',
    'fine now',
    'well now',
    'ok now',
    'good now',
    'all clear',
    'feeling better',
    'all fine',
  ].concat(['all sorted', 'all good', 'fully recovered', 'fine thanks', 'better thanks', 'good thanks', 'well thanks']),
);

/** What is found when the fillers are left out, told by the places of all the words. */
function withoutFillers(
  tokens: readonly Token[],
  find: (kept: readonly Token[]) => readonly Match<ListName>[],
): readonly Match<ListName>[] {
  const kept: Token[] = [];
  const places: number[] = [];
  let opens = false;
  for (const [at, token] of tokens.entries()) {
    opens ||= token.opens;
    if (fillers.has(token.plain)) continue;
    kept.push({ ...token, opens });
    places.push(at);
    opens = false;
  }
  if (kept.length === tokens.length) return [];
  return find(kept).map((one) => ({ ...one, first: places[one.first] ?? 0, last: places[one.last] ?? 0 }));
}

/** Part of something that is not urgent, as "blood" in "blood test"; or the next thing denied: "no pain or bleeding". */
function isExcused(one: Match<ListName>, excuses: readonly Match<ListName>[], tokens: readonly Token[]): boolean {
  if (excuses.some((two) => !isSame(one, two) && two.first <= one.first && two.last >= one.last)) return true;
  const before = tokens[one.first - 1]?.plain ?? '';
  if (before !== 'or' && before !== 'nor') return false;
  return excuses.some((two) => two.last === one.first - 2 && denials.has(tokens[two.first]?.plain ?? ''));
}

const denials: ReadonlySet<string> = new Set(['no', 'not', 'never', 'without', 'havent', 'hasnt', 'dont', 'doesnt']);

const isSame = (one: Stretch, two: Stretch): boolean => one.first === two.first && one.last === two.last;

/** So far apart may two doubtful words be that tell of one thing. */
const WORDS_OF_ONE_THING = 6;

/** Whether a doubtful word has another near it, or a part of the body, with no word in common. */
function isPair(doubtful: readonly Stretch[], things: readonly Stretch[]): boolean {
  return doubtful.some((one) =>
    [...doubtful, ...things].some((two) => {
      const gap = one.first > two.last ? one.first - two.last : two.first - one.last;
      return gap > 0 && gap <= WORDS_OF_ONE_THING;
    }),
  );
}
