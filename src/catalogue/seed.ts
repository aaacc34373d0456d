import type { Resource } from '@medplum/fhirtypes';
import { codeSystem } from '../canonical.ts';
import { channels } from '../policy/channel.ts';
import { type FhirStore, type SearchParams, StoreError, type Write } from '../store/fhir-store.ts';

type Shipped = readonly Write['resource'][];

/**
 * Puts the shipped message types and channels where the store has none of its own, so that they can be found, read
 * and changed there. What a trust made or changed is left alone. Errors: StoreError.
 */
export async function seedCatalogue(store: FhirStore, shipped: Shipped): Promise<void> {
  for (const resource of shipped) {
    const own = ownOf(resource);
    if (own === undefined) continue;
    await createOnce(store, { op: 'create', resource, unless: own });
  }
}

/** Puts the example people into a store that holds no patient at all. Answers whether it did. */
export async function seedExamples(store: FhirStore, examples: Shipped): Promise<boolean> {
  const anybody = await store.search('Patient', [['_count', '1']]);
  if (anybody.matches.length > 0) return false;
  try {
    await store.commit(examples.map((resource): Write => ({ op: 'create', resource })));
    return true;
  } catch (error) {
    // Another process on the same data was first.
    if (error instanceof StoreError && error.code === 'conflict') return false;
    throw error;
  }
}

/** Puts in what is not there under its id; what is there, whatever became of it, is left alone. */
export async function seedMissing(store: FhirStore, resources: Shipped): Promise<void> {
  for (const resource of resources) {
    if ((await store.read(resource.resourceType, resource.id)) === undefined) {
      await createOnce(store, { op: 'create', resource });
    }
  }
}

/** The search that finds what stands in the place of a shipped resource. */
function ownOf(resource: Resource): SearchParams | undefined {
  if (resource.resourceType === 'ActivityDefinition' && resource.url !== undefined) return [['url', resource.url]];
  if (resource.resourceType === 'Endpoint') {
    const channel = channels.find((one) => one === resource.connectionType.code);
    return channel === undefined ? undefined : [['connection-type', `${codeSystem('channel')}|${channel}`]];
  }
  return undefined;
}

async function createOnce(store: FhirStore, write: Write): Promise<void> {
  try {
    await store.commit([write]);
  } catch (error) {
    if (!(error instanceof StoreError && error.code === 'conflict')) throw error;
  }
}
