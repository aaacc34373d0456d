import { type Agent, request } from 'node:http';
import type { Child } from './processes.ts';

/** What the service says of itself: bytes of memory held, seconds of processor time used. */
export async function figuresOf(service: Child): Promise<{ rss: number; cpuSeconds: number }> {
  const text = await call(service, 'GET', '/metrics');
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  return {
    rss: value('herald_process_resident_memory_bytes'),
    cpuSeconds: value('herald_process_cpu_seconds_total'),
  };
}

/** One HTTP exchange of at most a minute; the body answered. Errors: Error on anything but 2xx. */
export function call(to: Child, method: string, path: string, body?: string, agent?: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const made = request(
      `${to.url}${path}`,
      {
        method,
        ...(agent === undefined ? {} : { agent }),
        timeout: 60_000,
        headers: {
          Authorization: 'Bearer demo-epr',
          ...(body === undefined
            ? {}
            : {
                'Content-Type': path.startsWith('/fhir/') ? 'application/fhir+json' : 'application/json',
                'Content-Length': Buffer.byteLength(body),
              }),
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const { statusCode = 0 } = response;
          if (statusCode >= 200 && statusCode < 300) resolve(Buffer.concat(chunks).toString());
          else reject(new Error(`${method} ${path} answered ${statusCode}`));
        });
      },
    );
    made.on('timeout', () => made.destroy(new Error(`${method} ${path} was not answered`)));
    made.on('error', reject);
    made.end(body);
  });
}
