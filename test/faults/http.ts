import { request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * One request on a connection of its own, which is gone afterwards whatever happened: a pool would hold connections
 * open to processes that were stopped. Errors: of the network, and an AbortError after `timeoutMs`.
 */
export async function ask(
  method: 'GET' | 'POST' | 'PUT',
  url: string,
  options: {
    readonly authorization: string;
    readonly type?: string;
    readonly body?: string;
    readonly timeoutMs: number;
  },
): Promise<HttpAnswer> {
  const { authorization, type, body, timeoutMs } = options;
  return new Promise<HttpAnswer>((resolve, reject) => {
    const asked = request(
      url,
      {
        method,
        agent: false,
        signal: AbortSignal.timeout(timeoutMs),
        headers: {
          authorization,
          connection: 'close',
          ...(type === undefined ? {} : { 'content-type': type }),
          ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
        },
      },
      (answer) => {
        text(answer).then((all) => resolve({ status: answer.statusCode ?? 0, text: all }), reject);
      },
    );
    asked.once('error', reject);
    asked.end(body);
  });
}
