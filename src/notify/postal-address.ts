import { abroadNamed, isUkName } from './countries.ts';
import { normaliseWhitespace } from './whitespace.ts';

/** Who a letter goes to, as Notify prints it, or the first thing in Notify's order that is wrong with it. */
export type PostalAddress =
  | {
      readonly kind: 'ok';
      readonly lines: readonly string[];
      /** Letters abroad need a permission of the account. */
      readonly abroad: boolean;
    }
  | { readonly kind: 'bad'; readonly fault: AddressFault };

export const addressFaults = [
  'too-few-lines',
  'too-many-lines',
  'no-words',
  'bfpo-abroad',
  'no-postcode',
  'first-character',
  'no-fixed-abode',
] as const;
export type AddressFault = (typeof addressFaults)[number];

export const FEWEST_LINES = 3;
export const MOST_LINES = 7;

/**
 * Reads the lines of an address, the person's name among them, by Notify's rules: blank lines go, a UK country at the
 * end goes, a forces' post office (BFPO) comes last, a postcode is written in capitals with one space. Of countries
 * abroad English names and ISO's two letters are known; Notify knows more names, and is not asked about those.
 */
export function readPostalAddress(given: readonly string[]): PostalAddress {
  const { lines, bfpo, abroad, postcode } = arrange(given.map(cleanLine).filter((line) => line !== ''));
  const bad = (fault: AddressFault): PostalAddress => ({ kind: 'bad', fault });
  if (lines.length < FEWEST_LINES) return bad('too-few-lines');
  if (lines.length > MOST_LINES) return bad('too-many-lines');
  if (!lines.slice(0, 2).every((line) => /[a-z0-9]/i.test(line))) return bad('no-words');
  if (bfpo && abroad) return bad('bfpo-abroad');
  if (!bfpo && !abroad && postcode === undefined) return bad('no-postcode');
  if (lines.some((line) => unprintedFirst.has(line.charAt(0)))) return bad('first-character');
  if (lines.some(isNoFixedAbode)) return bad('no-fixed-abode');
  return { kind: 'ok', lines, abroad };
}

/** Notify takes a line that begins with one of these for something else than an address. */
const unprintedFirst: ReadonlySet<string> = new Set('@()=[]"”\\/,<>~');

function cleanLine(line: string): string {
  return normaliseWhitespace(line).replace(/[\s,]+$/, '');
}

function isNoFixedAbode(line: string): boolean {
  return /^nfa$|no fixed (?:abode|address)/i.test(line);
}

interface Arranged {
  readonly lines: readonly string[];
  readonly bfpo: boolean;
  readonly abroad: boolean;
  readonly postcode: string | undefined;
}

function arrange(given: readonly string[]): Arranged {
  const offices = given.flatMap((line) => bfpoNumber(line) ?? []);
  const place = offices.length === 0 ? [...given] : given.filter((line) => !isBfpo(line));
  while (place.length > 0 && isUkName(place.at(-1) ?? '')) place.pop();
  const country = abroadNamed(place.at(-1) ?? '');
  const postcode = country === undefined ? readPostcode(place.at(-1) ?? '') : undefined;
  const end = country ?? postcode;
  if (end !== undefined) place.pop();
  // The forces' own number goes after the postcode, which it may stand without.
  const [office] = offices;
  const lines = [
    ...place,
    ...(postcode === undefined ? [] : [postcode]),
    ...(office === undefined ? [] : [`BFPO ${office}`]),
    ...(country === undefined ? [] : [country]),
  ];
  return { lines, bfpo: office !== undefined, abroad: country !== undefined, postcode };
}

const bfpoLine = /^bfpo\s*(?:c\/o)?\s*(\d*)$/i;

function isBfpo(line: string): boolean {
  return bfpoLine.test(line);
}

function bfpoNumber(line: string): number | undefined {
  const digits = bfpoLine.exec(line)?.[1];
  return digits === undefined || digits === '' ? undefined : Number(digits);
}

/** The letters that a postcode may begin with. */
const areas: ReadonlySet<string> = new Set(
  [
    'AB AL B BA BB BD BF BH BL BN BR BS BT BX CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX',
    'FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG',
    'NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW',
    'UB W WA WC WD WF WN WR WS WV YO ZE',
  ].flatMap((some) => some.split(' ')),
);

/** A UK postcode in capitals with one space; `undefined` where the line cannot be one. */
export function readPostcode(line: string): string | undefined {
  const parts = /^([A-Z]+)(\d[A-Z\d]?)(\d[ABD-HJLNP-UW-Z]{2})$/.exec(line.replace(/\s/g, '').toUpperCase());
  if (parts === null) return undefined;
  const [, area = '', district = '', inward = ''] = parts;
  return areas.has(area) ? `${area}${district} ${inward}` : undefined;
}
