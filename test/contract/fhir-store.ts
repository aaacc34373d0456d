import { randomUUID } from 'node:crypto';
import type { Patient } from '@medplum/fhirtypes';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FhirStore, type SearchParams, type Stored, searchAll, type Write } from '../../src/store/fhir-store.ts';
import { aPatient, create, expectCode, update } from './fhir-store-parts.ts';
import { describeSearches } from './fhir-store-searches.ts';

/** A store under test; others may be using it too, so every test keeps to resources that carry its own tag. */
export interface OpenStore {
  readonly store: FhirStore;
  close(): Promise<void>;
}

/** What some servers cannot do; its tests are left out, and the adapter's own tests say what happens instead. */
export type Inability =
  /** Several writes in one commit, all or none. */
  | 'all-or-none'
  /** To make earlier versions forget. */
  | 'redact'
  /** To refuse an update that names a version of what is not there, or at least to delete what it made of it. */
  | 'if-match-of-nothing'
  /** A search of the table: `search:family:contains=`. */
  | `search:${string}`;

/** What Herald relies on in any system of record (contract sections 2 and 5, and the port's own words). */
export function describeFhirStore(
  name: string,
  open: () => Promise<OpenStore>,
  cannot: readonly Inability[] = [],
): void {
  const unless = (inability: Inability) => it.skipIf(cannot.includes(inability));
  describe(`${name} as a FhirStore`, () => {
    let opened: OpenStore;
    let store: FhirStore;

    beforeAll(async () => {
      opened = await open();
      store = opened.store;
    });
    afterAll(() => opened.close());
    beforeEach(({ task, skip }) => {
      const searches = cannot.flatMap((one) => (one.startsWith('search:') ? [one.slice('search:'.length)] : []));
      skip(
        searches.some((one) => task.name.includes(`?${one}`)),
        'the server does not have this search',
      );
    });

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

      unless('if-match-of-nothing')('If-Match on what does not exist is a conflict', async () => {
        const patient = aPatient();
        await expectCode('conflict', store.commit([update(patient, '1')]));
        expect(await store.read('Patient', patient.id)).toBeUndefined();
      });

      unless('all-or-none')('all the writes or none: a conflict in one takes back the others', async () => {
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

      it('onMatch: one match is a conflict, and the writes beside it are not made', async () => {
        const value = randomUUID();
        const identifier = [{ system: 'urn:example:key', value }];
        await store.commit([create(aPatient({ identifier }))]);
        const [beside, again] = [aPatient(), aPatient({ identifier })];
        const unless: SearchParams = [['identifier', `urn:example:key|${value}`]];
        const writes: Write[] = [create(beside), { op: 'create', resource: again, unless, onMatch: 'conflict' }];
        await expectCode('conflict', store.commit(writes));
        expect(await store.read('Patient', beside.id)).toBeUndefined();
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

    describe('redact (OBJ-8)', () => {
      const phone = (value: string) => ({ telecom: [{ system: 'phone' as const, value }] });
      const without = <T extends Stored>(version: T): T => {
        const { telecom: _telecom, ...rest } = version as Stored<Patient>;
        return rest as Stored as T;
      };

      it('makes earlier versions forget, or says that it cannot; the current one and all others stay', async () => {
        const [patient, other] = [aPatient(phone('07700 900116')), aPatient(phone('07700 900117'))];
        await store.commit([create(patient)]);
        await store.commit([create(other)]);
        await store.commit([update({ ...patient, ...phone('07700 900113') })]);
        await store.commit([update({ ...patient, ...phone('07700 900114') })]);
        const before = await store.history('Patient', { id: patient.id });

        const outcome = await store.redact('Patient', patient.id, without);
        expect(outcome).toBe(cannot.includes('redact') ? 'impossible' : 'done');
        const [current, ...earlier] = (await store.history('Patient', { id: patient.id })).matches;
        expect(current).toEqual(before.matches[0]);
        if (outcome === 'impossible') expect(earlier).toEqual(before.matches.slice(1));
        else expect(earlier.filter((one) => one.telecom !== undefined)).toEqual([]);
        // Those that are still there keep their number and their time.
        for (const one of earlier) expect(before.matches.map(({ meta }) => meta)).toContainEqual(one.meta);
        expect((await store.read('Patient', other.id))?.telecom).toHaveLength(1);
        expect(await store.redact('Patient', patient.id, without)).toBe(outcome);
      });

      it('has nothing to do where there is nothing', async () => {
        await expect(store.redact('Patient', randomUUID(), without)).resolves.toMatch(/^(done|impossible)$/);
        const patient = aPatient(phone('07700 900115'));
        await store.commit([create(patient)]);
        await store.redact('Patient', patient.id, without);
        expect((await store.read('Patient', patient.id))?.telecom).toHaveLength(1);
      });
    });

    describeSearches(() => store);

    it('answers a ping', async () => {
      await expect(store.ping()).resolves.toBeUndefined();
    });
  });
}
