import { createHash } from 'node:crypto';
import type { ExtractResource, Resource, ResourceType } from '@medplum/fhirtypes';
import type { FhirStore, SearchPage, SearchParams, Stored } from '../../store/fhir-store.ts';
import { publishedResources, publishedTypes } from './load.ts';

/**
 * The store of the record, with what we publish beside it: reads and searches of those types are answered from a store
 * of their own, so that they work as every other search does and nothing of it is written into the trust's record.
 * `open` answers an empty store; it is called, and filled, when somebody first asks. The version of a published
 * resource is a digest of its content, so that a copy kept by a caller is known to be old after a new release.
 */
export function withPublished(record: FhirStore, open: () => FhirStore): FhirStore {
  let filled: Promise<FhirStore> | undefined;
  const ours = (): Promise<FhirStore> => {
    filled ??= fill(open()).catch((error: unknown) => {
      filled = undefined;
      throw error;
    });
    return filled;
  };
  return {
    async read<T extends ResourceType>(type: T, id: string): Promise<Stored<ExtractResource<T>> | undefined> {
      if (!isPublished(type)) return record.read(type, id);
      const found = await (await ours()).read(type, id);
      return found === undefined ? undefined : withDigest(found);
    },
    async search<T extends ResourceType>(
      type: T,
      params: SearchParams,
      cursor?: string,
    ): Promise<SearchPage<ExtractResource<T>>> {
      if (!isPublished(type)) return record.search(type, params, cursor);
      const page = await (await ours()).search(type, params, cursor);
      return { ...page, matches: page.matches.map(withDigest), included: page.included.map(withDigest) };
    },
    vread: (type, id, versionId) => record.vread(type, id, versionId),
    history: (type, options) => record.history(type, options),
    commit: (writes) => record.commit(writes),
    redact: (type, id, rewrite) => record.redact(type, id, rewrite),
    ping: () => record.ping(),
  };
}

async function fill(store: FhirStore): Promise<FhirStore> {
  await store.commit(publishedResources().map((resource) => ({ op: 'create', resource })));
  return store;
}

function isPublished(type: string): boolean {
  return (publishedTypes as readonly string[]).includes(type);
}

const digests = new Map<string, string>();

function withDigest<T extends Resource>(resource: Stored<T>): Stored<T> {
  const address = `${resource.resourceType}/${resource.id}`;
  let versionId = digests.get(address);
  if (versionId === undefined) {
    const { meta: _meta, ...content } = resource;
    versionId = createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
    digests.set(address, versionId);
  }
  return { ...resource, meta: { ...resource.meta, versionId } };
}
