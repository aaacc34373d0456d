import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { StubControl } from './control.ts';
import { isDownRequest, isFaultList, isModeChange } from './control-schemas.ts';

/** The path of the control address. */
export const CONTROL = '/__control';

/** The same as `StubControl`, by HTTP: its methods and what they take and answer, in JSON. */
const routes: Readonly<Record<string, (control: StubControl, body: unknown) => Promise<unknown>>> = {
  'GET /faults': (control) => control.armed(),
  'POST /faults': (control, body) => (isFaultList(body) ? control.arm(...body) : malformed('a list of faults')),
  'DELETE /faults': (control) => control.disarm(),
  'POST /mode': (control, body) => (isModeChange(body) ? control.set(body) : malformed('readOnly, full, token')),
  'POST /down': (control, body) => (isDownRequest(body) ? control.down(body.ms) : malformed('ms, or nothing')),
  'POST /up': (control) => control.up(),
  'GET /ledger': async (control) => ({ count: await control.count(), calls: await control.calls() }),
  'DELETE /ledger': (control) => control.emptyLedger(),
  'GET /dump': (control) => control.dump(),
  'GET /duplicates': (control) => control.duplicates(),
};

/** Answers a call of the control address; false if it is none. */
export function answerControl(control: StubControl, request: IncomingMessage, response: ServerResponse): boolean {
  const { pathname } = new URL(request.url ?? '/', 'http://stub');
  if (!pathname.startsWith(CONTROL)) return false;
  const route = routes[`${request.method} ${pathname.slice(CONTROL.length)}`];
  const work = async (): Promise<unknown> => {
    if (!route) throw new ControlError(404, `There is ${Object.keys(routes).join(', ')}`);
    const body = request.method === 'POST' ? await bodyOf(request) : undefined;
    return route(control, body);
  };
  work().then(
    (answer = {}) => send(response, 200, answer),
    (cause: unknown) => {
      if (cause instanceof ControlError) return send(response, cause.status, { error: cause.message });
      return send(response, 500, { error: String(cause) });
    },
  );
  return true;
}

/** A port of its own for the control address: it answers also while the server is down. Answers its URL. */
export async function listenForControl(control: StubControl, port: number): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    if (!answerControl(control, request, response)) send(response, 404, { error: `The address is ${CONTROL}` });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${CONTROL}` };
}

class ControlError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

function malformed(what: string): never {
  throw new ControlError(400, `The body must be ${what}.`);
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  if (request.headers['content-length'] === '0' || request.headers['content-type'] === undefined) return {};
  return json(request).catch(() => malformed('JSON'));
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}
