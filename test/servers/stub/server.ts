import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Answer, type Body, type Call, type Params, Refusal, refusal, refused } from './call.ts';
import type { Context } from './context.ts';
import type { Faults, Trouble } from './faults.ts';
import { interact } from './interactions.ts';
import type { Ledger } from './ledger.ts';
import { breakConnection, failure, pageForPeople, redirectTo, toWire, write, writeBadly } from './wire.ts';

/** What stands before the interactions. */
export interface Front {
  readonly context: Context;
  readonly faults: Faults;
  readonly ledger: Ledger;
  /** Answers a call of the control address; false if it is none. */
  readonly control: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** The path of the FHIR base. */
const BASE = '/fhir';

/** An HTTP server on one port, that can go down and come back. */
export class StubServer {
  readonly #front: Front;
  readonly #later = new Set<NodeJS.Timeout>();
  #server: Server | undefined;
  #port: number;
  #stopped = false;

  constructor(front: Front, port: number) {
    this.#front = front;
    this.#port = port;
  }

  /** Errors: those of `listen`. */
  async up(): Promise<void> {
    if (this.#server || this.#stopped) return;
    const server = createServer((request, response) => {
      this.#handle(request, response).catch((cause: unknown) => {
        console.error('The stub failed', cause);
        breakConnection(response);
      });
    });
    // A connection that a client keeps must not be closed under its next call.
    server.keepAliveTimeout = 60_000;
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#front.context.base = `http://127.0.0.1:${this.#port}${BASE}`;
  }

  async down(ms?: number): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server) {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    }
    if (ms !== undefined) this.#after(ms, () => this.up());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#later) clearTimeout(timer);
    await this.down();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#front.control(request, response)) return;
    const begun = performance.now();
    const body = await text(request).catch(() => undefined);
    // Half a request is none.
    if (body === undefined) return;
    const asked = askedOf(request, body);
    const trouble = this.#front.faults.strike(asked);
    const record = this.#front.ledger.begin({
      method: asked.method,
      path: asked.named,
      content: `${request.url} ${body}`,
      ...(asked.entries === undefined ? {} : { entries: asked.entries }),
    });
    if (trouble) record.trouble = trouble.kind;
    response.once('close', () => {
      record.durationMs = Math.round(performance.now() - begun);
      if (response.headersSent) record.status = response.statusCode;
    });
    const work = async (): Promise<Answer> => {
      const answer = await this.#answer(request, asked.call);
      record.wrote = answer.wrote ?? [];
      return answer;
    };
    if (trouble) return this.#meet(trouble, response, work);
    write(response, toWire(await work()));
  }

  async #meet(trouble: Trouble, response: ServerResponse, work: () => Promise<Answer>): Promise<void> {
    const isGone = () => response.destroyed;
    if ('done' in trouble && trouble.done) await work();
    switch (trouble.kind) {
      case 'cut':
        return breakConnection(response);
      case 'lose-answer':
        await work();
        return breakConnection(response);
      case 'hang':
        if (trouble.ms !== undefined) {
          this.#after(trouble.ms, async () => {
            if (!isGone()) write(response, toWire(await work()));
          });
        }
        return;
      case 'hang-after': {
        const answer = await work();
        if (trouble.ms !== undefined) this.#after(trouble.ms, async () => write(response, toWire(answer)));
        return;
      }
      case 'late':
        this.#after(trouble.ms, async () => {
          await work();
        });
        return;
      case 'status':
        return write(response, failure(trouble.status, trouble.retryAfter));
      case 'html':
        return write(response, pageForPeople);
      case 'redirect':
        return write(response, redirectTo(trouble.to));
      case 'down':
        return this.down(trouble.ms);
      default:
        return writeBadly(response, await work(), trouble);
    }
  }

  async #answer(request: IncomingMessage, call: Call | Refusal): Promise<Answer> {
    if (call instanceof Refusal) return refused(call);
    const { context } = this.#front;
    const { token } = context.mode;
    const isOpen = call.method === 'GET' && call.path[0] === 'metadata';
    if (token !== null && !isOpen && request.headers.authorization !== `Bearer ${token}`) {
      const answer = refused(refusal(401, 'login', 'A bearer token is needed.'));
      return { ...answer, headers: { 'WWW-Authenticate': 'Bearer' } };
    }
    const accepted = request.headers.accept;
    if (accepted !== undefined && !/json|application\/\*|\*\/\*/.test(accepted)) {
      return refused(refusal(406, 'not-supported', 'There is JSON only.'));
    }
    try {
      return await interact(context, call);
    } catch (cause) {
      console.error('The stub failed', cause);
      return refused(refusal(500, 'exception', 'The stub itself failed; its standard error says how.'));
    }
  }

  #after(ms: number, work: () => Promise<void>): void {
    const timer = setTimeout(() => {
      this.#later.delete(timer);
      work().catch((cause: unknown) => console.error('The stub failed', cause));
    }, ms);
    this.#later.add(timer);
  }
}

interface Asked {
  readonly method: string;
  /** Below the base, without query. */
  readonly path: string;
  /** With the names of the parameters. */
  readonly named: string;
  readonly writes: readonly string[];
  readonly entries: number | undefined;
  readonly call: Call | Refusal;
}

function askedOf(request: IncomingMessage, text: string): Asked {
  const method = request.method ?? '';
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://stub');
  const path = pathname.startsWith(`${BASE}/`) ? pathname.slice(BASE.length) : pathname === BASE ? '/' : pathname;
  const body = bodyOf(request, text);
  const query: Params = [...searchParams];
  const form = 'kind' in body && body.kind === 'form' ? body.params : [];
  const names = [...query, ...form].map(([name]) => name).join('&');
  const { writes, entries } = writesOf(method, path, body);
  const within = pathname === BASE || pathname.startsWith(`${BASE}/`);
  return {
    method,
    path,
    named: names === '' ? path : `${path}?${names}`,
    writes,
    entries,
    call: !within
      ? refusal(404, 'not-found', 'There is nothing outside the FHIR base.')
      : body instanceof Refusal
        ? body
        : {
            method,
            path: path.split('/').filter((part) => part !== ''),
            query,
            header: (name) => [request.headers[name]].flat()[0],
            body,
          },
  };
}

function bodyOf(request: IncomingMessage, text: string): Body | Refusal {
  if (text === '') return { kind: 'none' };
  const type = request.headers['content-type']?.split(';')[0]?.trim();
  if (type === 'application/x-www-form-urlencoded') return { kind: 'form', params: [...new URLSearchParams(text)] };
  if (type !== 'application/fhir+json' && type !== 'application/json') {
    return refusal(415, 'not-supported', 'The body must be application/fhir+json.');
  }
  try {
    return { kind: 'json', value: JSON.parse(text) };
  } catch {
    return refusal(400, 'structure', 'The body is not JSON.');
  }
}

/** The types that a call would write. */
function writesOf(
  method: string,
  path: string,
  body: Body | Refusal,
): { readonly writes: readonly string[]; readonly entries: number | undefined } {
  if (body instanceof Refusal || body.kind !== 'json') return { writes: [], entries: undefined };
  const { value } = body;
  if (path === '/' && typeof value === 'object' && value !== null && 'entry' in value && Array.isArray(value.entry)) {
    const types = value.entry.flatMap((one: unknown) =>
      typeof one === 'object' && one !== null && 'resource' in one ? typeOf(one.resource) : [],
    );
    return { writes: [...new Set(types)], entries: value.entry.length };
  }
  return { writes: method === 'PUT' || method === 'POST' ? typeOf(value) : [], entries: undefined };
}

function typeOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null || !('resourceType' in value)) return [];
  return typeof value.resourceType === 'string' ? [value.resourceType] : [];
}
