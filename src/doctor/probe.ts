import { setTimeout as sleep } from 'node:timers/promises';
import { FHIR_JSON, FORM } from '../http/media-types.ts';
import type { Access } from '../store/remote/access.ts';
import { type Call, type Exchanged, exchange, type Failure } from '../store/remote/exchange.ts';
import { type JsonObject, objectIn } from '../store/remote/json.ts';
import { retryDelay } from '../store/remote/retry.ts';

/**
 * One exchange with a FHIR server, as it comes: unlike the store's own client, which turns every doubt into
 * "unavailable", an examination wants to see the status and the body.
 */
export interface Probe {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  /** Errors: Unreachable when there is no answer; StoreError when no token could be had. */
  ask(asked: Asked): Promise<Answered>;
}

export interface Asked {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the base: `Patient/1`, `Patient?_id=1`, `?_getpages=…`, or nothing for the base itself. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A resource, or the fields of a form. */
  readonly body?: object | URLSearchParams;
}

export interface Answered {
  readonly status: number;
  header(name: string): string | undefined;
  /** The JSON object of the body; empty for any other body. */
  readonly body: JsonObject;
}

/** There was no answer. `message` says why, without address, token or content. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

/** Milliseconds for one answer; a CapabilityStatement alone can have more than a megabyte. */
const TIMEOUT_MS = 30_000;

/** Bytes of one answer. */
const MOST_BYTES = 32 * 1024 * 1024;

/** Times that a call is made again, and milliseconds that are waited for it at most. */
const RETRIES = 3;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Over the same exchange as the store's client, with its rules of what may be asked again: a server that asks for
 * patience lacks nothing.
 */
export function createProbe(options: {
  readonly baseUrl: string;
  readonly access: Access;
  readonly timeoutMs?: number;
}): Probe {
  const { baseUrl, access, timeoutMs = TIMEOUT_MS } = options;

  const send = async (call: Omit<Call, 'headers'>, headers: Headers): Promise<Exchanged> => {
    const token = await access.token();
    const once = (value: string | undefined): Promise<Exchanged> => {
      if (value !== undefined) headers.set('Authorization', `Bearer ${value}`);
      return exchange({ ...call, headers }, { signal: AbortSignal.timeout(timeoutMs), maxBytes: MOST_BYTES });
    };
    const exchanged = await once(token);
    if (exchanged.kind === 'failed' || exchanged.status !== 401 || token === undefined) return exchanged;
    access.refused(token);
    const other = await access.token();
    return other === token ? exchanged : once(other);
  };

  return {
    baseUrl,
    async ask({ method = 'GET', path, headers: given = {}, body }) {
      const headers = new Headers({ Accept: FHIR_JSON, ...given });
      if (body !== undefined) headers.set('Content-Type', body instanceof URLSearchParams ? FORM : FHIR_JSON);
      const url = path === '' || path.startsWith('?') ? baseUrl + path : `${baseUrl}/${path}`;
      const call = { method, url, ...(body === undefined ? {} : { body: textOf(body) }) };
      const kind = method === 'GET' || path.endsWith('/_search') ? 'read' : 'write';
      for (let tries = 0; ; tries += 1) {
        const exchanged = await send(call, headers);
        const pause = tries < RETRIES ? retryDelay(kind, exchanged, tries) : undefined;
        if (pause !== undefined) await sleep(Math.min(pause, LONGEST_PAUSE_MS));
        else return answered(exchanged);
      }
    },
  };
}

function answered(exchanged: Exchanged): Answered {
  if (exchanged.kind === 'failed') throw new Unreachable(reasons[exchanged.code]);
  const { status, headers, text } = exchanged;
  return { status, header: (name) => headers.get(name) ?? undefined, body: objectOf(text) };
}

const textOf = (body: object): string => (body instanceof URLSearchParams ? body.toString() : JSON.stringify(body));

const reasons: Readonly<Record<Failure, string>> = {
  refused: 'nothing answers at that host and port',
  certificate: 'its certificate is not trusted',
  timeout: 'there was no answer in time',
  cut: 'the connection was cut',
  'too-large': 'an answer was larger than 32 MB',
  'not-text': 'an answer was not UTF-8',
};

function objectOf(text: string): JsonObject {
  try {
    return objectIn(JSON.parse(text));
  } catch {
    return {};
  }
}
