import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLocalJWKSet, exportJWK, generateKeyPair, type JWK, type JWTVerifyResult, jwtVerify } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type AccessSettings, createAccess } from '../../../src/store/remote/access.ts';
import { expectCode } from '../../contract/fhir-store-parts.ts';
import { openAdapter, patient } from './support.ts';
import { answer, type Heard, listen, type Wire } from './wire.ts';

const folder = mkdtempSync(join(tmpdir(), 'herald-access-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Keys of a client: the private ones as files, the public ones as the server knows them. */
const keys: Record<'RS384' | 'ES384', { file: string; secret: string }> = {
  RS384: { file: join(folder, 'rsa.json'), secret: '' },
  ES384: { file: join(folder, 'ec.json'), secret: '' },
};
const known: JWK[] = [];
beforeAll(async () => {
  for (const alg of ['RS384', 'ES384'] as const) {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = await exportJWK(privateKey);
    keys[alg].secret = jwk.d ?? '';
    writeFileSync(keys[alg].file, JSON.stringify({ ...jwk, kid: `key-${alg}` }));
    known.push({ ...(await exportJWK(publicKey)), kid: `key-${alg}`, alg });
  }
});

let now = new Date('2026-06-01T09:00:00Z');
const clock = { now: () => now };
const servers: Wire[] = [];
afterEach(async () => {
  now = new Date('2026-06-01T09:00:00Z');
  for (const one of servers.splice(0)) await one.close();
});

/** An authorisation server that gives `token-1`, `token-2` and so on, or what a test says. */
async function tokenServer(respond?: (call: Heard) => { status: number; body: unknown }) {
  let given = 0;
  const wire = await listen((call, response) => {
    given += 1;
    const { status, body } = respond?.(call) ?? {
      status: 200,
      body: { access_token: `token-${given}`, token_type: 'bearer', expires_in: 300 },
    };
    answer(response, status, body);
  });
  servers.push(wire);
  return wire;
}

const settings = (tokenUrl: string, privateKeyFile = keys.ES384.file): AccessSettings => ({
  kind: 'backend-services',
  clientId: 'herald',
  privateKeyFile,
  tokenUrl,
});

describe('section 1: SMART Backend Services towards the store', () => {
  it.each(['RS384', 'ES384'] as const)('asks with an assertion signed by %s', async (alg) => {
    const server = await tokenServer();
    expect(await createAccess(settings(server.url, keys[alg].file), { clock }).token()).toBe('token-1');
    const form = new URLSearchParams(server.heard[0]?.body);
    expect(Object.fromEntries(form)).toMatchObject({
      grant_type: 'client_credentials',
      scope: 'system/*.cruds',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    });
    const verify = (): Promise<JWTVerifyResult> =>
      jwtVerify(form.get('client_assertion') ?? '', createLocalJWKSet({ keys: known }), {
        issuer: 'herald',
        subject: 'herald',
        audience: server.url,
        currentDate: now,
        maxTokenAge: 60,
      });
    const { payload, protectedHeader } = await verify();
    expect(protectedHeader).toMatchObject({ alg, kid: `key-${alg}` });
    expect((payload.exp ?? 0) - now.getTime() / 1_000).toBeLessThanOrEqual(300);
    expect(payload.jti).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('keeps a token until a minute before it ends', async () => {
    const server = await tokenServer();
    const access = createAccess(settings(server.url), { clock });
    expect(await access.token()).toBe('token-1');
    now = new Date('2026-06-01T09:03:59Z');
    expect(await access.token()).toBe('token-1');
    now = new Date('2026-06-01T09:04:00Z');
    expect(await access.token()).toBe('token-2');
  });

  it('keeps a short one for half its time', async () => {
    const server = await tokenServer(() => ({
      status: 200,
      body: { access_token: `t${now.getTime()}`, token_type: 'Bearer', expires_in: 30 },
    }));
    const access = createAccess(settings(server.url), { clock });
    const first = await access.token();
    now = new Date('2026-06-01T09:00:14Z');
    expect(await access.token()).toBe(first);
    now = new Date('2026-06-01T09:00:15Z');
    expect(await access.token()).not.toBe(first);
  });

  it('asks once, however many wait for it', async () => {
    const server = await tokenServer();
    const access = createAccess(settings(server.url), { clock });
    const tokens = await Promise.all(Array.from({ length: 10 }, () => access.token()));
    expect(new Set(tokens)).toEqual(new Set(['token-1']));
    expect(server.heard).toHaveLength(1);
  });

  it('each assertion is another', async () => {
    const server = await tokenServer();
    const access = createAccess(settings(server.url), { clock });
    access.refused((await access.token()) ?? '');
    await access.token();
    const [first, second] = server.heard.map((one) => new URLSearchParams(one.body).get('client_assertion'));
    expect(first).not.toBe(second);
  });

  it.each<[string, { status: number; body: unknown }, RegExp]>([
    [
      'a refusal',
      { status: 400, body: { error: 'invalid_client', error_description: 'secret words' } },
      /refused us \(400\)/,
    ],
    ['a redirect', { status: 302, body: {} }, /refused us \(302\)/],
    ['no token', { status: 200, body: { token_type: 'bearer', expires_in: 300 } }, /no bearer token/],
    [
      'a token of another kind',
      { status: 200, body: { access_token: 'x', token_type: 'mac', expires_in: 300 } },
      /no bearer/,
    ],
    [
      'a token that breaks lines',
      { status: 200, body: { access_token: 'x\r\ny', token_type: 'bearer', expires_in: 9 } },
      /no bearer/,
    ],
    ['no end', { status: 200, body: { access_token: 'x', token_type: 'bearer' } }, /no bearer/],
    ['no JSON object', { status: 200, body: null }, /no bearer/],
  ])('%s is unavailable, and the error names the step', async (_what, given, step) => {
    const server = await tokenServer(() => given);
    const error = await createAccess(settings(server.url), { clock })
      .token()
      .catch((cause: Error) => cause);
    expect(error).toMatchObject({ name: 'StoreError', code: 'unavailable', message: expect.stringMatching(step) });
    expect(String(error)).not.toContain('secret words');
  });

  it('is asked again after it failed', async () => {
    let status = 500;
    const server = await tokenServer(() => ({
      status,
      body: { access_token: 'good', token_type: 'bearer', expires_in: 300 },
    }));
    const access = createAccess(settings(server.url), { clock });
    await expectCode('unavailable', access.token());
    status = 200;
    expect(await access.token()).toBe('good');
  });

  it.each<[string, string]>([
    ['is not there', 'nowhere.json'],
    ['has no kid', JSON.stringify({ kty: 'EC', crv: 'P-384', d: 'x', x: 'x', y: 'y' })],
    ['is of another curve', JSON.stringify({ kty: 'EC', crv: 'P-256', kid: 'k', d: 'x' })],
    ['is shared', JSON.stringify({ kty: 'oct', kid: 'k', k: 'secret' })],
    ['is none', 'BEGIN PRIVATE KEY'],
  ])('a key that %s', async (what, text) => {
    const file = join(folder, `${what}.json`);
    if (text !== 'nowhere.json') writeFileSync(file, text);
    const server = await tokenServer();
    const error = await createAccess(settings(server.url, file), { clock })
      .token()
      .catch((cause: Error) => cause);
    expect(error).toMatchObject({ code: 'unavailable', message: expect.stringMatching(/private key/) });
    expect(server.heard).toEqual([]);
  });

  it('a broken key tells nothing of itself', async () => {
    const file = join(folder, 'broken.json');
    writeFileSync(file, JSON.stringify({ kty: 'RSA', kid: 'k', n: 'AQAB', e: 'AQAB', d: 'topsecret' }));
    const error = await createAccess(settings('http://127.0.0.1:9', file), { clock })
      .token()
      .catch((one: Error) => one);
    expect(`${error} ${JSON.stringify(error)} ${(error as Error).stack}`).not.toContain('topsecret');
  });
});

describe('a token that the store refuses', () => {
  it('is renewed once, and the call made again', async () => {
    const server = await tokenServer();
    const access: AccessSettings = settings(server.url);
    const adapter = await openAdapter({ stub: { token: 'token-2', indexLagMs: 0 }, remote: { access, clock } });
    await adapter.store.commit([{ op: 'create', resource: patient('a') }]);
    expect(await adapter.store.read('Patient', 'a')).toBeDefined();
    expect(server.heard).toHaveLength(2);
    await adapter.close();
  });

  it('for good is unavailable, and said once in the log', async () => {
    const server = await tokenServer();
    const access: AccessSettings = settings(server.url);
    const adapter = await openAdapter({ stub: { token: 'never' }, remote: { access, clock } });
    await expectCode('unavailable', adapter.store.read('Patient', 'a'));
    await expectCode('unavailable', adapter.store.ping());
    expect(adapter.logged().match(/store\.refused-us/g)).toHaveLength(1);
    expect(adapter.logged()).not.toContain('token-');
    await adapter.close();
  });

  it('a fixed one is not tried twice', async () => {
    const adapter = await openAdapter({
      stub: { token: 'right' },
      remote: { access: { kind: 'token', token: 'wrong' } },
    });
    await expectCode('unavailable', adapter.store.read('Patient', 'a'));
    expect(await adapter.stub.calls()).toHaveLength(1);
    await adapter.close();
    const right = await openAdapter({
      stub: { token: 'right' },
      remote: { access: { kind: 'token', token: 'right' } },
    });
    expect(await right.store.read('Patient', 'a')).toBeUndefined();
    await right.close();
  });
});
