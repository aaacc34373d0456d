import { afterEach, describe, expect, it } from 'vitest';
import { createStoreHealth } from '../../../src/store-health.ts';
import type { StubOptions } from '../../servers/stub/stub.ts';
import { startHerald } from '../../support/herald.ts';
import { openAdapter } from './support.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});
const adapterOver = async (stub: StubOptions) => {
  const adapter = await openAdapter({ stub });
  open.push(adapter);
  return adapter;
};

describe('section 1: whether the server of the record will do', () => {
  it.each<[string, StubOptions, RegExp | undefined]>([
    ['a strict server has all that is needed', {}, undefined],
    ['HAPI', { profile: 'hapi-like' }, undefined],
    [
      'ids of its own choosing',
      { updateAsCreate: false },
      /^lacks CommunicationRequest\.update-create .*AuditEvent\.update-create$/,
    ],
    ['reading alone', { readOnly: true }, /^lacks CommunicationRequest\.update /],
    [
      'no search for objections',
      { withoutParameters: ['Consent.patient', 'Flag.patient'] },
      /^lacks Consent\?patient$/,
    ],
  ])('%s', async (_what, stub, code) => {
    const { store, remote } = await adapterOver(stub);
    const health = await createStoreHealth(store, remote.capabilities)();
    if (code === undefined) expect(health).toEqual({ kind: 'ready' });
    else expect(health).toEqual({ kind: 'not-ready', code: expect.stringMatching(code) });
  });

  it('a server that was set up meanwhile is noticed, and one that lacks something is not asked at every look', async () => {
    const { store, remote, stub } = await adapterOver({ updateAsCreate: false });
    let now = 0;
    const look = createStoreHealth(store, remote.capabilities, () => now);
    const statements = async () => (await stub.count()).byPath['GET /metadata'];
    for (let times = 0; times < 3; times += 1) expect(await look()).toMatchObject({ kind: 'not-ready' });
    const asked = await statements();
    expect(await look()).toMatchObject({ kind: 'not-ready' });
    expect(await statements()).toBe(asked);
    now += 60_000;
    await look();
    expect(await statements()).toBe((asked ?? 0) + 1);
  });

  it('one that does not answer', async () => {
    const { store, remote, stub } = await adapterOver({});
    await stub.down();
    expect(await createStoreHealth(store, remote.capabilities)()).toEqual({ kind: 'not-ready', code: 'unavailable' });
  });

  it('/readyz names what is missing', async () => {
    const { stub } = await adapterOver({ withoutParameters: ['Consent.patient'], indexLagMs: 0 });
    const herald = await startHerald({ on: stub.url });
    open.push(herald);
    const answer = await herald.get('/readyz');
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({ failing: ['fhir-store'], checks: { 'fhir-store': 'lacks Consent?patient' } });
  });
});
