import type { Bundle, Patient } from '@medplum/fhirtypes';
import { afterEach, describe, expect, it } from 'vitest';
import { structureDefinition } from '../../../src/canonical.ts';
import type { Write } from '../../../src/store/fhir-store.ts';
import type { Dropped } from '../../../src/store/remote/dropped.ts';
import { create, expectCode, update } from '../../contract/fhir-store-parts.ts';
import { adapterTo, openAdapter, patient } from './support.ts';
import { type Answering, answer, type Heard, listen, statement } from './wire.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function withStub(options: Parameters<typeof openAdapter>[0] = {}) {
  const adapter = await openAdapter({ ...options, stub: { indexLagMs: 0, ...options.stub } });
  open.push(adapter);
  return adapter;
}

async function withWire(
  answering: Answering,
  { types = ['Patient'], ...more }: { types?: string[]; software?: string; interactions?: string[] } = {},
) {
  const wire = await listen((call, response) =>
    call.url.endsWith('/metadata') ? answer(response, 200, statement(types, more)) : answering(call, response),
  );
  const adapter = adapterTo(wire.url);
  open.push(wire, adapter);
  return { ...adapter, heard: () => wire.heard.filter((one) => !one.url.endsWith('/metadata')) };
}

const label = (code: string) => ({ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code });
const stored = (id: string, versionId: string, more: object = {}) => ({
  resourceType: 'Patient',
  id,
  meta: { versionId, lastUpdated: new Date().toISOString() },
  ...more,
});
const notFound = { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'not-found' }] };

describe('section 5: a create never overwrites', () => {
  it.each([
    ['HAPI FHIR Server', { 'if-match': 'W/"0"' }],
    ['another', { 'if-none-match': '*' }],
  ])('%s is asked to see to it', async (software, expected) => {
    const adapter = await withWire((_call, response) => answer(response, 201, stored('a', '1')), { software });
    await adapter.store.commit([create(patient('a'))]);
    expect(adapter.heard()[0]?.headers).toMatchObject(expected);
  });

  it.each([false, true])('a server that does not has what was there put back (opaque versions: %s)', async (opaque) => {
    const stub = { ifNoneMatchIgnored: true, opaqueVersions: opaque };
    const { store, stub: server, logged } = await withStub({ stub });
    await store.commit([create(patient('a', { gender: 'male' }))]);
    await store.commit([update(patient('a', { gender: 'female' }))]);
    await expectCode('conflict', store.commit([create(patient('a', { gender: 'other' }))]));
    expect(await store.read('Patient', 'a')).toMatchObject({ gender: 'female' });
    const genders = (await server.dump()).map((one) => (one as Patient).gender);
    expect(genders).toEqual(['male', 'female', 'other', 'female']);
    expect(logged()).toContain('store.guard-ignored');
  });

  it('what was put back in the meantime by somebody else is left, and nothing is certain', async () => {
    let puts = 0;
    const adapter = await withWire((call, response) => {
      if (call.method === 'GET') return answer(response, 200, stored('a', '1'));
      puts += 1;
      return puts === 1 ? answer(response, 200, stored('a', '2')) : answer(response, 412, notFound);
    });
    await expectCode('unavailable', adapter.store.commit([create(patient('a'))]));
    expect(adapter.heard().at(-1)).toMatchObject({ method: 'PUT', headers: { 'if-match': 'W/"2"' } });
  });

  it('equal content that made no version is a conflict, and no older version is put in its place', async () => {
    const clock = { now: () => new Date(Date.now() - 3_600_000) };
    const stub = { ifNoneMatchIgnored: true, equalContentKept: true, clock };
    const { store, stub: server } = await withStub({ stub });
    await store.commit([create(patient('a', { gender: 'male' }))]);
    await store.commit([update(patient('a', { gender: 'female' }))]);
    await expectCode('conflict', store.commit([create(patient('a', { gender: 'female' }))]));
    expect(await server.dump()).toHaveLength(2);
  });

  it('200 for what has no earlier version may be ours or not', async () => {
    const adapter = await withWire((call, response) => {
      if (call.method === 'PUT') return answer(response, 200, stored('a', '1'));
      return answer(response, 200, {
        resourceType: 'Bundle',
        type: 'history',
        entry: [{ resource: stored('a', '1') }],
      });
    });
    await expectCode('unavailable', adapter.store.commit([create(patient('a'))]));
  });

  it('under the id of something deleted it is a create', async () => {
    const adapter = await withWire((call, response) =>
      call.method === 'PUT' ? answer(response, 201, stored('a', '3')) : answer(response, 410, notFound),
    );
    expect(await adapter.store.commit([create(patient('a'))])).toMatchObject([{ outcome: 'created' }]);
  });
});

describe('If-Match', () => {
  it('of something that is not there makes nothing: what HAPI makes of it is deleted again', async () => {
    const adapter = await withWire((call, response) =>
      call.method === 'PUT' ? answer(response, 201, stored('a', '1')) : answer(response, 200, notFound),
    );
    await expectCode('conflict', adapter.store.commit([update(patient('a'), '7')]));
    expect(adapter.heard().at(-1)).toMatchObject({
      method: 'DELETE',
      url: '/fhir/Patient/a',
      headers: { 'if-match': 'W/"1"' },
    });
  });

  it('where that cannot be deleted, nothing is certain', async () => {
    const { store } = await withStub({ stub: { ifMatchOnMissing: 'creates' } });
    await expectCode('unavailable', store.commit([update(patient('a'), '7')]));
  });

  it.each([409, 412] as const)('stale is a conflict whether the server says so by %i', async (staleIfMatch) => {
    const { store } = await withStub({ stub: { staleIfMatch } });
    await store.commit([create(patient('a'))]);
    await store.commit([update(patient('a', { gender: 'male' }), '1')]);
    await expectCode('conflict', store.commit([update(patient('a', { gender: 'other' }), '1')]));
  });
});

describe('what became of a write', () => {
  const outcome = (expression: string) => ({
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', code: 'invalid', expression: [expression] }],
  });

  it.each([
    [400, 'rejected'],
    [413, 'rejected'],
    [415, 'rejected'],
    [422, 'rejected'],
    [404, 'rejected'],
    [405, 'unavailable'],
    [409, 'conflict'],
    [410, 'conflict'],
    [412, 'conflict'],
    [423, 'unavailable'],
    [202, 'unavailable'],
  ] as const)('status %i is %s', async (status, code) => {
    const adapter = await withWire((_call, response) => answer(response, status, outcome('Patient.gender')));
    await expectCode(code, adapter.store.commit([create(patient('a'))]));
    const both = [create(patient('a')), create(patient('b'))];
    await expectCode(code, adapter.remote.transaction(both));
  });

  it('the element that is at fault is named, if it is a path and nothing else', async () => {
    let place = 'Patient.name[0].family';
    const adapter = await withWire((_call, response) => answer(response, 422, outcome(place)));
    const subject = () =>
      adapter.store.commit([create(patient('a'))]).catch((error: { subject?: string }) => error.subject);
    expect(await subject()).toBe('Patient.name[0].family');
    place = "Patient.name.where(family = 'Okonkwo')";
    expect(await subject()).toBeUndefined();
  });

  it('an answer that is lost leaves the write in doubt', async () => {
    const { store, stub } = await withStub();
    await stub.arm({ method: 'PUT', trouble: { kind: 'lose-answer' } });
    await expectCode('unavailable', store.commit([create(patient('a'))]));
    expect(await store.read('Patient', 'a')).toBeDefined();
  });

  it('what cannot be read after an answer without a body leaves it in doubt', async () => {
    const { store, stub } = await withStub({ stub: { bodiless: true } });
    await stub.arm({ method: 'GET', path: '_history', times: 'always', trouble: { kind: 'status', status: 400 } });
    await expectCode('unavailable', store.commit([create(patient('a'))]));
  });

  it.each([
    ['an answer from before it', '1'],
    ['one that says that there is a new version', '2'],
  ])('another status than was written leaves it in doubt: %s', async (_what, versionId) => {
    const task = (status: 'requested' | 'completed') =>
      ({ resourceType: 'Task', id: 't', status, intent: 'order' }) as const;
    const meta = { versionId, lastUpdated: new Date().toISOString() };
    const adapter = await withWire((_call, response) => answer(response, 200, { ...task('requested'), meta }), {
      types: ['Task'],
    });
    await expectCode('unavailable', adapter.store.commit([update(task('completed'), '1')]));
  });

  it("somebody else's record in the answer leaves it in doubt", async () => {
    const adapter = await withWire((_call, response) => answer(response, 201, stored('b', '1')));
    await expectCode('unavailable', adapter.store.commit([create(patient('a'))]));
  });

  it('nothing to write is nothing to ask', async () => {
    const adapter = await withWire((_call, response) => answer(response, 500));
    expect(await adapter.store.commit([])).toEqual([]);
    expect(adapter.heard()).toEqual([]);
  });
});

describe('several writes', () => {
  const transactions = { interactions: ['transaction'] };
  const responses = (
    entries: readonly (readonly [status: string, resource: object])[],
    type = 'transaction-response',
  ) => ({
    resourceType: 'Bundle',
    type,
    entry: entries.map(([status, resource]) => ({ resource, response: { status, etag: '1' } })),
  });
  const bodyOf = (call: Heard | undefined) => JSON.parse(call?.body ?? '{}') as Bundle;
  const writes: Write[] = [
    create(patient('a', { meta: { versionId: '9', lastUpdated: 'x' } })),
    update(patient('b'), '1'),
  ];

  it('are one transaction of PUTs under our ids, each with its condition', async () => {
    const adapter = await withWire((_call, response) => {
      answer(
        response,
        200,
        responses([
          ['201 Created', stored('a', '1')],
          ['200 OK', stored('b', '2')],
        ]),
      );
    }, transactions);
    const results = await adapter.store.commit(writes);
    expect(results.map((one) => [one.outcome, one.resource.id])).toEqual([
      ['created', 'a'],
      ['updated', 'b'],
    ]);
    const [call] = adapter.heard();
    expect(call).toMatchObject({ method: 'POST', url: '/fhir', headers: { prefer: 'return=representation' } });
    expect(bodyOf(call)).toEqual({
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        {
          fullUrl: expect.stringMatching(/\/fhir\/Patient\/a$/),
          resource: { resourceType: 'Patient', id: 'a' },
          request: { method: 'PUT', url: 'Patient/a', ifNoneMatch: '*' },
        },
        {
          fullUrl: expect.stringMatching(/\/fhir\/Patient\/b$/),
          resource: { resourceType: 'Patient', id: 'b' },
          request: { method: 'PUT', url: 'Patient/b', ifMatch: 'W/"1"' },
        },
      ],
    });
  });

  it.each<[string, object]>([
    [
      'a batch',
      responses(
        [
          ['201', stored('a', '1')],
          ['200', stored('b', '2')],
        ],
        'batch-response',
      ),
    ],
    [
      'one that failed among them',
      responses([
        ['201', stored('a', '1')],
        ['409', notFound],
      ]),
    ],
    ['fewer than were sent', responses([['201', stored('a', '1')]])],
    ['another resource', notFound],
  ])('answered as %s: nothing is certain, and it is said', async (_what, body) => {
    const adapter = await withWire((_call, response) => answer(response, 200, body), transactions);
    await expectCode('unavailable', adapter.store.commit(writes));
    expect(adapter.logged()).toContain('store.transaction-in-parts');
  });

  it('where one create overwrote, all of them are taken back in one transaction', async () => {
    const adapter = await withWire((call, response) => {
      if (call.url === '/fhir/Patient/a/_history/4') return answer(response, 200, stored('a', '4', { gender: 'male' }));
      if (call.url === '/fhir/Patient/b/_history/1')
        return answer(response, 200, stored('b', '1', { gender: 'other' }));
      const first = adapter.heard().filter((one) => one.method === 'POST').length === 1;
      answer(
        response,
        200,
        first
          ? responses([
              ['200', stored('a', '5')],
              ['200', stored('b', '2')],
              ['201', stored('c', '1')],
            ])
          : responses([]),
      );
    }, transactions);
    await expectCode('conflict', adapter.store.commit([...writes, create(patient('c'))]));
    expect(bodyOf(adapter.heard().at(-1)).entry?.map(({ request, resource }) => [request, resource])).toEqual([
      [
        { method: 'PUT', url: 'Patient/a', ifMatch: 'W/"5"' },
        { resourceType: 'Patient', id: 'a', gender: 'male' },
      ],
      [
        { method: 'PUT', url: 'Patient/b', ifMatch: 'W/"2"' },
        { resourceType: 'Patient', id: 'b', gender: 'other' },
      ],
      [{ method: 'DELETE', url: 'Patient/c', ifMatch: 'W/"1"' }, undefined],
    ]);
  });

  it('without transactions go through the sequence, their conditions looked at before', async () => {
    const sequences: (readonly Write[])[] = [];
    const { store } = await withStub({
      remote: {
        async sequence(given) {
          sequences.push(given);
          return given.map((one) => ({ outcome: 'created', resource: stored(one.resource.id, '1') as never }));
        },
      },
    });
    const identifier = [{ system: 'urn:key', value: '1' }];
    await store.commit([create(patient('there', { identifier }))]);
    const conditional: Write = {
      op: 'create',
      resource: patient('again', { identifier }),
      unless: [['identifier', 'urn:key|1']],
    };
    const results = await store.commit([create(patient('x')), conditional, create(patient('y'))]);
    expect(results.map((one) => [one.outcome, one.resource.id])).toEqual([
      ['created', 'x'],
      ['existing', 'there'],
      ['created', 'y'],
    ]);
    expect(sequences).toEqual([[create(patient('x')), create(patient('y'))]]);
  });
});

describe('labels', () => {
  const labels = async (store: Awaited<ReturnType<typeof withStub>>['store'], id: string) =>
    (await store.read('Patient', id))?.meta.security?.map((one) => one.code) ?? [];
  const labelled = (id: string, codes: string[], parts: Partial<Patient> = {}) =>
    patient(id, { ...(codes.length > 0 ? { meta: { security: codes.map(label) } } : {}), ...parts });

  it.each([undefined, '1'])(
    'one that is to go goes from a server that only adds them (If-Match %s)',
    async (ifMatch) => {
      const { store } = await withStub({ stub: { profile: 'hapi-like' } });
      await store.commit([create(labelled('a', ['SDV', 'HIV']))]);
      const [result] = await store.commit([update(labelled('a', ['SDV'], { gender: 'other' }), ifMatch)]);
      expect(result?.resource.meta.security).toMatchObject([{ code: 'SDV' }]);
      expect(await labels(store, 'a')).toEqual(['SDV']);
      expect(await store.read('Patient', 'a')).toMatchObject({ gender: 'other' });
    },
  );

  it('nothing else changing, it goes as well', async () => {
    const { store } = await withStub({ stub: { profile: 'hapi-like' } });
    await store.commit([create(labelled('a', ['SDV', 'HIV']))]);
    await store.commit([update(labelled('a', []))]);
    expect(await labels(store, 'a')).toEqual([]);
  });

  it('so in a transaction', async () => {
    const { store } = await withStub({ stub: { profile: 'hapi-like' } });
    await store.commit([create(labelled('a', ['HIV'])), create(labelled('b', ['SDV']))]);
    const results = await store.commit([update(labelled('a', []), '1'), update(labelled('b', ['SDV', 'HIV']), '1')]);
    expect(results.map((one) => one.resource.meta.security?.length ?? 0)).toEqual([0, 2]);
    expect([await labels(store, 'a'), await labels(store, 'b')]).toEqual([[], ['SDV', 'HIV']]);
  });

  it('where nothing takes them away, the write is taken back and rejected', async () => {
    const { store } = await withStub({ stub: { labelsAddUp: true } });
    await store.commit([create(labelled('a', ['SDV', 'HIV'], { gender: 'male' }))]);
    await expectCode('rejected', store.commit([update(labelled('a', ['SDV'], { gender: 'other' }), '1')]));
    expect(await store.read('Patient', 'a')).toMatchObject({ gender: 'male' });
    expect(await labels(store, 'a')).toEqual(['SDV', 'HIV']);
  });

  it('where that fails the write stands, and more is protected than need be', async () => {
    const { store, stub } = await withStub({ stub: { profile: 'hapi-like' } });
    await store.commit([create(labelled('a', ['SDV', 'HIV']))]);
    await stub.arm({ path: 'meta-delete', trouble: { kind: 'status', status: 500 } });
    await expectCode('unavailable', store.commit([update(labelled('a', ['SDV'], { gender: 'other' }), '1')]));
    expect(await labels(store, 'a')).toEqual(['SDV', 'HIV']);
  });
});

describe('what a server does not keep', () => {
  const resource = (id: string) =>
    patient(id, {
      meta: { security: [label('SDV')] },
      extension: [{ url: structureDefinition('decision'), valueString: 'a secret' }],
      contact: [{ name: { family: 'x', extension: [{ url: 'https://other.example/secret', valueString: 'y' }] } }],
    });

  it('is counted each time and told once, without a value', async () => {
    const dropped: Dropped[] = [];
    const adapter = await withStub({
      stub: { dropsExtensions: true },
      remote: { onDropped: (one) => dropped.push(one) },
    });
    await adapter.store.commit([create(resource('a'))]);
    await adapter.store.commit([create(resource('b'))]);
    const elements = ['extension[decision]', 'contact.name.extension'];
    expect(dropped).toEqual([...elements, ...elements].map((element) => ({ resourceType: 'Patient', element })));
    expect(adapter.logged().match(/store\.dropped/g)).toHaveLength(2);
    expect(adapter.logged()).not.toContain('secret');
  });

  it('PRX-7: a create whose label it did not keep is deleted again and rejected', async () => {
    const adapter = await withWire((call, response) =>
      answer(response, call.method === 'PUT' ? 201 : 200, call.method === 'DELETE' ? notFound : stored('a', '1')),
    );
    const subject = adapter.store.commit([create(patient('a', { meta: { security: [label('SDV')] } }))]);
    await expect(subject).rejects.toMatchObject({ code: 'rejected', subject: 'meta.security' });
    expect(adapter.heard().at(-1)).toMatchObject({ method: 'DELETE', headers: { 'if-match': 'W/"1"' } });
    expect(adapter.logged()).toContain('store.dropped');
  });

  it('PRX-7: what is kept counts, and not what the answer to the write shows of it', async () => {
    const meta = { versionId: '2', lastUpdated: new Date().toISOString(), security: [label('SDV')] };
    const adapter = await withWire((call, response) =>
      answer(response, 200, call.method === 'PUT' ? stored('a', '2') : stored('a', '2', { meta })),
    );
    const results = await adapter.store.commit([update(patient('a', { meta: { security: [label('SDV')] } }), '1')]);
    expect(results).toMatchObject([{ resource: { meta: { security: [label('SDV')] } } }]);
    expect(adapter.logged()).not.toContain('store.dropped');
  });

  it('PRX-7: where that cannot be deleted, nothing is certain', async () => {
    const { store } = await withStub({ stub: { dropsLabels: true } });
    await expectCode('unavailable', store.commit([create(resource('a'))]));
  });

  it.each([true, false])(
    'PRX-7: a change whose label it did not keep is taken back (transactions: %s)',
    async (transactions) => {
      const { store } = await withStub({ stub: { dropsLabels: true, transactions } });
      for (const id of ['a', 'b']) await store.commit([create(patient(id, { gender: 'male' }))]);
      await expectCode('rejected', store.commit([update({ ...resource('a'), gender: 'female' }, '1')]));
      expect(await store.read('Patient', 'a')).toMatchObject({ gender: 'male' });
      if (!transactions) return;
      const both = [
        update(patient('b', { gender: 'female' }), '1'),
        update({ ...resource('a'), gender: 'female' }, '3'),
      ];
      await expectCode('rejected', store.commit(both));
      expect(await store.read('Patient', 'a')).toMatchObject({ gender: 'male' });
      expect(await store.read('Patient', 'b')).toMatchObject({ gender: 'male' });
    },
  );

  it('what it keeps is not', async () => {
    const dropped: Dropped[] = [];
    const adapter = await withStub({ remote: { onDropped: (one) => dropped.push(one) } });
    await adapter.store.commit([create(resource('a'))]);
    expect(dropped).toEqual([]);
  });
});
