import { setTimeout as sleep } from 'node:timers/promises';
import type { Bundle, Meta, Resource } from '@medplum/fhirtypes';
import { Client, type FhirResource } from 'fhir-kit-client';
import type { Log } from '../../log.ts';
import { type SearchParams, StoreError } from '../fhir-store.ts';
import type { Access } from './access.ts';
import { type Call, type Exchanged, exchange } from './exchange.ts';
import { retryDelay } from './retry.ts';
import { Slots } from './slots.ts';

/** JSON with a `resourceType`: nothing else is known of it. */
export type { FhirResource };

/** What a FHIR server said. Everything else that can come over HTTP is StoreError `unavailable`. */
export interface Answer {
  readonly status: number;
  /** Absent when the body was empty. */
  readonly resource?: FhirResource;
  /** Of `ETag`. */
  readonly versionId?: string;
  /** The server's clock when it answered, in milliseconds. */
  readonly date?: number;
  readonly elapsedMs: number;
  /** An earlier try of the same call may have reached the server. */
  readonly repeated: boolean;
}

/** Milliseconds, calls, bytes. */
export interface Limits {
  readonly readMs: number;
  readonly writeMs: number;
  /** Calls under way at once: over HTTP/1.1 that many connections. */
  readonly calls: number;
  /** Calls that wait for one of them. */
  readonly waiting: number;
  readonly answerBytes: number;
}

export const defaultLimits: Limits = {
  readMs: 10_000,
  writeMs: 30_000,
  calls: 16,
  waiting: 1_000,
  answerBytes: 32 * 1024 * 1024,
};

export interface ClientOptions {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly access: Access;
  readonly log: Log;
  readonly limits?: Partial<Limits>;
}

type Kind = 'read' | 'write';

/** When a call must be over. */
interface Deadline {
  readonly signal: AbortSignal;
  /** As `performance.now()` has it. */
  readonly at: number;
}

/** A call before it has a token. */
interface Request extends Omit<Call, 'headers'> {
  readonly headers: Readonly<Record<string, string>>;
}

/** A server may answer from a cache of its own unless it is told not to; `no-store` would cut HAPI's answers at a page. */
const FRESH = { 'Cache-Control': 'no-cache' };
const STRICT = { ...FRESH, Prefer: 'handling=strict' };
const WHOLE = { Prefer: 'return=representation' };
const FHIR_JSON = { 'Content-Type': 'application/fhir+json' };

/** Times that a call is made again. */
const RETRIES = 2;

/**
 * Calls to one FHIR server, each guarded: a deadline that covers waiting, repeats and the answer to its last byte; no
 * more calls at once than the limit, and no more waiting; answers bounded; redirects not followed; answers that are not
 * FHIR never taken for one.
 *
 * Errors of every method: StoreError `unavailable`, which holds no address, token or content. What is done about a status
 * that is part of FHIR is up to the caller.
 *
 * Repeated is what is certain to do no harm: reads and searches after a cut connection, 429, 502, 503 and 504; writes
 * when the connection never stood, and after 429, with which a server says that it did not begin. After 503 a write is
 * not repeated: gateways answer it also for a call that they had passed on.
 */
export class RemoteClient {
  readonly baseUrl: string;
  readonly #access: Access;
  readonly #log: Log;
  readonly #limits: Limits;
  readonly #slots: Slots;
  readonly #reads: Client;
  readonly #slowReads: Client;
  readonly #writes: Client;
  /** What the library's method is about to answer, as we saw it. */
  readonly #answers = new WeakMap<FhirResource, Answer>();
  readonly #underWay = new Set<AbortController>();
  #closed = false;
  #refused = false;

  constructor(options: ClientOptions) {
    this.baseUrl = options.baseUrl;
    this.#access = options.access;
    this.#log = options.log;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#slots = new Slots({ most: this.#limits.calls, mostWaiting: this.#limits.waiting });
    const { readMs, writeMs } = this.#limits;
    this.#reads = this.#library('read', readMs);
    this.#slowReads = this.#library('read', writeMs);
    this.#writes = this.#library('write', writeMs);
  }

  metadata(): Promise<Answer> {
    // A megabyte and a half on some servers, and slow the first time.
    return this.#answer(this.#slowReads.capabilityStatement({ headers: FRESH }));
  }

  read(type: string, id: string): Promise<Answer> {
    return this.#answer(this.#reads.read({ resourceType: type, id, options: { headers: FRESH } }));
  }

  vread(type: string, id: string, version: string): Promise<Answer> {
    return this.#answer(this.#reads.vread({ resourceType: type, id, version, options: { headers: FRESH } }));
  }

  history(type: string, id: string | undefined, query: SearchParams): Promise<Answer> {
    const path = id === undefined ? type : `${type}/${id}`;
    return this.#answer(this.#reads.request(`${path}/_history?${queryOf(query)}`, { options: { headers: FRESH } }));
  }

  /** By POST: no number or name of anybody stands in an address. */
  search(type: string, params: SearchParams): Promise<Answer> {
    const options = { headers: STRICT, postSearch: true };
    const searchParams: Record<string, string[]> = {};
    for (const [name, value] of params) searchParams[name] = [...(searchParams[name] ?? []), value];
    return this.#answer(this.#reads.resourceSearch({ resourceType: type, searchParams, options }));
  }

  /** A further page, by an address that was found to be below the base. */
  page(url: string): Promise<Answer> {
    return this.#answer(this.#reads.request(url, { options: { headers: FRESH } }));
  }

  /** A batch that holds nothing but reads and searches. */
  readBatch(batch: Bundle): Promise<Answer> {
    return this.#bundle(this.#reads, batch, STRICT);
  }

  transaction(transaction: Bundle): Promise<Answer> {
    return this.#bundle(this.#writes, transaction, WHOLE);
  }

  put(resource: Resource & { id: string }, precondition: Readonly<Record<string, string>>): Promise<Answer> {
    const { resourceType, id } = resource;
    const options = { headers: { ...WHOLE, ...precondition } };
    return this.#answer(this.#writes.update({ resourceType, id, body: { ...resource }, options }));
  }

  remove(type: string, id: string, versionId: string): Promise<Answer> {
    const options = { headers: { 'If-Match': `W/"${versionId}"` } };
    return this.#answer(this.#writes.delete({ resourceType: type, id, options }));
  }

  /** `$meta-delete`: takes labels and tags away. */
  metaDelete(type: string, id: string, meta: Meta): Promise<Answer> {
    const input = { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: meta }] };
    return this.#answer(this.#writes.operation({ name: '$meta-delete', resourceType: type, id, input }));
  }

  /** HAPI's `$expunge` of all versions but the current one. */
  expungeEarlier(type: string, id: string): Promise<Answer> {
    const input = {
      resourceType: 'Parameters',
      parameter: [{ name: 'expungePreviousVersions', valueBoolean: true }],
    };
    return this.#answer(this.#writes.operation({ name: '$expunge', resourceType: type, id, input }));
  }

  /** Ends what is under way. Calls from now on are `unavailable`. */
  close(): void {
    this.#closed = true;
    for (const one of this.#underWay) one.abort();
  }

  /** To the base itself: the library would put a slash behind it, which is another address to some servers. */
  #bundle(library: Client, bundle: Bundle, headers: Record<string, string>): Promise<Answer> {
    const options = { headers: { ...FHIR_JSON, ...headers } };
    return this.#answer(library.request(this.baseUrl, { method: 'POST', options, body: bundle }));
  }

  async #answer(call: Promise<FhirResource>): Promise<Answer> {
    const answer = this.#answers.get(await call);
    if (answer === undefined) throw unavailable('no-answer');
    return answer;
  }

  /**
   * The library with our own way of making its calls. Its own has no bound on the size of an answer, throws errors with
   * the whole address in them, and would print tokens if somebody set DEBUG.
   */
  #library(kind: Kind, ms: number): Client {
    const library = new Client({ baseUrl: this.baseUrl });
    library.httpClient.request = async (method, address, options, body) => {
      const url = address.startsWith(this.baseUrl) ? address : `${this.baseUrl}/${address.replace(/^\/+/, '')}`;
      const headers = { Accept: 'application/fhir+json', ...options?.headers };
      const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
      const request = { method, url, headers, ...(text === undefined ? {} : { body: text }) };
      const answer = await this.#within(ms, (deadline) => this.#attempts(kind, request, deadline));
      const handle = answer.resource ?? { resourceType: '' };
      this.#answers.set(handle, answer);
      return handle;
    };
    return library;
  }

  async #within(ms: number, work: (deadline: Deadline) => Promise<Answer>): Promise<Answer> {
    if (this.#closed) throw unavailable('closed');
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), ms);
    this.#underWay.add(controller);
    try {
      return await work({ signal: controller.signal, at: performance.now() + ms });
    } finally {
      clearTimeout(timer);
      this.#underWay.delete(controller);
    }
  }

  async #attempts(kind: Kind, request: Request, { signal, at }: Deadline): Promise<Answer> {
    let repeated = false;
    for (let tries = 0; ; tries += 1) {
      const exchanged = await this.#inSlot(signal, () => this.#withToken(request, signal));
      const delay = tries < RETRIES ? retryDelay(kind, exchanged, tries) : undefined;
      const isInTime = delay !== undefined && performance.now() + delay < at;
      if (!isInTime || !(await waited(delay, signal))) return this.#answered(exchanged, repeated);
      repeated ||= exchanged.kind === 'answer' || exchanged.sent === 'maybe';
    }
  }

  /** Waiting for a token counts as well, so that no more callers than the limit are ever kept. */
  async #inSlot<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (!(await this.#slots.take(signal))) throw unavailable('busy');
    try {
      return await work();
    } finally {
      this.#slots.release();
    }
  }

  /** A token that ended before its time is renewed, once. */
  async #withToken(request: Request, signal: AbortSignal): Promise<Exchanged> {
    const token = await this.#access.token();
    const exchanged = await this.#send(request, signal, token);
    if (exchanged.kind === 'failed' || exchanged.status !== 401 || token === undefined) return exchanged;
    this.#access.refused(token);
    const other = await this.#access.token();
    return other === token ? exchanged : this.#send(request, signal, other);
  }

  #send(request: Request, signal: AbortSignal, token: string | undefined): Promise<Exchanged> {
    const headers = new Headers(request.headers);
    if (token !== undefined) headers.set('Authorization', `Bearer ${token}`);
    return exchange({ ...request, headers }, { signal, maxBytes: this.#limits.answerBytes });
  }

  #answered(exchanged: Exchanged, repeated: boolean): Answer {
    if (exchanged.kind === 'failed') throw unavailable(exchanged.code);
    const { status, headers, text, elapsedMs } = exchanged;
    if (status === 401 || status === 403) throw this.#refusedUs(status);
    this.#refused = false;
    if (status === 429 || status >= 500 || (status >= 300 && status < 400)) throw unavailable(`status-${status}`);
    const resource = text.trim() === '' ? undefined : resourceIn(text);
    const versionId = /^(?:W\/)?"?([A-Za-z0-9\-.]{1,64})"?$/.exec(headers.get('etag') ?? '')?.[1];
    const date = Date.parse(headers.get('date') ?? '');
    return {
      status,
      ...(resource === undefined ? {} : { resource }),
      ...(versionId === undefined ? {} : { versionId }),
      ...(Number.isNaN(date) ? {} : { date }),
      elapsedMs,
      repeated,
    };
  }

  /** Told once until it is over: it is about every call alike. */
  #refusedUs(status: number): StoreError {
    if (!this.#refused) this.#log.error('store.refused-us', { status });
    this.#refused = true;
    return unavailable(`status-${status}`);
  }
}

/** The sentence names a code of ours, and nothing of the call. */
export function unavailable(code: string): StoreError {
  return new StoreError('unavailable', `the FHIR store gave no answer that can be trusted (${code})`);
}

/** Values are encoded as in a form. */
export function queryOf(params: SearchParams): string {
  return new URLSearchParams(params.map(([name, value]): [string, string] => [name, value])).toString();
}

/** Errors: StoreError `unavailable` for what is no FHIR resource in JSON. */
function resourceIn(text: string): FhirResource {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unavailable('not-json');
  }
  if (!isResource(value)) throw unavailable('not-fhir');
  return value;
}

function isResource(value: unknown): value is FhirResource {
  return (
    typeof value === 'object' && value !== null && 'resourceType' in value && typeof value.resourceType === 'string'
  );
}

/** False: the time was over before. */
async function waited(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
