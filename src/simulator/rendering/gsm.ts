import { closeGaps, collapsedLines, strip } from './spaces.ts';

/** Characters beyond which Notify refuses a text. */
export const MOST_CHARACTERS = 918;

/** A text as it reaches the phone. */
export interface PhoneText {
  readonly body: string;
  /** In UTF-16 units. */
  readonly length: number;
  readonly fragments: number;
}

/** What becomes of a text: white space put in order, then every character that the networks lack replaced. */
export function toPhoneText(text: string): PhoneText {
  const tidy = inOrder(text);
  const body = Array.from(tidy, carried).join('');
  return { body, length: body.length, fragments: fragmentsOf(tidy, body.length) };
}

function inOrder(text: string): string {
  const lines = collapsedLines(closeGaps(text));
  // One empty line between two others at most; those at the ends go with the ends.
  const kept = lines.filter((line, at) => line !== '' || lines[at - 1] !== '');
  return strip(kept.join('\n'));
}

/** The alphabet of GSM 03.38 and its extension, which needs an escape before each character. */
const alphabet: ReadonlySet<string> = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ' +
    'ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
const escaped: ReadonlySet<string> = new Set('€^{}[]~|\\');

/** Welsh vowels with each of their four marks. One that the alphabet lacks makes the whole text travel as UCS-2. */
const welsh: ReadonlySet<string> = new Set(
  [...'aeiouwyAEIOUWY'].flatMap((vowel) => [...'\u0300\u0301\u0302\u0308'].map((mark) => (vowel + mark).normalize())),
);

const isCarried = (character: string): boolean =>
  alphabet.has(character) || escaped.has(character) || welsh.has(character);

const others: Readonly<Record<string, string>> = {
  '‑': '-',
  '–': '-',
  '—': '-',
  '−': '-',
  '‘': "'",
  '’': "'",
  '‚': "'",
  '“': '"',
  '”': '"',
  '„': '"',
  '…': '...',
  Ł: 'L',
  ł: 'l',
};

/** White space and what nobody sees are gone by now: `inOrder` leaves none of it but spaces and line ends. */
function carried(character: string): string {
  if (isCarried(character)) return character;
  const base = withoutLastMark(character);
  if (base === undefined) return others[character] ?? '?';
  return isCarried(base) ? base : '?';
}

/** The character that is left when the last mark goes, as Unicode's table of canonical decompositions has it. */
function withoutLastMark(character: string): string | undefined {
  const apart = Array.from(character.normalize('NFD'));
  const composed = character.normalize('NFC');
  if (composed !== character) return Array.from(composed)[0];
  return apart.length === 1 ? undefined : Array.from(apart.slice(0, -1).join('').normalize('NFC'))[0];
}

function fragmentsOf(tidy: string, length: number): number {
  const characters = Array.from(tidy);
  const wide = characters.some((one) => welsh.has(one) && !alphabet.has(one));
  const units = wide ? length : length + characters.filter((one) => escaped.has(one)).length;
  const [alone, joined] = wide ? [70, 67] : [160, 153];
  return units <= alone ? 1 : Math.ceil(units / joined);
}
