import type { WordForm } from './lists.ts';
import { type Spellings, spelledNear, spellings } from './spelling.ts';
import { plainWord, type Token, tokensOf } from './tokens.ts';

/** A form of a list, found: from the first to the last of these tokens. */
export interface Match<L extends string> {
  readonly list: L;
  readonly first: number;
  readonly last: number;
}

export interface Lexicon<L extends string> {
  /** All that is found in a text, by where it begins; one stretch may be found by several lists. */
  find(text: string, tokens: readonly Token[]): Match<L>[];
}

/** A place in the tree of phrases: what may come next, and the lists that have the phrase so far. */
interface Node<L extends string> {
  readonly next: Map<string, Node<L>>;
  readonly ends: Set<L>;
  /** Lists that have it only as it is written, by that writing. */
  readonly asWritten: Map<string, Set<L>>;
}

/** All forms, prepared: a tree of phrases, endings of words, and near spellings of the words in the tree. */
interface Prepared<L extends string> {
  readonly root: Node<L>;
  readonly endings: ReadonlyMap<string, ReadonlySet<L>>;
  readonly near: Spellings;
  readonly known: ReadonlySet<string>;
  /** Lists whose words are also found with a slip of the pen. */
  readonly forgiving: ReadonlySet<L>;
}

export interface LexiconOptions<L extends string> {
  /** Lists whose words are also found with a slip of the pen. */
  readonly forgiving: ReadonlySet<L>;
  /** Words that are taken for others, in the forms and in the text. */
  readonly alike?: ReadonlyMap<string, string>;
}

/** Builds what finds the forms of all lists in one pass. */
export function createLexicon<L extends string>(
  forms: readonly WordForm<L>[],
  { forgiving, alike = new Map() }: LexiconOptions<L>,
): Lexicon<L> {
  const keyOf = (word: string): string => alike.get(word) ?? stemOf(word);
  const prepared = prepare(forms, forgiving, keyOf);
  return {
    find(text, tokens) {
      const stems = tokens.map(({ plain }) => keyOf(plain));
      const meant = stems.map((stem) => (prepared.known.has(stem) ? undefined : spelledNear(prepared.near, stem)));
      const place: Place = { text, tokens, stems, meant };
      const found: Match<L>[] = [];
      for (let first = 0; first < tokens.length; first += 1) {
        addPhrases(found, prepared, place, first);
        addWords(found, prepared, place, first);
      }
      return found;
    },
  };
}

function prepare<L extends string>(
  forms: readonly WordForm<L>[],
  forgiving: ReadonlySet<L>,
  keyOf: (word: string) => string,
): Prepared<L> {
  const root = node<L>();
  const endings = new Map<string, Set<L>>();
  const known = new Set<string>();
  const forgivable = new Set<string>();
  for (const { list, words, as } of forms) {
    if (as === 'ending') {
      added(endings, plainWord(words), list);
      continue;
    }
    const plain = tokensOf(words).map((one) => keyOf(one.plain));
    const leaf = plain.reduce((at, word) => child(at, word), root);
    if (as === 'as-written') added(leaf.asWritten, words, list);
    else leaf.ends.add(list);
    for (const word of plain) known.add(word);
    // People join what the lists have apart: bloodpressure, betablocker.
    if (as === undefined && plain.length === 2 && forgiving.has(list))
      child(root, stemOf(joinedWords(words))).ends.add(list);
    if (as === undefined && forgiving.has(list)) for (const word of plain) forgivable.add(word);
  }
  return { root, endings, near: spellings([...forgivable]), known, forgiving };
}

interface Place {
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly stems: readonly string[];
  /** For each token that no list has: the word of a list that it may be a slip of. */
  readonly meant: readonly (string | undefined)[];
}

/** A way through the tree, and whether a slip of spelling was overlooked on it. */
interface Path<L extends string> {
  readonly at: Node<L>;
  readonly slip: boolean;
}

function addPhrases<L extends string>(
  found: Match<L>[],
  { root, forgiving }: Prepared<L>,
  { text, tokens, stems, meant }: Place,
  first: number,
): void {
  let path: Path<L> | undefined = { at: root, slip: false };
  for (let last = first; last < tokens.length; last += 1) {
    const token = tokens[last];
    // A phrase does not go on from one sentence into the next.
    if (token === undefined || (last > first && token.opens)) return;
    path = step(path, stems[last] ?? '', meant[last]);
    if (path === undefined) return;
    const { at, slip } = path;
    // One short word with a slip is too likely to be another word.
    const isSure = !slip || last > first || token.plain.length >= SHORTEST_SLIP;
    for (const list of at.ends) if (isSure && (!slip || forgiving.has(list))) found.push({ list, first, last });
    if (at.asWritten.size > 0) {
      const written = text.slice(tokens[first]?.start, token.end);
      for (const list of at.asWritten.get(written) ?? []) found.push({ list, first, last });
    }
  }
}

const SHORTEST_SLIP = 7;

/** By the word itself, and once in a phrase by the word that it may be a slip of. */
function step<L extends string>({ at, slip }: Path<L>, stem: string, meant: string | undefined): Path<L> | undefined {
  const exact = at.next.get(stem);
  if (exact !== undefined) return { at: exact, slip };
  const near = slip || meant === undefined ? undefined : at.next.get(meant);
  return near === undefined ? undefined : { at: near, slip: true };
}

/** By how a single word ends; and two words that a hyphen joins, as the one that they may be. */
function addWords<L extends string>(
  found: Match<L>[],
  { root, endings, known }: Prepared<L>,
  { text, tokens, stems }: Place,
  first: number,
): void {
  const token = tokens[first];
  if (token === undefined) return;
  if (!known.has(stems[first] ?? '')) {
    for (const list of byEnding(endings, token.plain)) found.push({ list, first, last: first });
  }
  const next = tokens[first + 1];
  if (next === undefined || text[token.end] !== '-' || next.start !== token.end + 1) return;
  const joined = token.plain + next.plain;
  const lists = [...(root.next.get(stemOf(joined))?.ends ?? []), ...byEnding(endings, joined)];
  for (const list of lists) found.push({ list, first, last: first + 1 });
}

/**
 * A word without the ending of a plural, whether it is one or not, and with e for ae and oe, as many write haemorrhage:
 * so it is stored, and so it is looked up.
 */
function stemOf(word: string): string {
  const plain = word.includes('ae') || word.includes('oe') ? word.replace(/[ao]e/g, 'e') : word;
  if (plain.length <= 4 || !plain.endsWith('s') || plain.endsWith('ss')) return plain;
  return plain.length > 5 && plain.endsWith('ies') ? `${plain.slice(0, -3)}y` : plain.slice(0, -1);
}

const joinedWords = (words: string): string =>
  tokensOf(words)
    .map((one) => one.plain)
    .join('');

const LONGEST_ENDING = 12;
/** A word of which an ending tells something has more than the ending. */
const BEFORE_ENDING = 3;

function byEnding<L extends string>(endings: Prepared<L>['endings'], word: string): readonly L[] {
  for (let at = Math.max(BEFORE_ENDING, word.length - LONGEST_ENDING); at < word.length - 2; at += 1) {
    const ending = word.slice(at);
    const lists = endings.get(ending) ?? (ending.endsWith('s') ? endings.get(ending.slice(0, -1)) : undefined);
    if (lists !== undefined) return [...lists];
  }
  return [];
}

function node<L extends string>(): Node<L> {
  return { next: new Map(), ends: new Set(), asWritten: new Map() };
}

function child<L extends string>(at: Node<L>, word: string): Node<L> {
  const known = at.next.get(word);
  if (known !== undefined) return known;
  const made = node<L>();
  at.next.set(word, made);
  return made;
}

function added<L extends string>(to: Map<string, Set<L>>, key: string, list: L): void {
  to.set(key, (to.get(key) ?? new Set<L>()).add(list));
}
