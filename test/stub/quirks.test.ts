import type { CapabilityStatement } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import type { StubOptions } from '../servers/stub/stub.ts';
import { aClock, aMessage, aPatient, aStub, bundleIn, type Client, idsIn, linkIn, type Reply } from './client.ts';

const restricted = { system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' };
const violence = { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'SDV' };
const urgent = { system: 'urn:example:tags', code: 'urgent' };

async function statement(client: Client): Promise<CapabilityStatement> {
  const { body } = await client.get('/metadata');
  if (body.resourceType !== 'CapabilityStatement') throw new Error('This is no CapabilityStatement');
  return body;
}

const patientIn = ({ rest }: CapabilityStatement) => rest?.[0]?.resource?.find(({ type }) => type === 'Patient');

describe('preconditions', () => {
  it('ifNoneMatchIgnored: what is there is overwritten, with 200', async () => {
    const { client } = await aStub({ ifNoneMatchIgnored: true });
    expect((await client.put(aPatient('a'), { 'If-None-Match': '*' })).status).toBe(201);
    const again = await client.put(aPatient('a', { gender: 'male' }), { 'If-None-Match': '*' });
    expect([again.status, again.headers.get('etag')]).toEqual([200, 'W/"2"']);
  });

  it('ifMatchOnMissing creates: If-Match on an id that does not exist makes it', async () => {
    const { client } = await aStub({ ifMatchOnMissing: 'creates' });
    expect((await client.put(aPatient('a'), { 'If-Match': 'W/"0"' })).status).toBe(201);
    expect((await client.put(aPatient('a'), { 'If-Match': 'W/"0"' })).status).toBe(412);
  });

  it('staleIfMatch: 409 instead of 412, also in a transaction', async () => {
    const { client } = await aStub({ staleIfMatch: 409, transactions: true });
    await client.put(aPatient('a'));
    expect((await client.put(aPatient('a'), { 'If-Match': 'W/"7"' })).status).toBe(409);
    const request = { method: 'PUT', url: 'Patient/a', ifMatch: 'W/"7"' };
    const entry = [{ resource: aPatient('a'), request }];
    expect((await client.post('', { resourceType: 'Bundle', type: 'transaction', entry })).status).toBe(409);
  });

  it('updateAsCreate off: a PUT of a new id is 405, a POST makes one, a PUT changes it', async () => {
    const { client } = await aStub({ updateAsCreate: false });
    expect((await client.put(aPatient('a'))).status).toBe(405);
    const { id = '' } = (await client.post('/Patient', aPatient('a'))).body;
    expect((await client.put(aPatient(id))).status).toBe(200);
  });

  it('conditionalCreate: none makes one, one is answered, several are 412', async () => {
    const { stub, client } = await aStub({ conditionalCreate: true });
    const identifier = [{ system: 'urn:example:ids', value: '1' }];
    const asked = { 'If-None-Exist': 'identifier=urn:example:ids|1' };
    const made = await client.post('/Patient', { ...aPatient('a'), identifier }, asked);
    expect(made.status).toBe(201);
    const again = await client.post('/Patient', { ...aPatient('a'), identifier, gender: 'male' }, asked);
    expect([again.status, again.body]).toEqual([200, made.body]);
    expect(await stub.dump()).toHaveLength(1);
    await client.post('/Patient', { ...aPatient('a'), identifier });
    expect((await client.post('/Patient', { ...aPatient('a'), identifier }, asked)).status).toBe(412);
    expect((await client.post('/Patient', aPatient('a'), { 'If-None-Exist': 'favourite=1' })).status).toBe(400);
  });
});

describe('what is kept of a resource', () => {
  it('labelsAddUp: security labels and tags stay although a PUT leaves them out; $meta-delete takes them away', async () => {
    const { client } = await aStub({ labelsAddUp: true, metaDelete: true });
    await client.put(aPatient('a', { meta: { security: [restricted], tag: [urgent] } }));
    const changed = await client.put(aPatient('a', { meta: { security: [violence] } }));
    expect(changed.body.meta).toMatchObject({ security: [restricted, violence], tag: [urgent] });
    const parameter = [{ name: 'meta', valueMeta: { security: [restricted], tag: [urgent] } }];
    const deleted = await client.post('/Patient/a/$meta-delete', { resourceType: 'Parameters', parameter });
    expect(deleted.status).toBe(200);
    const { meta } = (await client.get('/Patient/a')).body;
    expect(meta?.security).toEqual([violence]);
    expect(meta).not.toHaveProperty('tag');
  });

  it('without labelsAddUp a PUT says all, and $meta-delete is not there', async () => {
    const { client } = await aStub();
    await client.put(aPatient('a', { meta: { security: [restricted] } }));
    expect((await client.put(aPatient('a'))).body.meta).not.toHaveProperty('security');
    expect((await client.post('/Patient/a/$meta-delete', { resourceType: 'Parameters' })).status).toBe(405);
  });

  it('dropsLabels: meta.security is gone, the rest of meta stays', async () => {
    const { client } = await aStub({ dropsLabels: true });
    const { body } = await client.put(aPatient('a', { meta: { security: [restricted], tag: [urgent] } }));
    expect(body.meta).not.toHaveProperty('security');
    expect(body.meta?.tag).toEqual([urgent]);
    expect((await client.get('/Patient/a')).body).toEqual(body);
  });

  it('dropsExtensions: wherever they stand', async () => {
    const { client } = await aStub({ dropsExtensions: true });
    const extension = [{ url: 'urn:example:extension', valueBoolean: true }];
    const sent = { ...aPatient('a'), extension, name: [{ family: 'Probe', extension }], birthDate: '2000-01-01' };
    const { body } = await client.put({ ...sent, _birthDate: { extension } } as typeof sent);
    expect(body).toMatchObject({ name: [{ family: 'Probe' }], birthDate: '2000-01-01' });
    expect(JSON.stringify(body)).not.toMatch(/extension|_birthDate/);
  });

  it('equalContentKept: the same content again makes no version', async () => {
    const { stub, client } = await aStub({ equalContentKept: true });
    await client.put(aPatient('a', { gender: 'male' }));
    const again = await client.put(aPatient('a', { gender: 'male' }));
    expect([again.status, again.headers.get('etag')]).toEqual([200, 'W/"1"']);
    expect(await stub.dump()).toHaveLength(1);
    expect((await client.put(aPatient('a', { gender: 'female' }))).headers.get('etag')).toBe('W/"2"');
  });

  it('referenceIntegrity off: a reference may lead nowhere, but not to a wrong type', async () => {
    const { client } = await aStub({ referenceIntegrity: false });
    expect((await client.put(aMessage('m', 'Patient/nobody'))).status).toBe(201);
    expect((await client.put(aMessage('m', 'Practitioner/nobody'))).status).toBe(422);
  });
});

describe('how it answers', () => {
  it('opaqueVersions: versions are UUIDs in ETag, meta, Location, history and If-Match alike', async () => {
    const { client } = await aStub({ opaqueVersions: true });
    const made = await client.put(aPatient('a'));
    const version = made.body.meta?.versionId ?? '';
    expect(version).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(made.headers.get('etag')).toBe(`W/"${version}"`);
    expect(made.headers.get('location')).toContain(`/_history/${version}`);
    const changed = await client.put(aPatient('a'), { 'If-Match': `W/"${version}"` });
    expect(changed.status).toBe(200);
    expect((await client.put(aPatient('a'), { 'If-Match': `W/"${version}"` })).status).toBe(412);
    expect((await client.get(`/Patient/a/_history/${version}`)).body).toEqual(made.body);
    expect((await client.get('/Patient/a/_history/1')).status).toBe(404);
    expect(bundleIn(await client.get('/Patient/a/_history')).entry?.map(({ resource }) => resource)).toEqual([
      changed.body,
      made.body,
    ]);
  });

  it('absoluteReferences: in reads, searches and answers to writes', async () => {
    const { stub, client } = await aStub({ absoluteReferences: true });
    await client.put(aPatient('a'));
    const subject = { reference: `${stub.url}/Patient/a` };
    expect((await client.put(aMessage('m', 'Patient/a'))).body).toMatchObject({ subject });
    expect((await client.get('/Communication/m')).body).toMatchObject({ subject });
    expect((await client.get('/Communication?subject=Patient/a')).body).toMatchObject({
      entry: [{ resource: { subject } }],
    });
    expect(await stub.dump()).toContainEqual(expect.objectContaining({ subject: { reference: 'Patient/a' } }));
  });

  it('bodiless: a write answers no body, whatever was preferred', async () => {
    const { client } = await aStub({ bodiless: true });
    const answer = await client.put(aPatient('a'), { Prefer: 'return=representation' });
    expect([answer.status, answer.text]).toEqual([201, '']);
  });

  it('total: asked counts when it is asked to, never does not, and _summary=count always does', async () => {
    const totals = async (total: 'asked' | 'never') => {
      const { client } = await aStub({ total });
      await client.put(aPatient('a'));
      const of = async (query: string) => bundleIn(await client.get(`/Patient?${query}`)).total;
      return [await of(''), await of('_total=accurate'), await of('_summary=count')];
    };
    expect(await totals('asked')).toEqual([undefined, 1, 1]);
    expect(await totals('never')).toEqual([undefined, undefined, 1]);
  });

  it('selfOfPost bare: the self link of a POST says nothing of what was processed', async () => {
    const { client } = await aStub({ selfOfPost: 'bare' });
    expect(linkIn(await client.find('Patient', { gender: 'male' }), 'self')).toMatch(/\/Patient$/);
    expect(linkIn(await client.get('/Patient?gender=male'), 'self')).toMatch(/\/Patient\?gender=male$/);
  });
});

describe('searches', () => {
  const aLenient = async (unknownParameters: 'ignored' | 'warned'): Promise<Reply> => {
    const { client } = await aStub({ unknownParameters, withoutParameters: ['Patient.gender'] });
    await client.put(aPatient('a', { gender: 'male', active: true }));
    return client.get('/Patient?gender=female&favourite=1&active=true');
  };

  it('unknownParameters ignored: the answer is wider, and only the self link tells', async () => {
    const found = await aLenient('ignored');
    expect(idsIn(found)).toEqual(['a']);
    expect(linkIn(found, 'self')).toMatch(/\/Patient\?active=true$/);
  });

  it('unknownParameters warned: an OperationOutcome among the entries tells as well', async () => {
    const found = await aLenient('warned');
    const [match, warning] = bundleIn(found).entry ?? [];
    expect(match?.resource?.id).toBe('a');
    expect(warning).toMatchObject({
      search: { mode: 'outcome' },
      resource: { resourceType: 'OperationOutcome', issue: [{ severity: 'warning' }, { severity: 'warning' }] },
    });
    expect(linkIn(found, 'self')).toMatch(/\/Patient\?active=true$/);
  });

  it.each([
    '/Communication?subject=Patient/a',
    '/Communication?subject:missing=true',
    '/Communication?_include=Communication:subject',
    '/Communication?subject.gender=male',
    '/Patient?_has:Communication:subject:status=completed',
    '/Patient?_revinclude=Communication:subject',
    '/Patient?_sort=birthdate',
    '/Communication?recipient:Patient.birthdate=2000',
    '/Communication?recipient.birthdate=2000',
    '/Patient?_has:Communication:recipient:sent=2020',
  ])('withoutParameters: %s is 400', async (path) => {
    const { client } = await aStub({
      withoutParameters: ['Communication.subject', 'Patient.birthdate', 'Communication.sent'],
    });
    expect((await client.get(path)).status).toBe(400);
    expect((await client.get('/Communication?recipient=Patient/a')).status).toBe(200);
  });

  it('withoutParameters: also for all types, and for what a conditional create looks for', async () => {
    const { client } = await aStub({ conditionalCreate: true, withoutParameters: ['_revinclude', 'identifier'] });
    expect((await client.get('/Patient?_revinclude=Communication:subject')).status).toBe(400);
    expect((await client.get('/Patient?identifier=1')).status).toBe(400);
    expect((await client.post('/Patient', aPatient('a'), { 'If-None-Exist': 'identifier=1' })).status).toBe(400);
  });

  it('searchCacheMs: an equal search finds what the first one found, GET and POST alike', async () => {
    const clock = aClock();
    const { client } = await aStub({ clock, searchCacheMs: 60_000 });
    expect(idsIn(await client.get('/Patient?gender=male'))).toEqual([]);
    await client.put(aPatient('a', { gender: 'male' }));
    const cached = await client.find('Patient', { gender: 'male' });
    expect([idsIn(cached), cached.headers.get('x-cache')]).toEqual([[], 'HIT']);
    for (const header of ['no-cache', 'no-store']) {
      const fresh = await client.get('/Patient?gender=male', { 'Cache-Control': header });
      expect([idsIn(fresh), fresh.headers.get('x-cache')]).toEqual([['a'], null]);
    }
    expect(idsIn(await client.get('/Patient?gender=male&_count=5'))).toEqual(['a']);
  });

  it('searchCacheMs: ends, and shows a hit of then as it is now', async () => {
    const clock = aClock();
    const { client } = await aStub({ clock, searchCacheMs: 60_000 });
    await client.put(aPatient('a', { gender: 'male' }));
    await client.get('/Patient?gender=male');
    await client.put(aPatient('a', { gender: 'female' }));
    clock.pass(59_999);
    expect((await client.get('/Patient?gender=male')).body).toMatchObject({
      entry: [{ resource: { gender: 'female' } }],
    });
    clock.pass(1);
    expect(idsIn(await client.get('/Patient?gender=male'))).toEqual([]);
  });

  it('searchCacheMs: the header of a batch does not reach the searches within it', async () => {
    const { client } = await aStub({ batch: true, searchCacheMs: 60_000 });
    const batch = { resourceType: 'Bundle', type: 'batch', entry: [{ request: { method: 'GET', url: 'Patient' } }] };
    const found = async () => {
      const [entry] = bundleIn(await client.post('', batch, { 'Cache-Control': 'no-cache' })).entry ?? [];
      return entry?.resource?.resourceType === 'Bundle' ? entry.resource.total : undefined;
    };
    expect(await found()).toBe(0);
    await client.put(aPatient('a'));
    expect(await found()).toBe(0);
  });
});

describe('a server that cannot be written to', () => {
  const writes = async (client: Client) => [
    (await client.put(aPatient('b'))).status,
    (await client.post('/Patient', aPatient('b'))).status,
    (
      await client.post('', {
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [{ resource: aPatient('b'), request: { method: 'PUT', url: 'Patient/b' } }],
      })
    ).status,
  ];

  it('readOnly: 405, and metadata offers no write', async () => {
    const { client } = await aStub({ readOnly: true, transactions: true });
    expect(await writes(client)).toEqual([405, 405, 405]);
    expect((await client.get('/Patient')).status).toBe(200);
    const capabilities = await statement(client);
    expect(JSON.stringify(capabilities.rest?.[0]?.interaction)).not.toContain('transaction');
    expect(patientIn(capabilities)?.interaction?.map(({ code }) => code)).not.toContain('update');
    expect(patientIn(capabilities)?.updateCreate).toBe(false);
  });

  it.each([
    ['readOnly', 405],
    ['full', 507],
  ] as const)('set to %s and back: %i, and reads go on', async (mode, status) => {
    const { stub, client } = await aStub({ transactions: true });
    await client.put(aPatient('a'));
    await stub.set({ [mode]: true });
    expect(await writes(client)).toEqual([status, status, status]);
    expect((await client.get('/Patient/a')).status).toBe(200);
    expect(await stub.dump()).toHaveLength(1);
    await stub.set({ [mode]: false });
    expect((await client.put(aPatient('b'))).status).toBe(201);
  });
});

describe('metadata is the truth', () => {
  const switches: readonly [StubOptions, (found: CapabilityStatement) => unknown, unknown, unknown][] = [
    [{ transactions: true }, (one) => JSON.stringify(one.rest?.[0]?.interaction), '[{"code":"transaction"}]', '[]'],
    [{ batch: true }, (one) => JSON.stringify(one.rest?.[0]?.interaction), '[{"code":"batch"}]', '[]'],
    [{ conditionalCreate: true }, (one) => patientIn(one)?.conditionalCreate, true, false],
    [{ updateAsCreate: false }, (one) => patientIn(one)?.updateCreate, false, true],
    [{ metaDelete: true }, (one) => patientIn(one)?.operation?.[0]?.name, 'meta-delete', undefined],
    [{ expunge: true }, (one) => patientIn(one)?.operation?.[0]?.name, 'expunge', undefined],
    [{ referenceIntegrity: false }, (one) => patientIn(one)?.referencePolicy?.includes('enforced'), false, true],
    [{ software: 'Another' }, (one) => one.software?.name, 'Another', 'Strict stub'],
    [
      { withoutParameters: ['Patient.gender'] },
      (one) => patientIn(one)?.searchParam?.some(({ name }) => name === 'gender'),
      false,
      true,
    ],
    [
      { withoutParameters: ['Communication.subject'] },
      (one) => patientIn(one)?.searchRevInclude?.includes('Communication:subject'),
      false,
      true,
    ],
    [{ withoutParameters: ['_include'] }, (one) => patientIn(one)?.searchInclude !== undefined, false, true],
  ];

  it.each(switches)('with %j', async (options, seen, there, otherwise) => {
    const [given, plain] = [await aStub(options), await aStub()];
    expect(seen(await statement(given.client))).toEqual(there);
    expect(seen(await statement(plain.client))).toEqual(otherwise);
  });

  it('lists every search parameter that is answered, with its type', async () => {
    const { client } = await aStub();
    const params = patientIn(await statement(client))?.searchParam ?? [];
    expect(params).toContainEqual({ name: 'birthdate', type: 'date' });
    for (const { name, type } of params) {
      const value = { date: '2020', number: '1', quantity: '1' }[type as string] ?? 'Patient/a';
      if (type !== 'composite') {
        expect([name, (await client.get(`/Patient?${name}=${encodeURIComponent(value)}`)).status]).toEqual([name, 200]);
      }
    }
  });
});
