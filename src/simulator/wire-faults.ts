import type { ServerResponse } from 'node:http';
import type { Answer } from './api.ts';
import type { AcceptingFault, ReadingFault, RefusingFault } from './faults.ts';
import {
  authError,
  clockMessage,
  dayLimited,
  type NotifyError,
  notFound,
  pdfNotReady,
  rateLimited,
  v2Error,
} from './notify-error.ts';
import { type Channel, LETTERS_A_DAY, type ServiceSettings } from './settings.ts';
import { toJson } from './views.ts';

/** Writes an answer as Notify does. */
export function writeAnswer(response: ServerResponse, { status, body }: Answer): void {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(toJson(body));
  response.writeHead(status, headers(Buffer.isBuffer(body) ? 'application/pdf' : 'application/json', bytes));
  response.end(bytes);
}

/** What a client meets when nothing was accepted. */
export function refuse(
  fault: RefusingFault | ReadingFault,
  response: ServerResponse,
  service: ServiceSettings,
  channel: Channel = 'sms',
): void {
  switch (fault) {
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'hang':
      return;
    case 'html-502':
      writeBadGateway(response);
      return;
    case 'redirect':
      response.writeHead(302, { location: '/v2/notifications', 'content-length': 0 });
      response.end();
      return;
    case 'error-500':
      writeError(response, v2Error(500, { error: 'OperationalError', message: 'Internal server error' }));
      return;
    case 'rate-limited':
      writeError(response, rateLimited('normal', service.ratePerMinute));
      return;
    case 'day-limited':
      writeError(response, dayLimited(channel, service.dailyLimits[channel] ?? LETTERS_A_DAY));
      return;
    case 'auth-refused':
      writeError(response, authError(403, 'Invalid token: API key not found'));
      return;
    case 'clock-refused':
      writeError(response, authError(403, clockMessage));
      return;
    case 'not-found':
      writeError(response, notFound());
      return;
    case 'pdf-not-ready':
      writeError(response, pdfNotReady());
      return;
    default:
      fault satisfies never;
  }
}

/** What a client meets although its message was accepted: the answer that it should have had is `answer`. */
export function acceptBadly(fault: AcceptingFault, response: ServerResponse, answer: Answer): void {
  const text = toJson(answer.body);
  const half = text.slice(0, text.length / 2);
  switch (fault) {
    case 'accept-drop':
      response.socket?.resetAndDestroy();
      return;
    case 'accept-hang':
      return;
    case 'accept-500':
      writeError(response, v2Error(500, { error: 'OperationalError', message: 'Internal server error' }));
      return;
    case 'accept-504':
      writeError(response, v2Error(504, { error: 'SoftEventletTimeout', message: 'Timeout serving request' }));
      return;
    case 'accept-html-502':
      writeBadGateway(response);
      return;
    case 'accept-truncated':
      response.writeHead(answer.status, headers('application/json', text));
      response.write(half, () => response.socket?.destroy());
      return;
    case 'accept-broken-json':
      response.writeHead(answer.status, headers('application/json', half));
      response.end(half);
      return;
    case 'accept-late':
      writeAnswer(response, answer);
      return;
    default:
      fault satisfies never;
  }
}

function writeError(response: ServerResponse, { status, body }: NotifyError): void {
  writeAnswer(response, { status, body });
}

/** What stands in front of Notify answers in HTML, without Notify's headers. */
function writeBadGateway(response: ServerResponse): void {
  const page = '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>';
  response.writeHead(502, { 'content-type': 'text/html', 'content-length': Buffer.byteLength(page) });
  response.end(page);
}

let traces = 0;

function headers(type: string, text: string | Buffer): Record<string, string | number> {
  traces += 1;
  const trace = traces.toString(16).padStart(16, '0');
  return {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'access-control-allow-origin': '*',
    'access-control-allow-headers': 'Content-Type,Authorization',
    'access-control-allow-methods': 'GET,PUT,POST,DELETE',
    'cache-control': 'no-store, no-cache, private, must-revalidate',
    'strict-transport-security': 'max-age=31536000; preload',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'deny',
    'x-b3-traceid': trace,
    'x-b3-spanid': trace,
  };
}
