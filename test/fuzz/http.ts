import { Agent, type IncomingHttpHeaders, request } from 'node:http';

/** A request as bytes: nothing in it need be well formed. */
export interface FuzzRequest {
  readonly method: string;
  /** From the slash on. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export type FuzzAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string }
  /** The connection ended without an answer. */
  | { readonly kind: 'cut'; readonly code: string }
  /** Nothing for `PATIENCE`. */
  | { readonly kind: 'hung' };

/** Milliseconds after which an answer that has not come counts as a hang. */
export const PATIENCE = 5_000;

/** A caller that keeps its connections, as an EPR does. */
export function keepAliveCaller(base: string): {
  ask(asked: FuzzRequest): Promise<FuzzAnswer>;
  close(): void;
} {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const once = ({ method, path, headers, body }: FuzzRequest): Promise<FuzzAnswer & { reused?: boolean }> =>
    new Promise((resolve) => {
      const { hostname, port } = new URL(base);
      const sent = request({ agent, hostname, port, method, path, headers, signal: AbortSignal.timeout(PATIENCE) });
      sent.on('response', (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', () => resolve({ kind: 'cut', code: 'within the answer' }));
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ kind: 'answered', status: answer.statusCode ?? 0, headers: answer.headers, text });
        });
      });
      sent.on('error', (error: NodeJS.ErrnoException) => {
        const hung = error.name === 'TimeoutError' || error.name === 'AbortError';
        resolve(hung ? { kind: 'hung' } : { kind: 'cut', code: error.code ?? error.name, reused: sent.reusedSocket });
      });
      sent.end(body);
    });
  return {
    async ask(asked) {
      const first = await once(asked);
      // A kept connection may be closed by the other side just as it is used again: that is not an answer to anything.
      return first.kind === 'cut' && first.reused === true ? once(asked) : first;
    },
    close: () => agent.destroy(),
  };
}
