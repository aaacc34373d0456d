import { closeGaps, isSpace } from './spaces.ts';

/**
 * What Notify does to subjects, and to emails and letters when they are made up: gaps before full stops and commas
 * closed, quotes curled by the rules of SmartyPants, ` - ` made an en dash. What looks like an HTML tag is left alone,
 * and so is what stands in tags that hold text as it is.
 */
export function niceTypography(text: string): string {
  return enDashes(straightInAddresses(curlQuotes(closeGaps(text))));
}

/** A character, or what stands for one: an entity, or a quote that has been curled. */
type Sign = string;

const OPEN_1 = '‘';
const CLOSE_1 = '’';
const OPEN_2 = '“';
const CLOSE_2 = '”';

const tag = /(<!--[\s\S]*?--\s*>|<[^>]*>)/;
const holder = /^<(\/?)(pre|samp|code|tt|kbd|script|style|math|a)[^>]*>/i;

function curlQuotes(text: string): string {
  let out = '';
  const held: string[] = [];
  let previous = '';
  for (const [at, piece] of text.split(tag).entries()) {
    if (at % 2 === 1) {
      out += piece;
      const [, closing, name = ''] = holder.exec(piece) ?? [];
      if (closing === '') held.push(name.toLowerCase());
      else if (closing === '/' && held.at(-1) === name.toLowerCase()) held.pop();
      continue;
    }
    if (piece === '') continue;
    out += held.length > 0 ? piece : curl(piece, previous);
    previous = piece.slice(-1);
  }
  return out;
}

function curl(text: string, before: string): string {
  const closes = before !== '' && !isSpace(before);
  if (text === "'") return closes ? CLOSE_1 : OPEN_1;
  if (text === '"') return closes ? CLOSE_2 : OPEN_2;
  let signs = signsOf(text);
  for (const rule of rules) signs = apply(rule, signs);
  return signs
    .join('')
    .replace(/&#(82(?:1[12]|1[67]|2[01]|30));/g, (_, code: string) => String.fromCharCode(Number(code)));
}

/** A backslash before one of these keeps it as it is, and Notify leaves the entity in the text. */
const kept = new Set('\\"\'.-`');

function signsOf(text: string): Sign[] {
  const signs: Sign[] = [];
  const characters = [...text];
  for (let at = 0; at < characters.length; at += 1) {
    const [one = '', next] = characters.slice(at, at + 2);
    if (one !== '\\' || next === undefined || !kept.has(next)) {
      signs.push(one);
      continue;
    }
    signs.push(...`&#${next.charCodeAt(0)};`);
    at += 1;
  }
  return signs;
}

/** A pass over a text: where `matches` says so the quote becomes `by`, and `takes` signs after it are passed over. */
interface Rule {
  readonly quote: string;
  readonly by: readonly Sign[];
  readonly takes: number;
  readonly needsBefore: boolean;
  readonly matches: (signs: readonly Sign[], at: number) => boolean;
}

function apply(rule: Rule, signs: readonly Sign[]): Sign[] {
  const out: Sign[] = [];
  /** What a match took in front of its next search: a sign is looked at once by each pass. */
  let free = 0;
  for (let at = 0; at < signs.length; at += 1) {
    const sign = signs[at] ?? '';
    if (sign !== rule.quote || at < free + (rule.needsBefore ? 1 : 0) || !rule.matches(signs, at)) {
      out.push(sign);
      continue;
    }
    out.push(...rule.by);
    at += rule.by.length - 1;
    free = at + 1 + (rule.takes === 0 ? 0 : takenAfter(signs, at));
  }
  return out;
}

const isWord = (sign: Sign | undefined): boolean => sign !== undefined && /^[\p{L}\p{N}_]$/u.test(sign);
const isDigit = (sign: Sign | undefined): boolean => sign !== undefined && /^\p{Nd}$/u.test(sign);
const isSpaceSign = (sign: Sign | undefined): boolean => sign !== undefined && isSpace(sign);

/** What a closing quote may stand after. */
const endsWord = (sign: Sign | undefined): boolean => sign !== undefined && !' \t\r\n[{(-'.includes(sign);

/** A possessive: an s with which a word ends. */
const isLoneS = (signs: readonly Sign[], at: number): boolean => signs[at] === 's' && !isWord(signs[at + 1]);

/** White space, a dash of two hyphens, or an entity for either, in front of a quote that then opens. */
function opensAfter(signs: readonly Sign[], at: number): boolean {
  if (isSpaceSign(signs[at - 1])) return true;
  const before = signs.slice(Math.max(0, at - 8), at).join('');
  return /(?:--|&nbsp;|&[mn]dash;|&#821[12];|&#x201[34];)$/.test(before);
}

function takenAfter(signs: readonly Sign[], at: number): number {
  return isSpaceSign(signs[at + 1]) || isLoneS(signs, at + 1) ? 1 : 0;
}

const always = (): boolean => true;
const wordAfter = (signs: readonly Sign[], at: number): boolean => isWord(signs[at + 1]);
const rule = (
  quote: string,
  by: string,
  matches: Rule['matches'],
  more: { readonly needsBefore?: boolean; readonly takes?: number } = {},
): Rule => ({ quote, by: [...by], matches, needsBefore: more.needsBefore ?? false, takes: more.takes ?? 0 });

/** In this order, each on what the ones before it left. */
const rules: readonly Rule[] = [
  rule('"', OPEN_2 + OPEN_1, (signs, at) => signs[at + 1] === "'" && isWord(signs[at + 2])),
  rule("'", OPEN_1 + OPEN_2, (signs, at) => signs[at + 1] === '"' && isWord(signs[at + 2])),
  // Decades: rock'80s.
  rule(
    "'",
    CLOSE_1,
    (signs, at) => isWord(signs[at - 1]) && isDigit(signs[at + 1]) && isDigit(signs[at + 2]) && signs[at + 3] === 's',
  ),
  rule("'", OPEN_1, (signs, at) => opensAfter(signs, at) && wordAfter(signs, at), { needsBefore: true }),
  rule(
    "'",
    CLOSE_1,
    (signs, at) =>
      endsWord(signs[at - 1]) && !isSpaceSign(signs[at + 1]) && !isLoneS(signs, at + 1) && !isDigit(signs[at + 1]),
    { needsBefore: true },
  ),
  rule("'", CLOSE_1, (signs, at) => endsWord(signs[at - 1]) && takenAfter(signs, at) > 0, {
    needsBefore: true,
    takes: 1,
  }),
  rule("'", OPEN_1, always),
  rule('"', OPEN_2, (signs, at) => opensAfter(signs, at) && wordAfter(signs, at), { needsBefore: true }),
  rule('"', CLOSE_2, (signs, at) => isSpaceSign(signs[at + 1])),
  rule('"', CLOSE_2, (signs, at) => endsWord(signs[at - 1]), { needsBefore: true }),
  rule('"', OPEN_2, always),
];

const SPACE = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const WORD_WITH_AT = new RegExp(
  `(?:(?<![^\\n])|${SPACE})(?:(?!${SPACE})[\\s\\S])+@(?:(?!${SPACE})[\\s\\S])+(?:${SPACE}|$)`,
  'g',
);
const DASH_BETWEEN = new RegExp(`(?<!${SPACE})${SPACE}+[-–—]{1,3}${SPACE}+`, 'g');

/** An address keeps its apostrophes straight; of two with one space between them only the first does. */
function straightInAddresses(text: string): string {
  return text.replace(WORD_WITH_AT, (found) => found.replaceAll(OPEN_1, "'").replaceAll(CLOSE_1, "'"));
}

function enDashes(text: string): string {
  return text.replace(DASH_BETWEEN, ' – ');
}
