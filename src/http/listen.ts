import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Takes the port before anything else is touched: two services of one configuration must not both begin. */
export async function listen(config: { readonly host: string; readonly port: number }): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, resolve);
  });
  return server;
}

/** Requests that are being answered now. */
export function countAnswering(server: Server): () => number {
  let answering = 0;
  server.on('request', (_request, response) => {
    answering += 1;
    response.once('close', () => {
      answering -= 1;
    });
  });
  return () => answering;
}

/** How long a request in hand may take to be answered once the service stops. */
const LAST_ANSWERS_MS = 20_000;

/**
 * Takes no more connections, lets requests in hand be answered, and then ends every connection: one that a client
 * holds open in silence must not keep the service from stopping.
 */
export async function stopListening(server: Server, answering: () => number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const until = performance.now() + LAST_ANSWERS_MS;
  while (answering() > 0 && performance.now() < until) await sleep(20);
  server.closeAllConnections();
  await closed;
}

/** A host as it stands in a URL: IPv6 in brackets. */
export function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
