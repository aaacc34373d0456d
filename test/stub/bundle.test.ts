import type { BundleEntry, Resource } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { aMessage, aPatient, aStub, bundleIn, outcomeIn } from './client.ts';

const put = (resource: Resource & { id: string }, request = {}): BundleEntry => ({
  resource,
  request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}`, ...request },
});
const post = (resource: Resource, fullUrl?: string, request = {}): BundleEntry => ({
  ...(fullUrl === undefined ? {} : { fullUrl }),
  resource,
  request: { method: 'POST', url: resource.resourceType, ...request },
});
const get = (url: string): BundleEntry => ({ request: { method: 'GET', url } });
const bundle = (type: 'transaction' | 'batch', ...entry: BundleEntry[]) => ({ resourceType: 'Bundle', type, entry });
const statuses = (entries: readonly BundleEntry[] = []) => entries.map(({ response }) => response?.status);

const link = 'urn:uuid:3d0cf2f6-8d5c-4a43-a0a1-54b8d4a6d5b1';

describe('a transaction, where it is switched on', () => {
  it('writes all its entries, whichever refers to which, and then reads', async () => {
    const { stub, client } = await aStub({ transactions: true });
    const sent = bundle('transaction', get('Patient/a'), put(aMessage('m', 'Patient/a')), put(aPatient('a')));
    const answer = await client.post('', sent);
    expect([answer.status, bundleIn(answer).type]).toEqual([200, 'transaction-response']);
    const [read, message, patient] = bundleIn(answer).entry ?? [];
    expect(read).toMatchObject({ resource: { resourceType: 'Patient', id: 'a' }, response: { status: '200' } });
    for (const [entry, place] of [
      [message, 'Communication/m'],
      [patient, 'Patient/a'],
    ] as const) {
      expect(entry).not.toHaveProperty('resource');
      expect(entry?.response).toMatchObject({
        status: '201',
        etag: 'W/"1"',
        location: `${stub.url}/${place}/_history/1`,
      });
    }
  });

  it('answers the resources when that is preferred', async () => {
    const { client } = await aStub({ transactions: true });
    const answer = await client.post('', bundle('transaction', put(aPatient('a'))), {
      Prefer: 'return=representation',
    });
    expect(bundleIn(answer).entry?.[0]?.resource).toMatchObject({ id: 'a', meta: { versionId: '1' } });
  });

  it('resolves links between its entries', async () => {
    const { client } = await aStub({ transactions: true });
    const answer = await client.post('', bundle('transaction', put(aMessage('m', link)), post(aPatient('x'), link)));
    const [, made] = bundleIn(answer).entry ?? [];
    const place = /Patient\/[^/]+/.exec(made?.response?.location ?? '')?.[0];
    expect((await client.get('/Communication/m')).body).toMatchObject({ subject: { reference: place } });
  });

  it('links to what a conditional create has found', async () => {
    const { client } = await aStub({ transactions: true, conditionalCreate: true });
    await client.put(aPatient('a', { gender: 'other' }));
    const found = post(aPatient('x'), link, { ifNoneExist: 'gender=other' });
    const answer = await client.post('', bundle('transaction', found, put(aMessage('m', link))));
    expect(statuses(bundleIn(answer).entry)).toEqual(['200', '201']);
    expect((await client.get('/Communication/m')).body).toMatchObject({ subject: { reference: 'Patient/a' } });
  });

  it.each([
    ['a dangling reference', 422, put(aMessage('m', 'Patient/nobody'))],
    ['a link to no entry', 422, put(aMessage('m', link))],
    ['what is not R4', 400, put({ ...aPatient('b'), favourite: 1 } as Resource & { id: string })],
    ['a stale version', 412, put(aPatient('a'), { ifMatch: 'W/"7"' })],
    ['an id that must be free and is not', 412, put(aPatient('a'), { ifNoneMatch: '*' })],
    ['a second write of the same resource', 400, put(aPatient('first'))],
    ['a DELETE', 400, { request: { method: 'DELETE' as const, url: 'Patient/a' } }],
    ['a conditional update', 400, put(aPatient('b'), { url: 'Patient?gender=male' })],
    ['a query beside an id', 400, put(aPatient('b'), { url: 'Patient/b?gender=male' })],
    ['an entry without a request', 400, { resource: aPatient('b') }],
  ])('with %s is refused with %i, and nothing of it is stored', async (_, status, entry) => {
    const { stub, client } = await aStub({ transactions: true });
    await client.put(aPatient('a'));
    const answer = await client.post('', bundle('transaction', put(aPatient('first')), entry));
    expect(answer.status).toBe(status);
    expect(outcomeIn(answer).issue).not.toEqual([]);
    expect(await stub.dump()).toHaveLength(1);
  });

  it('says which entry was at fault', async () => {
    const { client } = await aStub({ transactions: true });
    const answer = await client.post('', bundle('transaction', put(aPatient('a')), put(aMessage('m', 'Patient/z'))));
    expect(outcomeIn(answer).issue[0]?.location).toEqual(['Bundle.entry[1].resource']);
  });

  it('keeps the labels of what it overwrites, where labels add up', async () => {
    const { client } = await aStub({ transactions: true, labelsAddUp: true });
    const security = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'SDV' }];
    await client.put(aPatient('a', { meta: { security } }));
    await client.post('', bundle('transaction', put(aPatient('a'))));
    expect((await client.get('/Patient/a')).body.meta).toMatchObject({ versionId: '2', security });
  });
});

describe('a batch, where it is switched on', () => {
  it('answers each entry on its own', async () => {
    const { client } = await aStub({ batch: true });
    await client.put(aPatient('a', { gender: 'male' }));
    const answer = await client.post(
      '',
      bundle(
        'batch',
        get('Patient/a'),
        get('Patient/z'),
        get('Patient?gender=male'),
        get('Patient?favourite=1'),
        put(aPatient('a'), { ifMatch: 'W/"7"' }),
        put(aMessage('m', 'Patient/a')),
      ),
    );
    const { type, entry = [] } = bundleIn(answer);
    expect([answer.status, type]).toEqual([200, 'batch-response']);
    expect(statuses(entry)).toEqual(['200', '404', '200', '400', '412', '201']);
    expect(entry[0]?.resource).toMatchObject({ resourceType: 'Patient', id: 'a' });
    expect(entry[1]?.response?.outcome).toMatchObject({ resourceType: 'OperationOutcome' });
    expect(entry[2]?.resource).toMatchObject({ resourceType: 'Bundle', type: 'searchset', total: 1 });
  });

  it('lets nobody rely on the order of its entries', async () => {
    const { client } = await aStub({ batch: true });
    const answer = await client.post('', bundle('batch', put(aPatient('a')), put(aMessage('m', 'Patient/a'))));
    expect(statuses(bundleIn(answer).entry)).toEqual(['201', '422']);
  });
});

it.each([{ entry: 'all' }, { entry: [null] }, { entry: [{ request: { method: 'GET' } }] }, { type: 'document' }])(
  'a Bundle with %j is refused',
  async (wrong) => {
    const { client } = await aStub({ transactions: true, batch: true });
    const answer = await client.post('', { ...bundle('transaction'), ...wrong });
    expect(answer.status).toBe('type' in wrong ? 405 : 400);
    expect(outcomeIn(answer).issue).not.toEqual([]);
  },
);

it.each(['transaction', 'batch'] as const)('a %s is 405 where it is not switched on', async (type) => {
  const { stub, client } = await aStub({ transactions: type === 'batch', batch: type === 'transaction' });
  expect((await client.post('', bundle(type, put(aPatient('a'))))).status).toBe(405);
  expect(await stub.dump()).toEqual([]);
});
