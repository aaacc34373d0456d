/** Patterns of words that are looked for in texts. */

/** These words, wherever they stand, whatever the spaces and the case: to hide too much is the safe side. */
export function wordsPattern(text: string): RegExp {
  const words = text.trim().split(/\s+/).map(escaped);
  return new RegExp(words.join('\\s+'), 'giu');
}

/** A hidden name as a word of its own, capitals or not, for texts are written in haste. */
export function namePattern(name: string): RegExp {
  const words = name.trim().split(/\s+/).map(escaped);
  return new RegExp(`(?<!\\p{L})${words.join('\\s+')}(?!\\p{L})`, 'giu');
}

/**
 * A contact detail as people write it: a telephone number with or without the country's code or the nought before it,
 * spaces, hyphens and points; anything else word for word.
 */
export function detailPattern(value: string): RegExp {
  const digits = nationalDigits(value);
  if (digits === undefined) return wordsPattern(value);
  return new RegExp(
    `(?<!\\d)(?:(?:\\+|00)?44[\\s.-]*(?:\\(0\\)[\\s.-]*)?|0)?${[...digits].join('[\\s().-]*')}(?!\\d)`,
    'gu',
  );
}

/** A postcode, with or without the space in it. */
export function postcodePattern(postcode: string): RegExp {
  return new RegExp([...postcode.replaceAll(/\s/g, '')].map(escaped).join('\\s*'), 'giu');
}

/** The digits of a United Kingdom number after the 0 or +44; `undefined` for what is no such number. */
export function nationalDigits(value: string): string | undefined {
  const compact = value.replaceAll(/[\s()-]/g, '').replace(/^00/, '+');
  return /^(?:\+44|0)(\d{9,10})$/.exec(compact)?.[1];
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
