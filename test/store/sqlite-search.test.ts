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
        identifier: [
          {
            type: { coding: [{ system: CODES, code: 'MR' }], text: 'Dossier' },
            system: 'urn:example:mrn',
            value: '7|8',
          },
        ],
        birthDate: '1980-01-01',
      }),
      patient('p2', { generalPractitioner: [{ reference: 'Organization/o1' }], birthDate: '2026-05-30' }),
      { resourceType: 'Organization', id: 'o1', name: 'Surgery' },
      communication('c1', { subject: { reference: 'Patient/p1' }, sent: '2026-05-31T12:00:00Z' }),
      communication('c2', { sent: '2026-06-01T11:00:00.5Z', meta: { profile: ['https://example.org/p|1'] } }),
      communication('c3', {
        basedOn: [{ reference: 'CommunicationRequest/r1/_history/2' }],
        category: [{ text: 'Reminder' }],
      }),
      communication('c4', {
        category: [{ coding: [{ system: CODES, code: 'a' }] }, { coding: [{ system: CODES, code: 'z' }] }],
        instantiatesCanonical: ['https://example.org/types/a1|2'],
        sent: '2025-01-01T00:00:00Z',
      }),
      communication('c5', {
        category: [{ coding: [{ system: CODES, code: 'm' }] }],
        instantiatesCanonical: ['https://example.org/types/a2'],
        sent: '2025-01-01T00:00:00Z',
      }),
      { ...type('urology', 'a1'), id: 'a3', version: '2' },
      type('sexual-health', 'a1'),
      type('dermatology', 'a2'),
      stay('e1', 2, 'h'),
      stay('e2', 5.42, 'h'),
      stay('e3', 2, 'd'),
    );
  });

  it.each<[Parameters<TestStore['ids']>[0], SearchParams, string[]]>([
    ['Communication', [['subject:missing', 'true']], ['c2', 'c3', 'c4', 'c5']],
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
    ['Patient', [['_has:Communication:subject:subject:Patient.birthdate', '1980']], ['p1']],
    ['Patient', [['_has:Communication:subject:subject:Patient.birthdate', '1981']], []],
    ['Patient', [['identifier', 'urn:example:mrn|7\\|8']], ['p1']],
    ['Patient', [['identifier:of-type', `${CODES}|MR|7\\|8`]], ['p1']],
    ['Patient', [['identifier:of-type', `${CODES}|NH|7\\|8`]], []],
    ['Patient', [['identifier:text', 'dossier']], ['p1']],
    ['Patient', [['identifier:text', 'MR']], []],
    ['Patient', [['_id:not', 'p1']], ['p2']],
    ['Patient', [['_id:missing', 'false']], ['p1', 'p2']],
    ['Patient', [['_id:missing', 'true']], []],
    ['Communication', [['category:missing', 'false']], ['c3', 'c4', 'c5']],
    ['Communication', [['category:text', 'remind']], ['c3']],
    ['Communication', [['category:not', 'm']], ['c1', 'c2', 'c3', 'c4']],
    ['Communication', [['status', 'http://hl7.org/fhir/event-status|']], ['c1', 'c2', 'c3', 'c4', 'c5']],
    ['Communication', [['status', 'http://hl7.org/fhir/request-status|']], []],
    ['Communication', [['instantiates-canonical', 'https://example.org/types/a1']], ['c4']],
    ['Communication', [['instantiates-canonical', 'https://example.org/types/a1|2']], ['c4']],
    ['Communication', [['instantiates-canonical', 'https://example.org/types/a1|1']], []],
    ['Communication', [['instantiates-canonical:ActivityDefinition._id', 'a3']], ['c4']],
    ['Communication', [['instantiates-canonical:ActivityDefinition._id', 'a1']], []],
    ['Communication', [['instantiates-canonical:ActivityDefinition.status', 'active']], ['c4', 'c5']],
    ['ActivityDefinition', [['_has:Communication:instantiates-canonical:sent', '2025']], ['a2', 'a3']],
    ['Patient', [['general-practitioner', 'o1']], ['p2']],
    ['Patient', [['general-practitioner:Organization.name', 'surg']], ['p2']],
    ['Communication', [['subject:Patient.link:Patient.general-practitioner:Organization.name', 'surg']], []],
    ['ActivityDefinition', [['context-type-value', `program$${CODES}|sexual-health`]], ['a1']],
    ['ActivityDefinition', [['context-type-value', `venue$${CODES}|sexual-health`]], []],
    ['ActivityDefinition', [['context-type-value', 'program$dermatology,program$sexual-health']], ['a1', 'a2']],
    ['ActivityDefinition', [['context-type-value', `venue$${CODES}|`]], ['a1', 'a2', 'a3']],
    ['ActivityDefinition', [['context-type-value', `venue$|ward`]], []],
    ['ActivityDefinition', [['url:below', 'https://example.org/types']], ['a1', 'a2', 'a3']],
    ['ActivityDefinition', [['url:below', 'https://example.org/typ']], []],
    ['ActivityDefinition', [['url:above', 'https://example.org/types/a1/deeper']], ['a1', 'a3']],
    ['Encounter', [['length', '2']], ['e1', 'e3']],
    ['Encounter', [['length', '2|http://unitsofmeasure.org|h']], ['e1']],
    ['Encounter', [['length', 'gt2||h']], ['e2']],
    ['Encounter', [['length', '5.4']], ['e2']],
    ['Encounter', [['length', '5.40']], []],
    ['Encounter', [['length', 'ap5']], ['e2']],
  ])('%s %j finds %j', async (type, params, expected) => {
    expect(await test.ids(type, params)).toEqual(expected);
  });

  it.each<[string, string[]]>([
    ['category', ['c4', 'c5', 'c3']],
    ['-category', ['c4', 'c5', 'c3']],
  ])(
    '_sort=%s: of several values, the one that comes first places the resource; without one it is last',
    async (sort, ids) => {
      const { matches } = await test.store.search('Communication', [
        ['_id', 'c3,c4,c5'],
        ['_sort', sort],
      ]);
      expect(matches.map(({ id }) => id)).toEqual(ids);
    },
  );

  it.each<[string, string[]]>([
    ['length', ['e1', 'e3', 'e2']],
    ['-length', ['e2', 'e3', 'e1']],
  ])('_sort=%s by number', async (sort, ids) => {
    const { matches } = await test.store.search('Encounter', [['_sort', sort]]);
    expect(matches.map(({ id }) => id)).toEqual(ids);
  });

  it.each<[Parameters<TestStore['ids']>[0], SearchParams, string[]]>([
    [
      'Communication',
      [
        ['_id', 'c4'],
        ['_include', 'Communication:instantiates-canonical'],
      ],
      ['a3'],
    ],
    [
      'Communication',
      [
        ['_id', 'c5'],
        ['_include', 'Communication:instantiates-canonical'],
      ],
      ['a2'],
    ],
    [
      'Communication',
      [
        ['_id', 'c5'],
        ['_include', 'Communication:instantiates-canonical:OperationDefinition'],
      ],
      [],
    ],
    [
      'ActivityDefinition',
      [
        ['_id', 'a1'],
        ['_revinclude', 'Communication:instantiates-canonical'],
      ],
      [],
    ],
    [
      'ActivityDefinition',
      [
        ['_id', 'a2'],
        ['_revinclude', 'Communication:instantiates-canonical'],
      ],
      ['c5'],
    ],
    [
      'ActivityDefinition',
      [
        ['_id', 'a3'],
        ['_revinclude', 'Communication:instantiates-canonical'],
      ],
      ['c4'],
    ],
    [
      'Communication',
      [
        ['_id', 'c1'],
        ['_include:iterate', 'Communication:subject'],
        ['_revinclude:iterate', 'Communication:subject'],
      ],
      ['p1'],
    ],
  ])('%s %j brings %j: canonicals lead to the version that they name', async (type, params, expected) => {
    const { included } = await test.store.search(type, params);
    expect(included.map(({ id }) => id)).toEqual(expected);
  });

  it('more than can be included is an error, and never an answer cut short', async () => {
    const of = (at: number) => communication(`many${at}`, { subject: { reference: 'Group/many' } });
    await test.put({ resourceType: 'Group', id: 'many', type: 'person', actual: true });
    await test.put(...Array.from({ length: 1_001 }, (_, at) => of(at)));
    const asked = test.store.search('Group', [['_revinclude', 'Communication:subject']]);
    await expect(asked).rejects.toMatchObject({ code: 'unsupported-search', subject: '_revinclude' });
  });

  it.each<[string, SearchParams]>([
    ['category:in', [['category:in', 'https://example.org/ValueSet/x']]],
    ['_include:recurse', [['_include:recurse', 'Communication:subject']]],
    ['category:text', [['category:text', '  ']]],
    ['_sort', [['_sort', 'context-type-value']]],
    ['link.link.link.link.link.link.family', [['link.link.link.link.link.link.family', 'x']]],
    ['_include', [['_include', 'Patient:link']]],
    ['_include', [['_include', 'Communication:status']]],
    ['_revinclude', [['_revinclude', 'Provenance']]],
    ['_text', [['_text', 'word']]],
    ['_content', [['_content', 'word']]],
    ['_filter', [['_filter', 'status eq completed']]],
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
    // The inner part is what is at fault.
    ['name.given', [['subject.name.given', 'x']]],
    ['status.name', [['status.name', 'x']]],
    ['_has:Communication:status:sent', [['_has:Communication:status:sent', '2026']]],
    ['_id:text', [['_id:text', 'c1']]],
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
    const concerning = (at: number) => (at % 5 === 0 ? {} : { category: [{ coding: [{ code: `k${at % 90}` }] }] });
    const parts = (at: number) => ({ medium, ...sentAt(at), ...concerning(at) });
    await test.put(...Array.from({ length: made }, (_, at) => communication(`l${at}`, parts(at))));
  });

  it.each(['sent', '-sent', '-sent,_id', '_id', '-_lastUpdated', 'category', '-category,-sent', 'subject'])(
    '_sort=%s is in order, complete, gaps last',
    async (sort) => {
      const found = await searchAll(test.store, 'Communication', [
        ['medium', batch],
        ['_sort', sort],
        ['_count', '400'],
      ]);
      expect(new Set(found.map((one) => one.id)).size).toBe(made);
      expect(found).toHaveLength(made);
      if (sort.startsWith('category') || sort.startsWith('-category')) {
        const codes = found.map((one) => one.category?.[0]?.coding?.[0]?.code);
        const known = codes.flatMap((code) => code ?? []);
        expect(codes.slice(0, known.length)).toEqual(known);
        expect(known).toEqual(sort.startsWith('-') ? known.toSorted().toReversed() : known.toSorted());
      } else if (sort.includes('sent')) {
        const times = found.map((one) => one.sent);
        const known = times.filter((one) => one !== undefined);
        expect(times.slice(0, known.length)).toEqual(known);
        expect(known).toEqual([...known].sort((a, b) => (sort === 'sent' ? (a < b ? -1 : 1) : a < b ? 1 : -1)));
      }
    },
  );

  it.each(['', 'sent', '-sent', 'category', '-status,category'])(
    '_sort=%s: pages stay whole while rows are moved and made',
    async (sort) => {
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
          const category = [{ coding: [{ code: round % 2 === 0 ? 'a' : 'z' }] }];
          const resource = {
            ...current,
            resourceType: 'Communication',
            id,
            sent,
            category,
            status: 'unknown',
          } as const;
          await test.store.commit([{ op: 'update', resource }]);
        }
        const medium = [{ coding: [{ system: CODES, code: 'large' }] }];
        await test.put(
          communication(`new-${sort.replace(',', '-')}-${round}`, { medium, sent: '2026-01-01T05:00:00Z' }),
        );
      } while (cursor !== undefined);
      expect([...seen].sort()).toEqual([...before].sort());
    },
  );
});
