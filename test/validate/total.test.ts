import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createValidator, type Validator } from '../../src/fhir/validate/validator.ts';
import { channels, emergencyExtension, requestProfile } from './example-profile.ts';
import { structures, valueSets } from './support.ts';
import { validResources } from './valid-resources.ts';

const validator: Validator = createValidator({
  structures,
  valueSets: [...valueSets, channels],
  profiles: [requestProfile, emergencyExtension],
  profilesFor: ({ resourceType }) => (resourceType === 'CommunicationRequest' ? [requestProfile.url] : []),
});

/** A word that stands for a name, a number or a message: it must not come back. */
const personal = 'Zebedee 07700 900123';

function expectTotal(resource: unknown): void {
  const { structure, profile } = validator.validate(resource);
  expect(structure.length + profile.length).toBeLessThanOrEqual(100);
  for (const fault of [...structure, ...profile]) {
    expect(fault.expression).toMatch(/^[A-Z][A-Za-z]*(\[\d+\]|\.[_a-z][A-Za-z0-9]*|\.`div`)*$/);
    expect(fault.issue).toMatch(/^(structure|required|value|too-long|code-invalid|invariant|not-found|not-supported)$/);
    expect(fault.text.length).toBeLessThan(1000);
    expect(fault.text).not.toContain('Zebedee');
    expect(fault.text).not.toContain('900123');
  }
}

const oddStrings = fc.constantFrom(
  personal,
  '',
  ' ',
  '\u0000',
  '\ud800',
  '#',
  '#a',
  'Patient/',
  `Patient/${personal}`,
  'x'.repeat(5000),
);
const oddKeys = fc.constantFrom(
  '__proto__',
  'constructor',
  'toString',
  'resourceType',
  'extension',
  '_value',
  personal,
  'id',
);
const oddValues = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  oddStrings,
  fc.constantFrom<unknown>(null, true, -1, 1e308, [], {}, [[]], [null], { resourceType: 'Patient' }),
  fc.dictionary(oddKeys, fc.oneof(oddStrings, fc.jsonValue({ maxDepth: 2 })), { noNullPrototype: true }),
);

/** Every place in a JSON value, as the keys that lead there. */
function places(value: unknown, path: readonly string[] = []): string[][] {
  const here = path.length > 0 ? [[...path]] : [];
  if (typeof value !== 'object' || value === null) return here;
  return [...here, ...Object.entries(value).flatMap(([key, child]) => places(child, [...path, key]))];
}

type Mutation =
  | { readonly kind: 'replace'; readonly value: unknown }
  | { readonly kind: 'remove' | 'repeat' | 'wrap' }
  | { readonly kind: 'add'; readonly key: string; readonly value: unknown };

const mutations: fc.Arbitrary<Mutation> = fc.oneof(
  oddValues.map((value): Mutation => ({ kind: 'replace', value })),
  fc.constantFrom<Mutation>({ kind: 'remove' }, { kind: 'repeat' }, { kind: 'wrap' }),
  fc.record({ kind: fc.constant('add' as const), key: oddKeys, value: oddValues }),
);

function mutate(resource: unknown, path: readonly string[], mutation: Mutation): void {
  const last = path.at(-1);
  const parent = path.slice(0, -1).reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], resource);
  if (last === undefined || typeof parent !== 'object' || parent === null) return;
  const holder = parent as Record<string, unknown>;
  switch (mutation.kind) {
    case 'replace':
      holder[last] = mutation.value;
      return;
    case 'remove':
      delete holder[last];
      return;
    case 'repeat':
      holder[last] = [holder[last], holder[last]];
      return;
    case 'wrap':
      holder[last] = { [last]: holder[last] };
      return;
    case 'add':
      if (Array.isArray(holder)) return;
      Object.defineProperty(holder, mutation.key, {
        value: mutation.value,
        enumerable: true,
        configurable: true,
        writable: true,
      });
      return;
    default:
      throw new Error(`unknown mutation ${JSON.stringify(mutation satisfies never)}`);
  }
}

describe('the validator is total: whatever it is given it answers, with a place for each fault, and repeats no content', () => {
  it('arbitrary JSON', () => {
    fc.assert(fc.property(fc.oneof(fc.jsonValue(), oddValues), expectTotal), { numRuns: 1000 });
  });

  it('arbitrary JSON within a resource', () => {
    const types = fc.constantFrom(
      'Patient',
      'CommunicationRequest',
      'Bundle',
      'Consent',
      'Parameters',
      'List',
      'Pigeon',
      personal,
    );
    const keys = fc.oneof(
      oddKeys,
      fc.constantFrom(
        'contained',
        'meta',
        'text',
        'entry',
        'subject',
        'recipient',
        'payload',
        'provision',
        'parameter',
        'category',
      ),
    );
    const resources = fc.tuple(types, fc.dictionary(keys, oddValues, { noNullPrototype: true }));
    fc.assert(
      fc.property(resources, ([resourceType, content]) => expectTotal({ ...content, resourceType })),
      { numRuns: 2000 },
    );
  });

  it('valid resources with up to four changes', () => {
    const seeds = Object.values(validResources);
    const changes = fc.array(fc.tuple(fc.nat(), mutations), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...seeds), changes, (seed, list) => {
        let resource: unknown = JSON.parse(JSON.stringify(seed));
        for (const [at, mutation] of list) {
          const all = places(resource);
          const path = all[at % Math.max(1, all.length)];
          if (path) mutate(resource, path, mutation);
          resource = JSON.parse(JSON.stringify(resource));
        }
        expectTotal(resource);
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    ['a hundred thousand contained resources that point at each other', contained(100_000)],
    [
      'a hundred thousand links to contained resources',
      { resourceType: 'List', entry: repeated(100_000, { item: { reference: '#a' } }) },
    ],
    [
      'fifty thousand entries',
      { resourceType: 'Bundle', type: 'batch', entry: repeated(50_000, { fullUrl: 'urn:x' }) },
    ],
    ['a narrative of open brackets', narrative('<'.repeat(200_000))],
    ['a narrative of comments that do not end', narrative('<!-- -'.repeat(100_000))],
    ['a narrative of spaces in a tag', narrative(`<div${' '.repeat(200_000)}`)],
    ['base64 of spaces', { resourceType: 'Binary', contentType: 'a/b', data: `${' '.repeat(200_000)}!` }],
    ['a code of words', { resourceType: 'Patient', gender: `${'a '.repeat(200_000)} ` }],
    [
      'a reference of slashes',
      { resourceType: 'Patient', generalPractitioner: [{ reference: `http://${'a/'.repeat(200_000)}` }] },
    ],
    ['levels of lists', { resourceType: 'Patient', name: deep(20_000) }],
    [
      'levels of a type that is not handled',
      { resourceType: 'Patient', contained: [{ resourceType: 'Medication', code: deep(20_000) }] },
    ],
  ])('a hostile one of its size alone: %s', (_name, resource) => {
    expectTotal(resource);
  });
});

function repeated(count: number, item: unknown): unknown[] {
  return Array.from({ length: count }, () => item);
}

function contained(count: number): unknown {
  const all = Array.from({ length: count }, (_, index) => ({
    resourceType: 'Patient',
    id: `p${index}`,
    link: [{ type: 'refer', other: { reference: `#p${(index + 1) % count}` } }],
  }));
  return { resourceType: 'List', status: 'current', mode: 'working', contained: all };
}

function narrative(div: string): unknown {
  const open = '<div xmlns="http://www.w3.org/1999/xhtml">';
  return { resourceType: 'Patient', text: { status: 'generated', div: open + div } };
}

function deep(levels: number): unknown {
  let value: unknown = [];
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}
