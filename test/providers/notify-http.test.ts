import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createNotifyHttp } from '../../src/providers/notify-http.ts';
import { selfSigned } from '../support/self-signed.ts';
import { type StubNotify, startStubNotify } from '../support/stub-notify.ts';
import { always } from './support.ts';

let stub: StubNotify;
beforeEach(async () => {
  stub = await startStubNotify();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await stub.close();
});

const limits = { mayBegin: always, timeoutMs: 5_000 };
const get = (url: string) => ({ method: 'get', url, headers: {} });

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

describe('before a byte is written, a failure has certainly sent nothing', () => {
  it('a refused connection', async () => {
    const server = createServer();
    const port = await listening(server);
    await new Promise((resolve) => server.close(resolve));
    const outcome = await createNotifyHttp({ maxSockets: 2 })(get(`http://127.0.0.1:${port}/`), limits);
    expect(outcome).toEqual({ kind: 'failed', arrived: 'no', code: 'refused' });
  });

  it('a name that does not resolve', async () => {
    // A label over 63 letters fails in the resolver itself, with or without a network.
    const nowhere = `http://${'x'.repeat(64)}.invalid/`;
    const outcome = await createNotifyHttp({ maxSockets: 2 })(get(nowhere), limits);
    expect(outcome).toEqual({ kind: 'failed', arrived: 'no', code: 'dns' });
  });

  it('an address that is none', async () => {
    const outcome = await createNotifyHttp({ maxSockets: 2 })(get('nonsense'), limits);
    expect(outcome).toEqual({ kind: 'failed', arrived: 'no', code: 'client' });
  });

  it('something that does not speak TLS', async () => {
    const outcome = await createNotifyHttp({ maxSockets: 2 })(get(stub.url.replace('http:', 'https:')), limits);
    expect(outcome).toEqual({ kind: 'failed', arrived: 'no', code: 'tls' });
    expect(stub.requests).toEqual([]);
  });

  it('a connection that does not come about in time', async () => {
    // It accepts, and never says a word of the TLS handshake.
    const server = createServer();
    const port = await listening(server);
    const outcome = await createNotifyHttp({ maxSockets: 2 })(get(`https://127.0.0.1:${port}/`), {
      mayBegin: always,
      timeoutMs: 200,
    });
    expect(outcome).toEqual({ kind: 'failed', arrived: 'no', code: 'connect-timeout' });
    server.close();
  });

  it('a call that waits in vain for one of the capped connections', async () => {
    const http = createNotifyHttp({ maxSockets: 1 });
    stub.script('GET /busy', 'hang');
    const busy = http(get(`${stub.url}/busy`), { mayBegin: always, timeoutMs: 1_500 });
    const waiting = await http(get(`${stub.url}/waiting`), { mayBegin: always, timeoutMs: 200 });
    expect(waiting).toEqual({ kind: 'failed', arrived: 'no', code: 'connect-timeout' });
    expect(await busy).toEqual({ kind: 'failed', arrived: 'maybe', code: 'timeout' });
    expect(stub.requests.map(({ path }) => path)).toEqual(['/busy']);
  });

  it('a certificate that nobody vouches for, even where the environment says not to look', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    let arrived = 0;
    const server = createHttpsServer(selfSigned(), (_request, response) => {
      arrived += 1;
      response.end();
    });
    const port = await listening(server);
    const outcome = await createNotifyHttp({ maxSockets: 2 })(get(`https://127.0.0.1:${port}/`), limits);
    expect(outcome).toEqual({ kind: 'failed', arrived: 'no', code: 'tls' });
    expect(arrived).toBe(0);
    server.close();
  });
});

describe('after a byte is written, a failure may have sent', () => {
  it('a kept connection that the other side had closed', async () => {
    const http = createNotifyHttp({ maxSockets: 1 });
    const post = { method: 'post', url: `${stub.url}/x`, headers: {}, data: { personalisation: { body: 'x' } } };
    expect(await http(post, limits)).toMatchObject({ kind: 'answer', status: 201 });
    stub.script('POST /x', 'cut');
    expect(await http(post, limits)).toEqual({ kind: 'failed', arrived: 'maybe', code: 'cut' });
    expect(stub.requests.map(({ connection }) => connection)).toEqual([1, 1]);
  });

  it('an answer that drips for longer than the whole call may take', async () => {
    const server = createServer((socket) => {
      socket.write('HTTP/1.1 201 Created\r\nContent-Length: 100000\r\n\r\n');
      const drip = setInterval(() => socket.write('x'), 20);
      socket.on('error', () => {}).on('close', () => clearInterval(drip));
    });
    const port = await listening(server);
    const outcome = await createNotifyHttp({ maxSockets: 2 })(get(`http://127.0.0.1:${port}/`), {
      mayBegin: always,
      timeoutMs: 300,
    });
    expect(outcome).toEqual({ kind: 'failed', arrived: 'maybe', code: 'timeout' });
    server.close();
  });

  it('an answer over the cap', async () => {
    stub.script('GET /big', { status: 200, body: 'x'.repeat(5_000) });
    const outcome = await createNotifyHttp({ maxSockets: 2, maxAnswerBytes: 4_999 })(get(`${stub.url}/big`), limits);
    expect(outcome).toEqual({ kind: 'failed', arrived: 'maybe', code: 'too-large' });
  });

  it('an answer that is not HTTP', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {}).end('SSH-2.0-something\r\n');
    });
    const port = await listening(server);
    const outcome = await createNotifyHttp({ maxSockets: 2 })(get(`http://127.0.0.1:${port}/`), limits);
    expect(outcome).toEqual({ kind: 'failed', arrived: 'maybe', code: 'cut' });
    server.close();
  });
});

describe('an answer', () => {
  it('comes whole, at the cap and in any script', async () => {
    const body = 'Ffôn: 01632 960000 – ŵ';
    stub.script('GET /x', { status: 200, body, headers: { 'X-B3-TraceId': '463ac35c9f6413ad' } });
    const http = createNotifyHttp({ maxSockets: 2, maxAnswerBytes: Buffer.byteLength(body) });
    const outcome = await http(get(`${stub.url}/x`), limits);
    expect(outcome).toEqual({ kind: 'answer', status: 200, body, traceId: '463ac35c9f6413ad' });
  });

  it('brings its trace id only if it looks like one', async () => {
    stub.script('GET /x', { status: 200, body: '', headers: { 'X-B3-TraceId': '07700900123 is the number' } });
    expect(await createNotifyHttp({ maxSockets: 2 })(get(`${stub.url}/x`), limits)).toMatchObject({
      traceId: undefined,
    });
  });

  it('of a redirect is itself: nothing is followed', async () => {
    stub.script('GET /x', { status: 301, body: '', headers: { Location: '/y' } });
    expect(await createNotifyHttp({ maxSockets: 2 })(get(`${stub.url}/x`), limits)).toMatchObject({ status: 301 });
    expect(stub.requests).toHaveLength(1);
  });

  it('is asked of the address itself, whatever proxy the environment names', async () => {
    const proxy = await startStubNotify();
    for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY']) vi.stubEnv(name, proxy.url);
    vi.stubEnv('NO_PROXY', '');
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    await createNotifyHttp({ maxSockets: 2 })(get(`${stub.url}/x`), limits);
    expect(stub.requests).toHaveLength(1);
    expect(proxy.requests).toEqual([]);
    await proxy.close();
  });

  it('reuses connections and never opens more than the cap', async () => {
    const http = createNotifyHttp({ maxSockets: 3 });
    await Promise.all(Array.from({ length: 30 }, () => http(get(`${stub.url}/x`), limits)));
    expect(stub.requests).toHaveLength(30);
    expect(Math.max(...stub.requests.map(({ connection }) => connection))).toBeLessThanOrEqual(3);
  });
});
