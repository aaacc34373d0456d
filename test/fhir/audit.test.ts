import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { system } from '../../src/canonical.ts';
import { type FhirStore, StoreError } from '../../src/store/fhir-store.ts';
import { aPatient, audited, startApp, type TestApp } from '../support/app.ts';

let herald: TestApp;
beforeEach(() => {
  herald = startApp();
});
afterEach(() => herald.close());

const events = async () =>
  (await audited(herald.store)).map((one) => ({
    subtype: one.subtype?.[0]?.code,
    action: one.action,
    outcome: one.outcome,
    touched: one.entity?.flatMap((entity) => entity.what?.reference ?? []),
  }));

/** A store whose audit cannot be written. */
function withoutAudit(store: FhirStore): FhirStore {
  return {
    read: (type, id) => store.read(type, id),
    vread: (type, id, versionId) => store.vread(type, id, versionId),
    history: (type, options) => store.history(type, options),
    search: (type, params, cursor) => store.search(type, params, cursor),
    redact: (type, id, rewrite) => store.redact(type, id, rewrite),
    ping: () => store.ping(),
    commit: async (writes) => {
      if (writes.some((one) => one.resource.resourceType === 'AuditEvent')) {
        throw new StoreError('unavailable', 'the disk is full');
      }
      return store.commit(writes);
    },
  };
}

describe('ACC-2: who touched what', () => {
  it('each interaction leaves one event that leads to the patient', async () => {
    const made = await herald.as('epr', 'post', '/fhir/Patient').send(aPatient());
    const self = `Patient/${made.body.id}`;
    await herald.as('sar', 'get', `/fhir/${self}`);
    await herald.as('sar', 'get', `/fhir/${self}/_history/1`);
    await herald.as('sar', 'get', `/fhir/${self}/_history`);
    await herald.as('epr', 'put', `/fhir/${self}`).send(made.body);
    await herald.as('epr', 'get', '/fhir/Patient?family=Marlowe');
    // Whose record it is, and what was touched.
    const row = (subtype: string, action: string) => ({ subtype, action, outcome: '0', touched: [self, self] });
    expect(await events()).toEqual([
      row('create', 'C'),
      row('read', 'R'),
      row('vread', 'R'),
      row('history-instance', 'R'),
      row('update', 'U'),
      { ...row('search-type', 'E'), touched: [self] },
    ]);
  });

  it('can be found by patient, by what was touched and by who', async () => {
    const made = await herald.as('epr', 'post', '/fhir/Patient').send(aPatient());
    for (const search of [
      `patient=Patient/${made.body.id}`,
      `entity=Patient/${made.body.id}`,
      'agent=Practitioner/demo-staff-clerk',
    ]) {
      const answer = await herald.as('ig', 'get', `/fhir/AuditEvent?${search}&action=C`);
      expect([search, answer.body.entry?.length]).toEqual([search, 1]);
    }
  });

  it('a search that shows several patients leaves one event for each, so that none names another', async () => {
    await herald.given({ ...aPatient(), id: 'one' });
    await herald.given({ ...aPatient(), id: 'two' });
    await herald.as('epr', 'get', '/fhir/Patient?family=Marlowe');
    expect((await events()).map((one) => one.touched).sort()).toEqual([['Patient/one'], ['Patient/two']]);
  });

  it('an appointment is a matter of the patient who takes part in it', async () => {
    await herald.given({
      resourceType: 'Appointment',
      id: 'visit',
      status: 'booked',
      participant: [
        { status: 'accepted', actor: { reference: 'Practitioner/dr' } },
        { status: 'accepted', actor: { reference: 'Patient/iris' } },
      ],
    });
    await herald.as('epr', 'get', '/fhir/Appointment/visit');
    expect((await events())[0]?.touched).toEqual(['Patient/iris', 'Appointment/visit']);
  });

  it('a record that is taken from one patient and given to another concerns both', async () => {
    for (const id of ['one', 'two']) await herald.given({ ...aPatient(), id });
    const flag = { resourceType: 'Flag', id: 'print', status: 'active', code: { text: 'Large print' } } as const;
    await herald.given({ ...flag, subject: { reference: 'Patient/one' } });
    await herald.as('epr', 'put', '/fhir/Flag/print').send({ ...flag, subject: { reference: 'Patient/two' } });
    expect((await events()).map((one) => one.touched).sort()).toEqual([
      ['Patient/one', 'Flag/print'],
      ['Patient/two', 'Flag/print'],
    ]);
  });

  const people = (count: number) => Array.from({ length: count }, (_, n) => `Patient/p-${n}`);
  const group = (members: readonly string[]) => ({
    resourceType: 'Group' as const,
    id: 'clinic',
    type: 'person' as const,
    actual: true,
    member: members.map((reference) => ({ entity: { reference } })),
  });
  const list = (subject: string, items: readonly string[]) => ({
    resourceType: 'List' as const,
    id: 'left-out',
    status: 'current' as const,
    mode: 'snapshot' as const,
    subject: { reference: subject },
    entry: items.map((reference) => ({ item: { reference } })),
  });
  const found = async (patient: string) =>
    (await herald.as('ig', 'get', `/fhir/AuditEvent?patient=${patient}&_summary=count`)).body.total;

  it.each([
    ['a read', 'get', '/fhir/Group/clinic'],
    ['a search', 'get', '/fhir/Group'],
    ['a history', 'get', '/fhir/Group/clinic/_history'],
  ] as const)('%s of a Group is found for each whom it names, in events of 200', async (_what, method, path) => {
    await herald.given(group([...people(401), 'Practitioner/dr']));
    await herald.as('ig', method, path);
    const named = (await events()).map((one) => one.touched?.filter((reference) => /^Patient/.test(reference)).length);
    expect(named.sort()).toEqual([1, 200, 200]);
    for (const one of ['Patient/p-0', 'Patient/p-200', 'Patient/p-400'])
      expect([one, await found(one)]).toEqual([one, 1]);
  });

  it('of a List, whose record it is has an event that names nobody else', async () => {
    await herald.given(list('Patient/one', ['Patient/one', 'Patient/two', 'Communication/c', 'Patient/three']));
    await herald.as('ig', 'get', '/fhir/List/left-out');
    expect((await events()).map((one) => one.touched).sort()).toEqual([
      ['Patient/one', 'List/left-out'],
      ['Patient/two', 'Patient/three', 'List/left-out'],
    ]);
  });

  it('who leaves a Group, and who joins it, is found by the change', async () => {
    for (const id of ['one', 'two', 'three']) await herald.given({ ...aPatient(), id });
    await herald.given(group(['Patient/one', 'Patient/two']));
    await herald.as('epr', 'put', '/fhir/Group/clinic').send(group(['Patient/two', 'Patient/three']));
    expect((await events()).map((one) => one.touched)).toEqual([
      ['Patient/two', 'Patient/three', 'Patient/one', 'Group/clinic'],
    ]);
  });

  it('a search that finds nobody is an event too', async () => {
    await herald.as('epr', 'get', '/fhir/Patient?family=Nobody');
    expect(await events()).toEqual([{ subtype: 'search-type', action: 'E', outcome: '0', touched: [] }]);
  });

  it('has the names of a search but not its values, and no personal data of what it found', async () => {
    await herald.as('epr', 'post', '/fhir/Patient').send(aPatient());
    await herald
      .as('epr', 'post', '/fhir/Patient/_search')
      .type('form')
      .send(`identifier=${system.nhsNumber}|9990000018&family=Marlowe&phone=07700900123`);
    await herald.as('epr', 'get', '/fhir/Patient?family=Marlowe');
    const all = await audited(herald.store);
    const text = JSON.stringify(all) + all.map((one) => one.entity?.map((e) => atob(e.query ?? '')).join()).join();
    expect(text).toContain('POST Patient?identifier&family&phone');
    for (const personal of ['9990000018', 'Marlowe', 'Iris', '07700', '1961']) expect(text).not.toContain(personal);
  });

  it('is itself not readable by whom it watches', async () => {
    expect((await herald.as('epr', 'get', '/fhir/AuditEvent')).status).toBe(403);
    expect((await herald.as('admin', 'get', '/fhir/AuditEvent')).status).toBe(403);
  });

  it.each([
    ['no token', undefined],
    ['an unknown token', 'Bearer not-a-token-of-ours'],
    ['another scheme', 'Basic ZGVtby1lcHI6'],
  ])('a 401 for %s is recorded, without what was sent', async (_what, header) => {
    const test = herald.nobody('get', '/fhir/Patient');
    await (header === undefined ? test : test.set('Authorization', header));
    expect(await events()).toEqual([{ subtype: '110122', action: 'E', outcome: '4', touched: [] }]);
    const kept = JSON.stringify(await audited(herald.store)) + herald.log.join('');
    expect(kept).not.toMatch(/not-a-token|ZGVtby1lcHI6/);
  });
});

describe('ACC-2: nothing is shown or written that cannot be recorded', () => {
  it.each(['/fhir/Patient/one', '/fhir/Patient/one/_history/1', '/fhir/Patient/one/_history', '/fhir/Patient'])(
    '%s is 503 when its audit cannot be written',
    async (path) => {
      const own = startApp({ wrapStore: withoutAudit });
      await own.given({ ...aPatient(), id: 'one' });
      const answer = await own.as('epr', 'get', path);
      expect([answer.status, answer.headers['retry-after']]).toEqual([503, '5']);
      expect(answer.text).not.toMatch(/Marlowe|disk/);
      own.close();
    },
  );

  it('a write that somebody else overtakes names nothing that was not made', async () => {
    let overtaken = false;
    const own = startApp({
      wrapStore: (store) => ({
        read: (type, id) => store.read(type, id),
        vread: (type, id, versionId) => store.vread(type, id, versionId),
        history: (type, options) => store.history(type, options),
        redact: (type, id, rewrite) => store.redact(type, id, rewrite),
        ping: () => store.ping(),
        search: async (type, params, cursor) => {
          const page = await store.search(type, params, cursor);
          // Another process makes it between the search and the write.
          if (!overtaken && type === 'Patient') {
            overtaken = true;
            await store.commit([{ op: 'create', resource: { ...aPatient(), id: 'theirs' } }]);
          }
          return page;
        },
        commit: (writes) => store.commit(writes),
      }),
    });
    const answer = await own.as('epr', 'post', '/fhir/Patient').set('If-None-Exist', 'family=Marlowe').send(aPatient());
    expect([answer.status, answer.body.id]).toEqual([200, 'theirs']);
    const all = await audited(own.store);
    expect(all.map((one) => [one.subtype?.[0]?.code, one.entity?.flatMap((e) => e.what?.reference ?? [])])).toEqual([
      ['read', ['Patient/theirs', 'Patient/theirs']],
    ]);
    expect((await own.store.search('Task', [])).matches).toEqual([]);
    own.close();
  });

  it('a write whose audit cannot be kept is not kept either', async () => {
    const own = startApp({ wrapStore: withoutAudit });
    expect((await own.as('epr', 'post', '/fhir/Patient').send(aPatient())).status).toBe(503);
    expect((await own.store.search('Patient', [])).matches).toEqual([]);
    own.close();
  });

  it('a refusal stays one when it cannot be recorded, and the log says so', async () => {
    const own = startApp({ wrapStore: withoutAudit });
    expect((await own.nobody('get', '/fhir/Patient')).status).toBe(401);
    expect((await own.as('admin', 'get', '/fhir/Patient')).status).toBe(403);
    expect(own.log.filter((line) => line.includes('audit.failed'))).toHaveLength(2);
    own.close();
  });
});

describe('ACC-4: the log', () => {
  it('has the route and not the address, and no byte of what was sent or found', async () => {
    const made = await herald.as('epr', 'post', '/fhir/Patient').send(aPatient());
    await herald.as('epr', 'get', `/fhir/Patient/${made.body.id}?_format=json`);
    await herald.as('epr', 'get', '/fhir/Patient?identifier=9990000018');
    await herald.as('epr', 'get', '/fhir/Patient?family:odd=Marlowe');
    const text = herald.log.join('');
    expect(text).toContain('"route":"/fhir/Patient/:id"');
    expect(text).toContain('"client":"demo-epr"');
    for (const personal of ['9990000018', 'Marlowe', 'Iris', '07700', '?']) expect(text).not.toContain(personal);
  });
});
