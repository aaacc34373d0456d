/**
 * White space as Python has it, in which Notify is written: more characters than JavaScript's `\s` on one side, fewer on
 * the other. The simulator has these rules of its own, so that a mistake in those of the service it stands in for shows.
 */

const codes = [
  ...[0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x85, 0xa0, 0x1680],
  ...Array.from({ length: 11 }, (_, n) => 0x2000 + n),
  ...[0x2028, 0x2029, 0x202f, 0x205f, 0x3000],
];
const spaces: ReadonlySet<string> = new Set(codes.map((code) => String.fromCodePoint(code)));
const breaks: ReadonlySet<string> = new Set('\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029');
const unseen: ReadonlySet<string> = new Set('\u180e\u200b\u200c\u200d\u2060\ufeff\u2028\u2029');
const unbroken: ReadonlySet<string> = new Set('\u00a0\u202f');

/** Whether Python takes a character for white space; the absent one, before and after a text, is none. */
export function isSpace(character: string | undefined): boolean {
  return character !== undefined && spaces.has(character);
}

/** Takes white space off both ends. */
export function strip(text: string): string {
  const characters = [...text];
  const first = characters.findIndex((one) => !spaces.has(one));
  if (first < 0) return '';
  return characters.slice(first, characters.findLastIndex((one) => !spaces.has(one)) + 1).join('');
}

/** Plain words with one space between them: what most lines are, and what is as it should be. */
const isPlain = /^[!-~]+(?: [!-~]+)*$/;

/** Words with one space between them; what nobody sees goes. */
export function collapse(text: string): string {
  if (isPlain.test(text)) return text;
  const words: string[] = [];
  let word = '';
  for (const character of text) {
    if (unseen.has(character)) continue;
    if (!spaces.has(character)) {
      word += character;
    } else if (word !== '') {
      words.push(word);
      word = '';
    }
  }
  return [...words, ...(word === '' ? [] : [word])].join(' ');
}

/** Lines, whatever ends them, each collapsed. */
export function collapsedLines(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  let previous = '';
  for (const character of text) {
    const second = previous === '\r' && character === '\n';
    previous = character;
    if (second) continue;
    if (breaks.has(character)) {
      lines.push(line);
      line = '';
    } else {
      line += character;
    }
  }
  if (line !== '') lines.push(line);
  return lines.map(collapse);
}

/** Without the characters that nobody sees, those that keep words together, and ASCII white space at the ends. */
export function stripHidden(text: string): string {
  const seen = [...text].filter((one) => !unseen.has(one) && !unbroken.has(one)).join('');
  return seen.replace(/^[ \t\n\r\v\f]+|[ \t\n\r\v\f]+$/g, '');
}

/** Closes the gap of spaces and tabs before a comma or a full stop. */
export function closeGaps(text: string): string {
  return text.replace(/(?<![ \t])[ \t]+(?=[,.])/g, '');
}
