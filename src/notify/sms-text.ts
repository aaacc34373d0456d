import { normaliseLines, removeSpaceBeforePunctuation, trim } from './whitespace.ts';

/** Characters after which Notify refuses a text; the service-name prefix is not counted. */
export const SMS_MAX_CHARACTERS = 918;

/**
 * The body that Notify answers with, and sends, for this text: white space and punctuation tidied, then every character
 * that the phone networks cannot carry replaced. Applying it twice is not the same as once (`a …` becomes `a ...`, then
 * `a...`), so give it the text as Notify gets it.
 */
export function toSmsText(text: string): string {
  return downgrade(tidy(text));
}

/** What a text costs, as Notify counts it. */
export interface SmsCount {
  /** UTF-16 code units after clean-up, without the prefix: compared with SMS_MAX_CHARACTERS. */
  readonly characters: number;
  /** Fragments billed; they include the prefix. */
  readonly fragments: number;
}

/** Counts a text as Notify gets it (before clean-up). `prefix` is the service name that Notify puts in front, if it does. */
export function countSms(text: string, prefix?: string): SmsCount {
  const isPrefixed = prefix !== undefined && prefix !== '';
  const asSent = tidy(isPrefixed ? `${trim(prefix)}: ${text}` : text);
  const length = downgrade(asSent).length;
  return { characters: isPrefixed ? toSmsText(text).length : length, fragments: fragments(asSent, length) };
}

const GSM_BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿' +
  'abcdefghijklmnopqrstuvwxyzäöñüà';
const GSM_EXTENSION = '^{}\\[~]|€';
const WELSH = 'àèìòùẁỳÀÈÌÒÙẀỲáéíóúẃýÁÉÍÓÚẂÝäëïöüẅÿÄËÏÖÜẄŸâêîôûŵŷÂÊÎÔÛŴŶ';

const gsm = new Set(GSM_BASIC + GSM_EXTENSION);
const extension = new Set(GSM_EXTENSION);
const allowed = new Set(GSM_BASIC + GSM_EXTENSION + WELSH);
const welshOutsideGsm = new Set([...WELSH].filter((character) => !gsm.has(character)));

/** Nearly every text: nothing in it but ASCII that phone networks carry. */
const asciiOfGsm = /^[\n\r -_a-~]*$/;

const replacements: ReadonlyMap<string, string> = new Map([
  ...pairs('\u2011\u2013\u2014\u2212', '-'),
  ...pairs('\u2018\u2019\u201a', "'"),
  ...pairs('\u201c\u201d\u201e', '"'),
  ...pairs('\u180e\u200b\u200c\u200d\u2060\ufeff\u2028\u2029', ''),
  ...pairs('\u00a0\u202f\t', ' '),
  ['\u2026', '...'],
  ['Ł', 'L'],
  ['ł', 'l'],
]);

function pairs(characters: string, replacement: string): [string, string][] {
  return [...characters].map((character) => [character, replacement]);
}

function tidy(text: string): string {
  return trim(normaliseLines(removeSpaceBeforePunctuation(text)).replace(/\n{3,}/g, '\n\n'));
}

function downgrade(text: string): string {
  if (asciiOfGsm.test(text)) return text;
  let out = '';
  for (const character of text) out += allowed.has(character) ? character : substitute(character);
  return out;
}

/** The base letter, a known replacement, or a question mark. */
function substitute(character: string): string {
  const base = firstOfDecomposition(character);
  if (base === undefined) return replacements.get(character) ?? '?';
  return allowed.has(base) ? base : '?';
}

/**
 * First character of the canonical decomposition, one step deep, as the Unicode character table has it: `ế` gives `ê`,
 * not `e`. JavaScript only decomposes all the way; composing all but the last mark again takes it one step back.
 */
function firstOfDecomposition(character: string): string | undefined {
  const parts = [...character.normalize('NFD')];
  if (parts.length === 1 && parts[0] === character) return undefined;
  const composed = character.normalize('NFC');
  const step = composed === character ? parts.slice(0, -1).join('').normalize('NFC') : composed;
  return [...step][0];
}

function fragments(text: string, length: number): number {
  const characters = [...text];
  if (characters.some((character) => welshOutsideGsm.has(character))) {
    return length <= 70 ? 1 : Math.ceil(length / 67);
  }
  const septets = length + characters.filter((character) => extension.has(character)).length;
  return septets <= 160 ? 1 : Math.ceil(septets / 153);
}
