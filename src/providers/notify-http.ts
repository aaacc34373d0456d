import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** One call as the official client describes it (the part of an Axios configuration that it fills in). */
export interface HttpCall {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly data?: unknown;
  /** Of calls whose answer is a file. */
  readonly responseType?: 'arraybuffer';
}

export interface HttpLimits {
  /** Asked when the connection stands and nothing was written yet; false, or a throw, ends the call as `held-back`. */
  readonly mayBegin: () => boolean;
  /** Milliseconds for the whole call, waiting for a connection included. */
  readonly timeoutMs: number;
}

/** What happened, with the one fact that decides about sending again: whether a byte may have reached the other side. */
export type HttpOutcome =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly body: string;
      /** The body as it came, where a file was asked for. */
      readonly bytes?: Buffer;
      readonly traceId: string | undefined;
    }
  | { readonly kind: 'failed'; readonly arrived: 'no'; readonly code: BeforeWriting }
  | { readonly kind: 'failed'; readonly arrived: 'maybe'; readonly code: AfterWriting };

export type BeforeWriting = 'refused' | 'dns' | 'tls' | 'connect' | 'connect-timeout' | 'held-back' | 'client';
export type AfterWriting = 'timeout' | 'cut' | 'too-large';

/** Never rejects. No part of the call (address, token, body) is in its outcome. */
export type NotifyHttp = (call: HttpCall, limits: HttpLimits) => Promise<HttpOutcome>;

/** Cap on an answer, in bytes: an email of Notify's greatest length, escaped, with room to spare. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** Milliseconds to get a connection. Tokens live for 30 seconds: one that waited longer might arrive stale. */
const CONNECT_TIMEOUT_MS = 5_000;

/** Idle connections are dropped before any usual server does: a reset after writing costs a message two minutes. */
const IDLE_MS = 4_000;

/**
 * HTTP for the official client, which has no time-out of its own. Connections are kept and their number is capped;
 * redirects are not followed, environment proxies not used, and certificates always verified, whatever the
 * environment says. The request is not written before its connection stands, so that every failure to connect is
 * certain to have sent nothing.
 */
export function createNotifyHttp(options: { maxSockets: number; maxAnswerBytes?: number }): NotifyHttp {
  const settings = { keepAlive: true, maxSockets: options.maxSockets, timeout: IDLE_MS };
  const plain = new HttpAgent(settings);
  const secure = new HttpsAgent({ ...settings, rejectUnauthorized: true });
  const maxBytes = options.maxAnswerBytes ?? MAX_ANSWER_BYTES;

  return (call, limits) => {
    const body = call.data === undefined ? undefined : Buffer.from(JSON.stringify(call.data));
    const open = (): ClientRequest => {
      const url = new URL(call.url);
      const shared = { method: call.method.toUpperCase(), headers: headersOf(call, body) };
      return url.protocol === 'https:'
        ? httpsRequest(url, { ...shared, agent: secure })
        : httpRequest(url, { ...shared, agent: plain });
    };
    return exchange(open, body, { ...limits, maxBytes, asFile: call.responseType === 'arraybuffer' });
  };
}

function exchange(
  open: () => ClientRequest,
  body: Buffer | undefined,
  limits: HttpLimits & { readonly maxBytes: number; readonly asFile: boolean },
): Promise<HttpOutcome> {
  return new Promise((resolve) => {
    let written = false;
    let settled = false;
    let request: ClientRequest | undefined;

    const settle = (outcome: HttpOutcome): void => {
      if (settled) return;
      settled = true;
      clearTimeout(connectTimer);
      clearTimeout(totalTimer);
      if (outcome.kind === 'failed') request?.destroy();
      resolve(outcome);
    };
    const fail = (before: BeforeWriting, after: AfterWriting): void =>
      settle(
        written ? { kind: 'failed', arrived: 'maybe', code: after } : { kind: 'failed', arrived: 'no', code: before },
      );
    const connectTimer = setTimeout(
      () => fail('connect-timeout', 'timeout'),
      Math.min(CONNECT_TIMEOUT_MS, limits.timeoutMs),
    );
    const totalTimer = setTimeout(() => fail('connect-timeout', 'timeout'), limits.timeoutMs);

    try {
      request = open();
    } catch {
      fail('client', 'cut');
      return;
    }
    const begun = request;
    let answering = false;
    begun.on('error', (error) => fail(connectFailure(error), 'cut'));
    begun.once('close', () => {
      if (!answering) fail('connect', 'cut');
    });
    begun.once('response', (response) => {
      answering = true;
      readAnswer(response, limits).then(settle);
    });
    whenConnected(begun, () => {
      if (settled) return;
      clearTimeout(connectTimer);
      if (!consents(limits.mayBegin)) return fail('held-back', 'cut');
      written = true;
      begun.end(body);
    });
  });
}

/** Node writes a request's head with its first byte of body or its end: until then the connection is only open. */
function whenConnected(request: ClientRequest, then: () => void): void {
  request.once('socket', (socket: Socket) => {
    const secure = socket instanceof TLSSocket;
    const ready = secure ? socket.authorized : !socket.connecting;
    // A kept connection may have been closed by the other side just now: that news gets its turn first.
    if (ready) setImmediate(then);
    else socket.once(secure ? 'secureConnect' : 'connect', then);
  });
}

function readAnswer(
  response: IncomingMessage,
  { maxBytes, asFile }: { readonly maxBytes: number; readonly asFile: boolean },
): Promise<HttpOutcome> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) resolve({ kind: 'failed', arrived: 'maybe', code: 'too-large' });
      else chunks.push(chunk);
    });
    response.on('error', () => resolve({ kind: 'failed', arrived: 'maybe', code: 'cut' }));
    response.once('close', () => {
      const status = response.statusCode;
      if (!response.complete || status === undefined) {
        resolve({ kind: 'failed', arrived: 'maybe', code: 'cut' });
        return;
      }
      const bytes = Buffer.concat(chunks);
      const body = bytes.toString('utf8');
      resolve({ kind: 'answer', status, body, ...(asFile ? { bytes } : {}), traceId: traceOf(response) });
    });
  });
}

function headersOf(call: HttpCall, body: Buffer | undefined): Record<string, string> {
  return {
    ...call.headers,
    Accept: call.responseType === 'arraybuffer' ? 'application/pdf, application/json' : 'application/json',
    'Accept-Encoding': 'identity',
    ...(body ? { 'Content-Type': 'application/json', 'Content-Length': String(body.length) } : {}),
  };
}

/** The trace id that Notify's support asks for; only if it looks like one, since it goes into the log. */
function traceOf(response: IncomingMessage): string | undefined {
  const value = response.headers['x-b3-traceid'];
  return typeof value === 'string' && /^[0-9a-f]{16,32}$/i.test(value) ? value : undefined;
}

function connectFailure(error: NodeJS.ErrnoException): BeforeWriting {
  const code = error.code ?? '';
  if (code === 'ECONNREFUSED') return 'refused';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'dns';
  if (code === 'ETIMEDOUT') return 'connect-timeout';
  return /CERT|TLS|SSL|EPROTO|SELF_SIGNED|UNABLE_TO/.test(code) ? 'tls' : 'connect';
}

function consents(mayBegin: () => boolean): boolean {
  try {
    return mayBegin();
  } catch {
    return false;
  }
}
