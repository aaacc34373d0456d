import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { exampleRequest } from '../../src/catalogue/examples.ts';
import { expectedSearches } from '../fhir/expectations-search.ts';
import { validResources } from '../validate/valid-resources.ts';
import { marks, mobileForms } from './marks.ts';

type Json = unknown;

/** Valid resources of every type, all of them about the marked person. */
const seeds: readonly Json[] = [
  ...Object.values(validResources),
  ...Object.values(expectedSearches).flatMap(({ found, other }) => [found, other]),
  exampleRequest('fuzz'),
  { ...exampleRequest('fuzz'), payload: [{ contentString: `${marks.text} for ${marks.given}` }] },
  {
    resourceType: 'Patient',
    identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: marks.nhsNumber }],
    name: [{ family: marks.family, given: [marks.given], text: `${marks.given} ${marks.family}` }],
    telecom: [
      { system: 'phone', value: marks.mobile },
      { system: 'email', value: marks.email },
    ],
    address: [{ line: [marks.street] }],
    birthDate: '1951-02-03',
  },
];

const markText = fc.constantFrom<string>(...Object.values(marks), ...mobileForms);

/** Texts that have broken parsers, stores and logs before. */
const oddText = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\u0000',
    '\ud800',
    '\udfff\ud800',
    '\u2028\u2029',
    '\ufeff',
    '\u202e\u202d',
    'a\u0301\u0301\u0301',
    '\u{10ffff}',
    'ﷺ',
    '\r\nX-Injected: yes',
    '{{7*7}}',
    "'; DROP TABLE res; --",
    '../../../../etc/passwd',
    '<script>alert(1)</script>',
    '((body))',
    '__proto__',
    '2026-02-30',
    '2026-13-45T99:99:99Z',
    '-0001-01-01',
    '99999-01-01',
    'Patient/',
    'Patient/../Consent/x',
    '#',
    '#self',
    'urn:uuid:',
    'Patient?identifier=x',
    'https://elsewhere.example.org/fhir/Patient/1',
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('x', '\u{1f44b}', '\n').map((one) => one.repeat(20_000)),
  markText,
);

/** Numbers as JSON text may have them, past what a double holds. */
const NUMBER = '\ue000';
const hugeNumber = fc
  .constantFrom('1e308', '1e400', '-1e400', '1e-400', '-0', '9007199254740993', '0.1000000000000000000001', '1E5')
  .map((one) => `${NUMBER}${one}${NUMBER}`);

const oddKey = fc.constantFrom(
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'then',
  'toJSON',
  'length',
  'resourceType',
  'id',
  'meta',
  'extension',
  'contained',
  '_id',
  '',
  ' ',
  'a.b[0]',
  marks.family,
  marks.nhsNumber,
);

const nested = fc
  .tuple(
    fc.constantFrom(5, 40, 63, 64, 65, 200, 800),
    fc.constantFrom<'list' | 'object' | 'extension'>('list', 'object', 'extension'),
  )
  .map(([depth, kind]) => {
    let value: Json = kind === 'list' ? [] : {};
    for (let level = 0; level < depth; level += 1) {
      if (kind === 'list') value = [value];
      else if (kind === 'object') value = { name: value };
      else value = { url: 'https://example.org/x', extension: [value] };
    }
    return value;
  });

const oddValue: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: oddText },
  { weight: 2, arbitrary: hugeNumber },
  { weight: 2, arbitrary: fc.jsonValue() },
  { weight: 1, arbitrary: nested },
  { weight: 2, arbitrary: fc.constantFrom<Json>(null, true, false, 0, -1, 1.5, [], {}, [null], [[]], [{}]) },
  { weight: 1, arbitrary: fc.constantFrom(...seeds) },
);

type Mutation =
  | { readonly do: 'remove' }
  | { readonly do: 'replace'; readonly value: Json }
  | { readonly do: 'add'; readonly key: string; readonly value: Json }
  | { readonly do: 'wrap' }
  | { readonly do: 'repeat'; readonly times: number };

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.constant<Mutation>({ do: 'remove' }),
  oddValue.map((value): Mutation => ({ do: 'replace', value })),
  fc.tuple(oddKey, oddValue).map(([key, value]): Mutation => ({ do: 'add', key, value })),
  fc.constant<Mutation>({ do: 'wrap' }),
  fc.constantFrom(2, 50, 1000).map((times): Mutation => ({ do: 'repeat', times })),
);

/** A seed with some of its places changed, or none; `at` chooses a place wherever there are any. */
export const mutated: fc.Arbitrary<Json> = fc
  .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(), mutation), { maxLength: 4 }))
  .map(([seed, changes]) =>
    changes.reduce((value, [at, change]) => mutate(value, at, structuredClone(change)), structuredClone(seed)),
  );

function mutate(root: Json, at: number, change: Mutation): Json {
  const places: { holder: Record<string, Json>; key: string }[] = [];
  const walk = (value: Json): void => {
    if (places.length > 2_000 || typeof value !== 'object' || value === null) return;
    const holder = value as Record<string, Json>;
    for (const key of Object.keys(holder)) {
      places.push({ holder, key });
      walk(holder[key]);
    }
  };
  walk(root);
  const place = places[at % Math.max(1, places.length)];
  if (place === undefined) return change.do === 'replace' ? change.value : root;
  const { holder, key } = place;
  const set = (target: object, name: string, value: Json): void => {
    // A list takes no names; and `__proto__` is to be a key of the text, not the prototype of our own object.
    if (Array.isArray(target) && !/^\d+$/.test(name)) target.push(value);
    else Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  };
  switch (change.do) {
    case 'remove':
      delete holder[key];
      return root;
    case 'replace':
      set(holder, key, change.value);
      return root;
    case 'add': {
      const inner = holder[key];
      set(
        typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? inner : holder,
        change.key,
        change.value,
      );
      return root;
    }
    case 'wrap':
      set(holder, key, [holder[key]]);
      return root;
    case 'repeat': {
      const one = JSON.stringify(holder[key] ?? null);
      const times = one.length * change.times > 200_000 ? 2 : change.times;
      set(holder, key, JSON.parse(`[${Array(times).fill(one).join(',')}]`));
      return root;
    }
    default: {
      const never: never = change;
      throw new TypeError(`Unknown mutation ${String(never)}`);
    }
  }
}

/** JSON text, with the numbers that JavaScript itself could not write. */
export function jsonText(value: Json): string {
  return (JSON.stringify(value) ?? 'null').replaceAll(new RegExp(`"${NUMBER}([^"${NUMBER}]*)${NUMBER}"`, 'g'), '$1');
}

const oddRequest = fc.record(
  {
    method: fc.constantFrom('POST', 'PUT', 'GET', 'DELETE', 'PATCH', 'nonsense'),
    url: fc.oneof(
      fc.constantFrom('Patient', 'Flag?status=active', 'Patient/x', 'CommunicationRequest/$evaluate', '/', '?x', '//'),
      oddText,
    ),
    ifNoneExist: fc.oneof(fc.constantFrom('identifier=a|b', 'family=x&', '_count=1', '%ZZ'), oddText),
    ifMatch: fc.oneof(fc.constant('W/"1"'), oddText),
  },
  { requiredKeys: ['method', 'url'] },
);
const LINK = 'urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e';

/** An entry that is sent where its resource belongs, as often as not. */
const entry = fc
  .tuple(mutated, fc.constantFrom('POST', 'PUT', 'odd'), oddRequest, fc.oneof(fc.constantFrom(LINK, 'x'), oddText))
  .map(([value, how, request, fullUrl]) => {
    const named = (value ?? {}) as { resourceType?: unknown; id?: unknown };
    // A mutated type or id may be anything, an object that has no text included.
    const resourceType = typeof named.resourceType === 'string' ? named.resourceType : 'Patient';
    const id = typeof named.id === 'string' ? named.id : 'x';
    const url = how === 'POST' ? `${resourceType}` : `${resourceType}/${id}`;
    return { fullUrl, resource: value, request: how === 'odd' ? request : { method: how, url } };
  });

/** A Bundle of resources, which may point at each other. */
export const bundled: fc.Arbitrary<Json> = fc
  .tuple(
    fc.constantFrom('batch', 'transaction', 'transaction', 'collection', 'nonsense'),
    fc.array(fc.oneof({ weight: 6, arbitrary: entry }, { weight: 1, arbitrary: oddValue }), { maxLength: 5 }),
    fc.boolean(),
  )
  .map(([type, entries, linked]) => {
    const bundle = { resourceType: 'Bundle', type, entry: entries };
    const text = JSON.stringify(bundle);
    return linked ? JSON.parse(text.replaceAll(/"reference":"[^"]*"/g, `"reference":"${LINK}"`)) : bundle;
  });

/** The resource or Bundle of one request. */
export const resource: fc.Arbitrary<Json> = fc.oneof(
  { weight: 8, arbitrary: mutated },
  { weight: 2, arbitrary: bundled },
  {
    weight: 1,
    arbitrary: mutated.map((one) => ({ resourceType: 'Parameters', parameter: [{ name: 'resource', resource: one }] })),
  },
  { weight: 1, arbitrary: oddValue },
);

type Encoding = (text: string) => Uint8Array;
const encodings: readonly Encoding[] = [
  (text) => Buffer.from(text, 'utf16le'),
  (text) => Buffer.from(text, 'latin1'),
  (text) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)]),
  (text) => Buffer.concat([Buffer.from(text), Buffer.from([0xc0, 0xaf, 0xff])]),
  (text) => gzipSync(text),
  (text) => gzipSync(text).subarray(0, -9),
  (text) => Buffer.from(text).subarray(0, Math.floor(text.length / 2)),
  (text) => Buffer.from(`${text}${text}`),
  (text) => Buffer.from(`/* ${marks.text} */ ${text}`),
  (text) => Buffer.from(text.replaceAll('"', "'")),
  (text) => Buffer.from(text.replace(/:/, ':NaN,')),
  (text) => Buffer.from(text.replaceAll(',', ',,')),
  (text) => Buffer.from(`${'['.repeat(100_000)}${text}${']'.repeat(100_000)}`),
  (text) => Buffer.from(text.replace(':', `:${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)},"b":`)),
];

/** Text as bytes: mostly as it is, and otherwise broken or in another encoding. */
export const encoding: fc.Arbitrary<Encoding> = fc.oneof(
  { weight: 9, arbitrary: fc.constant<Encoding>((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.constantFrom(...encodings) },
);

/** The bytes of a body. */
export const body: fc.Arbitrary<Uint8Array> = fc
  .tuple(resource, encoding)
  .map(([value, encode]) => encode(jsonText(value)));
