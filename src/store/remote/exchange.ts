/** One HTTP call. */
export interface Call {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body?: string;
}

/** What came of it, with the one fact that decides about asking again: whether a byte may have reached the server. */
export type Exchanged =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Headers;
      readonly text: string;
      readonly elapsedMs: number;
    }
  | { readonly kind: 'failed'; readonly sent: 'no' | 'maybe'; readonly code: Failure };

export type Failure = 'refused' | 'certificate' | 'timeout' | 'cut' | 'too-large' | 'not-text';

export interface ExchangeLimits {
  /** Ends the call, wherever it is. */
  readonly signal: AbortSignal;
  /** Bytes of the answer, unpacked. */
  readonly maxBytes: number;
}

/**
 * Makes one call and reads its answer to the end, or to the limit. Redirects are answers, not followed: they would take
 * the token elsewhere. Never rejects, and no part of the call or of the answer is in the failure.
 *
 * Node's `fetch` does not heed HTTP_PROXY; a server that is reached through a proxy needs one that is transparent.
 */
export async function exchange(call: Call, { signal, maxBytes }: ExchangeLimits): Promise<Exchanged> {
  const begun = performance.now();
  try {
    const response = await fetch(call.url, {
      method: call.method,
      headers: call.headers,
      ...(call.body === undefined ? {} : { body: call.body }),
      redirect: 'manual',
      signal,
    });
    const bytes = await readUpTo(response, maxBytes);
    if (bytes === undefined) return { kind: 'failed', sent: 'maybe', code: 'too-large' };
    const text = textOf(bytes);
    if (text === undefined) return { kind: 'failed', sent: 'maybe', code: 'not-text' };
    return {
      kind: 'answer',
      status: response.status,
      headers: response.headers,
      text,
      elapsedMs: performance.now() - begun,
    };
  } catch (error) {
    if (signal.aborted) return { kind: 'failed', sent: 'maybe', code: 'timeout' };
    return failureOf(error);
  }
}

/** `undefined`: more than that. Leaving the loop ends the connection. */
async function readUpTo(response: Response, maxBytes: number): Promise<Uint8Array | undefined> {
  if (response.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A letter that cannot be made out might be one of somebody's name: better no answer than a wrong one. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Codes of Node and its HTTP client for a connection that never stood, unless it was reading or writing. */
const NEVER_CONNECTED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function failureOf(error: unknown): Exchanged {
  const { code, syscall } = causeOf(error);
  // A lost route is told to a connection that stands as well, when its bytes are on their way.
  const stood = syscall === 'read' || syscall === 'write';
  if (NEVER_CONNECTED.has(code) && !stood) return { kind: 'failed', sent: 'no', code: 'refused' };
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO/.test(code)) return { kind: 'failed', sent: 'no', code: 'certificate' };
  return { kind: 'failed', sent: 'maybe', code: 'cut' };
}

/** `fetch` wraps what happened in a TypeError. */
function causeOf(error: unknown): { readonly code: string; readonly syscall?: unknown } {
  if (!(error instanceof Error)) return { code: '' };
  if (!('code' in error) || typeof error.code !== 'string') return causeOf(error.cause);
  return { code: error.code, syscall: 'syscall' in error ? error.syscall : undefined };
}
