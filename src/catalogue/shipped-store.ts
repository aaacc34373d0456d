import type { ExtractResource, Resource, ResourceType } from '@medplum/fhirtypes';
import { codeSystem } from '../canonical.ts';
import { channels } from '../policy/channel.ts';
import {
  type FhirStore,
  type SearchPage,
  type SearchParams,
  type Stored,
  searchAll,
  type Write,
} from '../store/fhir-store.ts';

/**
 * A store that shows the shipped message types and channels wherever it has none of its own (contract 1): another
 * server gets nothing of them until somebody installs them there. `open` answers an empty store for them.
 */
export function withShipped(record: FhirStore, shipped: readonly Shipped[], open: () => FhirStore): FhirStore {
  let filled: Promise<FhirStore> | undefined;
  const ours = (): Promise<FhirStore> => {
    filled ??= fill(open(), shipped);
    return filled;
  };

  /** Ids of the shipped ones of a type that nothing on the server stands in for. */
  const shown = async (type: ResourceType): Promise<ReadonlySet<string>> => {
    const ofType = shipped.filter((one) => one.resourceType === type);
    const own = await searchAll(record, type, [placesOf(type, ofType)]);
    const taken = new Set(own.flatMap(placeOf));
    return new Set(ofType.filter((one) => !placeOf(one).some((place) => taken.has(place))).map((one) => one.id));
  };

  return {
    async read<T extends ResourceType>(type: T, id: string): Promise<Stored<ExtractResource<T>> | undefined> {
      const found = await record.read(type, id);
      if (found !== undefined || !isShipped(type)) return found;
      return (await shown(type)).has(id) ? (await ours()).read(type, id) : undefined;
    },
    async vread<T extends ResourceType>(
      type: T,
      id: string,
      versionId: string,
    ): Promise<Stored<ExtractResource<T>> | undefined> {
      const found = await record.vread(type, id, versionId);
      if (found !== undefined || !isShipped(type)) return found;
      return (await shown(type)).has(id) ? (await ours()).vread(type, id, versionId) : undefined;
    },
    async search<T extends ResourceType>(
      type: T,
      params: SearchParams,
      cursor?: string,
    ): Promise<SearchPage<ExtractResource<T>>> {
      const page = await record.search(type, params, cursor);
      // After the server's own last page, so that no page of it changes.
      if (!isShipped(type) || page.next !== undefined) return page;
      const visible = await shown(type);
      const criteria = params.filter(([name]) => name !== '_count' && name !== '_total');
      const found = await searchAll(await ours(), type, criteria);
      const more = found.filter((one) => visible.has(one.id));
      return {
        ...page,
        matches: [...page.matches, ...more],
        ...(page.total === undefined ? {} : { total: page.total + more.length }),
      };
    },
    history: (type, options) => record.history(type, options),
    async commit(writes) {
      return record.commit(await Promise.all(writes.map((write) => overShipped(record, write))));
    },
    redact: (type, id, rewrite) => record.redact(type, id, rewrite),
    ping: () => record.ping(),
  };
}

type Shipped = Resource & { id: string };

async function fill(store: FhirStore, shipped: readonly Shipped[]): Promise<FhirStore> {
  await store.commit(shipped.map((resource) => ({ op: 'create', resource })));
  return store;
}

const isShipped = (type: ResourceType): boolean => type === 'ActivityDefinition' || type === 'Endpoint';

/** The first change of a shipped resource is the server's first version of it. */
async function overShipped(record: FhirStore, write: Write): Promise<Write> {
  const { resource } = write;
  if (write.op !== 'update' || write.ifMatch === undefined || !isShipped(resource.resourceType)) return write;
  const stored = await record.read(resource.resourceType, resource.id);
  return stored === undefined ? { op: 'create', resource } : write;
}

/** What a shipped resource stands for: an address, or a channel. */
function placeOf(resource: Resource): string[] {
  if (resource.resourceType === 'ActivityDefinition') return resource.url === undefined ? [] : [resource.url];
  if (resource.resourceType !== 'Endpoint') return [];
  return channels.filter((one) => one === resource.connectionType.code);
}

/** The search that finds what stands in their places. */
function placesOf(type: ResourceType, shipped: readonly Resource[]): SearchParams[number] {
  const places = shipped.flatMap(placeOf);
  if (type === 'ActivityDefinition') return ['url', places.join(',')];
  return ['connection-type', places.map((one) => `${codeSystem('channel')}|${one}`).join(',')];
}
