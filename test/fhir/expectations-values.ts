/** A search parameter as expected: its R4 kind, and a value by which the example of its type is found. */
export interface ParameterExpectation {
  readonly kind: 'token' | 'reference' | 'string' | 'date' | 'uri' | 'composite';
  readonly value: string;
  /** Which further forms R4 has for values of this shape. */
  readonly shape: 'coded' | 'plain' | 'identifier' | 'contact' | 'literal' | 'canonical' | 'text' | 'day' | 'address';
}

/** The day that every date of the examples lies on. */
export const DAY = '2026-03-05';
export const DAY_BEFORE = '2026-03-04';
export const DAY_AFTER = '2026-03-06';
export const INSTANT = `${DAY}T09:30:00Z`;
export const period = { start: DAY, end: DAY };

const CODES = 'https://codes.example.org';
export const PROFILE = 'https://profiles.example.org/any/a-profile';
const NUMBERS = 'https://numbers.example.org';
export const REFERENCE_NUMBERS = 'https://references.example.org';
export const IDENTIFIER_TYPES = 'http://terminology.hl7.org/CodeSystem/v2-0203';

/** What stands in words beside a code or an identifier: in another case, and with an accent, than it is asked for. */
export const wordsBeside = (code: string): string => `Désigné ${code}`;

/** Elements whose values are named after the search parameter that finds them: no two can be mistaken for each other. */
export const coding = (code: string) => ({ system: CODES, code, display: wordsBeside(code) });
export const concept = (code: string) => ({ coding: [coding(code)] });
export const identifier = (value: string) => ({
  system: NUMBERS,
  value,
  type: { coding: [{ system: IDENTIFIER_TYPES, code: 'MR' }], text: wordsBeside(value) },
});
/** Literal and logical at once, for the modifier `:identifier`. */
export const reference = (type: string, id: string) => ({
  reference: `${type}/${id}`,
  identifier: { system: REFERENCE_NUMBERS, value: id },
});

export const coded = (code: string): ParameterExpectation => ({
  kind: 'token',
  value: `${CODES}|${code}`,
  shape: 'coded',
});
/** A code or a boolean, which has no system of its own. */
export const plain = (code: string): ParameterExpectation => ({ kind: 'token', value: code, shape: 'plain' });
export const numbered = (value: string): ParameterExpectation => ({
  kind: 'token',
  value: `${NUMBERS}|${value}`,
  shape: 'identifier',
});
export const contact = (value: string): ParameterExpectation => ({ kind: 'token', value, shape: 'contact' });
export const literal = (type: string, id: string): ParameterExpectation => ({
  kind: 'reference',
  value: `${type}/${id}`,
  shape: 'literal',
});
export const canonical = (url: string): ParameterExpectation => ({ kind: 'reference', value: url, shape: 'canonical' });
export const text = (value: string): ParameterExpectation => ({ kind: 'string', value, shape: 'text' });
export const day: ParameterExpectation = { kind: 'date', value: DAY, shape: 'day' };
export const address = (uri: string): ParameterExpectation => ({ kind: 'uri', value: uri, shape: 'address' });
export const pair = (first: string, second: string): ParameterExpectation => ({
  kind: 'composite',
  value: `${CODES}|${first}$${CODES}|${second}`,
  shape: 'coded',
});
