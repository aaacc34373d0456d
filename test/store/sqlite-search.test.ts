import type { ActivityDefinition, Communication, Encounter, Patient } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SearchParams, searchAll } from '../../src/store/fhir-store.ts';
import { openTestStore, type TestStore } from './open-store.ts';

let test: TestStore;
beforeAll(() => {
  test = openTestStore({ now: () => new Date('2026-06-01T12:00:00Z') });
});
afterAll(() => test.close());

const CODES = 'https://example.org/CodeSystem';

function communication(id: string, parts: Partial<Communication> = {}): Communication & { id: string } {
  return { resourceType: 'Communication', id, status: 'completed', ...parts };
}

describe('what only some servers do, and the embedded store does', () => {
  beforeAll(async () => {
    const patient = (id: string, parts: Partial<Patient>): Patient & { id: string } => ({
      resourceType: 'Patient',
      id,
      ...parts,
    });
    const type = (service: string, id: string): ActivityDefinition & { id: string } => ({
      resourceType: 'ActivityDefinition',
      id,
      url: `https://example.org/types/${id}`,
      status: 'active',
      useContext: [
        { code: { code: 'program' }, valueCodeableConcept: { coding: [{ system: CODES, code: service }] } },
        { code: { code: 'venue' }, valueCodeableConcept: { coding: [{ system: CODES, code: 'ward' }] } },
      ],
    });
    const stay = (id: string, value: number, code: string): Encounter & { id: string } => ({
      resourceType: 'Encounter',
      id,
      status: 'finished',
      class: { code: 'AMB' },
      length: { value, system: 'http://unitsofmeasure.org', code, unit: code },
    });
    await test.put(
      patient('p1', {
        identifier: [{ type: { coding: [{ system: CODES, code: 'MR' }] }, system: 'urn:example:mrn', value: '7|8' }],
        birthDate: '1980-01-01',
      }),
      patient('p2', { generalPractitioner: [{ reference: 'Organization/o1' }], birthDate: '2026-05-30' }),
      { resourceType: 'Organization', id: 'o1', name: 'Surgery' },
      communication('c1', { subject: { reference: 'Patient/p1' }, sent: '2026-05-31T12:00:00Z' }),
      communication('c2', { sent: '2026-06-01T11:00:00.5Z', meta: { profile: ['https://example.org/p|1'] } }),
      communication('c3', { basedOn: [{ reference: 'CommunicationRequest/r1/_history/2' }] }),
      type('sexual-health', 'a1'),
      type('dermatology', 'a2'),
      stay('e1', 2, 'h'),
      stay('e2', 5.42, 'h'),
      stay('e3', 2, 'd'),
    );
  });

  it.each<[Parameters<TestStore['ids']>[0], SearchParams, string[]]>([
    ['Communication', [['subject:missing', 'true']], ['c2', 'c3']],
    ['Communication', [['subject:missing', 'false']], ['c1']],
    ['Communication', [['sent:missing', 'true']], ['c3']],
    ['Communication', [['based-on', 'CommunicationRequest/r1']], ['c3']],
    ['Communication', [['sent', 'ap2026-05-31T12:00:00Z']], ['c1']],
    ['Communication', [['sent', 'ap2026-06-01T10:00:00Z']], []],
    ['Communication', [['sent', 'ap2026-06-01T11:00:00Z']], ['c2']],
    ['Communication', [['_profile', 'https://example.org/p']], ['c2']],
    ['Communication', [['_profile', 'https://example.org/p|1']], ['c2']],
    ['Communication', [['_profile', 'https://example.org/p|2']], []],
    ['Communication', [['subject:Patient.birthdate', '1980']], ['c1']],
    ['Communication', [['patient.birthdate', '1981']], []],
    ['Patient', [['_has:Communication:subject:status', 'completed']], ['p1']],
    ['Patient', [['_has:Communication:subject:status', 'stopped']], []],
    ['Patient', [['identifier', 'urn:example:mrn|7\\|8']], ['p1']],
    ['Patient', [['identifier:of-type', `${CODES}|MR|7\\|8`]], ['p1']],
    ['Patient', [['identifier:of-type', `${CODES}|NH|7\\|8`]], []],
    ['Patient', [['general-practitioner', 'o1']], ['p2']],
    ['ActivityDefinition', [['context-type-value', `program$${CODES}|sexual-health`]], ['a1']],
    ['ActivityDefinition', [['context-type-value', `venue$${CODES}|sexual-health`]], []],
    ['ActivityDefinition', [['context-type-value', 'program$dermatology,program$sexual-health']], ['a1', 'a2']],
    ['ActivityDefinition', [['context-type-value', `venue$${CODES}|`]], ['a1', 'a2']],
    ['ActivityDefinition', [['context-type-value', `venue$|ward`]], []],
    ['ActivityDefinition', [['url:below', 'https://example.org/types']], ['a1', 'a2']],
    ['ActivityDefinition', [['url:below', 'https://example.org/typ']], []],
    ['ActivityDefinition', [['url:above', 'https://example.org/types/a1/deeper']], ['a1']],
    ['Encounter', [['length', '2']], ['e1', 'e3']],
    ['Encounter', [['length', '2|http://unitsofmeasure.org|h']], ['e1']],
    ['Encounter', [['length', 'gt2||h']], ['e2']],
    ['Encounter', [['length', '5.4']], ['e2']],
    ['Encounter', [['length', '5.40']], []],
    ['Encounter', [['length', 'ap5']], ['e2']],
  ])('%s %j finds %j', async (type, params, expected) => {
    expect(await test.ids(type, params)).toEqual(expected);
  });

  it.each<[string, SearchParams]>([
    ['status:text', [['status:text', 'completed']]],
    ['category:in', [['category:in', 'https://example.org/ValueSet/x']]],
    ['_include:iterate', [['_include:iterate', 'Communication:subject']]],
    ['_include', [['_include', 'Patient:link']]],
    ['_include', [['_include', 'Communication:status']]],
    ['_revinclude', [['_revinclude', 'Provenance']]],
    ['_text', [['_text', 'word']]],
    ['_content', [['_content', 'word']]],
    ['_filter', [['_filter', 'status eq completed']]],
    ['_sort', [['_sort', 'status']]],
    ['_sort', [['_sort', 'sent,,status']]],
    ['_count', [['_count', 'many']]],
    ['_total', [['_total', 'roughly']]],
    ['_summary', [['_summary', 'text']]],
    ['status', [['status', '']]],
    ['status', [['status', 'completed,']]],
    ['category', [['category', '|']]],
    ['sent', [['sent', '2026-02-30']]],
    ['sent', [['sent', 'ge']]],
    ['sent:exact', [['sent:exact', '2026']]],
    ['subject', [['subject', 'Patient/1/2']]],
    ['subject', [['subject', 'not an id']]],
    ['subject:Patient', [['subject:Patient', 'Group/1']]],
    ['subject:Nobody', [['subject:Nobody', '1']]],
    ['subject:missing', [['subject:missing', 'perhaps']]],
    ['subject.name.given', [['subject.name.given', 'x']]],
    ['status.name', [['status.name', 'x']]],
    ['_has:Communication:status:sent', [['_has:Communication:status:sent', '2026']]],
    ['_id:not', [['_id:not', 'c1']]],
  ])('%s as in %j is refused by name, and the value is not in the message', async (subject, params) => {
    const caught = await test.store.search('Communication', params).catch((error: unknown) => error);
    expect(caught).toMatchObject({ name: 'StoreError', code: 'unsupported-search', subject });
    const value = params[0]?.[1] ?? '';
    if (value.length > 5) expect((caught as Error).message).not.toContain(value);
  });

  it('a type that is not kept cannot be searched or written', async () => {
    await expect(test.store.search('Medication', [])).rejects.toMatchObject({ code: 'unsupported-search' });
    const write = test.store.commit([{ op: 'create', resource: { resourceType: 'Medication', id: 'm1' } }]);
    await expect(write).rejects.toMatchObject({ code: 'rejected' });
  });

  it('a cursor belongs to the search that made it', async () => {
    const page = await test.store.search('Communication', [['_count', '1']]);
    expect(page.next).toBeDefined();
    const other = test.store.search('Communication', [['_count', '2']], page.next);
    await expect(other).rejects.toMatchObject({ code: 'unsupported-search', subject: 'cursor' });
  });
});

describe('what cannot be indexed', () => {
  it('is an error of that write only', async () => {
    const odd = communication('odd', { sent: 'yesterday' });
    const [first, second] = await Promise.allSettled([
      test.store.commit([{ op: 'create', resource: odd }]),
      test.store.commit([{ op: 'create', resource: communication('even') }]),
    ]);
    expect(first).toMatchObject({ status: 'rejected', reason: { code: 'rejected', subject: 'sent' } });
    expect(second?.status).toBe('fulfilled');
    expect(await test.store.read('Communication', 'odd')).toBeUndefined();
  });

  it('an id that is none is refused', async () => {
    const write = test.store.commit([{ op: 'create', resource: communication('a/b') }]);
    await expect(write).rejects.toMatchObject({ code: 'rejected' });
  });
});

describe('order and pages', () => {
  const batch = `${CODES}|large`;
  const made = 2_300;

  beforeAll(async () => {
    const medium = [{ coding: [{ system: CODES, code: 'large' }] }];
    const minute = (at: number) => new Date(Date.UTC(2026, 0, 1) + (at % 700) * 60_000).toISOString();
    // Every seventh has no time, and times repeat: equals and gaps are where pages go wrong.
    const sentAt = (at: number) => (at % 7 === 0 ? {} : { sent: minute(at * 31) });
    await test.put(...Array.from({ length: made }, (_, at) => communication(`l${at}`, { medium, ...sentAt(at) })));
  });

  it.each(['sent', '-sent', '-sent,_id', '_id', '-_lastUpdated'])(
    '_sort=%s is in order, complete, gaps last',
    async (sort) => {
      const found = await searchAll(test.store, 'Communication', [
        ['medium', batch],
        ['_sort', sort],
        ['_count', '400'],
      ]);
      expect(new Set(found.map((one) => one.id)).size).toBe(made);
      expect(found).toHaveLength(made);
      if (sort.includes('sent')) {
        const times = found.map((one) => one.sent);
        const known = times.filter((one) => one !== undefined);
        expect(times.slice(0, known.length)).toEqual(known);
        expect(known).toEqual([...known].sort((a, b) => (sort === 'sent' ? (a < b ? -1 : 1) : a < b ? 1 : -1)));
      }
    },
  );

  it.each(['', 'sent', '-sent'])('_sort=%s: pages stay whole while rows are moved and made', async (sort) => {
    const params: SearchParams = [
      ['medium', batch],
      ['status', 'completed,unknown'],
      ['_count', '500'],
      ...(sort === '' ? [] : ([['_sort', sort]] as const)),
    ];
    const before = new Set((await searchAll(test.store, 'Communication', params)).map((one) => one.id));
    const seen: string[] = [];
    let cursor: string | undefined;
    let round = 0;
    do {
      const page = await test.store.search('Communication', params, cursor);
      seen.push(...page.matches.map((one) => one.id));
      cursor = page.next;
      round += 1;
      const moved = [...before].filter((_, at) => at % 13 === round).map((id) => id);
      for (const id of moved) {
        const current = await test.store.read('Communication', id);
        const sent = round % 2 === 0 ? '2025-01-01T00:00:00Z' : '2027-01-01T00:00:00Z';
        if (current) await test.store.commit([{ op: 'update', resource: { ...current, sent, status: 'unknown' } }]);
      }
      const medium = [{ coding: [{ system: CODES, code: 'large' }] }];
      await test.put(communication(`new-${sort}-${round}`, { medium, sent: '2026-01-01T05:00:00Z' }));
    } while (cursor !== undefined);
    expect([...seen].sort()).toEqual([...before].sort());
  });
});
