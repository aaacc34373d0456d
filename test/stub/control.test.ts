import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { optionsFrom } from '../servers/stub/arguments.ts';
import { controlOf } from '../servers/stub/control-client.ts';
import { spawnStub } from '../servers/stub/stub.ts';
import { aMessage, aPatient, aStub, clientOf, idsIn } from './client.ts';

describe('the ledger', () => {
  it('has each call: method, path, names of parameters and never their values, status, what it wrote', async () => {
    const { stub, client } = await aStub();
    await client.put(aPatient('a'));
    await client.put(aPatient('a'));
    await client.get('/Patient?identifier=9&_sort=family');
    await client.find('Patient', { identifier: '9' });
    await client.get('/Patient/z');
    const calls = await stub.calls();
    expect(calls.map(({ number, method, path, status }) => [number, method, path, status])).toEqual([
      [1, 'PUT', '/Patient/a', 201],
      [2, 'PUT', '/Patient/a', 200],
      [3, 'GET', '/Patient?identifier&_sort', 200],
      [4, 'POST', '/Patient/_search?identifier', 200],
      [5, 'GET', '/Patient/z', 404],
    ]);
    expect(calls.map(({ wrote }) => wrote)).toEqual([['Patient/a/_history/1'], ['Patient/a/_history/2'], [], [], []]);
    for (const { durationMs } of calls) expect(durationMs).toBeGreaterThanOrEqual(0);
  });

  it('says which call is a repeat of which: same method, address and body', async () => {
    const { stub, client } = await aStub();
    await client.put(aPatient('a'));
    await client.put(aPatient('a', { gender: 'male' }));
    await client.put(aPatient('a'));
    await client.find('Patient', { identifier: '1' });
    await client.find('Patient', { identifier: '2' });
    expect((await stub.calls()).map(({ repeatOf }) => repeatOf)).toEqual([
      undefined,
      undefined,
      1,
      undefined,
      undefined,
    ]);
    expect((await stub.count()).repeats).toBe(1);
  });

  it('counts calls by path, and calls for each message', async () => {
    const { stub, client } = await aStub({ transactions: true });
    expect((await stub.count()).callsPerMessage).toBeNull();
    await client.put(aPatient('a'));
    await client.put(aMessage('m', 'Patient/a'));
    await client.put(aMessage('m', 'Patient/a', { status: 'stopped' }));
    await client.get('/Communication/m/_history/1');
    const entry = [{ resource: aMessage('n', 'Patient/a'), request: { method: 'PUT', url: 'Communication/n' } }];
    await client.post('', { resourceType: 'Bundle', type: 'transaction', entry });
    expect(await stub.count()).toEqual({
      calls: 5,
      repeats: 0,
      byPath: {
        'PUT /Patient/{id}': 1,
        'PUT /Communication/{id}': 2,
        'GET /Communication/{id}/_history/{version}': 1,
        'POST /': 1,
      },
      messages: 2,
      callsPerMessage: 2.5,
    });
    expect((await stub.calls()).at(-1)?.entries).toBe(1);
    await stub.emptyLedger();
    expect(await stub.count()).toMatchObject({ calls: 0, messages: 0 });
    expect(await stub.calls()).toEqual([]);
  });

  it('notes a write that was refused or lost as what it was', async () => {
    const { stub, client } = await aStub();
    await client.put(aMessage('m', 'Patient/nobody'));
    await stub.arm({ trouble: { kind: 'lose-answer' } });
    await client.put(aPatient('a')).catch(() => undefined);
    expect(await stub.calls()).toMatchObject([
      { status: 422, wrote: [] },
      { status: null, trouble: 'lose-answer', wrote: ['Patient/a/_history/1'] },
    ]);
  });
});

describe('afterwards', () => {
  it('the dump has every version of every resource, oldest first', async () => {
    const { stub, client } = await aStub();
    await client.put(aPatient('a'));
    await client.put(aMessage('m', 'Patient/a'));
    await client.put(aPatient('a', { gender: 'male' }));
    const versions = (await stub.dump()).map((one) => [one.resourceType, one.id, one.meta.versionId]);
    expect(versions).toHaveLength(3);
    expect(versions).toEqual(
      expect.arrayContaining([
        ['Patient', 'a', '1'],
        ['Communication', 'm', '1'],
        ['Patient', 'a', '2'],
      ]),
    );
    expect(versions.at(-1)).toEqual(['Patient', 'a', '2']);
  });

  it('the dump goes beyond one page of history', async () => {
    const { stub, client } = await aStub({ transactions: true });
    const entry = Array.from({ length: 1_001 }, (_, at) => ({
      resource: aPatient(`p${at}`),
      request: { method: 'PUT', url: `Patient/p${at}` },
    }));
    await client.post('', { resourceType: 'Bundle', type: 'transaction', entry });
    expect(await stub.dump()).toHaveLength(1_001);
  });

  it('resources of one type that share an identifier are found, by what they are now', async () => {
    const { stub, client } = await aStub();
    const identifier = (value: string) => ({ identifier: [{ system: 'urn:example:ids', value }] });
    await client.put(aPatient('a', identifier('1')));
    await client.put(aPatient('b', identifier('1')));
    await client.put(aPatient('c', identifier('1')));
    await client.put(aPatient('c', identifier('2')));
    await client.put(aPatient('d', { identifier: [...identifier('3').identifier, ...identifier('3').identifier] }));
    await client.put(aMessage('m', 'Patient/a', identifier('1')));
    expect(await stub.duplicates()).toEqual([{ type: 'Patient', system: 'urn:example:ids', ids: ['a', 'b'] }]);
  });
});

describe('the control address', () => {
  it('answers what the object answers, also on the port of the server', async () => {
    const { stub, client } = await aStub();
    await client.put(aPatient('a'));
    for (const url of [stub.controlUrl, new URL('/__control', stub.url).href]) {
      const remote = controlOf(url);
      expect(await remote.calls()).toEqual(await stub.calls());
      expect(await remote.count()).toEqual(await stub.count());
      expect(await remote.dump()).toEqual(await stub.dump());
      expect(await remote.duplicates()).toEqual([]);
      await remote.arm({ times: 'always', trouble: { kind: 'status', status: 500 } });
      expect((await client.get('/Patient')).status).toBe(500);
      expect(await remote.armed()).toEqual(await stub.armed());
      await remote.disarm();
      await remote.set({ full: true });
      expect((await client.put(aPatient('b'))).status).toBe(507);
      await remote.set({ full: false });
      await remote.emptyLedger();
      expect(await stub.calls()).toEqual([]);
      await client.put(aPatient('a'));
    }
  });

  it('is not in the ledger', async () => {
    const { stub } = await aStub();
    await controlOf(new URL('/__control', stub.url).href).calls();
    expect(await stub.calls()).toEqual([]);
  });

  it('answers on its own port while the server is down', async () => {
    const { stub, client } = await aStub();
    const remote = controlOf(stub.controlUrl);
    await remote.down();
    await expect(client.get('/Patient')).rejects.toThrow();
    await remote.up();
    expect((await client.get('/Patient')).status).toBe(200);
  });

  it.each([
    ['/faults', '[{"trouble":{"kind":"earthquake"}}]'],
    ['/faults', '[{"trouble":{"kind":"late"}}]'],
    ['/faults', '[{"trouble":{"kind":"cut","ms":5}}]'],
    ['/faults', '[{"path":"(","trouble":{"kind":"cut"}}]'],
    ['/faults', '[{"times":0,"trouble":{"kind":"cut"}}]'],
    ['/faults', '{"trouble":{"kind":"cut"}}'],
    ['/faults', 'cut'],
    ['/mode', '{"slow":true}'],
    ['/down', '{"ms":-1}'],
  ])('POST %s refuses %s', async (path, body) => {
    const { stub } = await aStub();
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(`${stub.controlUrl}${path}`, { method: 'POST', headers, body });
    expect(answer.status).toBe(400);
    expect(await stub.armed()).toEqual([]);
  });

  it('lists what there is, for who asks for something else', async () => {
    const { stub } = await aStub();
    const answer = await fetch(`${stub.controlUrl}/fault`);
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain('POST /faults');
  });
});

// Each start of a process takes a second, and more on a busy machine.
describe('a process of its own', { timeout: 60_000 }, () => {
  it('keeps its data through SIGKILL and comes back at the same addresses', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stub-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const stub = await spawnStub({ data: join(folder, 'stub.db'), profile: 'hapi-like', pageSize: 1, token: 't' });
    onTestFinished(() => stub.stop());
    const client = clientOf(stub.url);
    const Authorization = 'Bearer t';
    expect((await client.put(aPatient('a'), { Authorization })).status).toBe(201);
    expect((await client.put(aPatient('b'), { Authorization })).status).toBe(201);
    const [pid, before] = [stub.pid, await stub.dump()];
    await stub.kill();
    await expect(client.get('/Patient/a', { Authorization })).rejects.toThrow();
    await stub.restart();
    expect(stub.pid).not.toBe(pid);
    expect(await stub.dump()).toEqual(before);
    expect((await client.get('/Patient/a')).status).toBe(401);
    expect(idsIn(await client.get('/Patient', { Authorization }))).toHaveLength(1);
    expect((await client.get('/metadata')).body).toMatchObject({ software: { name: 'HAPI FHIR Server' } });
  });

  it('ends with 78 and a word on what is wrong, when it is told something that it does not know', () => {
    const entry = fileURLToPath(new URL('../servers/stub/main.ts', import.meta.url));
    const ended = spawnSync(process.execPath, [entry, '--profile', 'lax'], { encoding: 'utf8' });
    expect([ended.status, ended.stderr]).toEqual([78, '--profile must be strict, hapi-like or medplum-like\n']);
  });

  it.each([
    [['--profile', 'lax'], '--profile'],
    [['--port', 'http'], '--port'],
    [['--control-port', '65536'], '--control-port'],
    [['--switches', 'batch'], '--switches'],
    [['--switches', '{"batches":true}'], 'batches'],
    [['--switches', '{"batch":"yes"}'], 'batch'],
    [['--switches', '{"withoutParameters":{}}'], 'withoutParameters'],
    [['--prot', '1'], '--prot'],
  ])('refuses %j', (args, word) => {
    expect(() => optionsFrom(args)).toThrow(word);
  });
});
