import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Fault, type Stub, startStub, type Trouble } from '../servers/stub/stub.ts';
import { aMessage, aPatient, aStub, clientOf, idsIn, linkIn, outcomeIn } from './client.ts';

const AN_HOUR = 3_600_000;

/** Waits for what comes about by itself. */
const until = <T>(look: () => Promise<T>) => vi.waitUntil(look, { timeout: 8_000, interval: 10 });

/** Whether a resource is stored. */
const has = async (stub: Stub, id: string) => (await stub.dump()).some((one) => one.id === id);

/** Waits until the server has this call in hand. */
const arrived = (stub: Stub, path: string) => until(async () => (await stub.calls()).find((one) => one.path === path));

/** A PUT whose caller can give up. */
function patiently(stub: Stub, id: string): { readonly ended: Promise<unknown>; giveUp(): void } {
  const caller = new AbortController();
  const ended = fetch(`${stub.url}/Patient/${id}`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/fhir+json' },
    body: JSON.stringify(aPatient(id)),
    signal: caller.signal,
  }).then(
    ({ status }) => status,
    (cause: unknown) => cause,
  );
  return { ended, giveUp: () => caller.abort() };
}

describe('the connection', () => {
  it.each([
    ['cut', false],
    ['lose-answer', true],
  ] as const)('%s: no answer; written: %s', async (kind, written) => {
    const { stub, client } = await aStub();
    await stub.arm({ trouble: { kind } });
    await expect(client.put(aPatient('a'))).rejects.toThrow('fetch failed');
    expect(await has(stub, 'a')).toBe(written);
    expect(await stub.calls()).toMatchObject([{ trouble: kind, status: null }]);
    expect((await client.put(aPatient('b'))).status).toBe(201);
  });

  it('cut-body: the status comes, half of the answer, and no more; it is written', async () => {
    const { stub, client } = await aStub();
    await stub.arm({ trouble: { kind: 'cut-body' } });
    const answer = await fetch(`${stub.url}/Patient/a`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/fhir+json' },
      body: JSON.stringify(aPatient('a')),
    });
    expect(answer.status).toBe(201);
    await expect(answer.text()).rejects.toThrow();
    expect((await client.get('/Patient/a')).status).toBe(200);
  });

  it('down and up: nobody listens, then the same address answers again, with all it had', async () => {
    const { stub, client } = await aStub();
    await client.put(aPatient('a'));
    await stub.down();
    const refused = await client.get('/Patient/a').catch(({ cause }: Error) => cause);
    expect(refused).toMatchObject({ code: 'ECONNREFUSED' });
    await stub.up();
    expect((await client.get('/Patient/a')).status).toBe(200);
  });

  it('down for a time: it comes back by itself', async () => {
    const { stub, client } = await aStub();
    await stub.down(20);
    expect(await until(() => client.get('/Patient').catch(() => undefined))).toMatchObject({
      status: 200,
    });
  });

  it.each([
    [{ kind: 'down', ms: 20 }, false],
    [{ kind: 'down', ms: 20, done: true }, true],
  ] as const)('%j in the middle of a call', async (trouble, written) => {
    const { stub, client } = await aStub();
    await stub.arm({ trouble });
    await expect(client.put(aPatient('a'))).rejects.toThrow('fetch failed');
    await until(() => client.get('/Patient').catch(() => undefined));
    expect(await has(stub, 'a')).toBe(written);
  });

  it('down breaks calls that are in hand', async () => {
    const { stub, client } = await aStub();
    await stub.arm({ trouble: { kind: 'hang' } });
    const hanging = client.get('/Patient').catch((cause: Error) => cause.message);
    await arrived(stub, '/Patient');
    await stub.down();
    expect(await hanging).toBe('fetch failed');
  });
});

describe('time', () => {
  it('hang: nothing is done and nothing answered', async () => {
    const { stub } = await aStub();
    await stub.arm({ trouble: { kind: 'hang' } });
    const call = patiently(stub, 'a');
    await arrived(stub, '/Patient/a');
    expect(await has(stub, 'a')).toBe(false);
    call.giveUp();
    expect(await call.ended).toMatchObject({ name: 'AbortError' });
  });

  it('hang for a time: then done and answered, but not for somebody who has gone', async () => {
    const { stub } = await aStub();
    await stub.arm({ times: 2, trouble: { kind: 'hang', ms: 50 } });
    const left = patiently(stub, 'left');
    await arrived(stub, '/Patient/left');
    left.giveUp();
    await left.ended;
    expect(await patiently(stub, 'stayed').ended).toBe(201);
    expect([await has(stub, 'left'), await has(stub, 'stayed')]).toEqual([false, true]);
  });

  it('hang-after: done at once, and nothing answered', async () => {
    const { stub } = await aStub();
    await stub.arm({ trouble: { kind: 'hang-after' } });
    const call = patiently(stub, 'a');
    await until(() => has(stub, 'a'));
    call.giveUp();
    expect(await call.ended).toMatchObject({ name: 'AbortError' });
  });

  it('hang-after for a time: answered in the end', async () => {
    const { stub } = await aStub();
    await stub.arm({ trouble: { kind: 'hang-after', ms: 20 } });
    expect(await patiently(stub, 'a').ended).toBe(201);
  });

  it('late: the write lands after its caller has given up, and not before', async () => {
    const { stub } = await aStub();
    await stub.arm(
      { path: '/a$', trouble: { kind: 'late', ms: 20 } },
      { path: '/b$', trouble: { kind: 'late', ms: AN_HOUR } },
    );
    const [soon, never] = [patiently(stub, 'a'), patiently(stub, 'b')];
    await arrived(stub, '/Patient/a');
    await arrived(stub, '/Patient/b');
    soon.giveUp();
    never.giveUp();
    expect(await soon.ended).toMatchObject({ name: 'AbortError' });
    await until(() => has(stub, 'a'));
    expect(await has(stub, 'b')).toBe(false);
    expect((await stub.calls()).find(({ path }) => path === '/Patient/a')).toMatchObject({
      wrote: ['Patient/a/_history/1'],
    });
  });

  it('slow: the answer comes in pieces, and whole', async () => {
    const { stub, client } = await aStub();
    await client.put(aPatient('a', { gender: 'other' }));
    await stub.arm({ trouble: { kind: 'slow', bytes: 40, everyMs: 20 } });
    const answer = await fetch(`${stub.url}/Patient/a`);
    const pieces: Buffer[] = [];
    for await (const piece of answer.body ?? []) pieces.push(Buffer.from(piece));
    expect(pieces.length).toBeGreaterThan(1);
    expect(JSON.parse(Buffer.concat(pieces).toString())).toMatchObject({ id: 'a', gender: 'other' });
  });

  it('whoever waits for ever does not keep the server from stopping', async () => {
    const stub = await startStub();
    await stub.arm({ trouble: { kind: 'hang' } }, { trouble: { kind: 'late', ms: AN_HOUR } });
    const [one, other] = [patiently(stub, 'a'), patiently(stub, 'b')];
    await arrived(stub, '/Patient/a');
    await arrived(stub, '/Patient/b');
    await stub.stop();
    for (const call of [one, other]) expect(await call.ended).toBeInstanceOf(TypeError);
  });
});

it('what was to land late does not, once the server has stopped', async () => {
  const said = vi.spyOn(console, 'error');
  onTestFinished(() => said.mockRestore());
  const stub = await startStub();
  await stub.arm({ trouble: { kind: 'late', ms: 20 } });
  const call = patiently(stub, 'a');
  await arrived(stub, '/Patient/a');
  await stub.stop();
  await call.ended;
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(said).not.toHaveBeenCalled();
});

describe('answers', () => {
  it.each([401, 403, 409, 412, 429, 500, 503, 507])(
    'status %i: an OperationOutcome, and nothing written',
    async (status) => {
      const { stub, client } = await aStub();
      await stub.arm({ trouble: { kind: 'status', status } });
      const answer = await client.put(aPatient('a'));
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, null]);
      expect(outcomeIn(answer).issue[0]?.code).toBe('transient');
      expect(await has(stub, 'a')).toBe(false);
    },
  );

  it('status with Retry-After, and with the write done all the same', async () => {
    const { stub, client } = await aStub();
    await stub.arm({ trouble: { kind: 'status', status: 503, retryAfter: 7, done: true } });
    const answer = await client.put(aPatient('a'));
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '7']);
    expect(await has(stub, 'a')).toBe(true);
  });

  it.each([
    [{ kind: 'html' }, false],
    [{ kind: 'html', done: true }, true],
  ] as const)('%j: a page for people with 200', async (trouble, written) => {
    const { stub, client } = await aStub();
    await stub.arm({ trouble });
    const answer = await client.put(aPatient('a'));
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html']);
    expect(answer.text).toContain('<html>');
    expect(await has(stub, 'a')).toBe(written);
  });

  it('redirect: to wherever, and nothing written', async () => {
    const { stub, client } = await aStub();
    await stub.arm({ trouble: { kind: 'redirect', to: 'https://elsewhere.example/fhir' } });
    const answer = await client.put(aPatient('a'));
    expect([answer.status, answer.headers.get('location')]).toEqual([307, 'https://elsewhere.example/fhir']);
    expect(await has(stub, 'a')).toBe(false);
  });

  it('truncated: half of the JSON, as if it were all', async () => {
    const { stub, client } = await aStub();
    await client.put(aPatient('a'));
    await stub.arm({ trouble: { kind: 'truncated' } });
    const answer = await client.get('/Patient/a');
    expect(answer.status).toBe(200);
    expect(() => answer.body).toThrow(SyntaxError);
    expect((await client.get('/Patient/a')).text.startsWith(answer.text)).toBe(true);
  });

  it('huge: the same answer, blown up', async () => {
    const { stub, client } = await aStub();
    await client.put(aPatient('a'));
    await stub.arm({ trouble: { kind: 'huge', bytes: 2_000_000 } });
    const answer = await client.get('/Patient/a');
    expect(answer.text.length).toBe(2_000_000);
    expect(answer.body.id).toBe('a');
  });

  it('next-elsewhere: a page whose next link leads to another host', async () => {
    const { stub, client } = await aStub({ pageSize: 1 });
    await client.put(aPatient('a'));
    await client.put(aPatient('b'));
    await stub.arm({ times: 2, trouble: { kind: 'next-elsewhere', to: 'https://elsewhere.example/fhir?page=2' } });
    for (const path of ['/Patient', '/Patient?_id=a']) {
      const page = await client.get(path);
      expect(idsIn(page)).toHaveLength(1);
      expect(linkIn(page, 'next')).toBe('https://elsewhere.example/fhir?page=2');
    }
  });
});

describe('which calls meet a fault', () => {
  const refusal: Trouble = { kind: 'status', status: 500 };
  const statusesUnder = async (faults: readonly Fault[], options = {}) => {
    const { stub, client } = await aStub(options);
    await client.put(aPatient('a'));
    await stub.arm(...faults);
    const transaction = (resource: ReturnType<typeof aPatient | typeof aMessage>) => ({
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [{ resource, request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` } }],
    });
    return {
      get: (await client.get('/Patient/a')).status,
      find: (await client.find('Patient', { identifier: '1' })).status,
      put: (await client.put(aPatient('b'))).status,
      message: (await client.put(aMessage('m', 'Patient/a'))).status,
      patientInBundle: (await client.post('', transaction(aPatient('c')))).status,
      messageInBundle: (await client.post('', transaction(aMessage('n', 'Patient/a')))).status,
      again: (await client.get('/Patient/a')).status,
    };
  };
  const fine = { get: 200, find: 200, put: 201, message: 201, patientInBundle: 200, messageInBundle: 200, again: 200 };

  it.each<[Fault, Partial<typeof fine>]>([
    [{ trouble: refusal }, { get: 500 }],
    [
      { times: 2, trouble: refusal },
      { get: 500, find: 500 },
    ],
    [{ skip: 2, trouble: refusal }, { put: 500 }],
    [{ method: 'PUT', skip: 1, trouble: refusal }, { message: 500 }],
    [
      { method: 'GET', times: 'always', trouble: refusal },
      { get: 500, again: 500 },
    ],
    [{ path: '^/Patient/_search$', trouble: refusal }, { find: 500 }],
    [
      { path: '^/$', times: 'always', trouble: refusal },
      { patientInBundle: 500, messageInBundle: 500 },
    ],
    [
      { writes: 'Communication', times: 'always', trouble: refusal },
      { message: 500, messageInBundle: 500 },
    ],
    [{ method: 'DELETE', times: 'always', trouble: refusal }, {}],
  ])('%j', async (fault, met) => {
    expect(await statusesUnder([fault], { transactions: true })).toEqual({ ...fine, ...met });
  });

  it('the one that was armed first, then the next', async () => {
    const later: Trouble = { kind: 'status', status: 429 };
    expect(await statusesUnder([{ trouble: refusal }, { trouble: later }], { transactions: true })).toEqual({
      ...fine,
      get: 500,
      find: 429,
    });
  });

  it('says how often each struck, and disarming ends them', async () => {
    const { stub, client } = await aStub();
    const fault: Fault = { times: 'always', trouble: refusal };
    await stub.arm(fault);
    await client.get('/Patient');
    await client.get('/Patient');
    expect(await stub.armed()).toEqual([{ fault, struck: 2 }]);
    await stub.disarm();
    expect(await stub.armed()).toEqual([]);
    expect((await client.get('/Patient')).status).toBe(200);
  });

  it('is decided before the token is looked at', async () => {
    const { stub } = await aStub({ token: 'open-sesame' });
    await stub.arm({ trouble: { kind: 'status', status: 503 } });
    expect((await clientOf(stub.url).get('/Patient')).status).toBe(503);
  });
});
