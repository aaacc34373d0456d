import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** One answer of the script. What is not scripted is answered as a well-behaved Notify would. */
export type Reply =
  | {
      readonly status: number;
      /** A text or the bytes of a file as they are; anything else as JSON. */
      readonly body: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** The connection ends before a byte of the answer. */
  | 'cut'
  /** The status line and headers come, and half of the body. */
  | { readonly cutAfter: number; readonly body: string }
  | 'hang';

export interface StubRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Record<string, unknown>;
  /** Which connection carried it: 1 is the first. */
  readonly connection: number;
}

export interface StubNotify {
  readonly url: string;
  readonly requests: StubRequest[];
  /** Requests of one method and path (without query). */
  seen(route: string): StubRequest[];
  /** Queues answers for a route, such as `POST /v2/notifications/sms`; each is used once. */
  script(route: string, ...replies: Reply[]): void;
  templates: Record<string, unknown>[];
  close(): Promise<void>;
}

/** A Notify that does as the test says: a server on a free loopback port. */
export async function startStubNotify(): Promise<StubNotify> {
  const requests: StubRequest[] = [];
  const scripts = new Map<string, Reply[]>();
  const connections = new Map<Socket, number>();
  const stub = { templates: passThroughTemplates() };

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const url = new URL(request.url ?? '/', 'http://stub.invalid');
    const text = Buffer.concat(chunks).toString();
    const seen: StubRequest = {
      method: request.method ?? '',
      path: `${url.pathname}${url.search}`,
      headers: request.headers,
      body: text === '' ? {} : JSON.parse(text),
      connection: connections.get(request.socket) ?? 0,
    };
    requests.push(seen);
    const route = `${seen.method} ${url.pathname}`;
    const reply = scripts.get(route)?.shift() ?? usual(route, seen, stub.templates);
    perform(reply, response);
  });
  server.on('connection', (socket) => connections.set(socket, connections.size + 1));
  await listen(server);
  const { port } = server.address() as AddressInfo;

  return Object.assign(stub, {
    url: `http://127.0.0.1:${port}`,
    requests,
    seen: (route: string) => requests.filter((one) => `${one.method} ${one.path.split('?', 1)[0]}` === route),
    script(route: string, ...replies: Reply[]) {
      scripts.set(route, [...(scripts.get(route) ?? []), ...replies]);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

/** An error in Notify's v2 envelope. */
export function v2Error(status: number, ...errors: (readonly [error: string, message: string])[]): Reply {
  return { status, body: { status_code: status, errors: errors.map(([error, message]) => ({ error, message })) } };
}

/** The 201 that Notify gives for a text, an email or a letter. */
export function created(request: Pick<StubRequest, 'body'>, change: Record<string, unknown> = {}): Reply {
  const personalisation = request.body.personalisation as Record<string, string>;
  return {
    status: 201,
    body: {
      id: randomUUID(),
      reference: request.body.reference ?? null,
      uri: 'http://stub.invalid/v2/notifications/x',
      scheduled_for: null,
      template: { id: request.body.template_id, version: 3, uri: 'http://stub.invalid/services/s/templates/t' },
      content: { body: personalisation.body, subject: personalisation.subject, from_number: 'NHS' },
      ...change,
    },
  };
}

export const SMS_TEMPLATE = '11111111-aaaa-4aaa-8aaa-111111111111';
export const EMAIL_TEMPLATE = '22222222-bbbb-4bbb-8bbb-222222222222';
export const LETTER_TEMPLATE = '33333333-cccc-4ccc-8ccc-333333333333';

/** Three templates that add nothing, among others that do. */
export function passThroughTemplates(): Record<string, unknown>[] {
  return [
    template({ type: 'sms', body: 'Dear patient, ((body))' }),
    template({ type: 'email', subject: 'Your visit', body: '((body))' }),
    template({ id: SMS_TEMPLATE, type: 'sms', body: ' ((Body))\n' }),
    template({ id: EMAIL_TEMPLATE, type: 'email', subject: '((subject))', body: '(( b-o_dy ))' }),
    template({ id: LETTER_TEMPLATE, type: 'letter', subject: '((subject))', body: '((body))' }),
  ];
}

export function template(change: Record<string, unknown>): Record<string, unknown> {
  return { id: randomUUID(), name: 'x', version: 3, subject: null, personalisation: {}, ...change };
}

function usual(route: string, request: StubRequest, templates: Record<string, unknown>[]): Reply {
  if (route === 'GET /v2/templates') return { status: 200, body: { templates } };
  if (route === 'GET /v2/notifications') return { status: 200, body: { notifications: [], links: { current: 'x' } } };
  if (request.method === 'POST') return created(request);
  return v2Error(404, ['NoResultFound', 'No result found']);
}

function perform(reply: Reply, response: ServerResponse): void {
  if (reply === 'hang') return;
  if (reply === 'cut') {
    response.socket?.destroy();
  } else if ('cutAfter' in reply) {
    response.writeHead(reply.cutAfter, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(reply.body) * 2,
    });
    response.write(reply.body, () => response.socket?.destroy());
  } else {
    const asItIs = typeof reply.body === 'string' || Buffer.isBuffer(reply.body);
    const text = asItIs ? reply.body : JSON.stringify(reply.body);
    response.writeHead(reply.status, { 'Content-Type': 'application/json', ...reply.headers }).end(text);
  }
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
}
