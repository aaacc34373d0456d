import { randomUUID } from 'node:crypto';
import type { Communication, Patient, Resource } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FhirStore, type SearchParams, StoreError, searchAll, type Write } from '../../src/store/fhir-store.ts';
import { type Fixture, fixtureOf, searchTable } from './fhir-store-cases.ts';

/** A store under test; others may be using it too, so every test keeps to resources that carry its own tag. */
export interface OpenStore {
  readonly store: FhirStore;
  close(): Promise<void>;
}

/** What Herald relies on in any system of record (contract sections 2 and 5, and the port's own words). */
export function describeFhirStore(name: string, open: () => Promise<OpenStore>): void {
  describe(`${name} as a FhirStore`, () => {
    let opened: OpenStore;
    let store: FhirStore;

    beforeAll(async () => {
      opened = await open();
      store = opened.store;
    });
    afterAll(() => opened.close());

    describe('writes', () => {
      it('creates under the id that the writer chose and answers what it stored', async () => {
        const patient = aPatient();
        const [result] = await store.commit([create(patient)]);
        expect(result).toMatchObject({ outcome: 'created', resource: { id: patient.id, gender: 'female' } });
        const read = await store.read('Patient', patient.id);
        expect(read).toMatchObject({ ...patient, meta: { tag: patient.meta?.tag } });
        expect(read?.meta.versionId).toBe(result?.resource.meta.versionId);
        expect(new Date(read?.meta.lastUpdated ?? '').getTime()).toBeGreaterThan(0);
      });

      it('keeps security labels, profiles and tags through an update that sends them again', async () => {
        const security = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }];
        const patient = aPatient({ meta: { security, tag: [{ system: 'urn:example:tag', code: 'kept' }] } });
        await store.commit([create(patient)]);
        await store.commit([update({ ...patient, gender: 'other' })]);
        const read = await store.read('Patient', patient.id);
        expect(read?.meta.security).toMatchObject(security);
        expect(read?.meta.tag).toMatchObject([{ system: 'urn:example:tag', code: 'kept' }]);
        expect(read?.gender).toBe('other');
      });

      it('answers undefined for what is not there', async () => {
        expect(await store.read('Patient', randomUUID())).toBeUndefined();
        const patient = aPatient();
        await store.commit([create(patient)]);
        expect(await store.vread('Patient', patient.id, '99999')).toBeUndefined();
        expect(await store.vread('Patient', randomUUID(), '1')).toBeUndefined();
      });

      it('refuses a create under an id that is taken and leaves what is there', async () => {
        const patient = aPatient();
        await store.commit([create(patient)]);
        await expectCode('conflict', store.commit([create({ ...patient, gender: 'male' })]));
        expect((await store.read('Patient', patient.id))?.gender).toBe('female');
      });

      it('makes a version of every update, equal content included, and keeps the older ones', async () => {
        const patient = aPatient();
        const [first] = await store.commit([create(patient)]);
        const [second] = await store.commit([update({ ...patient, gender: 'male' })]);
        const versions = [first, second].map((one) => one?.resource.meta.versionId ?? '');
        expect(second?.outcome).toBe('updated');
        expect(new Set(versions).size).toBe(2);
        expect((await store.vread('Patient', patient.id, versions[0] ?? ''))?.gender).toBe('female');
        expect((await store.vread('Patient', patient.id, versions[1] ?? ''))?.gender).toBe('male');
        const times = [first, second].map((one) => Date.parse(one?.resource.meta.lastUpdated ?? ''));
        expect(times[1]).toBeGreaterThanOrEqual(times[0] ?? Number.NaN);
      });

      it('creates on an update of an id that does not exist', async () => {
        const patient = aPatient();
        const [result] = await store.commit([update(patient)]);
        expect(result?.outcome).toBe('created');
        expect(await store.read('Patient', patient.id)).toBeDefined();
      });

      it('section 2, If-Match: a version that moved on is a conflict and nothing changes', async () => {
        const patient = aPatient();
        const [first] = await store.commit([create(patient)]);
        const stale = first?.resource.meta.versionId ?? '';
        await store.commit([update({ ...patient, gender: 'male' }, stale)]);
        await expectCode('conflict', store.commit([update({ ...patient, gender: 'other' }, stale)]));
        expect((await store.read('Patient', patient.id))?.gender).toBe('male');
      });

      it('If-Match on what does not exist is a conflict', async () => {
        const patient = aPatient();
        await expectCode('conflict', store.commit([update(patient, '1')]));
        expect(await store.read('Patient', patient.id)).toBeUndefined();
      });

      it('all the writes or none: a conflict in one takes back the others', async () => {
        const [first, second, taken] = [aPatient(), aPatient(), aPatient()];
        await store.commit([create(taken)]);
        await expectCode('conflict', store.commit([create(first), create(taken), create(second)]));
        expect(await store.read('Patient', first.id)).toBeUndefined();
        expect(await store.read('Patient', second.id)).toBeUndefined();
      });

      it('answers results in the order of the writes', async () => {
        const patients = [aPatient(), aPatient(), aPatient()];
        const results = await store.commit(patients.map(create));
        expect(results.map((one) => one.resource.id)).toEqual(patients.map((one) => one.id));
      });
    });

    describe('conditional creates (If-None-Exist)', () => {
      it('creates when nothing matches and answers the one that does otherwise', async () => {
        const value = randomUUID();
        const unless: SearchParams = [['identifier', `urn:example:key|${value}`]];
        const made = aPatient({ identifier: [{ system: 'urn:example:key', value }] });
        const [first] = await store.commit([{ op: 'create', resource: made, unless }]);
        expect(first?.outcome).toBe('created');
        const again = aPatient({ identifier: [{ system: 'urn:example:key', value }] });
        const [second] = await store.commit([{ op: 'create', resource: again, unless }]);
        expect(second).toMatchObject({ outcome: 'existing', resource: { id: made.id } });
        expect(await store.read('Patient', again.id)).toBeUndefined();
      });

      it('is a conflict when several match', async () => {
        const value = randomUUID();
        const identifier = [{ system: 'urn:example:key', value }];
        await store.commit([create(aPatient({ identifier })), create(aPatient({ identifier }))]);
        const third = aPatient({ identifier });
        const unless: SearchParams = [['identifier', `urn:example:key|${value}`]];
        await expectCode('conflict', store.commit([{ op: 'create', resource: third, unless }]));
        expect(await store.read('Patient', third.id)).toBeUndefined();
      });

      it('lets one of many simultaneous repeats through', async () => {
        const value = randomUUID();
        const unless: SearchParams = [['identifier', `urn:example:key|${value}`]];
        const identifier = [{ system: 'urn:example:key', value }];
        const writes = Array.from({ length: 8 }, () => aPatient({ identifier }));
        await Promise.allSettled(writes.map((resource) => store.commit([{ op: 'create', resource, unless }])));
        expect(await searchAll(store, 'Patient', unless)).toHaveLength(1);
      });
    });

    describe('history', () => {
      it('lists the versions of one resource, newest first, page by page', async () => {
        const patient = aPatient();
        await store.commit([create(patient)]);
        for (const gender of ['male', 'other', 'unknown'] as const)
          await store.commit([update({ ...patient, gender })]);
        const seen: (string | undefined)[] = [];
        let cursor: string | undefined;
        do {
          const options = { id: patient.id, count: 2, ...(cursor === undefined ? {} : { cursor }) };
          const page = await store.history('Patient', options);
          expect(page.matches.length).toBeLessThanOrEqual(2);
          seen.push(...page.matches.map((one) => one.gender));
          cursor = page.next;
        } while (cursor !== undefined);
        expect(seen).toEqual(['unknown', 'other', 'male', 'female']);
      });

      it('lists a type since a time', async () => {
        const before = aPatient();
        await store.commit([create(before)]);
        const [made] = await store.commit([create(aPatient())]);
        const since = made?.resource.meta.lastUpdated ?? '';
        const page = await store.history('Patient', { since, count: 50 });
        expect(page.matches.map((one) => one.id)).toContain(made?.resource.id);
        expect(page.matches.every((one) => Date.parse(one.meta.lastUpdated) >= Date.parse(since))).toBe(true);
      });

      it('has nothing of a resource that never was', async () => {
        expect((await store.history('Patient', { id: randomUUID() })).matches).toEqual([]);
      });
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
      it.each(['', '-sent', 'sent,_id'])(
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
            const moved = [first, third].flatMap((one) =>
              one ? [update({ ...one, sent: aTime(40 - seen.length) })] : [],
            );
            await store.commit([...moved, create(aCommunication(tag, seen.length))]);
          } while (cursor !== undefined);
          const old = new Set(made.map((one) => one.id));
          expect(seen.filter((id) => old.has(id)).sort()).toEqual([...old].sort());
          expect(new Set(seen).size).toBe(seen.length);
        },
      );
    });

    it('answers a ping', async () => {
      await expect(store.ping()).resolves.toBeUndefined();
    });
  });
}

function create(resource: Resource & { id: string }): Write {
  return { op: 'create', resource };
}

function update(resource: Resource & { id: string }, ifMatch?: string): Write {
  return { op: 'update', resource, ...(ifMatch === undefined ? {} : { ifMatch }) };
}

async function expectCode(code: StoreError['code'], promise: Promise<unknown>): Promise<void> {
  const caught = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(caught).toBeInstanceOf(StoreError);
  expect((caught as StoreError).code).toBe(code);
}

function aPatient(parts: Partial<Patient> = {}): Patient & { id: string } {
  const meta = { tag: [{ system: 'urn:example:run', code: 'contract' }] };
  return { resourceType: 'Patient', id: randomUUID(), meta, gender: 'female', ...parts };
}

function aCommunication(tag: string, at: number): Communication & { id: string } {
  const meta = { tag: [{ system: 'urn:example:run', code: tag }] };
  return { resourceType: 'Communication', id: randomUUID(), meta, status: 'completed', sent: aTime(at) };
}

function aTime(minute: number): string {
  return new Date(Date.UTC(2026, 0, 15, 9, minute)).toISOString();
}
