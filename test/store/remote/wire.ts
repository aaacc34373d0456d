import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One call as it came over the wire. */
export interface Heard {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A server that answers whatever a test says, right or wrong. */
export interface Wire {
  /** FHIR base. */
  readonly url: string;
  readonly heard: Heard[];
  close(): Promise<void>;
}

export type Answering = (call: Heard, response: ServerResponse) => void | Promise<void>;

export async function listen(answering: Answering): Promise<Wire> {
  const heard: Heard[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = '', url = '', headers } = request;
    const call = { method, url, headers, body: Buffer.concat(chunks).toString() };
    heard.push(call);
    await answering(call, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/fhir`,
    heard,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

export function answer(
  response: ServerResponse,
  status: number,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'Content-Type': 'application/fhir+json', ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

/** What a statement must say for the adapter to go on. */
export const statement = (types: readonly string[], more: { software?: string; interactions?: string[] } = {}) => ({
  resourceType: 'CapabilityStatement',
  software: { name: more.software ?? 'wire' },
  fhirVersion: '4.0.1',
  rest: [
    {
      mode: 'server',
      interaction: (more.interactions ?? []).map((code) => ({ code })),
      resource: types.map((type) => ({
        type,
        interaction: ['read', 'search-type', 'update'].map((code) => ({ code })),
        updateCreate: true,
        searchParam: [
          { name: 'identifier', type: 'token' },
          { name: 'family', type: 'string' },
        ],
      })),
    },
  ],
});
