import {
  type ParseError,
  type PhoneNumber,
  parsePhoneNumberWithError,
  validatePhoneNumberLength,
} from 'libphonenumber-js/max';
import { memo } from '../memo.ts';
import { SPACE_CLASS, trim } from './whitespace.ts';

/** A telephone number as Notify reads it, or why it does not. */
export type Phone =
  | {
      readonly kind: 'ok';
      /** With the plus. */
      readonly e164: string;
      /** Country code and number, no plus: how Notify stores and sends to it. */
      readonly digits: string;
      /** `crown` is Jersey, Guernsey and the Isle of Man: +44, no permission needed, billed double. */
      readonly country: 'uk' | 'crown' | 'international';
      readonly callingCode: string;
      readonly mobile: boolean;
      /** Possibly a landline: a text to one in the UK needs a permission. */
      readonly landline: boolean;
    }
  | { readonly kind: 'bad'; readonly message: PhoneFault };

/** Notify's words, which its API puts after `phone_number `. */
export type PhoneFault =
  | 'Too many digits'
  | 'Not enough digits'
  | 'Must not contain letters or symbols'
  | 'Not a valid country prefix'
  | 'Number is not valid – double check the phone number you entered';

/** One decision reads the same number several times, and the next decision about the message reads it again. */
const REMEMBERED = 100;

/**
 * Reads a number by Notify's rules: libphonenumber for the region GB; if its length is wrong, as a foreign number
 * without its plus; if it is still wrong, the same again without any plus or leading zeros. Beware that an extra digit
 * can so turn a UK mobile into a foreign number (079009001234 is +7 900 900-12-34).
 *
 * Ofcom's numbers for drama (07700 900000 to 900999) are allowed though no network has them.
 */
export const parsePhone: (raw: string) => Phone = memo(REMEMBERED, parse);

function parse(raw: string): Phone {
  const first = attempt(raw);
  const found = first.kind === 'ok' ? first : attempt(looseEnds(raw));
  return found.kind === 'ok' && unsupported.has(found.callingCode)
    ? { kind: 'bad', message: 'Not a valid country prefix' }
    : found;
}

/** Country calling codes that Notify has no price for. */
const unsupported: ReadonlySet<string> = new Set('247 290 688 800 808 850 870 878 881 882 883 888 979'.split(' '));

const invalid = 'Number is not valid – double check the phone number you entered';
const zeroWidth = /[\u180e\u200b-\u200d\u2060\ufeff\u2028\u2029]/gu;
const foreignCharacter = new RegExp(`[^0-9()+\\-${SPACE_CLASS}]`);
const otherSpace = /[\t\u00a0\u202f]/g;

function attempt(raw: string): Phone {
  const text = raw.replace(zeroWidth, '').replace(otherSpace, ' ');
  if (foreignCharacter.test(text)) return { kind: 'bad', message: 'Must not contain letters or symbols' };
  if (text === '') return { kind: 'bad', message: 'Not enough digits' };
  const typed = trim(text);
  const number = read(typed, 'GB');
  if (number === undefined) return { kind: 'bad', message: invalid };
  const reason = validatePhoneNumberLength(typed, 'GB');
  if (reason === undefined) return judge(number);
  const foreign = read(`+${typed}`);
  if (foreign !== undefined && (foreign.isPossible() || isLocalOnly(foreign))) return judge(foreign);
  return { kind: 'bad', message: isLocalOnly(number) ? 'Not enough digits' : lengthFault(reason) };
}

/** The number with everything gone that people and spreadsheets wrongly put in front. */
function looseEnds(raw: string): string {
  return raw.replaceAll('+', '').replace(/^0+/, '');
}

function read(text: string, defaultCountry?: 'GB'): PhoneNumber | undefined {
  try {
    return parsePhoneNumberWithError(text, { extract: false, ...(defaultCountry && { defaultCountry }) });
  } catch {
    return undefined;
  }
}

/** libphonenumber's word for a UK number without its area code; this port has no such lengths. */
function isLocalOnly(number: PhoneNumber): boolean {
  const { length } = number.nationalNumber;
  return number.countryCallingCode === '44' && length >= 4 && length <= 8;
}

function lengthFault(reason: ParseError['message'] | 'INVALID_LENGTH'): PhoneFault {
  if (reason === 'TOO_LONG') return 'Too many digits';
  if (reason === 'TOO_SHORT') return 'Not enough digits';
  return invalid;
}

function judge(number: PhoneNumber): Phone {
  const callingCode = number.countryCallingCode;
  const digits = number.number.slice(1);
  const base = { kind: 'ok', e164: number.number, digits, callingCode } as const;
  if (/^447700900\d{3}$/.test(digits)) return { ...base, country: 'uk', mobile: true, landline: false };
  const type = number.getType();
  const mobile = type === 'MOBILE';
  const landline = type === 'FIXED_LINE' || type === 'FIXED_LINE_OR_MOBILE' || type === 'UAN';
  if (!number.isValid() || !(mobile || landline || type === 'PERSONAL_NUMBER'))
    return { kind: 'bad', message: invalid };
  return { ...base, country: countryOf(number), mobile, landline };
}

function countryOf(number: PhoneNumber): 'uk' | 'crown' | 'international' {
  if (number.countryCallingCode !== '44') return 'international';
  return number.country === 'GB' ? 'uk' : 'crown';
}
