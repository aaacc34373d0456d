import { describe, expect, it } from 'vitest';
import { aClock, aMessage, aPatient, aStub, bundleIn, idsIn, linkIn, outcomeIn } from './client.ts';

const identified = (id: string, value: string) => aPatient(id, { identifier: [{ system: 'urn:example:ids', value }] });

describe('the strict stub keeps versions', () => {
  it('makes a resource by PUT under the client’s id, and a version with each PUT', async () => {
    const { client } = await aStub();
    const made = await client.put(aPatient('a'));
    expect([made.status, made.headers.get('etag')]).toEqual([201, 'W/"1"']);
    expect(made.headers.get('location')).toMatch(/\/fhir\/Patient\/a\/_history\/1$/);
    const changed = await client.put(aPatient('a', { gender: 'female' }));
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, 'W/"2"']);
    expect(changed.body).toMatchObject({ gender: 'female', meta: { versionId: '2' } });
    expect((await client.get('/Patient/a')).body).toEqual(changed.body);
    expect((await client.get('/Patient/a/_history/1')).body).toEqual(made.body);
    expect((await client.get('/Patient/a/_history/3')).status).toBe(404);
    expect((await client.get('/Patient/b')).status).toBe(404);
  });

  it('makes a resource by POST under an id of its own', async () => {
    const { client } = await aStub();
    const made = await client.post('/Patient', aPatient('mine'));
    expect(made.status).toBe(201);
    const { id } = made.body;
    expect(id).not.toBe('mine');
    expect(made.headers.get('location')).toContain(`/Patient/${id}/_history/1`);
    expect((await client.get(`/Patient/${id}`)).status).toBe(200);
    expect((await client.get('/Patient/mine')).status).toBe(404);
  });

  it('answers the history of a resource and of a type, newest first, by pages and since a time', async () => {
    const clock = aClock();
    const { client } = await aStub({ clock });
    for (const id of ['a', 'b', 'a']) {
      await client.put(aPatient(id));
      clock.pass(60_000);
    }
    const versions = async (path: string) =>
      (bundleIn(await client.get(path)).entry ?? []).map(({ resource, response }) => [resource?.id, response?.etag]);
    expect(await versions('/Patient/a/_history')).toEqual([
      ['a', 'W/"2"'],
      ['a', 'W/"1"'],
    ]);
    expect(await versions('/Patient/_history')).toEqual([
      ['a', 'W/"2"'],
      ['b', 'W/"1"'],
      ['a', 'W/"1"'],
    ]);
    expect(await versions('/Patient/_history?_since=2026-03-02T09:01:00Z')).toHaveLength(2);
    const first = await client.get('/Patient/_history?_count=2');
    expect(idsIn(first)).toEqual(['a', 'b']);
    const second = await client.get(linkIn(first, 'next') ?? '');
    expect(idsIn(second)).toEqual(['a']);
    expect(linkIn(second, 'next')).toBeUndefined();
    expect((await client.get('/Patient/z/_history')).status).toBe(404);
    for (const wrong of ['_at=2026', '_count=0', '_since=yesterday']) {
      expect([wrong, (await client.get(`/Patient/_history?${wrong}`)).status]).toEqual([wrong, 400]);
    }
  });
});

describe('the strict stub searches', () => {
  it('by GET and by POST alike, and says in self what it searched by', async () => {
    const { client } = await aStub();
    await client.put(identified('a', '1'));
    await client.put(identified('b', '2'));
    const got = await client.get('/Patient?identifier=urn:example:ids|2');
    const posted = await client.find('Patient', { identifier: 'urn:example:ids|2' });
    for (const found of [got, posted]) {
      expect(found.status).toBe(200);
      expect(idsIn(found)).toEqual(['b']);
      expect(bundleIn(found)).toMatchObject({ type: 'searchset', total: 1, entry: [{ search: { mode: 'match' } }] });
      expect(new URL(linkIn(found, 'self') ?? '').searchParams.get('identifier')).toBe('urn:example:ids|2');
    }
  });

  it('by pages: every match once, however large the page that was asked for', async () => {
    const { client } = await aStub({ pageSize: 2 });
    for (const id of ['a', 'b', 'c', 'd', 'e']) await client.put(aPatient(id));
    const found: (string | undefined)[] = [];
    const sizes: number[] = [];
    let url: string | undefined = '/Patient?_count=1000';
    while (url !== undefined) {
      const page = await client.get(url);
      found.push(...idsIn(page));
      sizes.push(idsIn(page).length);
      expect(bundleIn(page).total).toBe(5);
      url = linkIn(page, 'next');
    }
    expect(found.sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(sizes).toEqual([2, 2, 1]);
  });

  it('answers 410 for a page that it does not know (any more)', async () => {
    const { client } = await aStub();
    expect((await client.get('?_getpages=2f3c')).status).toBe(410);
  });

  it('brings what is included, and says which is which', async () => {
    const { client } = await aStub();
    await client.put(aPatient('a'));
    await client.put(aMessage('m', 'Patient/a'));
    const found = bundleIn(await client.get('/Communication?_id=m&_include=Communication:subject'));
    expect(found.entry?.map(({ resource, search }) => [resource?.id, search?.mode])).toEqual([
      ['m', 'match'],
      ['a', 'include'],
    ]);
  });

  it.each([
    'favourite=1',
    'family:sounds=1',
    '_sort=favourite',
    '_include=Patient:favourite',
    '_count=many',
    'birthdate=soon',
  ])('answers 400 for %s, never a wider answer', async (query) => {
    const { client } = await aStub();
    const answer = await client.get(`/Patient?${query}`);
    expect(answer.status).toBe(400);
    expect(outcomeIn(answer).issue[0]?.code).toBe('not-supported');
  });

  it('answers 415 for a _search whose body is no form', async () => {
    const { client } = await aStub();
    expect((await client.post('/Patient/_search', { identifier: '1' })).status).toBe(415);
  });
});

describe('the strict stub refuses', () => {
  it('a stale or a missing version in If-Match: 412', async () => {
    const { client } = await aStub();
    await client.put(aPatient('a'));
    expect((await client.put(aPatient('a'), { 'If-Match': 'W/"1"' })).status).toBe(200);
    expect((await client.put(aPatient('a'), { 'If-Match': 'W/"1"' })).status).toBe(412);
    expect((await client.put(aPatient('b'), { 'If-Match': 'W/"1"' })).status).toBe(412);
    expect((await client.put(aPatient('a'), { 'If-Match': '*' })).status).toBe(400);
    expect((await client.get('/Patient/a')).headers.get('etag')).toBe('W/"2"');
    expect((await client.get('/Patient/b')).status).toBe(404);
  });

  it('If-None-Match: * for an id that is taken: 412', async () => {
    const { client } = await aStub();
    expect((await client.put(aPatient('a'), { 'If-None-Match': '*' })).status).toBe(201);
    expect((await client.put(aPatient('a', { gender: 'male' }), { 'If-None-Match': '*' })).status).toBe(412);
    expect((await client.put(aPatient('a'), { 'If-None-Match': 'W/"1"' })).status).toBe(400);
    expect((await client.get('/Patient/a')).body).not.toHaveProperty('gender');
  });

  it.each([
    ['that leads nowhere', 'Patient/nobody'],
    ['of a type that the element does not take', 'Practitioner/p'],
    ['to a version that is not there', 'Patient/a/_history/7'],
    ['to an entry of no Bundle', 'urn:uuid:0b0f7b5e-8f0e-4f3d-9a52-6c0a3d6f6a11'],
    ['to another server', 'https://elsewhere.example/fhir/Patient/a'],
    ['that is a search', 'Patient?identifier=1'],
    ['that is none', 'somebody'],
  ])('a reference %s: 422', async (_, reference) => {
    const { client } = await aStub();
    await client.put(aPatient('a'));
    await client.put({ resourceType: 'Practitioner', id: 'p' });
    expect((await client.put(aMessage('m', reference))).status).toBe(422);
    expect((await client.get('/Communication/m')).status).toBe(404);
  });

  it.each(['Patient/a', 'Patient/a/_history/1', '#them'])('no reference to %s', async (reference) => {
    const { client } = await aStub();
    await client.put(aPatient('a'));
    const contained = reference === '#them' ? { contained: [aPatient('them')] } : {};
    expect((await client.put(aMessage('m', reference, contained))).status).toBe(201);
  });

  it('takes a reference to its own base for a local one', async () => {
    const { stub, client } = await aStub();
    await client.put(aPatient('a'));
    expect((await client.put(aMessage('m', `${stub.url}/Patient/a`))).body).toMatchObject({
      subject: { reference: 'Patient/a' },
    });
    expect((await client.put(aMessage('n', `${stub.url}/Patient/b`))).status).toBe(422);
  });

  it('a resource that may refer to itself may', async () => {
    const { client } = await aStub();
    const itself = aMessage('m', 'Patient/a', { inResponseTo: [{ reference: 'Communication/m' }] });
    await client.put(aPatient('a'));
    expect((await client.put(itself)).status).toBe(201);
  });

  it.each([
    ['an unknown element', 400, 'Patient', { resourceType: 'Patient', id: 'a', favourite: 1 }],
    ['a code that the element does not take', 400, 'Patient', { resourceType: 'Patient', id: 'a', gender: 'green' }],
    ['a missing required element', 400, 'Communication', { resourceType: 'Communication', id: 'a' }],
    ['a broken invariant', 422, 'Patient', { resourceType: 'Patient', id: 'a', contact: [{ gender: 'male' }] }],
    ['another id than that of the address', 400, 'Patient', { resourceType: 'Patient', id: 'b' }],
    ['another type than that of the address', 400, 'Patient', { resourceType: 'Practitioner', id: 'a' }],
    ['what is no resource', 400, 'Patient', ['a']],
  ])('%s: %i', async (_, status, type, body) => {
    const { stub, client } = await aStub();
    const answer = await client.send('PUT', `/${type}/a`, {
      headers: { 'Content-Type': 'application/fhir+json' },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(status);
    expect(outcomeIn(answer).issue).not.toEqual([]);
    expect(await stub.dump()).toEqual([]);
  });

  it('what is no JSON, or says that it is none', async () => {
    const { client } = await aStub();
    expect((await client.post('/Patient', '{"resourceType":')).status).toBe(400);
    expect((await client.post('/Patient', aPatient('a'), { 'Content-Type': 'text/plain' })).status).toBe(415);
    expect((await client.get('/Patient', { Accept: 'application/fhir+xml' })).status).toBe(406);
  });

  it.each([
    ['POST', '', 405],
    ['DELETE', '/Patient/a', 405],
    ['PATCH', '/Patient/a', 405],
    ['PUT', '/Patient?identifier=1', 405],
    ['GET', '', 405],
    ['GET', '/_history', 404],
    ['GET', '/Wish/a', 404],
    ['GET', '/Parameters/a', 404],
  ])('%s %s: %i', async (method, path, status) => {
    const { client } = await aStub();
    const body = method === 'GET' ? {} : { body: JSON.stringify({ resourceType: 'Bundle', type: 'transaction' }) };
    const headers = { 'Content-Type': 'application/fhir+json' };
    expect((await client.send(method, path, { headers, ...body })).status).toBe(status);
  });

  it('a conditional create: 412, and nothing is made twice in silence', async () => {
    const { stub, client } = await aStub();
    expect((await client.post('/Patient', aPatient('a'), { 'If-None-Exist': 'identifier=1' })).status).toBe(412);
    expect(await stub.dump()).toEqual([]);
  });

  it('whoever has no token, where one is set; metadata is open', async () => {
    const { stub, client } = await aStub({ token: 'open-sesame' });
    expect((await client.get('/Patient')).status).toBe(401);
    expect((await client.get('/Patient', { Authorization: 'Bearer other' })).status).toBe(401);
    expect((await client.get('/Patient', { Authorization: 'Bearer open-sesame' })).status).toBe(200);
    expect((await client.get('/metadata')).status).toBe(200);
    await stub.set({ token: 'renewed' });
    expect((await client.get('/Patient', { Authorization: 'Bearer open-sesame' })).status).toBe(401);
    expect((await client.get('/Patient', { Authorization: 'Bearer renewed' })).status).toBe(200);
  });
});

describe('a write answers what Prefer asks for', () => {
  it.each([
    ['return=minimal', ''],
    ['return=representation', 'Patient'],
    ['return=OperationOutcome', 'OperationOutcome'],
  ])('%s', async (Prefer, expected) => {
    const { client } = await aStub();
    const { text } = await client.put(aPatient('a'), { Prefer });
    expect(text === '' ? '' : JSON.parse(text).resourceType).toBe(expected);
  });
});
