import type { Bundle, Communication, OperationOutcome, Patient, Resource } from '@medplum/fhirtypes';
import { onTestFinished } from 'vitest';
import { type Stub, type StubOptions, startStub } from '../servers/stub/stub.ts';

/** An answer as it came over the wire. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Errors: SyntaxError when it is no JSON. */
  readonly body: Resource;
}

export interface Client {
  get(path: string, headers?: Record<string, string>): Promise<Reply>;
  put(resource: Resource & { id: string }, headers?: Record<string, string>): Promise<Reply>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Reply>;
  /** POST `_search`. */
  find(type: string, form: Record<string, string>, headers?: Record<string, string>): Promise<Reply>;
  send(method: string, path: string, init?: RequestInit): Promise<Reply>;
}

/** Speaks plain HTTP, so that nothing stands between a test and the server. `path` may be a whole URL. */
export function clientOf(base: string): Client {
  const send = async (method: string, path: string, init: RequestInit = {}): Promise<Reply> => {
    const url = path.startsWith('http') ? path : `${base}${path}`;
    const answer = await fetch(url, { redirect: 'manual', ...init, method });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      get body() {
        return JSON.parse(text) as Resource;
      },
    };
  };
  const sendJson = (method: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
    send(method, path, {
      headers: { 'Content-Type': 'application/fhir+json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  return {
    send,
    get: (path, headers = {}) => send('GET', path, { headers }),
    put: (resource, headers) => sendJson('PUT', `/${resource.resourceType}/${resource.id}`, resource, headers),
    post: (path, body, headers) => sendJson('POST', path, body, headers),
    find: (type, form, headers = {}) => send('POST', `/${type}/_search`, { headers, body: new URLSearchParams(form) }),
  };
}

/** A stub for one test, and a client of it. Without a lag unless the test is about that. */
export async function aStub(options: StubOptions = {}): Promise<{ stub: Stub; client: Client }> {
  const stub = await startStub({ indexLagMs: 0, ...options });
  onTestFinished(() => stub.stop());
  return { stub, client: clientOf(stub.url) };
}

export function aPatient(id: string, more: Partial<Patient> = {}): Patient & { id: string } {
  return { resourceType: 'Patient', ...more, id };
}

export function aMessage(
  id: string,
  patient: string,
  more: Partial<Communication> = {},
): Communication & { id: string } {
  return { resourceType: 'Communication', status: 'completed', subject: { reference: patient }, ...more, id };
}

/** Errors: Error when it is no Bundle. */
export function bundleIn({ body, status }: Reply): Bundle {
  if (body.resourceType !== 'Bundle') throw new Error(`${status} with a ${body.resourceType}`);
  return body;
}

/** Ids on a page of a search, in its order. */
export function idsIn(reply: Reply): (string | undefined)[] {
  return (bundleIn(reply).entry ?? []).map(({ resource }) => resource?.id);
}

export function linkIn(reply: Reply, relation: string): string | undefined {
  return bundleIn(reply).link?.find((one) => one.relation === relation)?.url;
}

/** Errors: Error when it is no OperationOutcome. */
export function outcomeIn({ body, status }: Reply): OperationOutcome {
  if (body.resourceType !== 'OperationOutcome') throw new Error(`${status} with a ${body.resourceType}`);
  return body;
}

/** A clock that a test moves. */
export function aClock(): { now(): Date; pass(ms: number): void } {
  let time = Date.parse('2026-03-02T09:00:00Z');
  return {
    now: () => new Date(time),
    pass(ms) {
      time += ms;
    },
  };
}
