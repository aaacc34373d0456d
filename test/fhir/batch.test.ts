import type { BundleEntry } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeSystem, system } from '../../src/canonical.ts';
import { exampleRequest } from '../../src/catalogue/examples.ts';
import { StoreError } from '../../src/store/fhir-store.ts';
import { audited, PUBLIC_URL } from '../support/app.ts';
import { anObjection } from '../support/people.ts';
import { type BundleRig, get, numbers, person, post, put, startRig, urn } from './bundle-rig.ts';

let herald: BundleRig;
beforeEach(async () => {
  herald = await startRig();
  await herald.given({ ...person({ active: true }), id: 'ada' });
});
afterEach(() => herald.close());

const statuses = (body: { entry: BundleEntry[] }) => body.entry.map((one) => one.response?.status);
const local = (value: string) => person({ identifier: [{ system: 'https://epr.example.org/id', value }] });
const ask = (key: string, patient = 'Patient/ada') => ({
  ...exampleRequest(key),
  subject: { reference: patient },
});

describe('contract 2: a batch', () => {
  it('answers each entry in its place with its own status, as an address of its own would', async () => {
    const answer = await herald.batch([
      post(local('1')),
      post({ ...local('2'), birthDate: 'soon' }),
      put({ ...local('3'), id: 'bob' }),
      get('Patient/ada'),
      get('Patient/none'),
      get(`Patient?identifier=${system.nhsNumber}|${numbers[0]}`),
      get('Patient/bob/_history'),
      get('Patient/bob/_history/1'),
      get('Patient?shoe-size=9'),
      get('Observation/1'),
      { request: { method: 'DELETE', url: 'Patient/ada' } },
      { resource: ask('k'), request: { method: 'POST', url: 'CommunicationRequest/$evaluate' } },
      { request: { method: 'POST', url: `Patient/_search?identifier=${system.nhsNumber}|${numbers[0]}` } },
      post({ resourceType: 'Provenance', target: [], recorded: '', agent: [] }),
      { resource: local('9') } as BundleEntry,
    ]);
    expect([answer.status, answer.body.type]).toEqual([200, 'batch-response']);
    expect(statuses(answer.body)).toEqual([
      '201 Created',
      '400 Bad Request',
      '201 Created',
      '200 OK',
      '404 Not Found',
      '200 OK',
      '200 OK',
      '200 OK',
      '400 Bad Request',
      '404 Not Found',
      '405 Method Not Allowed',
      '200 OK',
      '200 OK',
      '405 Method Not Allowed',
      '400 Bad Request',
    ]);
    const [created, invalid, , seen, , found] = answer.body.entry;
    expect(created.response).toMatchObject({
      location: `${PUBLIC_URL}/fhir/Patient/${created.resource.id}/_history/1`,
      etag: 'W/"1"',
    });
    expect(invalid.response.outcome.issue[0].expression).toEqual(['Patient.birthDate']);
    expect(seen.resource.id).toBe('ada');
    expect(found.resource).toMatchObject({ type: 'searchset', entry: [{ resource: { id: 'ada' } }] });
  });

  it('an address may begin with a slash or with this server’s own', async () => {
    const answer = await herald.batch([get('/Patient/ada'), get(`${PUBLIC_URL}/fhir/Patient/ada`)]);
    expect(statuses(answer.body)).toEqual(['200 OK', '200 OK']);
  });

  it('has the conditions of HTTP: ifMatch, ifNoneMatch, ifNoneExist', async () => {
    const ada = (await herald.as('epr', 'get', '/fhir/Patient/ada')).body;
    const answer = await herald.batch([
      put({ ...ada, gender: 'female' }, 'W/"9"'),
      put({ ...ada, gender: 'female' }, 'W/"1"'),
      { request: { method: 'GET', url: 'Patient/ada', ifNoneMatch: 'W/"2"' } },
      post(person(), { ifNoneExist: `identifier=${system.nhsNumber}|${numbers[0]}` }),
    ]);
    expect(statuses(answer.body)).toEqual(['412 Precondition Failed', '200 OK', '304 Not Modified', '200 OK']);
  });

  it('links nothing to another entry', async () => {
    const flag = {
      resourceType: 'Flag' as const,
      status: 'active' as const,
      code: { text: 'x' },
      subject: { reference: urn(1) },
    };
    const answer = await herald.batch([post(local('1'), { fullUrl: urn(1) }), post(flag)]);
    expect(statuses(answer.body)).toEqual(['201 Created', '422 Unprocessable Entity']);
  });

  it('contract 9: requests are decided each on its own, and one refusal is no other’s', async () => {
    await herald.given({ ...local('2'), id: 'bob', active: true });
    await herald.given({ ...anObjection('Patient/bob'), id: 'no-texts' });
    const answer = await herald.batch([
      post(ask('k-1')),
      post(ask('k-2', 'Patient/bob')),
      post(ask('k-3', 'Patient/none')),
      post(ask('k-1')),
      post(ask('k-4')),
    ]);
    expect(statuses(answer.body)).toEqual([
      '201 Created',
      '422 Unprocessable Entity',
      '422 Unprocessable Entity',
      '200 OK',
      '201 Created',
    ]);
    const [first, refused] = answer.body.entry;
    expect(refused.response.outcome.issue[0].details.coding[0].code).toBe('objection');
    expect(answer.body.entry[3].resource.id).toBe(first.resource.id);
    expect(herald.jobs()).toHaveLength(2);
  });

  it('takes 500 requests, each message once', async () => {
    const entries = Array.from({ length: 500 }, (_, n) => post(ask(`k-${n}`)));
    const answer = await herald.batch(entries);
    expect(new Set(statuses(answer.body))).toEqual(new Set(['201 Created']));
    expect(new Set(herald.jobs()).size).toBe(500);
  }, 60_000);

  it('more than 1000 entries are 413', async () => {
    const answer = await herald.batch(Array.from({ length: 1001 }, () => get('Patient/ada')));
    expect([answer.status, await audited(herald.store)]).toEqual([413, []]);
  });

  it('contract 10: roles are checked for each entry, and each refusal is audited', async () => {
    const answer = await herald.batch([get('Patient/ada'), post(local('1')), get('AuditEvent')], 'ig');
    expect(statuses(answer.body)).toEqual(['200 OK', '403 Forbidden', '200 OK']);
    const codes = (await audited(herald.store)).map((one) => one.subtype?.[0]?.code);
    expect(codes.sort()).toEqual(['110127', 'read', 'search-type']);
    const asEpr = await herald.batch([get('AuditEvent'), get('Patient/ada')]);
    expect(statuses(asEpr.body)).toEqual(['403 Forbidden', '200 OK']);
  });

  it('SAR-1: what is answered as a file is refused before it is made, so that nothing is disclosed or audited', async () => {
    const parameter = [
      { name: 'task', valueReference: { reference: 'Task/asked' } },
      { name: 'stage', valueCode: 'review' },
    ];
    await herald.given({
      resourceType: 'Task',
      id: 'asked',
      status: 'in-progress',
      intent: 'order',
      code: { coding: [{ system: codeSystem('task-code'), code: 'subject-access-request' }] },
      for: { reference: 'Patient/ada' },
    });
    const entry: BundleEntry = {
      resource: { resourceType: 'Parameters', parameter },
      request: { method: 'POST', url: 'Patient/ada/$subject-access-export' },
    };
    const batch = await herald.batch([entry, get('Patient/ada')], 'sar');
    expect(statuses(batch.body)).toEqual(['405 Method Not Allowed', '200 OK']);
    expect((await herald.transact([entry], 'sar')).status).toBe(422);
    expect((await audited(herald.store)).map((one) => one.subtype?.[0]?.code)).toEqual(['read']);
    // Who may not have it at all is told so first.
    expect(statuses((await herald.batch([entry])).body)).toEqual(['403 Forbidden']);
  });

  it('nobody without a token: 401, before anything is read', async () => {
    const answer = await herald.nobody('post', '/fhir').send({ resourceType: 'Bundle', type: 'batch' });
    expect(answer.status).toBe(401);
  });

  it('an entry that breaks something of ours says so for itself, without a word of what broke', async () => {
    const own = await startRig({
      store: (store) => ({
        read: async (type, id) => {
          if (id === 'broken') throw new TypeError('Zebedee is not a function');
          if (id === 'away') throw new StoreError('unavailable', 'no answer');
          return store.read(type, id);
        },
        vread: (type, id, version) => store.vread(type, id, version),
        history: (type, options) => store.history(type, options),
        search: (type, params, cursor) => store.search(type, params, cursor),
        commit: (writes) => store.commit(writes),
        redact: (type, id, rewrite) => store.redact(type, id, rewrite),
        ping: () => store.ping(),
      }),
    });
    await own.given({ ...local('1'), id: 'ada' });
    const answer = await own.batch([get('Patient/broken'), get('Patient/away'), get('Patient/ada')]);
    expect(statuses(answer.body)).toEqual(['500 Internal Server Error', '503 Service Unavailable', '200 OK']);
    expect(JSON.stringify(answer.body) + own.log.join('')).not.toContain('Zebedee');
    own.close();
  });

  it('a body of the wrong media type is 415, of more than 8 MB 413', async () => {
    const wrong = await herald.as('epr', 'post', '/fhir').set('Content-Type', 'text/plain').send('x');
    expect(wrong.status).toBe(415);
    const large = await herald.as('epr', 'post', '/fhir').send({ resourceType: 'Bundle', note: 'x'.repeat(9_000_000) });
    expect(large.status).toBe(413);
  });
});
