/**
 * White space as GOV.UK Notify sees it. Notify is written in Python, whose idea of a space and of a line end differs
 * from JavaScript's, so the sets are spelt out here.
 */

/** What Python's `str.split()` and the `\s` of its regular expressions take as white space: the inside of a class. */
export const SPACE_CLASS =
  '\\t-\\r\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

const ZERO_WIDTH = '\\u180e\\u200b\\u200c\\u200d\\u2060\\ufeff\\u2028\\u2029';
const FULL_WIDTH = '\\u00a0\\u202f';

const fullWidth = new RegExp(`[${FULL_WIDTH}]`, 'g');
const zeroWidth = new RegExp(`[${ZERO_WIDTH}]`, 'g');
const obscure = new RegExp(`[${ZERO_WIDTH}${FULL_WIDTH}]`, 'g');
const spaces = new RegExp(`[${SPACE_CLASS}]+`, 'g');
const ends = new RegExp(`^[${SPACE_CLASS}]+|[${SPACE_CLASS}]+$`, 'g');
const LINE_END_CLASS = '\\n-\\r\\u001c-\\u001e\\u0085\\u2028\\u2029';
const lineEnd = new RegExp(`\\r\\n|[${LINE_END_CLASS}]`);
const beforePunctuation = /(?<![ \t])[ \t]+([,.])/g;

/** Every run of white space becomes one space, the ends go, zero-width characters go. */
export function normaliseWhitespace(text: string): string {
  return trim(text.replace(fullWidth, ' ').replace(zeroWidth, '').replace(spaces, ' '));
}

/** The same, line by line; every kind of line end becomes LF. */
export function normaliseLines(text: string): string {
  return text.split(lineEnd).map(normaliseWhitespace).join('\n');
}

/** Takes white space off both ends, as Python's `str.strip()` does. */
export function trim(text: string): string {
  return text.replace(ends, '');
}

/** Spaces and tabs before a comma or a full stop go. */
export function removeSpaceBeforePunctuation(text: string): string {
  return text.replace(beforePunctuation, '$1');
}

/** Removes no-break and zero-width characters everywhere and ASCII white space at the ends: what is done to recipients. */
export function stripObscure(text: string): string {
  return text.replace(obscure, '').replace(/^[ \t\n\r\v\f]+|[ \t\n\r\v\f]+$/g, '');
}
