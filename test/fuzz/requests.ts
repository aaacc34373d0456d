import fc from 'fast-check';
import { expectedTypes } from '../fhir/expectations.ts';
import { expectedSearches } from '../fhir/expectations-search.ts';
import { body, bundled, encoding, jsonText, mutated } from './bodies.ts';
import type { FuzzRequest } from './http.ts';
import { markIn, marks, mobileForms } from './marks.ts';

/** The token that the service was given for the provider's callbacks. */
export const CALLBACK_TOKEN = 'token-that-only-the-fuzz-knows';

const types = [...Object.keys(expectedTypes), 'Nothing', 'patient', 'Bundle', 'Parameters'];
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
  '_has:Consent:patient:status',
  'subject:Patient.identifier',
  'toString',
  '__proto__',
];

/** Of every type, with a value that is well formed. */
const everywhere: readonly [string, { readonly value: string }][] = [
  ['_id', { value: 'example-maya' }],
  ['_lastUpdated', { value: 'ge2026' }],
  ['_sort', { value: '-_lastUpdated' }],
  ['_count', { value: '3' }],
  ['_total', { value: 'accurate' }],
  ['_summary', { value: 'count' }],
  ['_include', { value: 'Flag:subject' }],
  ['_revinclude', { value: 'Provenance:target' }],
];

const odd = fc.oneof(
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

const modifier = fc.constantFrom(
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
  ':above',
  ':nonsense',
  '.name',
  ':Patient.name',
  '%00',
);
const pair = fc
  .tuple(fc.constantFrom(...searches), modifier, odd)
  .map(([name, more, value]) => `${name}${more}=${value}`);
const query = fc.oneof(
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

const id = fc.oneof(
  fc.constantFrom(
    'example-maya',
    'found',
    'x',
    '$evaluate',
    '_search',
    '_history',
    '.',
    '%2e',
    'A'.repeat(65),
    marks.nhsNumber,
  ),
  odd,
);
const path = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...types).map((type) => `/fhir/${type}`) },
  { weight: 5, arbitrary: fc.tuple(fc.constantFrom(...types), id).map(([type, one]) => `/fhir/${type}/${one}`) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.constantFrom(...types),
        id,
        fc.constantFrom('_history', '_history/1', '_history/0', '_history/x/y', '$evaluate', '$everything', '_search'),
      )
      .map(([type, one, more]) => `/fhir/${type}/${one}/${more}`),
  },
  { weight: 2, arbitrary: fc.constantFrom(...types).map((type) => `/fhir/${type}/_search`) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '/fhir/CommunicationRequest/$evaluate',
      '/fhir/ValueSet/$expand',
      '/fhir/ValueSet/$validate-code',
    ),
  },
  { weight: 2, arbitrary: fc.constantFrom('/fhir', '/fhir/', '/fhir//', '/fhir/metadata') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '/',
      '//',
      '/livez',
      '/readyz',
      '/metrics',
      '/%',
      '/fhir/%00',
      '/%c0%ae/fhir',
      '/fhir/../metrics',
      '*',
    ),
  },
  { weight: 1, arbitrary: odd.map((text) => `/${text}`) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('delivery-receipt', 'received-text', 'returned-letter', 'nothing')
      .map((one) => `/callbacks/govuk-notify/${one}`),
  },
);

const headerText = fc.oneof(
  fc.constantFrom(
    '',
    'W/"1"',
    '"1"',
    '*',
    'W/"',
    '""',
    '%',
    '\u00ff\u0080',
    ',;=',
    'a'.repeat(2_000),
    marks.nhsNumber,
    marks.email,
  ),
  fc.string({ unit: 'binary-ascii', maxLength: 20 }).map((text) => text.replaceAll(/[^\x20-\x7e]/g, '')),
);
const contentType = fc.oneof(
  { weight: 12, arbitrary: fc.constant('application/fhir+json') },
  { weight: 3, arbitrary: fc.constant('application/x-www-form-urlencoded') },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'application/json',
      'application/fhir+json; charset=utf-16',
      'application/fhir+json; charset=',
      'application/fhir+xml',
      'text/plain',
      'multipart/form-data; boundary=x',
      'application/fhir+json; fhirVersion=5.0',
      ';;;',
      '',
    ),
  },
);
const token = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.constantFrom(
      'Bearer demo-epr',
      'Bearer demo-epr',
      'Bearer demo-ig',
      'Bearer demo-admin',
      'Bearer demo-sar',
    ),
  },
  { weight: 2, arbitrary: fc.constant(`Bearer ${CALLBACK_TOKEN}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      'Bearer',
      'Bearer x',
      'Basic ZGVtbzpkZW1v',
      'bearer  demo-epr',
      'Bearer demo-epr, Bearer demo-ig',
    ),
  },
  { weight: 1, arbitrary: headerText },
);
const moreHeaders = fc.dictionary(
  fc.constantFrom(
    'accept',
    'prefer',
    'if-match',
    'if-none-match',
    'if-none-exist',
    'x-request-id',
    'content-encoding',
    'accept-encoding',
    'range',
    'x-http-method-override',
    'forwarded',
    'cookie',
  ),
  fc.oneof(
    headerText,
    fc.constantFrom(
      'return=minimal',
      'return=OperationOutcome',
      'respond-async',
      'application/fhir+xml',
      'gzip',
      'br',
      'zebra',
      'identifier=x|y',
      `identifier=${marks.nhsNumber}`,
      'family=%ZZ',
      'subject=Patient/x',
      '100-continue',
      'bytes=0-1',
      'DELETE',
    ),
  ),
  { maxKeys: 3 },
);

/** Any part of it may be wrong, and most are. */
const wild: fc.Arbitrary<FuzzRequest> = fc
  .record({
    method: fc.constantFrom(
      'GET',
      'GET',
      'GET',
      'POST',
      'POST',
      'POST',
      'POST',
      'PUT',
      'PUT',
      'PATCH',
      'DELETE',
      'HEAD',
      'OPTIONS',
      'PROPFIND',
    ),
    path,
    query,
    contentType,
    token,
    more: moreHeaders,
    body,
    form: fc.array(pair, { maxLength: 4 }),
  })
  .map(({ method, path: address, query: asked, contentType: type, token: authorization, more, body: bytes, form }) => {
    const bare = method === 'GET' || method === 'HEAD';
    const sent = type === 'application/x-www-form-urlencoded' ? Buffer.from(form.join('&')) : bytes;
    return {
      method,
      path: address + asked,
      headers: {
        authorization,
        ...(bare ? {} : { 'content-type': type, 'content-length': String(sent.byteLength) }),
        ...more,
      },
      ...(bare ? {} : { body: sent }),
    };
  });

const JSON_TYPE = { 'content-type': 'application/fhir+json' } as const;
const roleOf = (type: string): string => expectedTypes[type as keyof typeof expectedTypes]?.token ?? 'demo-epr';
const withLength = (headers: Readonly<Record<string, string>>, sent: Uint8Array) => ({
  ...headers,
  'content-length': String(sent.byteLength),
});

/** A resource sent where it belongs, by who may write it: what is wrong with it is in the resource. */
const write: fc.Arbitrary<FuzzRequest> = fc
  .tuple(
    fc.oneof({ weight: 4, arbitrary: mutated }, { weight: 1, arbitrary: bundled }),
    fc.constantFrom('create', 'create', 'create', 'update', 'evaluate'),
    fc.nat(5),
    encoding,
  )
  .map(([value, how, number, encode]) => {
    const { resourceType: named } = (value ?? {}) as { resourceType?: unknown };
    const type = typeof named === 'string' && /^[A-Za-z]+$/.test(named) ? named : 'Patient';
    const updated = how === 'update' && typeof value === 'object' && value !== null && !Array.isArray(value);
    const sent = encode(jsonText(updated ? { ...value, id: `fuzz-${number}` } : value));
    const address = type === 'Bundle' ? '' : `/${type}`;
    const evaluated = how === 'evaluate' && type === 'CommunicationRequest';
    const more = how === 'update' ? `/fuzz-${number}` : evaluated ? '/$evaluate' : '';
    return {
      method: how === 'update' ? 'PUT' : 'POST',
      path: `/fhir${address}${more}`,
      headers: withLength({ authorization: `Bearer ${roleOf(type)}`, ...JSON_TYPE }, sent),
      body: sent,
    };
  });

/** Parameters that the type has, asked by who may read it: what is wrong with them is in modifiers and values. */
const search: fc.Arbitrary<FuzzRequest> = fc
  .constantFrom(...Object.entries(expectedSearches))
  .chain(([type, { parameters }]) =>
    fc
      .tuple(
        fc.array(
          fc.tuple(
            fc.constantFrom(...Object.entries(parameters), ...everywhere),
            fc.oneof({ weight: 3, arbitrary: fc.constant('') }, { weight: 1, arbitrary: modifier }),
            odd,
            fc.boolean(),
          ),
          { minLength: 1, maxLength: 4 },
        ),
        fc.boolean(),
      )
      .map(([asked, byPost]) => {
        const text = asked
          .map(
            ([[name, known], more, value, well]) => `${name}${more}=${well ? encodeURIComponent(known.value) : value}`,
          )
          .join('&');
        const authorization = `Bearer ${roleOf(type)}`;
        if (!byPost)
          return { method: 'GET', path: `/fhir/${type}?${text}`.slice(0, 15_000), headers: { authorization } };
        const sent = Buffer.from(text);
        const form = { authorization, 'content-type': 'application/x-www-form-urlencoded' };
        return { method: 'POST', path: `/fhir/${type}/_search`, headers: withLength(form, sent), body: sent };
      }),
  );

/** What the provider's callbacks bring, with the provider's token. */
const callback: fc.Arbitrary<FuzzRequest> = fc
  .tuple(fc.constantFrom('delivery-receipt', 'received-text', 'returned-letter'), body)
  .map(([kind, sent]) => ({
    method: 'POST',
    path: `/callbacks/govuk-notify/${kind}`,
    headers: withLength({ authorization: `Bearer ${CALLBACK_TOKEN}`, 'content-type': 'application/json' }, sent),
    body: sent,
  }));

/** One request to the service. */
export const fuzzRequest: fc.Arbitrary<FuzzRequest> = fc.oneof(
  { weight: 10, arbitrary: write },
  { weight: 6, arbitrary: search },
  { weight: 1, arbitrary: callback },
  { weight: 7, arbitrary: wild },
);
