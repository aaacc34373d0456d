import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { ask } from './http.ts';

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
    try {
      const to = target();
      if (to === undefined) throw new Error('no service');
      const authorization = request.headers.authorization ?? '';
      const options = { authorization, type: 'application/json', body, timeoutMs: 3_000 };
      response.writeHead((await ask('POST', `${to}${request.url}`, options)).status).end();
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
