import type { Consent, Flag, Patient, Task } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../src/log.ts';
import type { ObjectionDeps } from '../../src/objections/deps.ts';
import { createFingerprint } from '../../src/objections/fingerprint.ts';
import { createObjectionSweeper, sweepObjections } from '../../src/objections/sweep.ts';
import { codesIn } from '../../src/send/gather-tasks.ts';
import { type FhirStore, StoreError, searchAll } from '../../src/store/fhir-store.ts';
import { openTestStore, type TestStore } from '../store/open-store.ts';
import { aPatient, policy } from '../support/app.ts';
import { atRisk, explained, objection, reason, removing } from '../support/objections.ts';

let test: TestStore;
let now: Date;
beforeEach(() => {
  now = new Date('2026-06-01T10:00:00Z');
  test = openTestStore({ now: () => now });
});
afterEach(() => test.close());

const deps = (store: FhirStore = test.store): ObjectionDeps => ({
  store,
  clock: { now: () => now },
  log: createLog({ level: 'silent' }),
  controller: { ods: 'RXX', name: 'Example NHS Trust' },
  policy,
  fingerprint: createFingerprint(Buffer.alloc(32, 1)),
});
const patient = (change: Partial<Patient> = {}): Patient & { id: string } => ({ ...aPatient(change), id: 'iris' });
const consent = (change: Parameters<typeof objection>[1] = {}): Consent & { id: string } => ({
  ...objection('Patient/iris', change),
  id: 'o1',
});
const flags = (): Promise<Flag[]> => searchAll(test.store, 'Flag', [['patient', 'Patient/iris']]);
const tasks = async (): Promise<string[]> => {
  const all: Task[] = await searchAll(test.store, 'Task', [['patient', 'Patient/iris']]);
  return all.map((one) => `${codesIn(one.code, 'task-code').join()} ${one.status}`).sort();
};
const remove = [reason, explained, atRisk, removing];

describe('what follows from objections that were written past Herald', () => {
  it('OBJ-10, OBJ-4: they get their Flag and their Tasks, once', async () => {
    await test.put(patient(), consent({ status: 'proposed' }));
    expect(await sweepObjections(deps())).toBe(1);
    expect((await flags()).map((one) => one.status)).toEqual(['active']);
    expect(await tasks()).toEqual(['discuss-objection requested', 'explain-impact requested']);
    expect(await sweepObjections(deps())).toBe(0);
    const events = await searchAll(test.store, 'AuditEvent', [['patient', 'Patient/iris']]);
    expect(events).toHaveLength(1);
  });

  it('OBJ-9: an end by time ends the Flag and the Tasks', async () => {
    await test.put(patient(), consent({ period: { start: '2026-05-12', end: '2026-06-01' } }));
    const sweep = createObjectionSweeper(deps());
    expect(await sweep()).toBe(1);
    expect(await sweep()).toBe(0);
    now = new Date('2026-06-01T23:00:01Z');
    expect(await sweep()).toBe(1);
    expect((await flags()).map((one) => one.status)).toEqual(['inactive']);
    expect(await tasks()).toEqual(['explain-impact cancelled']);
  });

  it('OBJ-8: their contact details leave the record and its history, and again when they come back', async () => {
    await test.put(patient(), consent({ parts: remove }));
    expect(await sweepObjections(deps())).toBe(1);
    const read = async () => (await test.store.read('Patient', 'iris'))?.telecom;
    const history = async () => JSON.stringify((await test.store.history('Patient', { id: 'iris' })).matches);
    expect([await read(), (await history()).includes('900123')]).toEqual([undefined, false]);
    expect(await sweepObjections(deps())).toBe(0);

    await test.store.commit([{ op: 'update', resource: patient() }]);
    expect(await read()).toHaveLength(1);
    expect(await sweepObjections(deps())).toBe(1);
    expect([await read(), (await history()).includes('900123')]).toEqual([undefined, false]);
  });

  it('OBJ-8: what the store cannot forget is a Task, which ends when it can', async () => {
    const redact = { outcome: 'impossible' as 'impossible' | 'unavailable' | 'done' };
    const { store } = test;
    const unable: FhirStore = {
      read: (type, id) => store.read(type, id),
      vread: (type, id, versionId) => store.vread(type, id, versionId),
      history: (type, options) => store.history(type, options),
      search: (type, params, cursor) => store.search(type, params, cursor),
      commit: (writes) => store.commit(writes),
      ping: () => store.ping(),
      async redact(type, id, rewrite) {
        if (redact.outcome === 'unavailable') throw new StoreError('unavailable', 'refused');
        return redact.outcome === 'done' ? store.redact(type, id, rewrite) : 'impossible';
      },
    };
    await test.put(patient(), consent({ parts: remove }));
    await sweepObjections(deps(unable));
    redact.outcome = 'unavailable';
    await sweepObjections(deps(unable));
    expect(await tasks()).toEqual(['purge-history requested']);
    const [task] = await searchAll(store, 'Task', [['focus', 'Patient/iris']]);
    expect(task).toMatchObject({ priority: 'urgent', reasonReference: { reference: 'Consent/o1' } });
    expect(JSON.stringify(task)).not.toContain('900123');
    redact.outcome = 'done';
    await sweepObjections(deps(unable));
    expect(await tasks()).toEqual(['purge-history completed']);
  });

  it('one that cannot be followed does not keep the others waiting', async () => {
    await test.put(patient(), consent(), { ...consent(), id: 'o2' });
    const { store } = test;
    let refused = 0;
    const picky: FhirStore = {
      read: (type, id) => store.read(type, id),
      vread: (type, id, versionId) => store.vread(type, id, versionId),
      history: (type, options) => store.history(type, options),
      search: (type, params, cursor) => store.search(type, params, cursor),
      redact: (type, id, rewrite) => store.redact(type, id, rewrite),
      ping: () => store.ping(),
      async commit(writes) {
        refused += 1;
        if (refused === 1) throw new StoreError('conflict', 'somebody else was first');
        return store.commit(writes);
      },
    };
    expect(await sweepObjections(deps(picky))).toBe(1);
    expect(await flags()).toHaveLength(1);
    expect(await sweepObjections(deps(picky))).toBe(1);
    expect(await flags()).toHaveLength(2);
  });
});
