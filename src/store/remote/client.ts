import type { Bundle, Meta, Resource } from '@medplum/fhirtypes';
import { Client } from 'fhir-kit-client';
import type { Log } from '../../log.ts';
import type { SearchParams } from '../fhir-store.ts';
import type { Access } from './access.ts';
import { type Answer, type FhirResource, unavailable } from './answer.ts';
import { Calls, defaultLimits, type Limits, type Request } from './calls.ts';
import { headersOf, type Precondition } from './habits.ts';

export interface ClientOptions {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly access: Access;
  readonly log: Log;
  readonly limits?: Partial<Limits>;
}

/** A server may answer from a cache of its own unless it is told not to; `no-store` would cut HAPI's answers at a page. */
const FRESH = { 'Cache-Control': 'no-cache' };
const STRICT = { ...FRESH, Prefer: 'handling=strict' };
const WHOLE = { Prefer: 'return=representation' };
const FHIR_JSON = { 'Content-Type': 'application/fhir+json' };

/**
 * What says that batches will not be had, rather than that this one failed. Gateways say so as well as servers, and then
 * with a page for people.
 */
export const batchRefusals: ReadonlySet<number> = new Set([400, 403, 404, 405, 413, 415, 422, 501]);

/**
 * The interactions of one FHIR server, as guarded calls: see `Calls`. What is done about a status that is part of FHIR is
 * up to the caller. Errors of every method: StoreError `unavailable`, which holds no address, token or content.
 */
export class RemoteClient {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly #calls: Calls;
  readonly #reads: Client;
  readonly #slowReads: Client;
  readonly #writes: Client;
  readonly #batches: Client;
  /** What the library's method is about to answer, as we saw it. */
  readonly #answers = new WeakMap<FhirResource, Answer>();

  constructor({ baseUrl, access, log, limits: given }: ClientOptions) {
    // As links and references of the server write it: the host in small letters, and no port that goes without saying.
    this.baseUrl = new URL(baseUrl).href.replace(/\/$/, '');
    const limits = { ...defaultLimits, ...given };
    this.#calls = new Calls({ access, log, limits });
    this.#reads = this.#library('read', limits.readMs);
    this.#slowReads = this.#library('read', limits.writeMs);
    this.#writes = this.#library('write', limits.writeMs);
    this.#batches = this.#library('read', limits.readMs, batchRefusals);
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
    return this.#searchByPost(type, params, STRICT);
  }

  /**
   * A further page, by an address that was found to be below the base. Where the server wrote into it what is known of a
   * person, it is asked for by POST, as the first one was (R4 http, search: both mean the same).
   */
  page(url: string): Promise<Answer> {
    const [, type, query = ''] = /^\/([A-Z][A-Za-z]+)\?(.*)$/.exec(url.slice(this.baseUrl.length)) ?? [];
    const params = [...new URLSearchParams(query)];
    if (type !== undefined && params.some(([name]) => isOfPerson(name))) {
      return this.#searchByPost(type, params, FRESH);
    }
    return this.#answer(this.#reads.request(url, { options: { headers: FRESH } }));
  }

  /** A batch that holds nothing but reads and searches. One of `batchRefusals` is answered without a body. */
  readBatch(batch: Bundle): Promise<Answer> {
    return this.#bundle(this.#batches, batch, STRICT);
  }

  transaction(transaction: Bundle): Promise<Answer> {
    return this.#bundle(this.#writes, transaction, WHOLE);
  }

  put(resource: Resource & { id: string }, precondition: Precondition): Promise<Answer> {
    const { resourceType, id } = resource;
    const options = { headers: { ...WHOLE, ...headersOf(precondition) } };
    return this.#answer(this.#writes.update({ resourceType, id, body: { ...resource }, options }));
  }

  remove(type: string, id: string, precondition: Precondition): Promise<Answer> {
    const options = { headers: headersOf(precondition) };
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
    this.#calls.close();
  }

  #searchByPost(type: string, params: SearchParams, headers: Record<string, string>): Promise<Answer> {
    const options = { headers, postSearch: true };
    const searchParams: Record<string, string[]> = {};
    for (const [name, value] of params) searchParams[name] = [...(searchParams[name] ?? []), value];
    return this.#answer(this.#reads.resourceSearch({ resourceType: type, searchParams, options }));
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
  #library(kind: Request['kind'], ms: number, passed?: ReadonlySet<number>): Client {
    const library = new Client({ baseUrl: this.baseUrl });
    library.httpClient.request = async (method, address, options, body) => {
      const url = address.startsWith(this.baseUrl) ? address : `${this.baseUrl}/${address.replace(/^\/+/, '')}`;
      const headers = { Accept: 'application/fhir+json', ...options?.headers };
      const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
      const answer = await this.#calls.make({
        ...{ method, url, headers, kind, ms },
        ...(text === undefined ? {} : { body: text }),
        ...(passed === undefined ? {} : { passed }),
      });
      const handle = answer.resource ?? { resourceType: '' };
      this.#answers.set(handle, answer);
      return handle;
    };
    return library;
  }
}

/** Does this parameter, or the end of its chain, hold a number, a name or the like of somebody? */
function isOfPerson(name: string): boolean {
  return /(?:^|[.:])(?:identifier|telecom|phone|email|family|given|name|phonetic|birthdate|address[a-z-]*)(?=:|$)/.test(
    name,
  );
}

/** Values are encoded as in a form. */
export function queryOf(params: SearchParams): string {
  return new URLSearchParams(params.map(([name, value]): [string, string] => [name, value])).toString();
}
