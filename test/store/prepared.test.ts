import type { Appointment, Communication, Patient, Resource } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Write } from '../../src/store/fhir-store.ts';
import { prepare } from '../../src/store/prepared.ts';
import { openTestStore, type TestStore } from './open-store.ts';

const clock = { now: () => new Date('2026-06-01T09:00:00Z') };

let opened: TestStore[];
beforeEach(() => {
  opened = [openTestStore(clock), openTestStore(clock)];
});
afterEach(() => {
  for (const one of opened) one.close();
});

const patient = (n: number): Patient & { id: string } => ({
  resourceType: 'Patient',
  id: `p-${n}`,
  meta: { security: [{ code: 'R' }], lastUpdated: '1999-01-01T00:00:00Z' },
  identifier: [{ system: 'urn:x', value: String(n) }],
  name: [{ family: 'Ash', given: [`Robin ${n}`] }],
  birthDate: '1984-06-14',
  // Two parameters have a value even for a Patient without content: this one must not have both.
  ...(n % 2 === 0 ? { deceasedBoolean: true } : {}),
});
const communication = (n: number): Communication & { id: string } => ({
  resourceType: 'Communication',
  id: `c-${n}`,
  status: 'completed',
  subject: { reference: `Patient/p-${n}` },
  sent: '2026-06-01T08:00:00Z',
});
const appointment = (id: string, start: string): Appointment & { id: string } => ({
  resourceType: 'Appointment',
  id,
  status: 'booked',
  start,
  participant: [{ status: 'accepted' }],
});
const writes = (resources: readonly (Resource & { id: string })[]): Write[] =>
  resources.map((resource) => ({ op: 'update', resource }));

/** Every row of the index, and what stands beside the resources. */
function index({ db }: TestStore): unknown {
  const rows = (text: string) => {
    const statement = db.sql.prepare(text);
    statement.setReadBigInts(true);
    return statement.all();
  };
  const inOrder = ({ seldom }: { seldom?: unknown }) => String(seldom).split(',').sort();
  return {
    eq: rows('SELECT r.type, r.id, e.h FROM eq e JOIN res r ON r.pk = e.pk ORDER BY 1, 2, 3'),
    rng: rows('SELECT r.type, r.id, g.p, g.low, g.high FROM rng g JOIN res r ON r.pk = g.pk ORDER BY 1, 2, 3, 4, 5'),
    words: rows('SELECT r.type, r.id, w.lines FROM words w JOIN res r ON r.pk = w.pk ORDER BY 1, 2'),
    res: rows('SELECT seldom FROM res ORDER BY type, id').map(inOrder),
    body: rows('SELECT type, version, body FROM ver ORDER BY type, body'),
  };
}

describe('a large commit', () => {
  it('stores the same, found by the same, as its writes do one by one, made or changed', async () => {
    const [whole, single] = opened as [TestStore, TestStore];
    const people = Array.from({ length: 40 }, (_, n) => patient(n));
    const first = writes([...people, ...people.map((_, n) => communication(n))]);
    const second = writes(people.map((one) => ({ ...one, gender: 'female', birthDate: '1985' })));
    for (const many of [first, [...second, ...second]]) {
      await whole.store.commit(many);
      for (const one of many) await single.store.commit([one]);
    }
    expect(index(whole)).toEqual(index(single));
    expect(await whole.ids('Patient', [['_lastUpdated', '2026-06-01']])).toHaveLength(40);
    expect(await whole.ids('Patient', [['deceased', 'true']])).toHaveLength(20);
  });

  it('lets other work have its turn while it is worked out', async () => {
    const { store } = opened[0] as TestStore;
    let turns = 0;
    let done = false;
    const count = (): void => {
      turns += 1;
      if (!done) setImmediate(count);
    };
    setImmediate(count);
    await store.commit(writes(Array.from({ length: 400 }, (_, n) => patient(n))));
    done = true;
    expect(turns).toBeGreaterThanOrEqual(20);
  });

  it('keeps what was given, whatever its giver does with it afterwards', async () => {
    const { store, ids } = opened[0] as TestStore;
    const people = Array.from({ length: 60 }, (_, n) => patient(n));
    const committed = store.commit(writes(people));
    // After the first turn some are worked out, and none is stored.
    await new Promise((resolve) => setImmediate(resolve));
    for (const one of people) one.birthDate = '1999-09-09';
    await committed;
    const changed = await ids('Patient', [['birthdate', '1999-09-09']]);
    for (const id of changed) expect((await store.read('Patient', id))?.birthDate).toBe('1999-09-09');
    const kept = await ids('Patient', [['birthdate', '1984-06-14']]);
    for (const id of kept) expect((await store.read('Patient', id))?.birthDate).toBe('1984-06-14');
    expect(kept.length + changed.length).toBe(60);
    expect(kept.length).toBeGreaterThan(0);
  });

  it('has its faults told by the commit, all or nothing', async () => {
    const { store, ids } = opened[0] as TestStore;
    const people = Array.from({ length: 60 }, (_, n) => patient(n));
    const bad = appointment('never', 'no date at all');
    expect((await prepare(writes([...people, bad]))).filter((one) => one === undefined)).toHaveLength(1);
    await expect(store.commit(writes([...people, bad]))).rejects.toMatchObject({ code: 'rejected' });
    const conflict: Write[] = [...writes([...people, bad]), { op: 'create', resource: patient(1) }];
    await store.commit(writes([patient(1)]));
    await expect(store.commit(conflict.toReversed())).rejects.toMatchObject({ code: 'conflict' });
    expect(await ids('Patient', [])).toEqual(['p-1']);
  });

  it('is worth it for many writes only', async () => {
    expect(await prepare(writes([patient(1)]))).toEqual([]);
  });
});
