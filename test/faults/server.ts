import type { Resource } from '@medplum/fhirtypes';
import { demoStaffResources, exampleResources } from '../../src/catalogue/examples.ts';
import { type SpawnedStub, spawnStub } from '../servers/stub/stub.ts';

/** The server that keeps the record, a process of its own. */
export type RecordServer = SpawnedStub;

export const serverKinds = ['hapi-like', 'strict'] as const;
/** `hapi-like` has transactions and searches that are cached; `strict` has neither, and searches that lag behind. */
export type ServerKind = (typeof serverKinds)[number];

/** How late its searches know of a write. Of `strict` shorter than the profile's own, so that runs stay short. */
export function indexLagMs(kind: ServerKind): number {
  return kind === 'strict' ? 1_000 : 0;
}

/** Starts one with a file that outlives it, and brings it the staff that the service's callers are. */
export async function openServer(kind: ServerKind, data: string): Promise<RecordServer> {
  const server = await spawnStub({ profile: kind, indexLagMs: indexLagMs(kind), data });
  const controller = { ods: 'RXX', name: 'Example NHS Trust' };
  const organisations = exampleResources(controller).filter((one) => one.resourceType === 'Organization');
  for (const one of [...organisations, ...demoStaffResources(controller)]) await put(server.url, one);
  return server;
}

async function put(base: string, resource: Resource): Promise<void> {
  const answer = await fetch(`${base}/${resource.resourceType}/${resource.id}`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/fhir+json' },
    body: JSON.stringify(resource),
  });
  if (!answer.ok) throw new Error(`${resource.resourceType}/${resource.id}: ${answer.status} ${await answer.text()}`);
}
