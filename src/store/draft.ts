import type { ExtractResource, ResourceType } from '@medplum/fhirtypes';
import type { Clock } from '../clock.ts';
import { openDatabase } from './database.ts';
import {
  type FhirStore,
  type HistoryOptions,
  type SearchPage,
  type SearchParams,
  type Stored,
  StoreError,
  searchAll,
} from './fhir-store.ts';
import { unsupported } from './search-text.ts';
import { SqliteFhirStore } from './sqlite-store.ts';
import type { Draft, OpenDraft } from './unit.ts';

/**
 * Drafts over any store. Pending resources stand in an embedded store of their own, in memory, so that they are found
 * by the same index and the same rules of search as stored ones; what they replace is taken out of the base's answers.
 */
export function createDrafts(clock: Clock): OpenDraft {
  return (base): Draft => {
    const database = openDatabase(':memory:');
    const pending = new SqliteFhirStore(database, { clock });
    const touched = new Map<string, Set<string>>();
    return {
      store: new DraftStore(base, pending, touched),
      async put(writes) {
        await pending.commit(writes.map(({ resource }) => ({ op: 'update', resource })));
        for (const { resource } of writes) {
          const ids = touched.get(resource.resourceType) ?? new Set();
          touched.set(resource.resourceType, ids.add(resource.id));
        }
      },
      close: () => database.close(),
    };
  };
}

class DraftStore implements FhirStore {
  readonly #base: FhirStore;
  readonly #pending: FhirStore;
  /** Ids with a pending write, by type. */
  readonly #touched: ReadonlyMap<string, ReadonlySet<string>>;

  constructor(base: FhirStore, pending: FhirStore, touched: ReadonlyMap<string, ReadonlySet<string>>) {
    this.#base = base;
    this.#pending = pending;
    this.#touched = touched;
  }

  read<T extends ResourceType>(type: T, id: string): Promise<Stored<ExtractResource<T>> | undefined> {
    return this.#isTouched(type, id) ? this.#pending.read(type, id) : this.#base.read(type, id);
  }

  /** Stored versions: a pending one has no number yet. */
  vread<T extends ResourceType>(
    type: T,
    id: string,
    versionId: string,
  ): Promise<Stored<ExtractResource<T>> | undefined> {
    return this.#base.vread(type, id, versionId);
  }

  async history<T extends ResourceType>(type: T, options: HistoryOptions): Promise<SearchPage<ExtractResource<T>>> {
    const { id, since, cursor } = options;
    if (id === undefined && this.#touched.has(type)) throw unsupported('_history', 'of a type with pending writes');
    const page = await this.#base.history(type, options);
    if (id === undefined || cursor !== undefined || !this.#isTouched(type, id)) return page;
    if (since !== undefined) throw unsupported('_since', 'of a resource with a pending write');
    const newest = await this.#pending.read(type, id);
    return newest === undefined ? page : { ...page, matches: [newest, ...page.matches] };
  }

  async search<T extends ResourceType>(
    type: T,
    params: SearchParams,
    cursor?: string,
  ): Promise<SearchPage<ExtractResource<T>>> {
    if (this.#touched.size > 0) this.#assertSound(type, params);
    const page = await this.#base.search(type, params, cursor);
    const touched = this.#touched.get(type);
    if (touched === undefined) return page;
    const matches = page.matches.filter((one) => !touched.has(one.id));
    if (page.next !== undefined) return { ...page, matches };
    // After the base's last page, all of what is pending.
    const criteria = params.filter(([name]) => name !== '_count');
    return { ...page, matches: [...matches, ...(await searchAll(this.#pending, type, criteria))] };
  }

  async commit(): Promise<never> {
    throw new StoreError('rejected', 'nothing is committed to a draft');
  }

  async redact(): Promise<never> {
    throw new StoreError('rejected', 'nothing is changed through a draft');
  }

  ping(): Promise<void> {
    return this.#base.ping();
  }

  #isTouched(type: string, id: string): boolean {
    return this.#touched.get(type)?.has(id) ?? false;
  }

  /** A search through other resources may depend on any pending write; orders and totals on those of the type. */
  #assertSound(type: string, params: SearchParams): void {
    for (const [name] of params) {
      const leadsOn = name.includes('.') || name.startsWith('_has:') || /^_(rev)?include\b/.test(name);
      const ofAll = name === '_sort' || name === '_total' || name === '_summary';
      if (leadsOn || (ofAll && this.#touched.has(type))) throw unsupported(name, 'is not answered with pending writes');
    }
  }
}
