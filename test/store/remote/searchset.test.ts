import { describe, expect, it } from 'vitest';
import { type SearchParams, StoreError } from '../../../src/store/fhir-store.ts';
import type { Answer } from '../../../src/store/remote/answer.ts';
import { capabilitiesOf } from '../../../src/store/remote/capabilities.ts';
import { assertNamesKnown } from '../../../src/store/remote/search-names.ts';
import { historyPageOf, searchPageOf } from '../../../src/store/remote/searchset.ts';

const baseUrl = 'https://ehr.example.nhs.uk/fhir';
const meta = { versionId: '1', lastUpdated: '2026-06-01T09:00:00Z' };
const consent = (id: string, more: object = {}) => ({ resourceType: 'Consent', id, meta, ...more });
const match = (resource: object) => ({ resource, search: { mode: 'match' } });
const outcome = (severity: string, code: string, diagnostics = '') => ({
  resource: { resourceType: 'OperationOutcome', issue: [{ severity, code, diagnostics }] },
  search: { mode: 'outcome' },
});
const params: SearchParams = [
  ['patient', 'Patient/1'],
  ['status', 'active,proposed'],
  ['_sort', '_id'],
];

const answerOf = (resource: object | undefined, status = 200): Answer => ({
  status,
  ...(resource === undefined ? {} : { resource: { resourceType: 'Bundle', ...resource } }),
  elapsedMs: 1,
  repeated: false,
});
const pageOf = (bundle: object, asked = params, isFirst = true) =>
  searchPageOf(answerOf({ type: 'searchset', ...bundle }), { type: 'Consent', params: asked, isFirst, baseUrl });
const self = (query: string) => ({ link: [{ relation: 'self', url: `${baseUrl}/Consent${query}` }] });
const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof StoreError) return error.subject === undefined ? error.code : `${error.code} ${error.subject}`;
    throw error;
  }
  return 'answered';
};

describe('OBJ-1, section 4: a search that was not answered as asked is not answered', () => {
  it.each<[string, object, string]>([
    ['nothing found', {}, 'answered'],
    ['all parameters in the self link', self('?_count=9&status=active%2Cproposed&_sort=_id&patient=1'), 'answered'],
    ['no query in the self link, as after POST on HAPI', self('/_search'), 'answered'],
    ['an opaque self link', self('?_page=AbC'), 'answered'],
    ['a parameter missing in the self link', self('?patient=Patient%2F1&_sort=_id'), 'unsupported-search status'],
    ['all criteria missing in the self link', self('?_count=100'), 'unsupported-search patient'],
    ['the order missing in the self link', self('?patient=1&status=a'), 'unsupported-search _sort'],
    ['advice', { entry: [outcome('information', 'informational')] }, 'answered'],
    [
      'a warning about a parameter',
      { entry: [outcome('warning', 'not-supported', 'Parameter "status" was ignored')] },
      'unsupported-search status',
    ],
    ['a warning about who knows what', { entry: [outcome('warning', 'processing')] }, 'unsupported-search'],
    ['an error beside results', { entry: [match(consent('a')), outcome('error', 'exception')] }, 'unavailable'],
    ['a timeout beside results', { entry: [match(consent('a')), outcome('warning', 'timeout')] }, 'unavailable'],
    ['fewer than the total, and no more pages', { total: 2, entry: [match(consent('a'))] }, 'unavailable'],
    ['a match of another type', { entry: [match({ ...consent('a'), resourceType: 'Flag' })] }, 'unavailable'],
    ['a match without id', { entry: [match({ resourceType: 'Consent', meta })] }, 'unavailable'],
    ['an entry without resource', { entry: [{ fullUrl: 'x' }] }, 'unavailable'],
    [
      'part of a match',
      { entry: [match(consent('a', { meta: { ...meta, tag: [{ code: 'SUBSETTED' }] } }))] },
      'unavailable',
    ],
    ['a Bundle of another kind', { type: 'collection' }, 'unavailable'],
  ])('%s', (_what, bundle, expected) => {
    expect(codeOf(() => pageOf(bundle))).toBe(expected);
  });

  it.each<[number, boolean, string]>([
    [400, true, 'unsupported-search status'],
    [422, true, 'unsupported-search status'],
    [405, true, 'unsupported-search status'],
    [404, true, 'unavailable'],
    [404, false, 'unsupported-search cursor'],
    [410, false, 'unsupported-search cursor'],
    [409, true, 'unavailable'],
    [206, true, 'unavailable'],
  ])('status %i, first page %s', (status, isFirst, expected) => {
    const said = {
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'error', code: 'invalid', diagnostics: 'Unknown search parameter "status" for Consent' }],
    };
    const asked = () => searchPageOf(answerOf(said, status), { type: 'Consent', params, isFirst, baseUrl });
    expect(codeOf(asked)).toBe(expected);
  });

  it('repeats mean "and", so both must be heeded', () => {
    const period: SearchParams = [
      ['period', 'le2026-06-01'],
      ['period', 'ge2026-06-01'],
    ];
    expect(codeOf(() => pageOf(self('?period=le2026-06-01'), period))).toBe('unsupported-search period');
    expect(codeOf(() => pageOf(self('?period=le2026-06-01&period=ge2026-06-01'), period))).toBe('answered');
  });
});

describe('what a page holds', () => {
  it('matches once each, apart from what was included', () => {
    const page = pageOf({
      entry: [
        match(consent('a')),
        match(consent('b')),
        match(consent('a')),
        { resource: { resourceType: 'Patient', id: 'p', meta }, search: { mode: 'include' } },
        { resource: consent('c'), search: { mode: 'include' } },
      ],
    });
    expect(page.matches.map((one) => one.id)).toEqual(['a', 'b']);
    expect(page.included.map((one) => `${one.resourceType}/${one.id}`)).toEqual(['Patient/p', 'Consent/c']);
  });

  it('without modes, what is of the type is a match', () => {
    const page = pageOf({
      entry: [{ resource: consent('a') }, { resource: { resourceType: 'Patient', id: 'p', meta } }],
    });
    expect([page.matches.length, page.included.length]).toEqual([1, 1]);
  });

  it('references to the server itself are relative, others stay', () => {
    const [only] = pageOf({
      entry: [
        match(
          consent('a', {
            patient: { reference: `${baseUrl}/Patient/1` },
            provision: { actor: [{ reference: { reference: `${baseUrl}/RelatedPerson/2/_history/3` } }] },
            organization: [{ reference: 'https://other.example/fhir/Organization/1' }],
            text: { div: `${baseUrl}/Patient/1` },
          }),
        ),
      ],
    }).matches;
    expect(only).toMatchObject({
      patient: { reference: 'Patient/1' },
      provision: { actor: [{ reference: { reference: 'RelatedPerson/2/_history/3' } }] },
      organization: [{ reference: 'https://other.example/fhir/Organization/1' }],
      text: { div: `${baseUrl}/Patient/1` },
    });
  });

  it('a total only where it was asked for; asked for and not given, it is unsupported', () => {
    expect(pageOf({ total: 0 })).not.toHaveProperty('total');
    const asked: SearchParams = [['_total', 'accurate']];
    expect(pageOf({ total: 0 }, asked).total).toBe(0);
    expect(codeOf(() => pageOf({}, asked))).toBe('unsupported-search _total');
    expect(pageOf({ total: 7 }, [['_summary', 'count']])).toMatchObject({ matches: [], total: 7 });
    expect(codeOf(() => pageOf({}, [['_count', '0']]))).toBe('unsupported-search _total');
  });

  it('a history has no deletions in it, and nobody else', () => {
    const asked = { type: 'Consent', id: 'a', isFirst: true, baseUrl } as const;
    const history = (entry: object[]) => answerOf({ type: 'history', entry });
    const page = historyPageOf(history([{ request: { method: 'DELETE' } }, { resource: consent('a') }]), asked);
    expect(page.matches).toHaveLength(1);
    expect(codeOf(() => historyPageOf(history([{ resource: consent('b') }]), asked))).toBe('unavailable');
    expect(codeOf(() => historyPageOf(answerOf({ type: 'searchset' }), asked))).toBe('unavailable');
  });

  it('an answer nested without end is none', () => {
    let deep: object = {};
    for (let depth = 0; depth < 5_000; depth += 1) deep = { extension: [deep] };
    expect(codeOf(() => pageOf({ entry: [match(consent('a', deep))] }))).toBe('unavailable');
  });
});

describe('names are looked at before they are sent', () => {
  const capabilities = capabilitiesOf({
    resourceType: 'CapabilityStatement',
    rest: [
      {
        mode: 'server',
        resource: [
          {
            type: 'Consent',
            searchParam: [
              { name: 'patient', type: 'reference' },
              { name: 'status', type: 'token' },
              { name: 'source-uri', type: 'uri' },
              { name: 'family', type: 'string' },
              { name: 'period', type: 'date' },
              { name: 'near', type: 'special' },
              { name: '_has', type: 'string' },
            ],
          },
        ],
      },
    ],
  });
  const asked = (name: string, type = 'Consent') => codeOf(() => assertNamesKnown(capabilities, type, [[name, 'x']]));

  it.each([
    'patient',
    'patient:Patient',
    'patient:identifier',
    'patient.family:exact',
    'patient:Patient.family',
    'patient:Patient._has:Task:focus:status',
    'status:not',
    'source-uri:below',
    'family:contains',
    'period:missing',
    'near:anything',
    '_id',
    '_lastUpdated',
    '_security:not',
    '_tag',
    '_sort',
    '_include:iterate',
    '_has:Provenance:target:agent',
  ])('%s goes', (name) => {
    expect(asked(name)).toBe('answered');
  });

  it.each([
    'category',
    'family:foo',
    'family:not',
    'status:exact',
    'period:not',
    'patient:contains',
    'patient.family:foo',
    '_id:foo',
    'category.text',
  ])('%s is unsupported', (name) => {
    expect(asked(name)).toBe(`unsupported-search ${name}`);
  });

  it('a type that the server does not have is unsupported', () => {
    expect(asked('patient', 'Flag')).toBe('unsupported-search Flag');
  });
});
