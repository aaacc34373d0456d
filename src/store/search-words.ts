/**
 * The texts of one resource that are kept whole, a line for each: what `:text` looks through, and by what tokens and
 * references are put in order. Hashes would do for neither. The lines of one resource, joined, are one row.
 */
export const word = {
  /** `text` as `normalise` makes it. */
  beside: (code: string, text: string) => `\n~${code}\t${text}`,
  /** Of several values of a parameter, the one that comes first. */
  first: (code: string, key: string) => `\n<${code}\t${oneLine(key)}`,
  /** The one that comes last, where it is another. */
  last: (code: string, key: string) => `\n>${code}\t${oneLine(key)}`,
};

/** Of several values, the one that comes first in the order asked for; `null` where there is none. */
export function sortKeyIn(words: string, code: string, descending: boolean): string | null {
  return (descending ? lineAfter(words, word.last(code, '')) : null) ?? lineAfter(words, word.first(code, ''));
}

function lineAfter(words: string, start: string): string | null {
  const at = words.indexOf(start);
  if (at === -1) return null;
  const end = words.indexOf('\n', at + start.length);
  return words.slice(at + start.length, end === -1 ? undefined : end);
}

function oneLine(text: string): string {
  return text.replaceAll('\n', ' ');
}
