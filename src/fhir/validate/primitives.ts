import type { Problem } from './run.ts';

/** Checks one JSON value against a primitive type of R4; undefined if it is right. */
export type PrimitiveCheck = (value: unknown) => Problem | undefined;

/**
 * The primitive types of R4 (`datatypes.html#primitive`), by name. `elementId` is the `id` attribute of elements, which
 * R4 gives no name. The sentences never hold the value.
 */
export const primitiveTypes: Readonly<Record<string, PrimitiveCheck>> = {
  boolean: (value) => (typeof value === 'boolean' ? undefined : notBoolean),
  integer: whole(-2_147_483_648, 2_147_483_647),
  unsignedInt: whole(0, 2_147_483_647),
  positiveInt: whole(1, 2_147_483_647),
  decimal: (value) => (typeof value === 'number' && Number.isFinite(value) ? undefined : notNumber),
  string: text,
  markdown: text,
  code: pattern(/^\S+(?: \S+)*$/, 'is not a code: write it without spaces before, after or beside each other'),
  id: pattern(/^[A-Za-z0-9.-]{1,64}$/, 'is not an id: use 1 to 64 letters, digits, hyphens and dots'),
  elementId: pattern(/^\S+$/, 'is not an element id: write it without spaces'),
  uri: pattern(/^\S+$/, 'is not a URI: write it without spaces'),
  url: pattern(/^\S+$/, 'is not a URL: write it without spaces'),
  canonical: pattern(
    /^(?:#|[A-Za-z][A-Za-z0-9+.-]*:)\S+$/,
    'is not a canonical: write the absolute URL of the definition, with |version if one is meant',
  ),
  oid: pattern(/^urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+$/, 'is not an OID: write urn:oid: and its numbers'),
  uuid: pattern(
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
    'is not a UUID: write urn:uuid: and the number in lower case',
  ),
  base64Binary: (value) => text(value) ?? (base64(value as string) ? undefined : notBase64),
  date: dated(
    /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/,
    'is not a date: write YYYY, YYYY-MM or YYYY-MM-DD, a day that exists',
  ),
  dateTime: dated(
    /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00)))?)?)?$/,
    'is not a dateTime: write a day that exists, and with a time also seconds and zone, as in 2026-11-21T09:30:00Z',
  ),
  instant: dated(
    /^(\d{4})-(\d\d)-(\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))$/,
    'is not an instant: write day, time with seconds, and zone, as in 2026-11-21T09:30:00Z',
  ),
  time: pattern(/^(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?$/, 'is not a time: write HH:MM:SS'),
};

/** R4 sets 1 MB; counted here in UTF-16 units, which is never stricter. */
const maximumLength = 1024 * 1024;
const notBoolean: Problem = ['structure', 'is not a boolean: send true or false, without quotation marks'];
const notNumber: Problem = ['structure', 'is not a number: send a JSON number, without quotation marks'];
const notText: Problem = ['structure', 'is not text: send a JSON string'];
const empty: Problem = ['value', 'is empty: leave the element out'];
const tooLong: Problem = ['too-long', 'is longer than a megabyte: send it in smaller parts'];
const notUnicode: Problem = ['value', 'holds half of a surrogate pair: send whole Unicode characters'];
const notPrintable: Problem = ['value', 'holds a control character: only tab and line ends are allowed'];
const notBase64: Problem = ['value', 'is not base64: encode it with the standard alphabet and its padding'];

/** What holds for every JSON string of R4, whatever its type. */
export function text(value: unknown): Problem | undefined {
  if (typeof value !== 'string') return notText;
  if (value.length === 0) return empty;
  if (value.length > maximumLength) return tooLong;
  if (controls.test(value)) return notPrintable;
  return value.isWellFormed() ? undefined : notUnicode;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;

function pattern(expression: RegExp, predicate: string): PrimitiveCheck {
  const wrong: Problem = ['value', predicate];
  return (value) => text(value) ?? (expression.test(value as string) ? undefined : wrong);
}

function whole(least: number, most: number): PrimitiveCheck {
  const outside: Problem = ['value', `is not a whole number from ${least} to ${most}`];
  return (value) => {
    if (typeof value !== 'number') return notNumber;
    return Number.isInteger(value) && value >= least && value <= most ? undefined : outside;
  };
}

/** `expression` captures year, month and day; the calendar says whether there is such a day. */
function dated(expression: RegExp, predicate: string): PrimitiveCheck {
  const wrong: Problem = ['value', predicate];
  return (value) => {
    const problem = text(value);
    if (problem) return problem;
    const parts = expression.exec(value as string);
    if (!parts || parts[1] === '0000') return wrong;
    if (parts[2] === undefined) return undefined;
    const month = Number(parts[2]);
    if (month < 1 || month > 12) return wrong;
    if (parts[3] === undefined) return undefined;
    const day = Number(parts[3]);
    return day >= 1 && day <= daysIn(Number(parts[1]), month) ? undefined : wrong;
  };
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/** Groups of four with padding at the end only; R4 lets white space stand between them. */
function base64(value: string): boolean {
  const digits = /\s/.test(value) ? value.replace(/\s+/g, '') : value;
  return digits.length > 0 && digits.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(digits);
}
