import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Relay {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * One address for the provider's callbacks however often the service moves: what comes in goes to the service that
 * `target` names, and is answered 503 when there is none or it gives no answer, as a load balancer would.
 */
export async function startRelay(target: () => string | undefined): Promise<Relay> {
  const server = createServer(async (request, response) => {
    const body = await text(request).catch(() => '');
    const to = target();
    try {
      if (to === undefined) throw new Error('no service');
      const answer = await fetch(`${to}${request.url}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: request.headers.authorization ?? '',
        },
        body,
        signal: AbortSignal.timeout(3_000),
      });
      await answer.body?.cancel();
      response.writeHead(answer.status).end();
    } catch {
      response.writeHead(503).end();
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
