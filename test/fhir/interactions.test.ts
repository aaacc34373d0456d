import type { Bundle } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aPatient, PUBLIC_URL, startApp, type TestApp } from '../support/app.ts';

let herald: TestApp;
beforeEach(() => {
  herald = startApp();
});
afterEach(() => herald.close());

const create = (body: object, headers: Record<string, string> = {}) =>
  herald
    .as('epr', 'post', `/fhir/${Reflect.get(body, 'resourceType')}`)
    .set(headers)
    .send(body);
const pathOf = (location: string | undefined): string => (location ?? '').replace(PUBLIC_URL, '');

describe('contract 2: create, read and update', () => {
  it('a create answers 201 with a versioned Location that leads to what was stored', async () => {
    const answer = await create(aPatient({ id: 'my-own-id' }));
    expect(answer.status).toBe(201);
    expect(answer.headers.location).toMatch(
      /^https:\/\/herald\.nhs\.example\/fhir\/Patient\/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]+\/_history\/1$/,
    );
    expect(answer.headers.etag).toBe('W/"1"');
    expect(Date.parse(answer.headers['last-modified'] ?? '')).not.toBeNaN();
    expect(answer.headers['content-type']).toBe('application/fhir+json; charset=utf-8');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(answer.headers['x-powered-by']).toBeUndefined();

    const version = await herald.as('epr', 'get', pathOf(answer.headers.location));
    expect(version.status).toBe(200);
    expect(version.body).toEqual(answer.body);
    expect(version.body.birthDate).toBe('1961-04-02');
  });

  it('what only the store says is not taken from the caller', async () => {
    const meta = { versionId: '99', lastUpdated: '1999-01-01T00:00:00Z', source: 'https://epr.example.org' };
    const { body } = await create(aPatient({ meta }));
    expect(body.meta).toMatchObject({ versionId: '1', source: 'https://epr.example.org' });
    expect(body.meta.lastUpdated).not.toMatch(/^1999/);
  });

  it('an update makes the next version; the one before can still be read, and so can the history', async () => {
    const { body: first } = await create(aPatient());
    const second = await herald
      .as('epr', 'put', `/fhir/Patient/${first.id}`)
      .send({ ...first, birthDate: '1962-04-02' });
    expect([second.status, second.headers.etag]).toEqual([200, 'W/"2"']);
    const before = await herald.as('ig', 'get', `/fhir/Patient/${first.id}/_history/1`);
    expect(before.body.birthDate).toBe('1961-04-02');

    const history: Bundle = (await herald.as('sar', 'get', `/fhir/Patient/${first.id}/_history`)).body;
    expect(history.type).toBe('history');
    expect(history.entry?.map((one) => [one.request?.method, one.response?.status, one.response?.etag])).toEqual([
      ['PUT', '200', 'W/"2"'],
      ['POST', '201', 'W/"1"'],
    ]);
    const ofType: Bundle = (await herald.as('sar', 'get', '/fhir/Patient/_history')).body;
    expect(ofType.entry).toHaveLength(2);
  });

  it('a PUT to an id that is free makes the resource (201)', async () => {
    const answer = await herald.as('epr', 'put', '/fhir/Patient/epr-17').send(aPatient({ id: 'epr-17' }));
    expect([answer.status, answer.headers.location]).toEqual([201, `${PUBLIC_URL}/fhir/Patient/epr-17/_history/1`]);
  });

  it('a body with another id than the address is 400', async () => {
    const answer = await herald.as('epr', 'put', '/fhir/Patient/one').send(aPatient({ id: 'two' }));
    expect([answer.status, answer.body.issue[0].expression]).toEqual([400, ['Patient.id']]);
  });

  it('a resource of another type than the address is 400', async () => {
    const answer = await herald.as('epr', 'post', '/fhir/Flag').send(aPatient());
    expect([answer.status, answer.body.issue[0].expression]).toEqual([400, ['resourceType']]);
  });

  it.each([
    '/fhir/Patient/none',
    '/fhir/Patient/none/_history',
    '/fhir/Patient/none/_history/1',
    '/fhir/Patient/a%20b',
  ])('%s is 404', async (path) => expect((await herald.as('epr', 'get', path)).status).toBe(404));

  it('HEAD answers as GET does, without a body', async () => {
    const { body } = await create(aPatient());
    const answer = await herald.as('epr', 'head', `/fhir/Patient/${body.id}`);
    expect([answer.status, answer.headers.etag, answer.text]).toEqual([200, 'W/"1"', undefined]);
  });
});

describe('contract 2: conditions', () => {
  it.each([
    ['W/"1"', 200],
    ['"1"', 200],
    ['*', 200],
    ['W/"7"', 412],
    ['nonsense', 412],
  ])('If-Match %s on version 1 is %i', async (tag, status) => {
    const { body } = await create(aPatient());
    const answer = await herald.as('epr', 'put', `/fhir/Patient/${body.id}`).set('If-Match', tag).send(body);
    expect(answer.status).toBe(status);
    const now = await herald.as('epr', 'get', `/fhir/Patient/${body.id}`);
    expect(now.body.meta.versionId).toBe(status === 200 ? '2' : '1');
  });

  it('If-Match on something that is not there is 412, and makes nothing', async () => {
    const path = '/fhir/Patient/none';
    expect(
      (
        await herald
          .as('epr', 'put', path)
          .set('If-Match', '*')
          .send(aPatient({ id: 'none' }))
      ).status,
    ).toBe(412);
    expect((await herald.as('epr', 'get', path)).status).toBe(404);
  });

  it('If-None-Match * writes over nothing: 412 for what is there, 201 for what is not', async () => {
    const send = () =>
      herald
        .as('epr', 'put', '/fhir/Patient/new')
        .set('If-None-Match', '*')
        .send(aPatient({ id: 'new' }));
    expect([(await send()).status, (await send()).status]).toEqual([201, 412]);
    expect((await herald.as('epr', 'get', '/fhir/Patient/new')).body.meta.versionId).toBe('1');
  });

  it('of several updates of one version at once exactly one is made', async () => {
    const { body } = await create(aPatient());
    const put = () => herald.as('epr', 'put', `/fhir/Patient/${body.id}`).set('If-Match', 'W/"1"').send(body);
    const statuses = (await Promise.all([put(), put(), put(), put()])).map((one) => one.status).sort();
    expect(statuses).toEqual([200, 412, 412, 412]);
  });

  it.each([
    ['W/"1"', 304],
    ['W/"9", W/"1"', 304],
    ['W/"9"', 200],
  ])('If-None-Match %s on version 1 is %i', async (tag, status) => {
    const { body } = await create(aPatient());
    const answer = await herald.as('epr', 'get', `/fhir/Patient/${body.id}`).set('If-None-Match', tag);
    expect([answer.status, answer.headers.etag]).toEqual([status, 'W/"1"']);
    if (status === 304) expect(answer.text).toBe('');
  });

  it('If-None-Exist: none makes one, one is answered, several are 412', async () => {
    const query = { 'If-None-Exist': 'family=Marlowe' };
    const first = await create(aPatient(), query);
    const second = await create(aPatient(), query);
    expect([first.status, second.status, second.body.id]).toEqual([201, 200, first.body.id]);
    await create(aPatient());
    expect((await create(aPatient(), query)).status).toBe(412);
    expect((await herald.as('epr', 'get', '/fhir/Patient?_summary=count')).body.total).toBe(2);
  });

  it.each(['', 'nothing=1', '_count=1', 'family='])(
    'If-None-Exist of "%s" is 400, and makes nothing',
    async (query) => {
      expect((await create(aPatient(), { 'If-None-Exist': query })).status).toBe(400);
      expect((await herald.as('epr', 'get', '/fhir/Patient?_summary=count')).body.total).toBe(0);
    },
  );
});

describe('contract 2: the form of an answer', () => {
  it.each([
    ['return=minimal', ''],
    ['return=representation', 'Patient'],
    ['return=OperationOutcome', 'OperationOutcome'],
    ['handling=strict, return=minimal', ''],
  ])('Prefer: %s', async (prefer, type) => {
    const answer = await create(aPatient(), { Prefer: prefer });
    expect(answer.status).toBe(201);
    expect(answer.headers.location).toBeDefined();
    expect(answer.headers.etag).toBe('W/"1"');
    if (type === '') expect(answer.text).toBe('');
    else expect(answer.body.resourceType).toBe(type);
  });

  it.each([
    [{ Accept: 'application/json' }, '', 'application/json; charset=utf-8'],
    [{ Accept: 'application/fhir+json; fhirVersion=4.0' }, '', 'application/fhir+json; charset=utf-8'],
    [{ Accept: 'application/xml, */*;q=0.1' }, '', 'application/fhir+json; charset=utf-8'],
    [{ Accept: 'text/html' }, '?_format=json', 'application/fhir+json; charset=utf-8'],
    [{}, '?_format=application/fhir%2Bjson', 'application/fhir+json; charset=utf-8'],
    [{}, '?_format=application/fhir+json', 'application/fhir+json; charset=utf-8'],
  ])('%j with "%s" is answered as %s', async (headers, query, type) => {
    const answer = await herald.as('epr', 'get', `/fhir/Patient${query}`).set(headers);
    expect([answer.status, answer.headers['content-type']]).toEqual([200, type]);
  });

  it.each([
    [{ Accept: 'application/fhir+xml' }, ''],
    [{ Accept: 'application/fhir+json; fhirVersion=5.0' }, ''],
    [{}, '?_format=xml'],
  ])('%j with "%s" is 406', async (headers, query) => {
    expect((await herald.as('epr', 'get', `/fhir/Patient${query}`).set(headers)).status).toBe(406);
  });

  it('_pretty is for people', async () => {
    expect((await herald.as('epr', 'get', '/fhir/Patient?_pretty=true')).text).toContain('{\n  "resourceType"');
  });
});

describe('contract 2: X-Request-Id', () => {
  it('is echoed, and is in the audit', async () => {
    const answer = await create(aPatient(), { 'X-Request-Id': 'epr:4711.a' });
    expect(answer.headers['x-request-id']).toBe('epr:4711.a');
    const found = await herald.as('ig', 'get', '/fhir/AuditEvent?entity:identifier=epr:4711.a');
    expect(found.body.entry).toMatchObject([{ resource: { subtype: [{ code: 'create' }] } }]);
  });

  it.each([undefined, 'a b', 'a"b', '<x>', 'x'.repeat(129), '9990000018', '07700900123'])(
    'is made when it is %s: absent, odd, or a number that could be a person',
    async (given) => {
      const test = herald.as('epr', 'get', '/fhir/Patient');
      const answer = await (given === undefined ? test : test.set('X-Request-Id', given));
      expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    },
  );
});
