/** Words by every way of leaving one letter out of them, and by how they sound. */
export interface Spellings {
  readonly shortened: ReadonlyMap<string, readonly string[]>;
  readonly sounding: ReadonlyMap<string, string>;
}

/** Shorter words have too many neighbours that mean something else. */
const SHORTEST = 6;
/** Shorter words have too many others that sound alike. */
const SHORTEST_SOUND = 9;

/** Prepares words for `spelledNear`; short ones are left out. */
export function spellings(words: readonly string[]): Spellings {
  const sounding = new Map(words.filter((word) => word.length >= SHORTEST_SOUND).map((word) => [soundOf(word), word]));
  return { shortened: shortenings(words), sounding };
}

function shortenings(words: readonly string[]): Map<string, string[]> {
  const by = new Map<string, string[]>();
  for (const word of words) {
    if (word.length < SHORTEST) continue;
    for (let at = 0; at < word.length; at += 1) {
      const key = at === 0 ? word : without(word, at);
      by.set(key, [...(by.get(key) ?? []), word]);
    }
  }
  return by;
}

/**
 * The word that is meant, where `written` has one letter too many, too few, wrong, or two that changed places, the
 * first letter being right; or where a long word sounds the same.
 */
export function spelledNear({ shortened, sounding }: Spellings, written: string): string | undefined {
  if (written.length < SHORTEST) return undefined;
  for (let at = 0; at < written.length; at += 1) {
    const near = shortened.get(at === 0 ? written : without(written, at));
    const found = near?.find((word) => word.charCodeAt(0) === written.charCodeAt(0) && isNear(word, written));
    if (found !== undefined) return found;
  }
  return written.length < SHORTEST_SOUND ? undefined : sounding.get(soundOf(written));
}

/** A word as it is heard, so that amytriptiline is amitriptyline: any vowel as any other, doubled letters as one. */
function soundOf(word: string): string {
  return word
    .replace(/ph/g, 'f')
    .replace(/^ps/, 's')
    .replace(/^k?n|^pn/, 'n')
    .replace(/[cs]h|sc(?=[eiy])|c(?=[eiy])|z/g, 's')
    .replace(/ck|[cqx]/g, 'k')
    .replace(/h/g, '')
    .replace(/[aeiouyw]+/g, 'a')
    .replace(/(.)\1+/g, '$1');
}

const without = (word: string, at: number): string => word.slice(0, at) + word.slice(at + 1);

/** Two words that share a shortening may still differ by two letters in different places. */
function isNear(a: string, b: string): boolean {
  let from = 0;
  while (from < a.length && from < b.length && a[from] === b[from]) from += 1;
  let end = 0;
  while (end < a.length - from && end < b.length - from && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const left = a.slice(from, a.length - end);
  const right = b.slice(from, b.length - end);
  if (left.length <= 1 && right.length <= 1) return true;
  return left.length === 2 && right.length === 2 && left[0] === right[1] && left[1] === right[0];
}
