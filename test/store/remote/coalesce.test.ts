import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { createLog } from '../../../src/log.ts';
import { createAccess } from '../../../src/store/remote/access.ts';
import { RemoteClient } from '../../../src/store/remote/client.ts';
import { createCoalescer } from '../../../src/store/remote/coalesce.ts';
import { create, expectCode, update } from '../../contract/fhir-store-parts.ts';
import type { StubOptions } from '../../servers/stub/stub.ts';
import { adapterTo, openAdapter, patient } from './support.ts';
import { answer, listen, statement } from './wire.ts';

const silent = createLog({ level: 'silent' });
const hapi = statement(['Patient'], { software: 'HAPI FHIR Server', interactions: ['transaction'] });

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function adapter(stub: StubOptions = { profile: 'hapi-like' }) {
  const opened = await openAdapter({ stub, remote: { coalesce: true } });
  open.push(opened);
  const identifier = [{ system: 'urn:key', value: 'one' }];
  await opened.store.commit([create(patient('a', { identifier })), create(patient('b', { identifier }))]);
  await opened.stub.emptyLedger();
  return opened;
}

describe('reads and searches of one moment', () => {
  it('are one call, each answered as it would be alone', async () => {
    const { store, stub } = await adapter();
    const [a, nobody, found, none, unknown] = await Promise.all([
      store.read('Patient', 'a'),
      store.read('Patient', 'nobody'),
      store.search('Patient', [['identifier', 'urn:key|one']]),
      store.search('Patient', [['identifier', 'urn:key|two']]),
      store.search('Patient', [['birthdate', 'yesterday']]).catch((error: unknown) => error),
    ]);
    expect(a?.id).toBe('a');
    expect(nobody).toBeUndefined();
    expect(found.matches.map((one) => one.id).sort()).toEqual(['a', 'b']);
    expect(none.matches).toEqual([]);
    expect(unknown).toMatchObject({ code: 'unsupported-search', subject: 'birthdate' });
    expect((await stub.calls()).map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /']);
  });

  it('alone is a call of its own', async () => {
    const { store, stub } = await adapter();
    await store.read('Patient', 'a');
    await store.search('Patient', [['identifier', 'urn:key|one']]);
    expect((await stub.calls()).map(({ method, path }) => `${method} ${path.split('?')[0]}`)).toEqual([
      'GET /Patient/a',
      'POST /Patient/_search',
    ]);
  });

  it('in great number are several calls', async () => {
    const { store, stub } = await adapter();
    await Promise.all(Array.from({ length: 40 }, () => store.read('Patient', 'a')));
    expect(await stub.calls()).toHaveLength(3);
  });

  it('go on page by page', async () => {
    const { store } = await adapter({ profile: 'hapi-like', pageSize: 1 });
    const params = [['identifier', 'urn:key|one']] as const;
    const [first] = await Promise.all([store.search('Patient', params), store.read('Patient', 'a')]);
    const second = await store.search('Patient', params, first.next);
    expect([...first.matches, ...second.matches].map((one) => one.id).sort()).toEqual(['a', 'b']);
  });

  it.each(['html', 'cut', 'truncated'] as const)('are all unavailable if the answer is: %s', async (kind) => {
    const { store, stub } = await adapter();
    await stub.arm({ path: '^/$', times: 'always', trouble: { kind } });
    const asked = [store.read('Patient', 'a'), store.read('Patient', 'nobody'), store.search('Patient', [])];
    for (const one of asked) await expectCode('unavailable', one);
  });

  it('are calls of their own where the server has no batches', async () => {
    const { store, stub } = await adapter({ indexLagMs: 0 });
    await Promise.all([store.read('Patient', 'a'), store.read('Patient', 'b')]);
    expect(await stub.calls()).toHaveLength(2);
  });

  it.each([400, 403, 404, 405, 413, 415, 422, 501])(
    'are calls of their own once the server has refused a batch with %i, although it says that it has them',
    async (status) => {
      const { store, stub, logged } = await adapter();
      await stub.arm({ path: '^/$', times: 'always', trouble: { kind: 'status', status } });
      for (const calls of [3, 2]) {
        await stub.emptyLedger();
        const [a, found] = await Promise.all([
          store.read('Patient', 'a'),
          store.search('Patient', [['identifier', 'urn:key|one']]),
        ]);
        expect([a?.id, found.matches.length]).toEqual(['a', 2]);
        expect(await stub.calls()).toHaveLength(calls);
      }
      expect(logged().match(/store\.batch-refused/g)).toHaveLength(1);
    },
  );

  it.each([403, 405, 413])(
    'are calls of their own once a gateway has refused a batch with a page for people, and %i',
    async (status) => {
      const wire = await listen((call, response) => {
        if (call.url.endsWith('/metadata')) return answer(response, 200, hapi);
        if (call.method === 'POST')
          return void response.writeHead(status, { 'Content-Type': 'text/html' }).end('<html>');
        answer(response, 200, { resourceType: 'Patient', id: 'a', meta: { versionId: '1', lastUpdated: 'x' } });
      });
      const { store, close } = adapterTo(wire.url, { coalesce: true });
      open.push({ close }, wire);
      const both = await Promise.all([store.read('Patient', 'a'), store.read('Patient', 'a')]);
      expect(both.map((one) => one?.id)).toEqual(['a', 'a']);
    },
  );

  it('are tried in a batch again after ten minutes: what refused it may have been a passing trouble of a gateway', async () => {
    const { stub } = await adapter();
    let now = 0;
    const client = new RemoteClient({
      baseUrl: stub.url,
      access: createAccess({ kind: 'none' }, { clock: systemClock }),
      log: silent,
    });
    const asker = createCoalescer(client, 'header', silent, () => now);
    const askBoth = async () => {
      await stub.emptyLedger();
      await Promise.all([asker.read('Patient', 'a'), asker.read('Patient', 'b')]);
      return (await stub.calls()).length;
    };
    await stub.arm({ path: '^/$', trouble: { kind: 'status', status: 405 } });
    expect(await askBoth()).toBe(3);
    expect(await askBoth()).toBe(2);
    now += 10 * 60_000;
    expect(await askBoth()).toBe(1);
    client.close();
  });

  it('one that is gone is none, whether or not the server says so in an outcome as well', async () => {
    const wire = await listen((call, response) => {
      if (call.url.endsWith('/metadata')) return answer(response, 200, hapi);
      const entry = ['404 Not Found', '410 Gone'].map((status) => ({ response: { status } }));
      answer(response, 200, { resourceType: 'Bundle', type: 'batch-response', entry });
    });
    const { store, close } = adapterTo(wire.url, { coalesce: true });
    open.push({ close }, wire);
    expect(await Promise.all([store.read('Patient', 'a'), store.read('Patient', 'b')])).toEqual([undefined, undefined]);
  });

  it('are calls of their own unless that is wanted', async () => {
    const plain = await openAdapter({ stub: { profile: 'hapi-like' } });
    open.push(plain);
    await Promise.all([plain.store.read('Patient', 'a'), plain.store.read('Patient', 'b')]);
    expect(await plain.stub.calls()).toHaveLength(2);
  });
});

describe('hapi.md 4: a search within a batch finds what is there now', () => {
  /** An equal search, then a change, then the search again, always in a batch. */
  async function foundAfterChange(stub: StubOptions, more: readonly [string, string][] = []) {
    const { store } = await adapter(stub);
    const ask = async () => {
      const params = [['identifier', 'urn:key|one'], ...more] as const;
      const [page] = await Promise.all([
        store.search('Patient', params),
        store.read('Patient', 'a'),
        store.read('Patient', 'b'),
      ]);
      return page.matches.length;
    };
    expect(await ask()).toBe(2);
    await store.commit([update(patient('b'))]);
    return ask();
  }
  const unknown: StubOptions = { batch: true, indexLagMs: 0, searchCacheMs: 60_000 };

  it('by a header, where the server is known to heed it', async () => {
    expect(await foundAfterChange({ profile: 'hapi-like' })).toBe(1);
  });

  it('elsewhere by a parameter that varies', async () => {
    expect(await foundAfterChange(unknown)).toBe(1);
  });

  it('also when it speaks of _lastUpdated itself', async () => {
    expect(await foundAfterChange(unknown, [['_lastUpdated', 'ge2020-01-01']])).toBe(1);
  });

  it('and where the server does not know that parameter, in a call of its own', async () => {
    expect(await foundAfterChange({ ...unknown, withoutParameters: ['_lastUpdated'] })).toBe(1);
  });

  it('which a header alone would not do there', async () => {
    expect(await foundAfterChange({ profile: 'hapi-like', batchesHeedCacheControl: false })).toBe(2);
  });
});
