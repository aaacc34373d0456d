import { afterEach, describe, expect, it, vi } from 'vitest';
import { exchange } from '../../../src/store/remote/exchange.ts';

afterEach(() => vi.unstubAllGlobals());

/** What comes of a call whose connection fails in this way, as Node's `fetch` says it. */
async function exchangedAfter(cause: object) {
  vi.stubGlobal('fetch', async () => {
    throw new TypeError('fetch failed', { cause: Object.assign(new Error('no'), cause) });
  });
  const call = { method: 'PUT', url: 'http://127.0.0.1:9/fhir/Patient/a', headers: new Headers(), body: '{}' };
  return exchange(call, { signal: new AbortController().signal, maxBytes: 1_000 });
}

describe('section 5: whether a call may have reached the server', () => {
  it.each<[object, 'no' | 'maybe', string]>([
    [{ code: 'ECONNREFUSED', syscall: 'connect' }, 'no', 'refused'],
    [{ code: 'ENOTFOUND', syscall: 'getaddrinfo' }, 'no', 'refused'],
    [{ code: 'UND_ERR_CONNECT_TIMEOUT' }, 'no', 'refused'],
    [{ code: 'EHOSTUNREACH', syscall: 'connect' }, 'no', 'refused'],
    // A connection that stood learns of a lost route as well, with its bytes already on their way.
    [{ code: 'EHOSTUNREACH', syscall: 'read' }, 'maybe', 'cut'],
    [{ code: 'ENETUNREACH', syscall: 'write' }, 'maybe', 'cut'],
    [{ code: 'ECONNRESET', syscall: 'read' }, 'maybe', 'cut'],
    [{ code: 'UND_ERR_SOCKET' }, 'maybe', 'cut'],
    [{ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, 'no', 'certificate'],
    [{ code: 'CERT_HAS_EXPIRED' }, 'no', 'certificate'],
  ])('%o: %s', async (cause, sent, code) => {
    expect(await exchangedAfter(cause)).toEqual({ kind: 'failed', sent, code });
  });
});
