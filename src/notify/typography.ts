import { normaliseWhitespace, removeSpaceBeforePunctuation, SPACE_CLASS } from './whitespace.ts';

/**
 * What Notify does to the subject of an email: typographic quotes (by SmartyPants' rules, whose quirks are kept because
 * they reach the inbox), ` - ` to an en dash, white space to single spaces.
 */
export function toSubject(text: string): string {
  return normaliseWhitespace(enDashes(plainQuotesInAddresses(smartQuotes(removeSpaceBeforePunctuation(text)))));
}

const S = `[${SPACE_CLASS}]`;
const NOT_S = `[^${SPACE_CLASS}]`;
const WORD = '[\\p{L}\\p{N}_]';
const BOUNDARY = `(?:(?<=${WORD})(?!${WORD})|(?<!${WORD})(?=${WORD}))`;
const CLOSES = '[^ \\t\\r\\n\\[{(\\-]';
const OPENS = `${S}|&nbsp;|--|&[mn]dash;|&#8211;|&#8212;|&#x201[34];`;
const pattern = (source: string): RegExp => new RegExp(source, 'gu');

/** In order: each works on what the ones before it left. Entities are turned into characters at the end. */
const quoteRules: readonly (readonly [RegExp, string])[] = [
  [pattern(`"'(?=${WORD})`), '&#8220;&#8216;'],
  [pattern(`'"(?=${WORD})`), '&#8216;&#8220;'],
  [pattern(`${BOUNDARY}'(?=\\p{Nd}{2}s)`), '&#8217;'],
  [pattern(`(${OPENS})'(?=${WORD})`), '$1&#8216;'],
  [pattern(`(${CLOSES})'(?!${S}|s${BOUNDARY}|\\p{Nd})`), '$1&#8217;'],
  [pattern(`(${CLOSES})'(${S}|s${BOUNDARY})`), '$1&#8217;$2'],
  [pattern("'"), '&#8216;'],
  [pattern(`(${OPENS})"(?=${WORD})`), '$1&#8220;'],
  [pattern(`"(?=${S})`), '&#8221;'],
  [pattern(`(${CLOSES})"`), '$1&#8221;'],
  [pattern('"'), '&#8220;'],
];

/** A backslash keeps a character as it is; Notify leaves the entity in the text. */
const escapeRules: readonly (readonly [RegExp, string])[] = [
  [/\\\\/g, '&#92;'],
  [/\\"/g, '&#34;'],
  [/\\'/g, '&#39;'],
  [/\\\./g, '&#46;'],
  [/\\-/g, '&#45;'],
  [/\\`/g, '&#96;'],
];

const characterOf: readonly (readonly [string, string])[] = [
  ['&#8211;', '–'],
  ['&#8212;', '—'],
  ['&#8216;', '‘'],
  ['&#8217;', '’'],
  ['&#8220;', '“'],
  ['&#8221;', '”'],
  ['&#8230;', '…'],
];

/** What any of these rules finds. */
const curled = /['"\\]|&#82/;

const markup = /<!--[\s\S]*?--\s*>|<[^>]*>/g;
const verbatim = /^<(\/)?(pre|samp|code|tt|kbd|script|style|math|a)\b[^>]*>/i;

/** Curls quotes in text, leaving anything that looks like an HTML tag, and what such tags hold verbatim, alone. */
function smartQuotes(text: string): string {
  let out = '';
  let before = '';
  const open: string[] = [];
  const addText = (part: string): void => {
    if (part === '') return;
    out += open.length > 0 ? part : curl(part, before);
    before = part.slice(-1);
  };
  let from = 0;
  for (const tag of text.matchAll(markup)) {
    addText(text.slice(from, tag.index));
    out += tag[0];
    from = tag.index + tag[0].length;
    const skip = verbatim.exec(tag[0]);
    const name = skip?.[2]?.toLowerCase();
    if (name === undefined) continue;
    if (skip?.[1] === undefined) open.push(name);
    else if (open.at(-1) === name) open.pop();
  }
  addText(text.slice(from));
  return out;
}

function curl(text: string, before: string): string {
  if (!curled.test(text)) return text;
  const closes = before !== '' && new RegExp(NOT_S).test(before);
  if (text === "'") return closes ? '’' : '‘';
  if (text === '"') return closes ? '”' : '“';
  let result = text;
  for (const [find, replacement] of escapeRules) result = result.replace(find, replacement);
  for (const [find, replacement] of quoteRules) result = result.replace(find, replacement);
  for (const [entity, character] of characterOf) result = result.replaceAll(entity, character);
  return result;
}

const address = new RegExp(`(^|${S})${NOT_S}+@${NOT_S}+(${S}|$)`, 'gm');

function plainQuotesInAddresses(text: string): string {
  return text.replace(address, (found) => found.replace(/[‘’]/g, "'"));
}

const dashes = new RegExp(`(?<!${S})${S}+[-–—]{1,3}${S}+`, 'g');

function enDashes(text: string): string {
  return text.replace(dashes, ' – ');
}
