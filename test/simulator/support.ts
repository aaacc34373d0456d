import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NotifyClient } from 'notifications-node-client';
import { onTestFinished } from 'vitest';
import { apiKeys, serviceId } from '../../src/simulator/settings.ts';
import { createSimulator, type Simulator, type SimulatorOptions } from '../../src/simulator/simulator.ts';

/** Longer than every wait of the defaults: a message accepted before it has its outcome after it. */
export const SETTLED_MS = 1_000;

/** A simulator whose messages only move when the test moves the clock; closed with the test. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const startedAt = Date.now();
  const simulator = createSimulator({ clock: { now: () => new Date(startedAt) }, ...options });
  await simulator.listen();
  onTestFinished(() => simulator.close());
  return simulator;
}

export function clientOf(simulator: Simulator, key: keyof Simulator['keys'] = 'normal'): NotifyClient {
  return new NotifyClient(simulator.url, simulator.keys[key]);
}

/** A token as the client makes it, less or more what a test wants wrong. */
export function token(
  claims: Record<string, unknown> = {},
  secret: string = apiKeys.normal.secret,
  header: Record<string, unknown> = { typ: 'JWT', alg: 'HS256' },
): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const all = { iss: serviceId, iat: Math.floor(Date.now() / 1000), ...claims };
  const signed = `${part(header)}.${part(all)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** A request that no client would make. `body` is sent as it is when it is text. */
export async function raw(
  simulator: Simulator,
  method: string,
  path: string,
  body?: unknown,
  authorization: string | null = `Bearer ${token()}`,
): Promise<Reply> {
  const response = await fetch(`${simulator.url}${path}`, {
    method,
    redirect: 'manual',
    signal: AbortSignal.timeout(10_000),
    headers: authorization === null ? {} : { authorization },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text,
  };
}

/** The texts of an error in Notify's envelope. */
export function errorsOf({ body }: Reply): string[] {
  return (body as { errors: { error: string; message: string }[] }).errors.map(
    ({ error, message }) => `${error}: ${message}`,
  );
}

export interface Receiver {
  readonly url: string;
  readonly got: { readonly authorization: string | undefined; readonly body: Record<string, unknown> }[];
  /** Statuses to answer, in order; then 200. `null` answers nothing. */
  readonly answers: (number | null)[];
}

/** A service's address for callbacks. */
export async function startReceiver(): Promise<Receiver> {
  const got: Receiver['got'] = [];
  const answers: (number | null)[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      got.push({ authorization: request.headers.authorization, body: JSON.parse(text) });
      const status = answers.shift();
      if (status !== null) response.writeHead(status ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, got, answers };
}

export const callbackToken = 'a-callback-token';

/** An address that Notify takes. */
export const address = { address_line_1: 'Pat Example', address_line_2: '1 High Street', postcode: 'LS1 4AP' };

/** A letter through the pass-through template; answers the id. */
export async function sendLetter(
  simulator: Simulator,
  values: Record<string, unknown> = {},
  reference?: string,
  key: keyof Simulator['keys'] = 'normal',
): Promise<string> {
  const personalisation = { ...address, subject: 'Your appointment', body: 'Dear Pat', ...values };
  const options = { personalisation, ...(reference !== undefined && { reference }) };
  return (await clientOf(simulator, key).sendLetter(simulator.templates.letter, options)).data.id;
}

/** The lines of text in a PDF that the simulator wrote, as a reader shows them. */
export function pdfText(pdf: Buffer): string[] {
  const source = pdf.toString('latin1');
  const others = new Map(
    [...source.matchAll(/^<([0-9A-F]{2})> <([0-9A-F]+)>$/gm)].map(([, code = '', utf16 = '']) => [
      Number.parseInt(code, 16),
      Buffer.from(utf16, 'hex').swap16().toString('utf16le'),
    ]),
  );
  const windows = new TextDecoder('windows-1252');
  return [...source.matchAll(/^BT .*? Tm (.*) ET$/gm)].map(([, runs = '']) =>
    [...runs.matchAll(/\/(F\d) \d+ Tf \(((?:[^\\)]|\\.)*)\) Tj/g)]
      .map(([, font, escaped = '']) => {
        const bytes = escaped.replace(/\\(\d{3}|.)/g, (_, one: string) =>
          one.length === 3 ? String.fromCharCode(Number.parseInt(one, 8)) : one,
        );
        return font === 'F1' || font === 'F2'
          ? windows.decode(Buffer.from(bytes, 'latin1'))
          : [...bytes].map((byte) => others.get(byte.charCodeAt(0))).join('');
      })
      .join(''),
  );
}

/** A text of one line through the pass-through template; answers the id. */
export async function sendText(simulator: Simulator, to = '07700900123', options: object = {}): Promise<string> {
  const answer = await clientOf(simulator).sendSms(simulator.templates.sms, to, {
    personalisation: { body: 'Hello' },
    ...options,
  });
  return answer.data.id;
}
