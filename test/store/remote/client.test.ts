import { afterEach, describe, expect, it } from 'vitest';
import { createLog } from '../../../src/log.ts';
import { type FhirStore, searchAll } from '../../../src/store/fhir-store.ts';
import type { Limits } from '../../../src/store/remote/calls.ts';
import { RemoteClient } from '../../../src/store/remote/client.ts';
import { expectCode } from '../../contract/fhir-store-parts.ts';
import type { Fault } from '../../servers/stub/stub.ts';
import { until } from '../../support/herald.ts';
import { type Adapter, adapterTo, openAdapter, patient } from './support.ts';
import { type Answering, answer, listen, statement } from './wire.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

/** The adapter over a stub that holds Patient/a, without the calls that this took. */
async function withStub(options: Parameters<typeof openAdapter>[0] = {}) {
  const adapter = await openAdapter({ ...options, stub: { indexLagMs: 0, ...options.stub } });
  open.push(adapter);
  await adapter.store.commit([{ op: 'create', resource: patient('a', { birthDate: '1980-05-05' }) }]);
  await adapter.stub.emptyLedger();
  return adapter;
}

async function withWire(answering: Answering, options: Parameters<typeof adapterTo>[1] = {}) {
  const wire = await listen(answering);
  const adapter = adapterTo(wire.url, options);
  open.push(wire, adapter);
  return { ...adapter, wire };
}

const read = ({ store }: { store: FhirStore }) => store.read('Patient', 'a');
const search = ({ store }: { store: FhirStore }) => store.search('Patient', [['birthdate', '1980-05-05']]);
const write = ({ store }: { store: FhirStore }) =>
  store.commit([{ op: 'update', resource: patient('a', { gender: 'other' }) }]);

describe('section 4: what is not an answer of a FHIR server is unavailable, and never "none"', () => {
  it.each<[string, Fault['trouble'], Partial<Limits>?]>([
    ['a page for people, with 200', { kind: 'html' }],
    ['a redirect', { kind: 'redirect', to: 'http://127.0.0.1:9/fhir' }],
    ['a connection that breaks', { kind: 'cut' }],
    ['an answer that breaks off', { kind: 'cut-body' }],
    ['half of the JSON', { kind: 'truncated' }],
    ['401', { kind: 'status', status: 401 }],
    ['403', { kind: 'status', status: 403 }],
    ['429', { kind: 'status', status: 429, retryAfter: 60 }],
    ['500', { kind: 'status', status: 500 }],
    ['503', { kind: 'status', status: 503, retryAfter: 60 }],
    ['507', { kind: 'status', status: 507 }],
    ['silence', { kind: 'hang' }, { readMs: 200, writeMs: 2_000 }],
    ['an answer that never ends', { kind: 'slow', bytes: 1, everyMs: 50 }, { readMs: 200, writeMs: 2_000 }],
    ['more than the limit', { kind: 'huge', bytes: 8_000_000 }, { answerBytes: 4_000_000 }],
  ])('%s', async (_what, trouble, limits = {}) => {
    const { stub } = await withStub();
    const adapter = adapterTo(stub.url, { limits });
    open.push(adapter);
    await until(() => adapter.remote.capabilities().catch(() => false), 'the statement');
    await stub.emptyLedger();
    await stub.arm({ path: '^/Patient', times: 'always', trouble });
    await expectCode('unavailable', read(adapter));
    await expectCode('unavailable', search(adapter));
    await expectCode('unavailable', write(adapter));
    expect((await stub.armed())[0]?.struck).toBeGreaterThanOrEqual(3);
  });

  it('no server at all', async () => {
    const adapter = await withStub();
    await adapter.stub.down();
    await expectCode('unavailable', read(adapter));
    await expectCode('unavailable', adapter.store.ping());
  });

  it.each<[string, number, unknown]>([
    ['404 of a gateway, in JSON', 404, { error: 'no route' }],
    ['404 without a word', 404, undefined],
    ['a type that is not served', 404, { resourceType: 'OperationOutcome', issue: [{ code: 'not-supported' }] }],
    ["somebody else's record", 200, { resourceType: 'Patient', id: 'b', meta: { versionId: '1', lastUpdated: 'x' } }],
    ['another type', 200, { resourceType: 'Group', id: 'a', meta: { versionId: '1', lastUpdated: 'x' } }],
    ['a record without a version', 200, { resourceType: 'Patient', id: 'a' }],
    [
      'a part of the record',
      200,
      {
        resourceType: 'Patient',
        id: 'a',
        meta: { versionId: '1', lastUpdated: 'x', tag: [{ code: 'SUBSETTED' }] },
      },
    ],
    ['nothing, with 200', 200, undefined],
  ])('a read: %s', async (_what, status, body) => {
    const adapter = await withWire((_call, response) => answer(response, status, body));
    await expectCode('unavailable', read(adapter));
  });

  it('a redirect to where there is an answer', async () => {
    const other = await listen((_call, response) => {
      answer(response, 200, { resourceType: 'Patient', id: 'a', meta: { versionId: '1', lastUpdated: 'x' } });
    });
    open.push(other);
    const adapter = await withWire((_call, response) => {
      answer(response, 307, undefined, { Location: `${other.url}/Patient/a` });
    });
    await expectCode('unavailable', read(adapter));
    expect(other.heard).toEqual([]);
  });

  it.each([400, 409, 412, 422])('a write: %i of a gateway, in JSON', async (status) => {
    const adapter = await withWire((call, response) => {
      if (call.url.endsWith('/metadata')) return answer(response, 200, statement(['Patient']));
      answer(response, status, { error: 'not here' });
    });
    await expectCode('unavailable', write(adapter));
  });

  it('a read: 404 and 410 of the server itself are none', async () => {
    let status = 404;
    const outcome = { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'not-found' }] };
    const adapter = await withWire((_call, response) => answer(response, status, outcome));
    expect(await read(adapter)).toBeUndefined();
    status = 410;
    expect(await read(adapter)).toBeUndefined();
  });

  it('a reference to the server itself is relative, however its address is written in the configuration', async () => {
    const wire = await listen((call, response) => {
      const other = { reference: `http://${call.headers.host}/fhir/Patient/b` };
      const meta = { versionId: '1', lastUpdated: 'x' };
      answer(response, 200, { resourceType: 'Patient', id: 'a', meta, link: [{ other, type: 'replaces' }] });
    });
    const adapter = adapterTo(wire.url.replace('http', 'HTTP'));
    open.push(wire, adapter);
    expect(await read(adapter)).toMatchObject({ link: [{ other: { reference: 'Patient/b' } }] });
  });

  it('bytes that are no UTF-8', async () => {
    const whole = { resourceType: 'Patient', id: 'a', meta: { versionId: '1', lastUpdated: 'x' }, language: '?' };
    const bytes = Buffer.from(JSON.stringify(whole));
    const adapter = await withWire((_call, response) => void response.end(bytes));
    expect(await read(adapter)).toMatchObject({ language: '?' });
    bytes[bytes.indexOf('?')] = 0xff;
    await expectCode('unavailable', read(adapter));
  });
});

describe('calls are made again only where it can do no harm', () => {
  it.each([429, 502, 503, 504])('a read after %i, as soon as the server allows', async (status) => {
    const adapter = await withStub();
    await adapter.stub.arm({ path: '^/Patient', times: 2, trouble: { kind: 'status', status, retryAfter: 0 } });
    expect(await read(adapter)).toMatchObject({ id: 'a' });
    expect((await adapter.stub.calls()).map((one) => one.status)).toEqual([status, status, 200]);
  });

  it('a search after a cut connection', async () => {
    const adapter = await withStub();
    await adapter.stub.arm({ path: '_search', trouble: { kind: 'cut' } });
    expect((await search(adapter)).matches).toHaveLength(1);
  });

  it('a write after 429, which says that it was not begun', async () => {
    const adapter = await withStub();
    await adapter.stub.arm({ method: 'PUT', trouble: { kind: 'status', status: 429, retryAfter: 0 } });
    expect(await write(adapter)).toMatchObject([{ outcome: 'updated' }]);
  });

  it.each<[string, Fault['trouble']]>([
    ['503, which a gateway may say of what it passed on', { kind: 'status', status: 503, retryAfter: 0 }],
    ['502', { kind: 'status', status: 502 }],
    ['a cut connection', { kind: 'cut' }],
  ])('not a write after %s', async (_what, trouble) => {
    const adapter = await withStub();
    await adapter.stub.arm({ method: 'PUT', trouble });
    await expectCode('unavailable', write(adapter));
    expect((await adapter.stub.calls()).filter((one) => one.method === 'PUT')).toHaveLength(1);
  });

  it('a conflict with what an earlier try may have written is no certainty', async () => {
    const adapter = await withStub();
    const throttled: Fault = { method: 'PUT', trouble: { kind: 'status', status: 429, retryAfter: 0, done: true } };
    await adapter.stub.arm(throttled);
    await expectCode('unavailable', adapter.store.commit([{ op: 'create', resource: patient('b') }]));
    expect(await adapter.store.read('Patient', 'b')).toBeDefined();
  });

  it('not beyond the time that the call has', async () => {
    const adapter = await withStub({ remote: { limits: { readMs: 500 } } });
    await adapter.stub.arm({ path: '^/Patient', trouble: { kind: 'status', status: 429, retryAfter: 30 } });
    await expectCode('unavailable', read(adapter));
    expect(await adapter.stub.calls()).toHaveLength(1);
  });
});

describe('calls at once', () => {
  it('are no more than the limit, and the others wait their turn', async () => {
    const waiting: (() => void)[] = [];
    const adapter = await withWire(
      (_call, response) => {
        const body = { resourceType: 'Patient', id: 'a', meta: { versionId: '1', lastUpdated: 'x' } };
        waiting.push(() => answer(response, 200, body));
      },
      { limits: { calls: 3 } },
    );
    const all = Promise.all(Array.from({ length: 9 }, () => read(adapter)));
    for (let answered = 0; answered < 9; answered += 1) {
      const under = Math.min(3, 9 - answered);
      await until(async () => waiting.length === under, `${under} calls under way`);
      await new Promise((resolve) => setImmediate(resolve));
      expect(waiting).toHaveLength(under);
      waiting.shift()?.();
    }
    expect((await all).every((one) => one?.id === 'a')).toBe(true);
  });

  it('beyond those that may wait are unavailable at once', async () => {
    const adapter = await withWire(() => {}, { limits: { calls: 1, waiting: 1, readMs: 400 } });
    const first = read(adapter);
    const second = read(adapter);
    await expectCode('unavailable', read(adapter));
    expect(adapter.wire.heard.length).toBeLessThanOrEqual(1);
    await expectCode('unavailable', first);
    await expectCode('unavailable', second);
  });

  it('end in time when no token comes, and when they are closed before one does', async () => {
    const wire = await listen(() => {});
    open.push(wire);
    const withoutToken = (limits: Partial<Limits>) =>
      new RemoteClient({
        baseUrl: wire.url,
        access: { token: () => new Promise(() => {}), refused: () => {} },
        log: createLog({ level: 'silent' }),
        limits,
      });
    await expectCode('unavailable', withoutToken({ readMs: 50 }).read('Patient', 'a'));
    const closed = withoutToken({});
    const waiting = expectCode('unavailable', closed.read('Patient', 'a'));
    closed.close();
    await waiting;
    expect(wire.heard).toEqual([]);
  });

  it('end when the adapter is closed', async () => {
    const adapter = await withWire(() => {});
    const waiting = expectCode('unavailable', read(adapter));
    await adapter.close();
    await waiting;
    await expectCode('unavailable', read(adapter));
  });
});

describe('ACC-4: what the server and others get to see', () => {
  const NUMBER = '9990000018';
  const parameters = statement(['Patient']);
  for (const { searchParam } of parameters.rest.flatMap((one) => one.resource)) {
    searchParam.push({ name: 'telecom', type: 'token' });
    searchParam.push({ name: 'patient', type: 'reference' }, { name: 'subject', type: 'reference' });
  }

  it('no number of a person stands in an address, every question asks for what is there now', async () => {
    const adapter = await withWire((call, response) => {
      if (call.url.endsWith('/metadata')) return answer(response, 200, statement(['Patient']));
      answer(response, 200, { resourceType: 'Bundle', type: 'searchset' });
    });
    await adapter.store.search('Patient', [['identifier', `https://fhir.nhs.uk/Id/nhs-number|${NUMBER}`]]);
    const [, asked] = adapter.wire.heard;
    expect(asked).toMatchObject({ method: 'POST', url: '/fhir/Patient/_search' });
    expect(asked?.headers).toMatchObject({ 'cache-control': 'no-cache', prefer: 'handling=strict' });
    expect(new URLSearchParams(asked?.body).get('identifier')).toContain(NUMBER);
    await adapter.store.read('Patient', 'a').catch(() => {});
    expect(adapter.wire.heard.every((one) => one.headers['cache-control'] === 'no-cache')).toBe(true);
  });

  it.each([
    ['identifier', `https://fhir.nhs.uk/Id/nhs-number|${NUMBER}`],
    ['telecom', '07700900461'],
    ['patient.identifier', NUMBER],
    ['subject:identifier', `|${NUMBER}`],
  ])('nor where a server writes the question into its link to the next page: %s', async (name, value) => {
    const adapter = await withWire((call, response) => {
      if (call.url.endsWith('/metadata')) return answer(response, 200, parameters);
      const query = new URLSearchParams([...new URLSearchParams(call.body), ['page', '2']]);
      const isSecond = new URLSearchParams(call.body).get('page') === '2';
      const link = [{ relation: 'next', url: `http://${call.headers.host}/fhir/Patient?${query}` }];
      answer(response, 200, { resourceType: 'Bundle', type: 'searchset', ...(isSecond ? {} : { link }) });
    });
    expect(await searchAll(adapter.store, 'Patient', [[name, value]])).toEqual([]);
    const [, first, second] = adapter.wire.heard;
    expect([first, second]).toMatchObject([
      { method: 'POST', url: '/fhir/Patient/_search' },
      { method: 'POST', url: '/fhir/Patient/_search' },
    ]);
    expect([...new URLSearchParams(second?.body)]).toEqual([...new URLSearchParams(first?.body), ['page', '2']]);
  });

  it('no error and no log holds token, address, value or answer', async () => {
    const secret = 'token-of-ours';
    const adapter = await withWire(
      (call, response) => {
        if (call.url.endsWith('/metadata')) return answer(response, 200, statement(['Patient']));
        const issue = [
          { severity: 'error', code: 'invalid', diagnostics: `${NUMBER} ${secret}`, expression: [NUMBER] },
        ];
        answer(response, call.method === 'GET' ? 403 : 400, { resourceType: 'OperationOutcome', issue });
      },
      { access: { kind: 'token', token: secret } },
    );
    const errors = await Promise.all(
      [
        adapter.store.read('Patient', 'a'),
        adapter.store.search('Patient', [['identifier', NUMBER]]),
        adapter.store.commit([{ op: 'create', resource: patient('a', { identifier: [{ value: NUMBER }] }) }]),
      ].map((one: Promise<unknown>) =>
        one.then(
          () => 'answered',
          (error: Error) => error,
        ),
      ),
    );
    const told = errors.map((one) => (one instanceof Error ? `${one.stack} ${JSON.stringify(one)} ${one.cause}` : one));
    expect(errors.every((one) => one instanceof Error)).toBe(true);
    for (const one of [...told, adapter.logged()]) {
      expect(one).not.toContain(NUMBER);
      expect(one).not.toContain(secret);
    }
    expect(adapter.logged()).toContain('store.refused-us');
  });
});

describe('section 4: pages', () => {
  const paged = (next: (base: string) => string): Answering => {
    return (call, response) => {
      if (call.url.endsWith('/metadata')) return answer(response, 200, statement(['Patient']));
      const base = `http://${call.headers.host}/fhir`;
      answer(response, 200, {
        resourceType: 'Bundle',
        type: 'searchset',
        link: [{ relation: 'next', url: next(base) }],
      });
    };
  };

  it('a next page elsewhere is never called, and never gets our token', async () => {
    const other = await listen((_call, response) => answer(response, 200, { resourceType: 'Bundle' }));
    open.push(other);
    for (const link of [
      () => `${other.url}/Patient?page=2`,
      (base: string) => base.replace('/fhir', '/other?page=2'),
      (base: string) => `${base}/../other?page=2`,
      (base: string) => base.replace('http://', 'http://us:them@'),
      () => 'file:///etc/hosts',
      () => 'http://[',
    ]) {
      const adapter = await withWire(paged(link), { access: { kind: 'token', token: 'ours' } });
      await expectCode('unavailable', adapter.store.search('Patient', []));
      expect(adapter.wire.heard).toHaveLength(2);
    }
    expect(other.heard).toEqual([]);
  });

  it('a server that always has another page is given up', async () => {
    const adapter = await withWire(paged((base) => `${base}/Patient?page=2`));
    await expectCode('unavailable', searchAll(adapter.store, 'Patient', []));
    expect(adapter.wire.heard.length).toBeLessThan(5);
  });

  it.each(['?page=2', 'Patient?page=2', '/fhir/Patient?page=2'])('a relative link is of the base: %s', async (link) => {
    const adapter = await withWire(paged(() => link));
    const first = await adapter.store.search('Patient', []);
    await adapter.store.search('Patient', [], first.next).catch(() => {});
    expect(adapter.wire.heard.at(-1)?.url).toMatch(/^\/fhir\/(Patient)?\?page=2$/);
  });

  it('a cursor is good for its own question alone', async () => {
    const adapter = await withWire(paged((base) => `${base}?page=2`));
    const { next = '' } = await adapter.store.search('Patient', [['family', 'a']]);
    await expectCode('unsupported-search', adapter.store.search('Patient', [['family', 'b']], next));
    await expectCode('unsupported-search', adapter.store.search('Group', [['family', 'a']], next));
    await expectCode('unsupported-search', adapter.store.history('Patient', { cursor: next }));
    const forged = Buffer.from(JSON.stringify(['x', 1, '/../secret'])).toString('base64url');
    await expectCode('unsupported-search', adapter.store.search('Patient', [['family', 'a']], forged));
  });

  it('a page that the server has forgotten is to be asked for anew', async () => {
    const adapter = await withWire((call, response) => {
      if (call.method === 'GET' && !call.url.endsWith('/metadata')) {
        return answer(response, 410, { resourceType: 'OperationOutcome', issue: [] });
      }
      return paged((base) => `${base}?page=2`)(call, response);
    });
    const { next = '' } = await adapter.store.search('Patient', []);
    await expectCode('unsupported-search', adapter.store.search('Patient', [], next));
  });
});

describe('ids that are none', () => {
  it.each(['..', '.', '../metadata', 'a/b', 'a?b', '', 'ä', 'x'.repeat(65)])('%j is not called', async (id) => {
    const adapter: Adapter & { wire: { heard: unknown[] } } = await withWire((_call, response) =>
      answer(response, 200, statement(['Patient'])),
    );
    expect(await adapter.store.read('Patient', id)).toBeUndefined();
    expect(await adapter.store.vread('Patient', 'a', id)).toBeUndefined();
    await expectCode('rejected', adapter.store.commit([{ op: 'create', resource: patient(id) }]));
    expect(adapter.wire.heard).toEqual([]);
  });
});
