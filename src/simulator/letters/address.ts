import { pythonString } from '../../notify/python-text.ts';
import { closeGaps, collapsedLines } from '../rendering/spaces.ts';
import { type Country, findCountry } from './countries.ts';

/** Who a letter goes to, as it is printed, or why Notify does not send it. */
export type Address =
  | { readonly kind: 'ok'; readonly lines: readonly string[]; readonly abroad: 'europe' | 'rest-of-world' | undefined }
  | { readonly kind: 'bad'; readonly message: string };

const FEWEST = 3;
const MOST = 7;

/**
 * Reads an address from the values of a letter, as Notify does: keys in snake_case alone, the last line in
 * `address_line_7` if that key is there, else in `postcode`. The first fault, in Notify's order, is the one that counts.
 */
export function readAddress(values: Readonly<Record<string, unknown>>, allowAbroad: boolean): Address {
  const { lines, bfpo, country, postcode } = parse(linesIn(values));
  const bad = (message: string): Address => ({ kind: 'bad', message });
  const abroad = country === undefined || country.zone === 'united-kingdom' ? undefined : country.zone;
  if (lines.length < FEWEST) return bad(`Address must be at least ${FEWEST} lines`);
  if (lines.length > MOST) return bad(`Address must be no more than ${MOST} lines`);
  if (!lines.slice(0, 2).every((line) => /[a-zA-Z0-9]/.test(line))) {
    return bad('The first 2 lines of the address must both include at least one alphanumeric character');
  }
  if (bfpo && abroad !== undefined) return bad('The last line of a BFPO address must not be a country.');
  if (!bfpo && postcode === undefined && !(allowAbroad && abroad !== undefined)) {
    return bad(
      allowAbroad ? 'Last line of address must be a real UK postcode or another country' : 'Must be a real UK postcode',
    );
  }
  if (lines.some((line) => '@()=[]"\\/,<>~'.includes(line.charAt(0)))) {
    return bad('Address lines must not start with any of the following characters: @ ( ) = [ ] ” \\ / , < >');
  }
  if (lines.some((line) => line.toLowerCase() === 'nfa') || /no fixed (?:abode|address)/i.test(lines.join('\n'))) {
    return bad('Must be a real address');
  }
  return { kind: 'ok', lines, abroad };
}

/** The lines as they come, put in order: what Notify keeps as the recipient even before it judges them. */
export function addressLines(values: Readonly<Record<string, unknown>>): readonly string[] {
  return parse(linesIn(values)).lines;
}

function linesIn(values: Readonly<Record<string, unknown>>): string[] {
  const last = 'address_line_7' in values ? 'address_line_7' : 'postcode';
  const keys = [...Array.from({ length: 6 }, (_, n) => `address_line_${n + 1}`), last];
  const text = keys.map((key) => (isEmptyValue(values[key]) ? '' : pythonString(values[key]))).join('\n');
  return collapsedLines(text)
    .map((line) => line.replace(/[ ,]+$/, ''))
    .filter((line) => line !== '')
    .map(closeGaps);
}

/** What Python takes for nothing. */
function isEmptyValue(value: unknown): boolean {
  return !value || (Array.isArray(value) && value.length === 0);
}

interface Parsed {
  readonly lines: readonly string[];
  readonly bfpo: boolean;
  /** The one that the address ends with, if it ends with one. */
  readonly country: Country | undefined;
  readonly postcode: string | undefined;
}

function parse(given: readonly string[]): Parsed {
  const numbers = given.map((line) => /^bfpo\s*(?:c\/o)?(?:\s*(\d+))?$/i.exec(line));
  const number = numbers.find((match) => match?.[1] !== undefined)?.[1];
  const rest = number === undefined ? given : given.filter((_, at) => numbers[at] === null);
  const country = findCountry(rest.at(-1) ?? '');
  const place = country === undefined ? rest : rest.slice(0, -Math.max(1, inlandAtEnd(rest)));
  const abroad = country !== undefined && country.zone !== 'united-kingdom';
  const postcode = abroad ? undefined : readPostcode(place.at(-1) ?? '');
  const lines = [
    ...(postcode === undefined ? place : [...place.slice(0, -1), postcode]),
    ...(number === undefined ? [] : [`BFPO ${Number(number)}`]),
    ...(abroad ? [country.name] : []),
  ];
  return { lines, bfpo: number !== undefined, country, postcode };
}

/** How many lines in the address name the UK, counted from the end to the first line that names another country. */
function inlandAtEnd(lines: readonly string[]): number {
  let count = 0;
  for (const line of lines.toReversed()) {
    const country = findCountry(line);
    if (country === undefined) continue;
    if (country.zone !== 'united-kingdom') break;
    count += 1;
  }
  return count;
}

/** Postcode areas, and `GIR`, the one postcode that has none. */
const areas =
  'AB|AL|B|BA|BB|BD|BF|BH|BL|BN|BR|BS|BT|BX|CA|CB|CF|CH|CM|CO|CR|CT|CV|CW|DA|DD|DE|DG|DH|DL|DN|DT|DY|E|EC|EH|EN|EX|' +
  'FK|FY|G|GIR|GL|GU|GY|HA|HD|HG|HP|HR|HS|HU|HX|IG|IM|IP|IV|JE|KA|KT|KW|KY|L|LA|LD|LE|LL|LN|LS|LU|M|ME|MK|ML|N|NE|' +
  'NG|NN|NP|NR|NW|OL|OX|PA|PE|PH|PL|PO|PR|RG|RH|RM|S|SA|SE|SG|SK|SL|SM|SN|SO|SP|SR|SS|ST|SW|SY|TA|TD|TF|TN|TQ|TR|TS|' +
  'TW|UB|W|WA|WC|WD|WF|WN|WR|WS|WV|YO|ZE';
const wholePostcode = new RegExp(`^((?:${areas})[0-9][0-9A-Z]?)([0-9][A-BD-HJLNP-UW-Z]{2})$`);

/** A UK postcode in capitals with one space, or nothing where it cannot be one. */
function readPostcode(line: string): string | undefined {
  const [, outward, inward] = wholePostcode.exec(line.replaceAll(' ', '').toUpperCase()) ?? [];
  return outward === undefined ? undefined : `${outward} ${inward}`;
}

/** An address, or a part of one, in the form in which it is compared. */
export function squeeze(address: string): string {
  return address.replace(/\s/g, '').toLowerCase();
}
