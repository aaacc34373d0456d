import { describe, expect, it } from 'vitest';
import { fhirServersPage } from '../../scripts/build-fhir-servers.ts';
import { ABSENT } from '../../src/doctor/examined.ts';
import { clausesOf } from '../../src/doctor/need.ts';
import { needs, storedTypes } from '../../src/doctor/needs.ts';
import { ownWriteTypes } from '../../src/doctor/needs-types.ts';
import { writeProofs } from '../../src/doctor/needs-writes.ts';
import { ownSearches } from '../../src/doctor/own-searches.ts';
import { productOf, products, remedyFor, topicTitles } from '../../src/doctor/remedies.ts';
import { publishedTypes } from '../../src/fhir/conformance/load.ts';
import { commonSearch, resultParameters, routes } from '../../src/fhir/routes.ts';
import { clauses } from '../../src/policy/clauses.ts';
import { filesUnder, textOf } from '../meta/tree.ts';

const rows = needs();
const ids = rows.map((one) => one.id);

describe('contract 2: the table of needs is made from what Herald answers and asks', () => {
  it('has each row once, with what it costs and why', () => {
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
    for (const { id, cost, why, what } of rows) {
      expect([id, cost.endsWith('.'), why === '', what === '']).toEqual([id, true, false, false]);
    }
  });

  it('cites clauses that there are', () => {
    const cited = rows.flatMap((row) => clausesOf(row).split(', ')).filter((one) => one !== '');
    expect(cited.filter((one) => !(one in clauses))).toEqual([]);
  });

  it.each(routes.map((one) => [one.type, one] as const))('%s: every search, interaction and result', (type, route) => {
    const published = publishedTypes.some((one) => one === type);
    const wanted = [
      ...[...commonSearch, ...route.search].map((name) => `search:${type}.${name}`),
      ...resultParameters.filter((name) => !/include|_elements/.test(name)).map((name) => `result:${type}.${name}`),
      ...Object.keys(route.interactions)
        .filter((one) => one !== 'create' && one !== 'update')
        .map((one) => `${one}:${type}`),
      ...('create' in route.interactions || 'update' in route.interactions ? [`write:${type}`] : []),
    ];
    // What Herald publishes it answers itself: the store behind it is not asked.
    expect(wanted.filter((id) => ids.includes(id) === published)).toEqual([]);
  });

  it('every reference that can be followed is', () => {
    const follows = ids.filter((id) => /_include|_revinclude/.test(id)).length;
    expect(follows).toBe(2 * storedTypes.length - withoutReferences.length - withoutReverses.length);
  });
});

/** Types that have no reference among their parameters, or that none leads to. */
const withoutReferences = ['Practitioner'];
const withoutReverses = ['AuditEvent'];

/**
 * Calls of `searchAll` and `search` whose parameters a regular expression cannot read; each is named with what it asks.
 * Callers' own searches (`src/fhir/search.ts`, If-None-Exist in `src/fhir/write.ts`) are what the other rows are about.
 */
const unread: Readonly<Record<string, readonly string[]>> = {
  'src/send/consent-sweep.ts': ['Consent: category', 'Consent: category status', 'Consent: _lastUpdated category'],
};
const callers = ['src/fhir/search.ts', 'src/fhir/write.ts', 'src/fhir/bundle-view.ts'];
const notOfTheStore = [
  // Over a store of their own, or the embedded one alone.
  'src/fhir/conformance/store.ts',
  'src/catalogue/seed.ts',
  // The searches of `src/send/gather-catalogue.ts`, for all message types and channels at once.
  'src/catalogue/shipped-store.ts',
];

describe('contract 4: what Herald itself asks of the store is in the table', () => {
  const files = filesUnder('src').filter(
    (path) =>
      path.endsWith('.ts') &&
      !/^src\/(store|doctor|install|cli|simulator)\//.test(path) &&
      ![...callers, ...notOfTheStore].includes(path),
  );
  const asked = new Map<string, string[]>();
  const calls = new Map<string, number>();
  for (const path of files) {
    const text = textOf(path);
    calls.set(path, [...text.matchAll(/\bsearch(?:All|Each)\(|\bstore\.search\(/g)].length);
    const read = [
      ...text.matchAll(
        /(?:\bsearch(?:All|Each)|\bstore\.search)\(\s*[\w.]+,\s*'(\w+)',\s*\[((?:\s*\['[^']+',[\s\S]*?\],?\s*)+)\]/g,
      ),
    ];
    asked.set(
      path,
      read.map(([, type, params]) => {
        const names = [...(params ?? '').matchAll(/(?:^|[\s,])\['([^']+)'/g)].map(([, name]) => name);
        return `${type}: ${names.sort().join(' ')}`;
      }),
    );
  }
  const table = ownSearches.map(
    ({ type, pairs }) =>
      `${type}: ${pairs
        .map(([name]) => name)
        .sort()
        .join(' ')}`,
  );

  it('every call can be read here, or is named', () => {
    const odd = files.filter((path) => calls.get(path) !== asked.get(path)?.length && unread[path] === undefined);
    expect(odd).toEqual([]);
  });

  it('every search has a row in src/doctor/own-searches.ts, and every row a search', () => {
    const all = [...new Set([...[...asked.values()].flat(), ...Object.values(unread).flat()])];
    expect(all.filter((one) => !table.includes(one))).toEqual([]);
    expect(table.filter((one) => !all.includes(one))).toEqual([]);
  });

  it('ACC-2: none of them, as it is tried, finds anything', () => {
    const nothingHas = new RegExp(`${ABSENT}|herald-doctor-none|^lt1900|^ge2999`);
    const finds = ownSearches.filter(({ pairs }) => !pairs.some(([, value]) => nothingHas.test(value)));
    expect(finds.map((one) => one.id)).toEqual([]);
  });

  it('every type that Herald makes records of has to be writable', () => {
    const files = [...filesUnder('src/send'), ...filesUnder('src/inbound'), 'src/audit.ts'];
    const text = files.map(textOf).join('\n');
    const made = [...text.matchAll(/^\s*resourceType: '(\w+)'/gm)].map(([, type]) => type);
    // A request is what a caller sends; Herald writes what becomes of it.
    expect([...new Set([...made, 'CommunicationRequest'])].sort()).toEqual([...ownWriteTypes].sort());
  });
});

describe('docs/fhir-servers.md', () => {
  it('is what src/doctor makes', () => {
    expect(textOf('docs/fhir-servers.md')).toBe(fhirServersPage());
  });

  it('names each product by what it answers as, and a source for what it says', () => {
    for (const product of products) {
      expect(product.sources.length).toBeGreaterThan(0);
      expect(Object.keys(product.remedies).filter((topic) => !(topic in topicTitles))).toEqual([]);
    }
    const names = [
      'HAPI FHIR Server',
      'medplum',
      'Microsoft FHIR Server',
      'Aidbox',
      'HealthLake',
      'Google Cloud Healthcare',
    ];
    expect(names.map((one) => productOf(one)?.name)).toEqual([
      'HAPI FHIR',
      'Medplum',
      'Azure Health Data Services',
      'Aidbox',
      'AWS HealthLake',
      'Google Cloud Healthcare API',
    ]);
  });

  it('says so where nothing is documented, or the product is not known', () => {
    expect(remedyFor(productOf('medplum'), 'batch')).toBe('Medplum: not documented, as far as we looked.');
    expect(remedyFor(productOf('Something else'), 'batch')).toContain('this server is none of those described there');
    expect(remedyFor(undefined, 'install')).toBe('Run npx herald install.');
  });
});

it('what only writes can show is in the table too', () => {
  expect(writeProofs.filter(({ id }) => !ids.includes(id))).toEqual([]);
});
