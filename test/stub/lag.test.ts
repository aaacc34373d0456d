import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startStub } from '../servers/stub/stub.ts';
import { aClock, aMessage, aPatient, aStub, clientOf, idsIn } from './client.ts';

describe('an index that lags', () => {
  it('shows nothing new to a search for five seconds in the strict profile, and everything to a read', async () => {
    const clock = aClock();
    const stub = await startStub({ clock });
    onTestFinished(() => stub.stop());
    const client = clientOf(stub.url);
    await client.put(aPatient('a', { gender: 'female' }));
    expect((await client.get('/Patient/a')).status).toBe(200);
    expect(idsIn(await client.get('/Patient/_history'))).toEqual(['a']);
    clock.pass(4_999);
    expect(idsIn(await client.get('/Patient?gender=female'))).toEqual([]);
    clock.pass(1);
    expect(idsIn(await client.get('/Patient?gender=female'))).toEqual(['a']);
  });

  it('shows the previous version until then, with its own version and time', async () => {
    const clock = aClock();
    const { client } = await aStub({ clock, indexLagMs: 1_000 });
    const before = await client.put(aPatient('a', { gender: 'female' }));
    clock.pass(1_000);
    const after = await client.put(aPatient('a', { gender: 'male' }));
    clock.pass(999);
    expect(await client.get('/Patient?gender=male')).toSatisfy((reply) => idsIn(reply).length === 0);
    expect((await client.get('/Patient?gender=female')).body).toMatchObject({ entry: [{ resource: before.body }] });
    clock.pass(1);
    expect(idsIn(await client.get('/Patient?gender=female'))).toEqual([]);
    expect((await client.get('/Patient?gender=male')).body).toMatchObject({ entry: [{ resource: after.body }] });
    expect(idsIn(await client.get('/Patient?_lastUpdated=ge2026-03-02T09:00:01Z'))).toEqual(['a']);
    expect(idsIn(await client.get('/Patient?_lastUpdated=gt2026-03-02T09:00:01Z'))).toEqual([]);
  });

  it('does not keep a reference from being checked against what is stored', async () => {
    const { client } = await aStub({ clock: aClock(), indexLagMs: 1_000 });
    await client.put(aPatient('a'));
    expect((await client.put(aMessage('m', 'Patient/a'))).status).toBe(201);
  });

  it('shows the writes of one transaction together', async () => {
    const clock = aClock();
    const { client } = await aStub({ clock, indexLagMs: 1_000, transactions: true });
    const entry = ['a', 'b'].map((id) => ({
      resource: aPatient(id),
      request: { method: 'PUT', url: `Patient/${id}` },
    }));
    await client.post('', { resourceType: 'Bundle', type: 'transaction', entry });
    clock.pass(999);
    expect(idsIn(await client.get('/Patient'))).toEqual([]);
    clock.pass(1);
    expect(idsIn(await client.get('/Patient'))).toHaveLength(2);
  });

  it('goes on where it was after a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stub-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const clock = aClock();
    const options = { clock, indexLagMs: 1_000, data: join(folder, 'stub.db') };
    const first = await startStub(options);
    await clientOf(first.url).put(aPatient('a', { gender: 'female' }));
    clock.pass(900);
    await clientOf(first.url).put(aPatient('a', { gender: 'male' }));
    const versions = await first.dump();
    await first.stop();

    const { stub, client } = await aStub(options);
    expect(await stub.dump()).toEqual(versions);
    clock.pass(100);
    expect(idsIn(await client.get('/Patient?gender=female'))).toEqual(['a']);
    clock.pass(900);
    expect(idsIn(await client.get('/Patient?gender=male'))).toEqual(['a']);
  });
});
