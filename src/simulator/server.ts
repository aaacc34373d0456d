import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, answerCall, type Call, operationOf } from './api.ts';
import { answerControl } from './control-routes.ts';
import type { Controls } from './controls.ts';
import { acceptingFaults, type FaultRule, isOneOf, readingFaults, refusingFaults } from './faults.ts';
import { addressLines, squeeze } from './letters/address.ts';
import { NotifyError, v2Error } from './notify-error.ts';
import { pageHeaders, renderPage } from './page.ts';
import { answerForm, isNoticeName, notices } from './page-forms.ts';
import { normaliseRecipient } from './recipients.ts';
import { acceptBadly, refuse, writeAnswer } from './wire-faults.ts';
import type { World } from './world.ts';

/** Files by email travel inside the JSON, so a body may be this large. */
const MOST_BYTES = 16 * 1024 * 1024;

/** How long after the request the row of `accept-late` appears, unless the fault says. */
const LATE_MS = 1000;

/** The three faces of the simulator on one port: Notify's API, the control address, and the page. */
export function createSimulatorServer(world: World, controls: Controls, stopping: AbortSignal): Server {
  const server = createServer((request, response) => {
    answer(world, controls, stopping, request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 30_000;
  return server;
}

async function answer(
  world: World,
  controls: Controls,
  stopping: AbortSignal,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const root = `http://${request.headers.host ?? 'localhost'}`;
  const url = new URL(request.url ?? '/', root);
  const method = request.method ?? 'GET';
  const body = await readBody(request);
  if (body === undefined) {
    writeJson(response, { status: 413, body: { error: 'the body is too large' } });
    return;
  }
  if (url.pathname === '/' && method === 'GET') {
    const said = url.searchParams.get('said');
    const notice = isNoticeName(said) ? ({ kind: 'done', text: notices[said] } as const) : undefined;
    response.writeHead(200, pageHeaders);
    response.end(renderPage(world, notice));
  } else if (url.pathname.startsWith('/page/') && method === 'GET') {
    writePdfOf(world, url.pathname, response);
  } else if (url.pathname.startsWith('/page/') && method === 'POST') {
    const { origin, 'sec-fetch-site': site } = request.headers;
    const fields = new URLSearchParams(body.toString('utf8'));
    const path = url.pathname;
    const form = await answerForm(controls, {
      path,
      fields,
      origin,
      root,
      site: typeof site === 'string' ? site : undefined,
    });
    if (form.kind === 'done') {
      response.writeHead(303, { location: `/?said=${form.notice}`, 'content-length': 0 }).end();
    } else {
      response.writeHead(form.status, pageHeaders);
      response.end(renderPage(world, form.notice));
    }
  } else if (url.pathname.startsWith('/control/')) {
    const mediaType = request.headers['content-type'];
    const call = { method, path: url.pathname, query: url.searchParams, mediaType, body };
    writeJson(response, await answerControl(controls, call));
  } else {
    const { authorization } = request.headers;
    const call = { method, path: url.pathname, query: url.searchParams, authorization, body, root };
    await answerNotify(world, call, stopping, response);
  }
}

async function answerNotify(world: World, call: Call, stopping: AbortSignal, response: ServerResponse): Promise<void> {
  const fault = strike(world, call);
  if (fault !== undefined && (isOneOf(refusingFaults, fault.fault) || isOneOf(readingFaults, fault.fault))) {
    refuse(fault.fault, response, world.settings.current.service, operationOf(call)?.channel);
    return;
  }
  const beforeCommit = async (): Promise<void> => {
    if (fault?.fault === 'accept-late') await sleep(fault.delayMs ?? LATE_MS, undefined, { signal: stopping });
  };
  const answer = await attempt(() => answerCall(world, call, beforeCommit));
  if (answer.status === 201 && fault !== undefined && isOneOf(acceptingFaults, fault.fault)) {
    acceptBadly(fault.fault, response, answer);
  } else {
    writeAnswer(response, answer);
  }
}

/** A letter's PDF for whoever looks at the page. */
function writePdfOf(world: World, path: string, response: ServerResponse): void {
  const [, id = ''] = /^\/page\/letters\/([0-9a-f-]{36})\.pdf$/.exec(path) ?? [];
  const pdf = world.letters.pdf(id);
  if (pdf === undefined) {
    response.writeHead(404, { 'content-type': 'text/plain', 'content-length': 0 }).end();
    return;
  }
  response.writeHead(200, {
    'content-type': 'application/pdf',
    'content-length': pdf.length,
    'cache-control': 'no-store',
  });
  response.end(pdf);
}

/** Any error that is not an answer of Notify's becomes its 500. */
async function attempt(call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof NotifyError) return { status: error.status, body: error.body };
    return v2Error(500, { error: 'Exception', message: 'Internal server error' });
  }
}

/** The fault that this request runs into. The recipient is looked for leniently: the API has yet to read the body. */
function strike(world: World, call: Call): FaultRule | undefined {
  if (world.faults.none) return undefined;
  const found = operationOf(call);
  if (found === undefined) return undefined;
  const recipient = found.operation === 'send' ? recipientIn(call.body) : undefined;
  return world.faults.strike({ ...found, recipient });
}

function recipientIn(body: Buffer): string | undefined {
  try {
    const { phone_number: phone, email_address: email, personalisation } = JSON.parse(body.toString('utf8'));
    const raw: unknown = phone ?? email;
    if (typeof raw === 'string') return normaliseRecipient(raw);
    return typeof personalisation === 'object' ? squeeze(addressLines(personalisation ?? {}).join('\n')) : undefined;
  } catch {
    return undefined;
  }
}

/** The whole body; undefined when it is too large. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= MOST_BYTES) chunks.push(chunk);
  }
  return size > MOST_BYTES ? undefined : Buffer.concat(chunks);
}

/** Of the control address: JSON, or text as it is. */
function writeJson(response: ServerResponse, { status, body }: Answer): void {
  if (body === undefined) {
    response.writeHead(status).end();
    return;
  }
  const isText = typeof body === 'string';
  response.writeHead(status, {
    'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json',
    'cache-control': 'no-store',
  });
  response.end(isText ? body : JSON.stringify(body));
}
