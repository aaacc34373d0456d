/** The fonts that every reader of PDFs has: nothing is embedded. */
export type Face = 'regular' | 'bold';

/** Widths of Helvetica's ASCII characters from the space on, in thousandths of the type size. */
const widths =
  '278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 ' +
  '584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 ' +
  '667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 ' +
  '278 556 500 722 500 500 500 334 260 334 584';
const ascii = widths.split(' ').map(Number);
const MARKS = /\p{M}/gu;
const USUAL = 556;

/** Bold letters are wider by about this much. */
const BOLD = 1.08;

/** How wide a text is, in points. A letter with a mark is as wide as without; what is unknown is of the usual width. */
export function textWidth(text: string, size: number, face: Face): number {
  let sum = 0;
  for (const character of text.normalize('NFD').replace(MARKS, '')) {
    sum += ascii[(character.codePointAt(0) ?? 0) - 32] ?? USUAL;
  }
  return (sum * size * (face === 'bold' ? BOLD : 1)) / 1000;
}

/** What the Windows alphabet has between 0x80 and 0x9f; `\0` is nothing. */
const WINDOWS = '€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ';

/** The byte of a character in the Windows alphabet, which PDF's fonts know. */
export function windowsByte(character: string): number | undefined {
  const code = character.codePointAt(0) ?? 0;
  if ((code >= 0x20 && code <= 0x7e) || (code >= 0xa0 && code <= 0xff)) return code;
  const at = character === '\0' ? -1 : WINDOWS.indexOf(character);
  return at < 0 ? undefined : 0x80 + at;
}

const markNames: Readonly<Record<string, string>> = {
  '\u0300': 'grave',
  '\u0301': 'acute',
  '\u0302': 'circumflex',
  '\u0303': 'tilde',
  '\u0304': 'macron',
  '\u0306': 'breve',
  '\u0307': 'dotaccent',
  '\u0308': 'dieresis',
  '\u030a': 'ring',
  '\u030b': 'hungarumlaut',
  '\u030c': 'caron',
  '\u0327': 'cedilla',
  '\u0328': 'ogonek',
};

/** A character's name among PDF's glyphs: `wcircumflex`, or by its number. */
export function glyphName(character: string): string {
  const [base = '', mark = '', ...rest] = character.normalize('NFD');
  const known = markNames[mark];
  if (/^[A-Za-z]$/.test(base) && known !== undefined && rest.length === 0) return base + known;
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
  return code.length <= 4 ? `uni${code.padStart(4, '0')}` : `u${code}`;
}
