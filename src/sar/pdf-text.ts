import characterNames from './character-names.json' with { type: 'json' };

/**
 * Text as a font can print it. What the font lacks stands as its name in brackets, `[thumbs up sign]`, so that nobody
 * reads over it; characters that show nothing anyway are left out.
 */
export function printable(text: string, has: (codePoint: number) => boolean): string {
  if (plain.test(text)) return text;
  const lines = text.normalize('NFC').replaceAll(/\r\n?|[\u2028\u2029\v\f]/g, '\n');
  let printed = '';
  for (const character of lines) {
    const codePoint = character.codePointAt(0) ?? 0;
    if (character === '\n') printed += character;
    else if (!isShown(character, codePoint)) continue;
    else if (character !== '\t' && /\p{Cc}/u.test(character)) printed += `[${nameOf(codePoint)}]`;
    else if (/\s/u.test(character)) printed += character === '\u00A0' || character === '\u202F' ? '\u00A0' : ' ';
    else printed += has(codePoint) ? character : `[${nameOf(codePoint)}]`;
  }
  return printed;
}

const plain = /^[ -~\n]*$/;

/** The mark that keeps letters of Persian and others apart has its effect in print. */
const isShown = (character: string, codePoint: number): boolean =>
  codePoint === 0x20_0c || !/\p{Default_Ignorable_Code_Point}/u.test(character);

/** As the Unicode Standard calls it, where it is a picture; else by its number. */
export function nameOf(codePoint: number): string {
  const hex = codePoint.toString(16).toUpperCase().padStart(4, '0');
  const names: Readonly<Record<string, string>> = characterNames;
  return names[hex] ?? `U+${hex}`;
}

/** Letters that are joined, stacked or read from right to left: they need a font's own rules. */
export const needsShaping = (text: string): boolean => !plain.test(text) && shaped.test(text);
const shaped = /[\p{M}\u200C\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Nko}]/u;
const rightToLeft = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Nko}]/u;

/** One direction's part of a line. */
export interface Run {
  readonly text: string;
  readonly rightToLeft: boolean;
}

/** The parts of a line, each of one direction, as they are read; figures are read from left to right. */
export function runsOf(line: string): Run[] {
  const parts = line.match(
    /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Nko}](?:[^\p{N}\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}[\](){}<>]*[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Nko}\p{M}])?|[^\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Nko}]+/gu,
  );
  return (parts ?? []).map((text) => ({ text, rightToLeft: rightToLeft.test(text) }));
}

/** Whether a paragraph as a whole is read from right to left: its first letter says so. */
export function readsRightToLeft(text: string): boolean {
  const [letter] = /\p{L}/u.exec(text) ?? [];
  return letter !== undefined && rightToLeft.test(letter);
}
