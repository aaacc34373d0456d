import { parsePhone } from '../notify/phone.ts';

/** The number in the one form that numbers are compared in, with the plus; `undefined` for what is no number to text. */
export function comparable(number: string): string | undefined {
  const parsed = parsePhone(number);
  return parsed.kind === 'ok' ? parsed.e164 : undefined;
}

/**
 * How a number may stand in records: searches compare characters, and systems write numbers as people say them. What no
 * form here meets is not found, and its text goes to a person.
 */
export function writtenForms(e164: string): string[] {
  const digits = e164.slice(1);
  const abroad = [e164, digits, `00${digits}`];
  if (!e164.startsWith('+44')) return abroad;
  const national = digits.slice(2);
  const grouped = [...new Set(groupings.flatMap((sizes) => separators.map((one) => split(national, sizes).join(one))))];
  return [...new Set([...abroad, ...grouped.flatMap((one) => heads.map((head) => head + one)), bracketed(national)])];
}

/** Of the ten digits behind the 0. */
const groupings = [[10], [4, 6], [4, 3, 3], [3, 3, 4]];
const separators = [' ', '-'];
const heads = [
  '0',
  ...['+44', '0044'].flatMap((one) => ['', ' ', '(0)', ' (0)', ' (0) '].map((zero) => one + zero)),
  '44 ',
];

function split(text: string, sizes: readonly number[]): string[] {
  const parts: string[] = [];
  let from = 0;
  for (const size of sizes) {
    parts.push(text.slice(from, from + size));
    from += size;
  }
  return parts;
}

const bracketed = (national: string): string => `(0${national.slice(0, 4)}) ${national.slice(4)}`;
