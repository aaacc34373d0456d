import fc from 'fast-check';
import { expectedTypes } from '../fhir/expectations.ts';
import { body } from './bodies.ts';
import type { FuzzRequest } from './http.ts';
import { marks } from './marks.ts';
import { odd, pair, query } from './queries.ts';

/** The token that the service was given for the provider's callbacks. */
export const CALLBACK_TOKEN = 'token-that-only-the-fuzz-knows';

const types = [...Object.keys(expectedTypes), 'Nothing', 'patient', 'Bundle', 'Parameters'];
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
export const wild: fc.Arbitrary<FuzzRequest> = fc
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
