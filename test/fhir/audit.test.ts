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
    const row = (subtype: string, action: string) => ({ subtype, action, outcome: '0', touched: [self] });
    expect(await events()).toEqual([
      row('create', 'C'),
      row('read', 'R'),
      row('vread', 'R'),
      row('history-instance', 'R'),
      row('update', 'U'),
      row('search-type', 'E'),
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
