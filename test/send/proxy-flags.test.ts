import type { AuditEvent, Consent, Flag, Patient, Resource } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeSystem } from '../../src/canonical.ts';
import { exampleResources } from '../../src/catalogue/examples.ts';
import { createLog } from '../../src/log.ts';
import type { ProxyBasis } from '../../src/policy/consent-facts.ts';
import { defaultPolicy } from '../../src/policy-file.ts';
import { createProxyNoteSweeper, type ProxyNoteSweepDeps, sweepProxyNotes } from '../../src/send/proxy-flags.ts';
import { openDatabase } from '../../src/store/database.ts';
import { type FhirStore, StoreError, searchAll } from '../../src/store/fhir-store.ts';
import { SqliteFhirStore } from '../../src/store/sqlite-store.ts';
import { saidOf } from '../profiles/support.ts';
import { anAuthority, aRelatedPerson, authorityOver } from '../support/people.ts';

let time: Date;
let store: FhirStore;
let close: () => void;
let deps: ProxyNoteSweepDeps;
const clock = { now: () => time };
const controller = { ods: 'RXX', name: 'Example NHS Trust' };

beforeEach(() => {
  time = new Date('2026-06-01T10:00:00Z');
  const database = openDatabase(':memory:');
  store = new SqliteFhirStore(database, { clock });
  close = () => database.close();
  deps = { store, clock, log: createLog({ level: 'silent' }), context: { policy: defaultPolicy, controller } };
});
afterEach(() => close());

const given = (...resources: (Resource & { id: string })[]) =>
  store.commit(resources.map((resource) => ({ op: 'create', resource })));
const put = (resource: Resource & { id: string }) => store.commit([{ op: 'update', resource }]);
const child = (id = 'ada', birthDate = '2008-06-15'): Patient & { id: string } => ({
  resourceType: 'Patient',
  id,
  birthDate,
});
const mother = { ...aRelatedPerson('Patient/ada'), id: 'mother' };
const authority = (
  basis: ProxyBasis,
  period: { start: string; end?: string },
  id = 'authority',
): Consent & { id: string } => ({
  ...anAuthority('Patient/ada', 'RelatedPerson/mother', basis, {
    provision: authorityOver('RelatedPerson/mother', { period }),
  }),
  id,
});
const flags = () => searchAll(store, 'Flag', []);
const since2020 = { start: '2020-01-01' };

describe('notes that nobody wrote, because the authority came past Herald (PRX-3)', () => {
  it('are written once, and audited', async () => {
    await given(child(), mother, authority('parental-responsibility', since2020));
    expect([await sweepProxyNotes(deps), await sweepProxyNotes(deps)]).toEqual([1, 0]);
    const [note, ...more] = await flags();
    expect(more).toEqual([]);
    expect([note?.status, note?.period]).toEqual(['active', { start: '2020-01-01', end: '2026-06-14' }]);
    expect(saidOf(note)).toEqual([]);
    const events = (await searchAll(store, 'AuditEvent', [])) as AuditEvent[];
    expect(events.map((one) => [one.action, one.entity?.map((entity) => entity.what?.reference)])).toEqual([
      ['C', ['Patient/ada', `Flag/${note?.id}`, undefined]],
    ]);
  });

  it('are not written for what does not count', async () => {
    await given(child(), mother, { ...authority('consent', since2020), status: 'proposed' });
    expect(await sweepProxyNotes(deps)).toBe(0);
  });

  it('of everybody are looked at, page by page', async () => {
    const people = Array.from({ length: 130 }, (_one, at) => child(`p-${at}`));
    const proxies = people.map(({ id }) => ({ ...aRelatedPerson(`Patient/${id}`), id: `rp-${id}` }));
    const authorities = people.map(({ id }) => ({
      ...anAuthority(`Patient/${id}`, `RelatedPerson/rp-${id}`),
      id: `a-${id}`,
    }));
    await given(...people, ...proxies, ...authorities);
    expect(await sweepProxyNotes(deps)).toBe(130);
    expect(new Set((await flags()).map((one) => one.subject.reference)).size).toBe(130);
  });

  it('of the example people are left as they are', async () => {
    await given(...exampleResources(controller));
    time = new Date('2026-11-23T10:00:00Z');
    const before = await flags();
    await sweepProxyNotes(deps);
    expect((await flags()).map((one) => [one.id, one.meta.versionId])).toEqual(
      before.map((one) => [one.id, one.meta.versionId]),
    );
  });
});

describe('notes of authorities that ended by time (PRX-4, PRX-5)', () => {
  it.each<[string, ProxyBasis, { start: string; end?: string }, string, string]>([
    ['the 18th birthday', 'parental-responsibility', since2020, '2026-06-14T23:00:00Z', '2026-06-14'],
    ['the period', 'consent', { start: '2026-05-02', end: '2026-06-20' }, '2026-06-20T23:00:00Z', '2026-06-20'],
    [
      'the year of a best-interests decision',
      'best-interest',
      { start: '2026-05-02' },
      '2027-05-01T23:00:00Z',
      '2027-05-01',
    ],
    [
      'an instant',
      'consent',
      { start: '2026-05-02', end: '2026-06-20T12:00:00Z' },
      '2026-06-20T12:00:01Z',
      '2026-06-20T12:00:00Z',
    ],
  ])(
    '%s: the last day stands in the note, and the sweep after it ends the note',
    async (_what, basis, period, at, end) => {
      await given(child(), mother, authority(basis, period));
      await sweepProxyNotes(deps);
      const ended = new Date(at).getTime();
      time = new Date(ended - 1);
      expect(await sweepProxyNotes(deps)).toBe(0);
      expect((await flags())[0]).toMatchObject({ status: 'active', period: { start: period.start, end } });
      time = new Date(ended);
      expect([await sweepProxyNotes(deps), await sweepProxyNotes(deps)]).toEqual([1, 0]);
      const [note] = await flags();
      expect(note).toMatchObject({ status: 'inactive', period: { start: period.start, end } });
      expect(saidOf(note)).toEqual([]);
    },
  );

  it('a proxy whose record goes out of use, and a date of birth that is put right, are heeded', async () => {
    await given(child(), mother, authority('parental-responsibility', since2020));
    await sweepProxyNotes(deps);
    await put(child('ada', '2010-06-15'));
    await sweepProxyNotes(deps);
    expect((await flags())[0]?.period?.end).toBe('2028-06-14');
    await put({ ...mother, active: false });
    await sweepProxyNotes(deps);
    expect((await flags())[0]?.status).toBe('inactive');
  });

  it('VER-1: of a proxy who turns out to act for another patient is ended; for a record of the same person it stays', async () => {
    const merged = {
      ...child('ada-before'),
      link: [{ other: { reference: 'Patient/ada' }, type: 'replaced-by' as const }],
    };
    await given(child(), child('ben'), merged, mother, authority('consent', since2020));
    await sweepProxyNotes(deps);
    await put({ ...mother, patient: { reference: 'Patient/ada-before' } });
    expect(await sweepProxyNotes(deps)).toBe(0);
    await put({ ...mother, patient: { reference: 'Patient/ben' } });
    expect(await sweepProxyNotes(deps)).toBe(1);
    expect((await flags()).map((one) => [one.subject.reference, one.status])).toEqual([['Patient/ada', 'inactive']]);
  });

  it('one that ended past Herald is ended, if it changed since the sweep before', async () => {
    const consent = authority('consent', since2020);
    await given(child(), mother, consent);
    await sweepProxyNotes(deps);
    const before = time;
    time = new Date('2026-06-01T11:00:00Z');
    await put({ ...consent, status: 'inactive' });
    expect(await sweepProxyNotes(deps, before)).toBe(1);
    expect((await flags())[0]?.status).toBe('inactive');
  });

  it('somebody else’s change of the same note goes first', async () => {
    await given(child(), mother, authority('consent', { start: '2026-05-02', end: '2026-06-20' }));
    await sweepProxyNotes(deps);
    time = new Date('2026-06-21T10:00:00Z');
    const busy = replacing({ commit: () => Promise.reject(new StoreError('conflict', 'it moved on')) });
    expect(await sweepProxyNotes({ ...deps, store: busy })).toBe(0);
    expect(await sweepProxyNotes(deps)).toBe(1);
  });
});

describe('how often the sweeper looks', () => {
  it('at first, when a London day begins, and once an hour; again at once where it failed', async () => {
    await given(child(), mother, authority('parental-responsibility', since2020));
    let searches = 0;
    let fails = false;
    const counted = replacing({
      search: (type, ...rest) => {
        if (type === 'Consent') searches += 1;
        return fails ? Promise.reject(new StoreError('unavailable', 'no answer')) : store.search(type, ...rest);
      },
    });
    const sweep = createProxyNoteSweeper({ ...deps, store: counted });
    const looks = async (at: string): Promise<boolean> => {
      time = new Date(at);
      const before = searches;
      await sweep().catch(() => {});
      return searches > before;
    };
    expect(await looks('2026-06-14T21:30:00Z')).toBe(true);
    expect(await looks('2026-06-14T22:29:00Z')).toBe(false);
    expect(await looks('2026-06-14T22:30:00Z')).toBe(true);
    expect((await flags())[0]?.status).toBe('active');
    expect(await looks('2026-06-14T23:00:00Z')).toBe(true);
    expect((await flags())[0]?.status).toBe('inactive');
    fails = true;
    expect(await looks('2026-06-15T01:00:00Z')).toBe(true);
    expect(await looks('2026-06-15T01:01:00Z')).toBe(true);
    fails = false;
    expect(await looks('2026-06-15T01:02:00Z')).toBe(true);
    expect(await looks('2026-06-15T01:03:00Z')).toBe(false);
  });
});

it('a note of another kind about the same Consent is not taken for it', async () => {
  const other: Flag & { id: string } = {
    resourceType: 'Flag',
    id: 'other',
    status: 'active',
    extension: [
      {
        url: 'http://hl7.org/fhir/StructureDefinition/flag-detail',
        valueReference: { reference: 'Consent/authority' },
      },
    ],
    code: { coding: [{ system: codeSystem('flag-code'), code: 'do-not-text' }] },
    subject: { reference: 'Patient/ada' },
  };
  await given(child(), mother, authority('consent', since2020), other);
  expect(await sweepProxyNotes(deps)).toBe(1);
  expect((await flags()).find((one) => one.id === 'other')?.meta.versionId).toBe('1');
});

/** The store with some of its methods replaced. */
function replacing(methods: Partial<FhirStore>): FhirStore {
  return new Proxy(store, {
    get: (target, name) => {
      const value = (Reflect.get(methods, name) ?? Reflect.get(target, name)) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
