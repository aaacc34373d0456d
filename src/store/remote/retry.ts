import type { Exchanged } from './exchange.ts';

/** Milliseconds before the second and the third try, where the server names none. */
const BACKOFF_MS = [100, 500];

/**
 * Milliseconds until this call may be made again; `undefined`: not at all. The rules are those of `RemoteClient`. A
 * `Retry-After` is heeded however long it is: one that outlasts the deadline of the call ends it.
 */
export function retryDelay(kind: 'read' | 'write', exchanged: Exchanged, tries: number): number | undefined {
  return mayBeRepeated(kind, exchanged) ? (retryAfterOf(exchanged) ?? jittered(BACKOFF_MS[tries] ?? 500)) : undefined;
}

function mayBeRepeated(kind: 'read' | 'write', exchanged: Exchanged): boolean {
  if (exchanged.kind === 'failed') {
    return exchanged.code === 'refused' || (kind === 'read' && exchanged.code === 'cut');
  }
  return kind === 'read' ? [429, 502, 503, 504].includes(exchanged.status) : exchanged.status === 429;
}

/** Seconds or a date (RFC 9110), by the server's clock where the answer tells it. */
function retryAfterOf(exchanged: Exchanged): number | undefined {
  const headers = exchanged.kind === 'answer' ? exchanged.headers : undefined;
  const text = headers?.get('retry-after') ?? '';
  if (/^\d{1,6}$/.test(text.trim())) return Number(text) * 1_000;
  const [date, answered] = [Date.parse(text), Date.parse(headers?.get('date') ?? '')];
  const now = Number.isNaN(answered) ? Date.now() : answered;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Many callers that met the same trouble must not all come back at the same moment. */
const jittered = (ms: number): number => ms * (0.5 + Math.random());
