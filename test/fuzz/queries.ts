import fc from 'fast-check';
import { expectedSearches } from '../fhir/expectations-search.ts';
import { markIn, marks, mobileForms } from './marks.ts';

const searches = [
  ...new Set(Object.values(expectedSearches).flatMap(({ parameters }) => Object.keys(parameters))),
  '_id',
  '_lastUpdated',
  '_security',
  '_sort',
  '_count',
  '_total',
  '_summary',
  '_include',
  '_revinclude',
  '_page',
  '_since',
  '_format',
  '_pretty',
  '_elements',
  '_tag',
  '_profile',
  '_include:iterate',
  '_revinclude:iterate',
  '_has:Consent:patient:status',
  '_has:Communication:subject:_has:Provenance:target:agent',
  'subject:Patient.identifier',
  'subject:Patient.link:Patient.family',
  marks.nhsNumber,
  'toString',
  '__proto__',
];

/** Of every type, with a value that is well formed. */
export const everywhere: readonly [string, { readonly value: string }][] = [
  ['_id', { value: 'example-maya' }],
  ['_lastUpdated', { value: 'ge2026' }],
  ['_sort', { value: '-_lastUpdated' }],
  ['_count', { value: '3' }],
  ['_total', { value: 'accurate' }],
  ['_summary', { value: 'count' }],
  ['_include', { value: 'Flag:subject' }],
  ['_revinclude', { value: 'Provenance:target' }],
];

/** A value as it stands in an address: well formed, broken, or a person's. */
export const odd = fc.oneof(
  fc.constantFrom(
    '',
    '%00',
    '%ZZ',
    '%c0%ae',
    '%ff',
    '%F0%9F%91%8B',
    '+',
    '..',
    '%2e%2e%2f',
    '\\,|$',
    '|',
    ',',
    ',,,',
    '$',
    '|||',
    'Patient/x',
    '1e999',
    'gt',
    'ne2026-02-30',
    'ap0001',
    'sa9999-12-31',
    '-_id,_id',
    'Patient:link:Nothing',
    '*',
    'a'.repeat(3_000),
    Array.from({ length: 1_200 }, () => 'a').join(','),
  ),
  fc.constantFrom<string>(...Object.values(marks), ...mobileForms).map(encodeURIComponent),
  fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => encodeURIComponent(text.toWellFormed())),
  fc.string({ maxLength: 12 }).map((text) => text.replaceAll(/[^\x21-\x7e]|[#?]/g, '')),
);

/** What follows the name of a parameter. */
export const modifier = fc.constantFrom(
  '',
  '',
  '',
  ':exact',
  ':contains',
  ':missing',
  ':not',
  ':identifier',
  ':Patient',
  ':of-type',
  ':text',
  ':in',
  ':not-in',
  ':above',
  ':below',
  ':iterate',
  ':nonsense',
  '.name',
  ':Patient.name',
  '%00',
);
/** A parameter that some type has, with its value. */
export const pair = fc
  .tuple(fc.constantFrom(...searches), modifier, odd)
  .map(([name, more, value]) => `${name}${more}=${value}`);
/** From the question mark on, or nothing. */
export const query = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  { weight: 5, arbitrary: fc.array(pair, { minLength: 1, maxLength: 4 }).map((all) => `?${all.join('&')}`) },
  // Names of parameters are told back to whoever wrote them; it is their values that may be people's.
  { weight: 1, arbitrary: odd.filter((text) => markIn(text) === undefined).map((text) => `?${text}`) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(pair, fc.constantFrom(30, 150))
      .map(([one, times]) => `?${Array(times).fill(one).join('&')}`.slice(0, 15_000)),
  },
);
