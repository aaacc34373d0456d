import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, issue, outcomeOf } from './call.ts';
import type { Trouble } from './faults.ts';

/** What goes over the wire. */
export interface Written {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export function toWire({ status, headers, body }: Answer): Written {
  const text = body === undefined ? '' : JSON.stringify(body);
  return { status, headers: { ...headers, ...(text === '' ? {} : { 'Content-Type': FHIR_JSON }) }, text };
}

export function write(response: ServerResponse, { status, headers, text }: Written): void {
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(text) }).end(text);
}

export function breakConnection(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
}

/** An error that has nothing to do with the call. */
export function failure(status: number, retryAfter: number | undefined): Written {
  const wire = toWire({ status, headers: {}, body: outcomeOf([issue('transient', 'The server is in trouble.')]) });
  if (retryAfter === undefined) return wire;
  return { ...wire, headers: { ...wire.headers, 'Retry-After': String(retryAfter) } };
}

export const pageForPeople: Written = {
  status: 200,
  headers: { 'Content-Type': 'text/html' },
  text: '<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>',
};

export function redirectTo(address: string): Written {
  return { status: 307, headers: { Location: address }, text: '' };
}

/** An answer whose `next` link leads elsewhere, or that got one. */
export function withNextLink(answer: Answer, url: string): Answer {
  const { body } = answer;
  if (body?.resourceType !== 'Bundle') return answer;
  const link = [...(body.link ?? []).filter(({ relation }) => relation !== 'next'), { relation: 'next', url }];
  return { ...answer, body: { ...body, link } };
}

/** The answer as a troubled server would send it. */
export async function writeBadly(
  response: ServerResponse,
  answer: Answer,
  trouble: Extract<Trouble, { kind: 'truncated' | 'cut-body' | 'next-elsewhere' | 'slow' | 'huge' }>,
): Promise<void> {
  const wire = toWire(trouble.kind === 'next-elsewhere' ? withNextLink(answer, trouble.to) : answer);
  const half = wire.text.slice(0, wire.text.length / 2);
  switch (trouble.kind) {
    case 'next-elsewhere':
      return write(response, wire);
    case 'truncated':
      return write(response, { ...wire, text: half });
    case 'cut-body':
      response.writeHead(wire.status, { ...wire.headers, 'Content-Length': Buffer.byteLength(wire.text) });
      await new Promise((resolve) => response.write(half, resolve));
      return breakConnection(response);
    case 'huge':
      return write(response, { ...wire, text: wire.text.padEnd(trouble.bytes) });
    case 'slow':
      return writeSlowly(response, wire, trouble);
    default:
      return trouble satisfies never;
  }
}

async function writeSlowly(
  response: ServerResponse,
  { status, headers, text }: Written,
  { bytes, everyMs }: { readonly bytes: number; readonly everyMs: number },
): Promise<void> {
  const all = Buffer.from(text);
  response.writeHead(status, { ...headers, 'Content-Length': all.length });
  for (let at = 0; at < all.length && !response.destroyed; at += bytes) {
    response.write(all.subarray(at, at + bytes));
    await sleep(everyMs, undefined, { ref: false });
  }
  response.end();
}

const FHIR_JSON = 'application/fhir+json; charset=utf-8';
