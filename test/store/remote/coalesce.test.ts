import { afterEach, describe, expect, it } from 'vitest';
import { create, expectCode, update } from '../../contract/fhir-store-parts.ts';
import type { StubOptions } from '../../servers/stub/stub.ts';
import { openAdapter, patient } from './support.ts';

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

  it('are calls of their own once the server has refused a batch, although it says that it has them', async () => {
    const { store, stub } = await adapter();
    await stub.arm({ path: '^/$', times: 'always', trouble: { kind: 'status', status: 405 } });
    for (const calls of [3, 2]) {
      await stub.emptyLedger();
      const [a, found] = await Promise.all([
        store.read('Patient', 'a'),
        store.search('Patient', [['identifier', 'urn:key|one']]),
      ]);
      expect([a?.id, found.matches.length]).toEqual(['a', 2]);
      expect(await stub.calls()).toHaveLength(calls);
    }
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
