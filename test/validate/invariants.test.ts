import { parseFhirPath } from '@medplum/core';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/fhir/validate/run.ts';
import { changed, faultsOf, r4, structures } from './support.ts';
import { validResources } from './valid-resources.ts';

const value = (content: Record<string, unknown>): JsonObject => ({
  resourceType: 'Patient',
  extension: [{ url: 'urn:x', ...content }],
});
const ucum = 'http://unitsofmeasure.org';
const timing = (repeat: Record<string, unknown>): JsonObject => value({ valueTiming: { repeat } });
const of = (name: string, change: Record<string, unknown>): JsonObject => changed(validResources[name], change);
const bundle = (change: Record<string, unknown>): JsonObject => ({
  resourceType: 'Bundle',
  type: 'collection',
  ...change,
});
const containing = (contained: unknown[], more?: Record<string, unknown>): JsonObject => ({
  resourceType: 'Flag',
  status: 'active',
  code: { text: 'a' },
  subject: { reference: '#a' },
  contained,
  ...more,
});
const document = {
  type: 'document',
  identifier: { system: 'urn:x', value: 'a' },
  timestamp: '2026-11-21T09:00:00Z',
  entry: [
    {
      fullUrl: 'urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e',
      resource: {
        resourceType: 'Composition',
        status: 'final',
        type: { text: 'Messages' },
        date: '2026',
        author: [{ display: 'Herald' }],
        title: 'Messages',
      },
    },
  ],
};
const section = (change: Record<string, unknown>): JsonObject =>
  bundle({ ...document, entry: [{ resource: { ...document.entry[0]?.resource, section: [change] } }] });
const observation = (change: Record<string, unknown>): JsonObject => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'urn:x', code: 'a' }] },
  ...change,
});
const condition = (change: Record<string, unknown>): JsonObject => ({
  resourceType: 'Condition',
  subject: { reference: 'Patient/a' },
  ...change,
});
const status = (kind: string, code: string): JsonObject => ({
  coding: [{ system: `http://terminology.hl7.org/CodeSystem/condition-${kind}`, code }],
});
const req = { request: { method: 'GET', url: 'a' } };

/** Each invariant: a resource that breaks it and nothing else, and one that is as near as can be and holds. */
const table: readonly (readonly [key: string, broken: JsonObject, holds: JsonObject])[] = [
  [
    'age-1',
    value({ valueAge: { value: -1, system: ucum, code: 'a' } }),
    value({ valueAge: { value: 1, system: ucum, code: 'a' } }),
  ],
  [
    'qty-3',
    value({ valueQuantity: { value: 1, code: 'a' } }),
    value({ valueQuantity: { value: 1, code: 'a', system: ucum } }),
  ],
  ['att-1', value({ valueAttachment: { data: 'YQ==' } }), value({ valueAttachment: { title: 'a' } })],
  [
    'cpt-2',
    value({ valueContactPoint: { value: 'a' } }),
    value({ valueContactPoint: { value: 'a', system: 'other' } }),
  ],
  [
    'cnt-3',
    value({ valueCount: { value: 1.5, system: ucum, code: '1' } }),
    value({ valueCount: { value: 1, system: ucum, code: '1' } }),
  ],
  ['dis-1', value({ valueDistance: { value: 1 } }), value({ valueDistance: { value: 1, system: ucum, code: 'm' } })],
  [
    'drt-1',
    value({ valueDuration: { code: 'h', system: ucum } }),
    value({ valueDuration: { value: 1, code: 'h', system: ucum } }),
  ],
  [
    'drq-1',
    value({ valueDataRequirement: { type: 'Patient', codeFilter: [{ path: 'a', searchParam: 'b' }] } }),
    value({ valueDataRequirement: { type: 'Patient', codeFilter: [{ path: 'a' }] } }),
  ],
  [
    'drq-2',
    value({ valueDataRequirement: { type: 'Patient', dateFilter: [{ valueDateTime: '2026' }] } }),
    value({ valueDataRequirement: { type: 'Patient', dateFilter: [{ searchParam: 'a', valueDateTime: '2026' }] } }),
  ],
  [
    'exp-1',
    value({ valueExpression: { language: 'text/fhirpath' } }),
    value({ valueExpression: { language: 'text/fhirpath', expression: 'a' } }),
  ],
  [
    'per-1',
    value({ valuePeriod: { start: '2026-11-22', end: '2026-11-21T23:00:00Z' } }),
    value({ valuePeriod: { start: '2026-11-21T23:30:00Z', end: '2026-11' } }),
  ],
  [
    'per-1',
    value({ valuePeriod: { start: '2026-11-21T10:00:00+01:00', end: '2026-11-21T08:59:59Z' } }),
    value({ valuePeriod: { start: '2026-11-21T10:00:00+01:00', end: '2026-11-21T09:00:00Z' } }),
  ],
  [
    'rng-2',
    value({ valueRange: { low: { value: 2 }, high: { value: 1 } } }),
    value({ valueRange: { low: { value: 1 }, high: { value: 10 } } }),
  ],
  [
    'rat-1',
    value({ valueRatio: { numerator: { value: 1 } } }),
    value({ valueRatio: { numerator: { value: 1 }, denominator: { value: 2 } } }),
  ],
  [
    'sqty-1',
    value({ valueRange: { low: { value: 2, comparator: '<' } } }),
    value({ valueRange: { low: { value: 2 } } }),
  ],
  ['tim-1', timing({ duration: 1 }), timing({ duration: 1, durationUnit: 'h' })],
  ['tim-2', timing({ period: 1 }), timing({ period: 1, periodUnit: 'd' })],
  ['tim-4', timing({ duration: -1, durationUnit: 'h' }), timing({ duration: 0, durationUnit: 'h' })],
  ['tim-5', timing({ period: -1, periodUnit: 'h' }), timing({ period: 0, periodUnit: 'h' })],
  ['tim-6', timing({ periodMax: 2 }), timing({ period: 1, periodMax: 2, periodUnit: 'd' })],
  ['tim-7', timing({ durationMax: 2 }), timing({ duration: 1, durationMax: 2, durationUnit: 'h' })],
  ['tim-8', timing({ countMax: 2 }), timing({ count: 1, countMax: 2 })],
  ['tim-9', timing({ offset: 5, when: ['C'] }), timing({ offset: 5, when: ['AC'] })],
  ['tim-10', timing({ timeOfDay: ['09:00:00'], when: ['AC'] }), timing({ timeOfDay: ['09:00:00'] })],
  [
    'trd-1',
    value({ valueTriggerDefinition: { type: 'data-added', data: [{ type: 'Patient' }], timingDate: '2026' } }),
    value({ valueTriggerDefinition: { type: 'data-added', data: [{ type: 'Patient' }] } }),
  ],
  [
    'trd-2',
    value({
      valueTriggerDefinition: { type: 'named-event', name: 'a', condition: { language: 'text/cql', expression: 'a' } },
    }),
    value({ valueTriggerDefinition: { type: 'named-event', name: 'a' } }),
  ],
  [
    'trd-3',
    value({ valueTriggerDefinition: { type: 'periodic' } }),
    value({ valueTriggerDefinition: { type: 'periodic', timingDate: '2026' } }),
  ],
  ['ref-1', containing([], { contained: undefined }), containing([{ resourceType: 'Patient', id: 'a' }])],
  ['ext-1', value({}), value({ valueCode: 'a' })],
  [
    'ext-1',
    value({ valueCode: 'a', extension: [{ url: 'b', valueCode: 'b' }] }),
    value({ extension: [{ url: 'b', valueCode: 'b' }] }),
  ],
  [
    'dom-2',
    containing([
      {
        resourceType: 'Patient',
        id: 'a',
        contained: [{ resourceType: 'Device', id: 'b' }],
        generalPractitioner: [{ display: '#b' }],
      },
    ]),
    containing([{ resourceType: 'Patient', id: 'a' }]),
  ],
  [
    'dom-3',
    containing([
      { resourceType: 'Patient', id: 'a' },
      { resourceType: 'Device', id: 'b' },
    ]),
    containing([
      { resourceType: 'Patient', id: 'a', link: [{ other: { reference: '#b' }, type: 'refer' }] },
      { resourceType: 'Patient', id: 'b' },
    ]),
  ],
  [
    'dom-4',
    containing([{ resourceType: 'Patient', id: 'a', meta: { versionId: '1' } }]),
    containing([{ resourceType: 'Patient', id: 'a', meta: { source: 'urn:x' } }]),
  ],
  [
    'dom-5',
    containing([{ resourceType: 'Patient', id: 'a', meta: { security: [{ code: 'R' }] } }]),
    containing([{ resourceType: 'Patient', id: 'a', meta: { tag: [{ code: 'R' }] } }]),
  ],
  [
    'app-1',
    of('appointment', { participant: [{ status: 'accepted' }] }),
    of('appointment', { participant: [{ type: [{ text: 'a' }], status: 'accepted' }] }),
  ],
  [
    'app-2',
    of('appointment', { end: undefined, status: 'proposed' }),
    of('appointment', { start: undefined, end: undefined, status: 'proposed' }),
  ],
  [
    'app-3',
    of('appointment', { start: undefined, end: undefined }),
    of('appointment', { start: undefined, end: undefined, status: 'waitlist' }),
  ],
  [
    'app-4',
    of('appointment', { cancelationReason: { text: 'a' } }),
    of('appointment', { cancelationReason: { text: 'a' }, status: 'noshow' }),
  ],
  [
    'sev-1',
    of('audit event', { entity: [{ name: 'a', query: 'YQ==' }] }),
    of('audit event', { entity: [{ name: 'a' }] }),
  ],
  ['bdl-1', bundle({ total: 1 }), bundle({ total: 1, type: 'searchset' })],
  [
    'bdl-2',
    bundle({ entry: [{ resource: { resourceType: 'Patient' }, search: { mode: 'match' } }] }),
    bundle({ type: 'searchset', entry: [{ resource: { resourceType: 'Patient' }, search: { mode: 'match' } }] }),
  ],
  ['bdl-3', bundle({ entry: [req] }), bundle({ type: 'batch', entry: [req] })],
  [
    'bdl-4',
    bundle({ entry: [{ response: { status: '200' } }] }),
    bundle({ type: 'batch-response', entry: [{ response: { status: '200' } }] }),
  ],
  [
    'bdl-5',
    bundle({ entry: [{ fullUrl: 'urn:x' }] }),
    bundle({ entry: [{ fullUrl: 'urn:x', resource: { resourceType: 'Patient' } }] }),
  ],
  [
    'bdl-7',
    bundle({
      entry: [
        { fullUrl: 'urn:x', resource: { resourceType: 'Patient' } },
        { fullUrl: 'urn:x', resource: { resourceType: 'Device' } },
      ],
    }),
    bundle({
      entry: ['1', '2'].map((versionId) => ({
        fullUrl: 'urn:x',
        resource: { resourceType: 'Patient', meta: { versionId } },
      })),
    }),
  ],
  [
    'bdl-8',
    bundle({ entry: [{ fullUrl: 'http://x.org/Patient/a/_history/1', resource: { resourceType: 'Patient' } }] }),
    bundle({ entry: [{ fullUrl: 'http://x.org/Patient/a', resource: { resourceType: 'Patient' } }] }),
  ],
  ['bdl-9', bundle({ ...document, identifier: undefined }), bundle(document)],
  ['bdl-10', bundle({ ...document, timestamp: undefined }), bundle(document)],
  ['bdl-11', bundle({ ...document, entry: [{ resource: { resourceType: 'Patient' } }] }), bundle(document)],
  [
    'bdl-12',
    bundle({ type: 'message', entry: [{ resource: { resourceType: 'Patient' } }] }),
    bundle({ type: 'message', entry: [{ resource: { resourceType: 'MessageHeader' } }] }),
  ],
  ['cmp-1', section({ title: 'a' }), section({ title: 'a', section: [{ text: validResources.patient?.text }] })],
  ['cmp-2', section({ entry: [{ display: 'a' }], emptyReason: { text: 'a' } }), section({ entry: [{ display: 'a' }] })],
  [
    'con-1',
    condition({ clinicalStatus: status('clinical', 'active'), stage: [{ type: { text: 'a' } }] }),
    condition({ clinicalStatus: status('clinical', 'active'), stage: [{ summary: { text: 'a' } }] }),
  ],
  [
    'con-2',
    condition({
      clinicalStatus: status('clinical', 'active'),
      evidence: [{ extension: [{ url: 'urn:x', valueCode: 'a' }] }],
    }),
    condition({ clinicalStatus: status('clinical', 'active'), evidence: [{ code: [{ text: 'a' }] }] }),
  ],
  [
    'con-4',
    condition({ clinicalStatus: status('clinical', 'active'), abatementDateTime: '2026' }),
    condition({ clinicalStatus: status('clinical', 'resolved'), abatementDateTime: '2026' }),
  ],
  [
    'con-5',
    condition({
      clinicalStatus: status('clinical', 'active'),
      verificationStatus: status('ver-status', 'entered-in-error'),
    }),
    condition({ verificationStatus: status('ver-status', 'entered-in-error') }),
  ],
  ['ppc-1', of('objection to texts', { policyRule: undefined }), of('objection to texts', {})],
  ['grp-1', of('group', { actual: false }), of('group', { actual: false, member: undefined })],
  ['lst-1', of('list', { emptyReason: { text: 'a' } }), of('list', { entry: undefined, emptyReason: { text: 'a' } })],
  [
    'lst-2',
    of('list', { entry: [{ deleted: true, item: { display: 'a' } }] }),
    of('list', { mode: 'changes', entry: [{ deleted: true, item: { display: 'a' } }] }),
  ],
  [
    'lst-3',
    of('list', { entry: [{ date: '2026', item: { display: 'a' } }] }),
    of('list', { mode: 'working', entry: [{ date: '2026', item: { display: 'a' } }] }),
  ],
  [
    'obs-3',
    observation({ referenceRange: [{ appliesTo: [{ text: 'a' }] }] }),
    observation({ referenceRange: [{ text: 'a' }] }),
  ],
  [
    'obs-6',
    observation({ valueString: 'a', dataAbsentReason: { text: 'a' } }),
    observation({ dataAbsentReason: { text: 'a' } }),
  ],
  [
    'obs-7',
    observation({ valueString: 'a', component: [{ code: { coding: [{ system: 'urn:x', code: 'a' }] } }] }),
    observation({ valueString: 'a', component: [{ code: { coding: [{ system: 'urn:x', code: 'b' }] } }] }),
  ],
  ['org-1', { resourceType: 'Organization', active: true }, { resourceType: 'Organization', name: 'a' }],
  [
    'org-2',
    of('organization', { address: [{ use: 'home', text: 'a' }] }),
    of('organization', { address: [{ use: 'work', text: 'a' }] }),
  ],
  [
    'org-3',
    of('organization', { telecom: [{ use: 'home', system: 'phone', value: 'a' }] }),
    of('organization', { telecom: [{ system: 'phone', value: 'a' }] }),
  ],
  [
    'inv-1',
    { resourceType: 'Parameters', parameter: [{ name: 'a' }] },
    { resourceType: 'Parameters', parameter: [{ name: 'a', valueCode: 'a' }] },
  ],
  [
    'pat-1',
    { resourceType: 'Patient', contact: [{ gender: 'male' }] },
    { resourceType: 'Patient', contact: [{ name: { text: 'a' } }] },
  ],
  [
    'prr-1',
    {
      resourceType: 'ServiceRequest',
      status: 'active',
      intent: 'order',
      subject: { reference: 'Patient/a' },
      orderDetail: [{ text: 'a' }],
    },
    {
      resourceType: 'ServiceRequest',
      status: 'active',
      intent: 'order',
      subject: { reference: 'Patient/a' },
      code: { text: 'a' },
      orderDetail: [{ text: 'a' }],
    },
  ],
];

/** Types that only Herald writes, or that only carry definitions: R4's own are the proof (valid.test.ts). */
const definitional =
  /^(StructureDefinition|ElementDefinition|CapabilityStatement|OperationDefinition|SearchParameter|CodeSystem|ConceptMap|ValueSet)\b/;
/** Why an invariant that could stand in the table does not. */
const apart: Readonly<Record<string, string>> = {
  'ele-1': 'tested with the JSON of structure.test.ts',
  'txt-1': 'tested with the narratives of structure.test.ts',
  'txt-2': 'tested with the narratives of structure.test.ts',
  'mqty-1': 'MoneyQuantity stands at no element of these types',
  'ppc-2': "R4 names the system 'something': nothing breaks it",
  'ppc-3': "R4 names the system 'something': nothing breaks it",
  'ppc-4': "R4 names the system 'something': nothing breaks it",
  'ppc-5': "R4 names the system 'something': nothing breaks it",
};

const errors = structures.flatMap((structure) =>
  (structure.snapshot?.element ?? []).flatMap(({ path, constraint }) =>
    (constraint ?? []).filter(({ severity }) => severity === 'error').map((item) => ({ ...item, path })),
  ),
);

describe('invariants of R4', () => {
  it.each(table)('%s', (key, broken, holds) => {
    const { structure, profile } = r4.validate(broken);
    expect(structure).toEqual([]);
    expect(profile.map(({ text }) => text)).toEqual([expect.stringContaining(` breaks ${key}: `)]);
    expect(faultsOf(r4, holds)).toEqual([]);
  });

  it('every invariant of a type that callers write is in the table', () => {
    const covered = new Set([...table.map(([key]) => key), ...Object.keys(apart)]);
    const bare = errors.filter(({ key, path }) => !covered.has(key) && !definitional.test(path));
    expect(bare.map(({ key }) => key)).toEqual([]);
  });

  it('every expression of R4 can be parsed', () => {
    const unparseable = errors.filter(({ expression }) => {
      try {
        parseFhirPath(expression ?? '');
        return false;
      } catch {
        return true;
      }
    });
    expect(unparseable.map(({ key }) => key)).toEqual([]);
  });

  it('are not tried on an element that is not R4, but on those beside it', () => {
    const resource = { resourceType: 'Patient', contact: [{ gender: 'f' }, { gender: 'female' }] };
    expect(faultsOf(r4, resource)).toEqual([
      'structure code-invalid Patient.contact[0].gender',
      'profile invariant Patient.contact[1]',
    ]);
  });
});
