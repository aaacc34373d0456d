import { randomUUID } from 'node:crypto';
import type { Communication, Patient } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { type FhirStore, type SearchParams, searchAll } from '../../src/store/fhir-store.ts';
import { type Fixture, fixtureOf, searchTable } from './fhir-store-cases.ts';
import { aCommunication, aPatient, create, expectCode, movedCommunication, update } from './fhir-store-parts.ts';

/** The half of the suite that asks. */
export function describeSearches(opened: () => FhirStore): void {
  let store: FhirStore;
  beforeAll(() => {
    store = opened();
  });

  describe('searches (contract section 2, modelling reference sections 3 to 17)', () => {
    let fixture: Fixture;
    beforeAll(async () => {
      fixture = fixtureOf(randomUUID());
      await store.commit(fixture.resources.map(create));
    });

    it.each(searchTable)('$type?$query finds $expected', async ({ type, query, expected }) => {
      const params = fixture.params(query);
      const found = await searchAll(store, type, [...params, ['_tag', fixture.tag]]);
      expect(found.map((one) => fixture.nameOf(one.id)).sort()).toEqual([...expected].sort());
    });

    it('every resource type of the fixture is found by its id, and no other', async () => {
      for (const { resourceType, id } of fixture.resources)
        expect((await searchAll(store, resourceType, [['_id', id]])).map((one) => one.id)).toEqual([id]);
    });

    it.each([
      ['sent', ['com-1', 'com-2', 'com-3']],
      ['-sent', ['com-3', 'com-2', 'com-1']],
    ])('_sort=%s', async (sort, expected) => {
      const params: SearchParams = [
        ['_tag', fixture.tag],
        ['sent', 'ge2000-01-01'],
        ['_sort', sort],
      ];
      const found = await store.search('Communication', params);
      expect(found.matches.map((one) => fixture.nameOf(one.id))).toEqual(expected);
    });

    it('_sort by several keys: the later ones decide between equals', async () => {
      const key = randomUUID();
      const rows = [
        ['Adams', 'Bea'],
        ['Brown', 'Cid'],
        ['Adams', 'Ann'],
        ['Brown', 'Dee'],
      ] as const;
      const identifier = [{ system: 'urn:example:key', value: key }];
      const named = rows.map(([family, given]) => aPatient({ identifier, name: [{ family, given: [given] }] }));
      await store.commit(named.map(create));
      const found = await store.search('Patient', [
        ['identifier', `urn:example:key|${key}`],
        ['_sort', 'family,-given'],
      ]);
      expect(found.matches.map((one) => one.name?.[0]?.given?.[0])).toEqual(['Bea', 'Ann', 'Dee', 'Cid']);
    });

    it.each(['status', 'category', 'subject', 'recipient'])(
      '_sort=%s and back: equals stand together',
      async (code) => {
        const ordered = async (sort: string) => {
          const { matches } = await store.search('Communication', [
            ['_tag', fixture.tag],
            ['_sort', sort],
          ]);
          return matches.map((one) => [fixture.nameOf(one.id), sortedBy(code, one)] as const);
        };
        const up = await ordered(`${code},_id`);
        const down = await ordered(`-${code},_id`);
        expect(up.map(([name]) => name).sort()).toEqual(['com-1', 'com-2', 'com-3', 'com-4']);
        // R4 says neither how codes follow each other nor where what has none stands.
        const known = (rows: typeof up) => rows.flatMap(([, value]) => value ?? []);
        for (const rows of [up, down]) expect(runsIn(known(rows))).toHaveLength(new Set(known(rows)).size);
        expect(runsIn(known(down))).toEqual(runsIn(known(up)).reverse());
      },
    );

    it('_total and _summary=count', async () => {
      const params: SearchParams = [
        ['_tag', fixture.tag],
        ['subject', fixture.reference('Patient', 'pat-1')],
      ];
      const counted = await store.search('Communication', [...params, ['_summary', 'count']]);
      expect(counted).toMatchObject({ matches: [], total: 3 });
      const page = await store.search('Communication', [...params, ['_count', '1'], ['_total', 'accurate']]);
      expect(page.matches).toHaveLength(1);
      expect(page.total).toBe(3);
    });

    it('_include and _revinclude bring along what is linked, once, apart from the matches', async () => {
      const consents = await store.search('Consent', [
        ['_tag', fixture.tag],
        ['_include', 'Consent:patient'],
      ]);
      expect(consents.matches.every((one) => one.resourceType === 'Consent')).toBe(true);
      expect(consents.included.map((one) => fixture.nameOf(one.id)).sort()).toEqual(['pat-1', 'pat-2']);
      const found = await store.search('Communication', [
        ['_id', fixture.id('com-1')],
        ['_revinclude', 'Provenance:target'],
      ]);
      expect(found.included.map((one) => fixture.nameOf(one.id))).toEqual(['prov-1']);
    });

    it('_include:iterate and _revinclude:iterate go on from what was included, and only they do', async () => {
      const included = async (type: 'Communication' | 'CommunicationRequest', name: string, also: SearchParams) => {
        const found = await store.search(type, [['_id', fixture.id(name)], ...also]);
        expect(found.matches.map((one) => fixture.nameOf(one.id))).toEqual([name]);
        return found.included.map((one) => fixture.nameOf(one.id)).sort();
      };
      const recipient = ['_include', 'Communication:recipient'] as const;
      expect(await included('Communication', 'com-2', [recipient])).toEqual(['rel-1']);
      expect(
        await included('Communication', 'com-2', [recipient, ['_include:iterate', 'RelatedPerson:patient']]),
      ).toEqual(['pat-1', 'rel-1']);
      expect(
        await included('CommunicationRequest', 'req-2', [['_include:iterate', 'CommunicationRequest:based-on']]),
      ).toEqual(['req-1']);
      const attempts = ['_revinclude', 'Communication:based-on'] as const;
      expect(await included('CommunicationRequest', 'req-1', [attempts])).toEqual(['com-1', 'com-3']);
      expect(
        await included('CommunicationRequest', 'req-1', [attempts, ['_revinclude:iterate', 'Provenance:target']]),
      ).toEqual(['com-1', 'com-3', 'prov-1']);
    });

    it('_include goes one step, and with :iterate as far as there is something, round a circle once', async () => {
      const [third, second] = [aPatient(), aPatient()];
      const seealso = (to: Patient) => [{ type: 'seealso' as const, other: { reference: `Patient/${to.id}` } }];
      const linked = { ...second, link: seealso(third) };
      const first = aPatient({ link: seealso(second) });
      await store.commit([third, linked, first].map(create));
      await store.commit([update({ ...third, link: seealso(first) })]);
      const brought = async (name: string) => {
        const { included } = await store.search('Patient', [
          ['_id', first.id],
          [name, 'Patient:link'],
        ]);
        return included.map((one) => one.id).sort();
      };
      expect(await brought('_include')).toEqual([second.id]);
      expect(await brought('_include:iterate')).toEqual([second.id, third.id].sort());
      expect(await brought('_revinclude')).toEqual([third.id]);
      expect(await brought('_revinclude:iterate')).toEqual([second.id, third.id].sort());
    });

    it('_include of one type brings no other', async () => {
      const brought = async (target: string) => {
        const { included } = await store.search('Communication', [
          ['_tag', fixture.tag],
          ['_include', `Communication:recipient:${target}`],
        ]);
        return included.map((one) => fixture.nameOf(one.id));
      };
      expect(await brought('RelatedPerson')).toEqual(['rel-1']);
      expect(await brought('Patient')).toEqual(['pat-1']);
    });

    it('an update moves a resource from what it was found by to what it is found by', async () => {
      const value = randomUUID();
      const patient = aPatient({ identifier: [{ system: 'urn:example:key', value }], birthDate: '1950-01-01' });
      await store.commit([create(patient)]);
      const next = randomUUID();
      const moved = { ...patient, identifier: [{ system: 'urn:example:key', value: next }], birthDate: '1960-02-02' };
      await store.commit([update(moved)]);
      const by = (params: SearchParams) => searchAll(store, 'Patient', params);
      expect(await by([['identifier', value]])).toEqual([]);
      expect(await by([['identifier', next]])).toHaveLength(1);
      expect(
        await by([
          ['_id', patient.id],
          ['birthdate', '1950-01-01'],
        ]),
      ).toEqual([]);
      expect(
        await by([
          ['_id', patient.id],
          ['birthdate', '1960-02-02'],
        ]),
      ).toHaveLength(1);
    });

    it.each([
      ['an unknown parameter', [['favourite-colour', 'blue']]],
      ['an unknown modifier', [['status:sideways', 'completed']]],
      ['a date that is none', [['sent', 'yesterday']]],
      ['an unknown prefix', [['sent', 'xx2026-01-01']]],
      ['an unknown sort', [['_sort', 'favourite-colour']]],
    ] as const)('%s is an error and never an empty answer', async (_, params) => {
      await expectCode('unsupported-search', store.search('Communication', params));
    });

    it('a cursor that is none is an error', async () => {
      await expectCode('unsupported-search', store.search('Communication', [['status', 'completed']], 'garbage'));
    });
  });

  describe('paging while the data changes', () => {
    it.each(['', '-sent', 'sent,_id', 'status', '-subject', 'category,-sent'])(
      '_sort=%s: each match once, whatever is written between pages',
      async (sort) => {
        const tag = randomUUID();
        const made = Array.from({ length: 12 }, (_, at) => aCommunication(tag, at));
        await store.commit(made.map(create));
        const params: SearchParams = [
          ['_tag', `urn:example:run|${tag}`],
          ['_count', '5'],
          ...(sort === '' ? [] : [['_sort', sort] as const]),
        ];
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await store.search('Communication', params, cursor);
          seen.push(...page.matches.map((one) => one.id));
          cursor = page.next;
          const [first, , third] = made;
          const moved = [first, third].flatMap((one) => (one ? [update(movedCommunication(one, seen.length))] : []));
          await store.commit([...moved, create(aCommunication(tag, seen.length))]);
        } while (cursor !== undefined);
        const old = new Set(made.map((one) => one.id));
        expect(seen.filter((id) => old.has(id)).sort()).toEqual([...old].sort());
        expect(new Set(seen).size).toBe(seen.length);
      },
    );
  });
}

/** What a Communication of the fixture is put in order by; none of them has two. */
function sortedBy(code: string, one: Communication): string | undefined {
  switch (code) {
    case 'status':
      return one.status;
    case 'category':
      return one.category?.[0]?.coding?.[0]?.code;
    case 'subject':
      return one.subject?.reference;
    default:
      return one.recipient?.[0]?.reference;
  }
}

/** Each value once for every time that it follows another. */
function runsIn(values: readonly string[]): string[] {
  return values.filter((one, at) => one !== values[at - 1]);
}
