import type { ExtractResource, Resource, ResourceType } from '@medplum/fhirtypes';
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import type { FhirStore, HistoryOptions, SearchPage, SearchParams, Stored, Write, WriteResult } from '../fhir-store.ts';
import { type AccessSettings, createAccess } from './access.ts';
import { unavailable } from './answer.ts';
import type { Limits } from './calls.ts';
import { type Capabilities, capabilitiesOf } from './capabilities.ts';
import { RemoteClient } from './client.ts';
import { type Asker, createCoalescer } from './coalesce.ts';
import { Conditions } from './conditions.ts';
import type { Dropped } from './dropped.ts';
import { type CacheBuster, habitsOf } from './habits.ts';
import { type PageCursors, pageCursors } from './pages.ts';
import { isAbsence, isAddress, readOf } from './resources.ts';
import { assertNamesKnown } from './search-names.ts';
import { historyPageOf, type ServerPage, searchPageOf } from './searchset.ts';
import { Writer } from './writer.ts';

export interface RemoteOptions {
  /** Of any FHIR R4 server, without a slash at its end. */
  readonly baseUrl: string;
  readonly access: AccessSettings;
  readonly clock: Clock;
  readonly log: Log;
  /** Makes several writes on a server that has no transactions. Conditions are looked at before. */
  readonly sequence: (writes: readonly Write[]) => Promise<WriteResult[]>;
  /** Each time that the server did not keep a label or an extension. */
  readonly onDropped?: (dropped: Dropped) => void;
  /** Puts reads and searches of the same moment into one batch, where the server has that. */
  readonly coalesce?: boolean;
  readonly limits?: Partial<Limits>;
}

export interface Remote {
  readonly store: FhirStore;
  /** What the server says that it can do: read once, and again when `fresh`. Errors: StoreError `unavailable`. */
  capabilities(how?: 'fresh'): Promise<Capabilities>;
  /** One write alone, whatever the server has; its condition is looked at before. Errors: StoreError. */
  writeOne(write: Write): Promise<WriteResult>;
  /** All in one `transaction`, which the server must have; conditions are looked at before. Errors: StoreError. */
  transaction(writes: readonly Write[]): Promise<WriteResult[]>;
  /** Ends calls under way; further ones are `unavailable`. */
  close(): void;
}

/** Any FHIR R4 server as the system of record. Does not call it yet. */
export function createRemote(options: RemoteOptions): Remote {
  const { baseUrl, log, clock, onDropped = () => {} } = options;
  const access = createAccess(options.access, { clock });
  const client = new RemoteClient({ baseUrl, access, log, ...(options.limits ? { limits: options.limits } : {}) });

  let statement: Promise<Capabilities> | undefined;
  const capabilities = (how?: 'fresh'): Promise<Capabilities> => {
    if (statement !== undefined && how !== 'fresh') return statement;
    const asked = statementOf(client);
    const before = statement;
    statement = asked;
    asked.catch(() => {
      if (statement === asked) statement = before;
    });
    return asked;
  };

  const store = new RemoteStore({
    client,
    capabilities,
    log,
    onDropped,
    sequence: options.sequence,
    ...(options.coalesce === true
      ? {
          batched: {
            header: createCoalescer(client, 'header', log),
            parameter: createCoalescer(client, 'parameter', log),
          },
        }
      : {}),
  });
  return {
    store,
    capabilities,
    writeOne: (write) => store.writeOne(write),
    transaction: (writes) => store.transaction(writes),
    close: () => client.close(),
  };
}

async function statementOf(client: RemoteClient): Promise<Capabilities> {
  const { status, resource } = await client.metadata();
  if (status !== 200 || resource?.resourceType !== 'CapabilityStatement') throw unavailable('no-statement');
  return capabilitiesOf(resource);
}

interface StoreDeps {
  readonly client: RemoteClient;
  readonly capabilities: () => Promise<Capabilities>;
  readonly log: Log;
  readonly onDropped: (dropped: Dropped) => void;
  readonly sequence: RemoteOptions['sequence'];
  /** Several questions in one call; absent: never. */
  readonly batched?: Readonly<Record<CacheBuster, Asker>>;
}

/** Entries of a page, where the caller names no number: some servers give ten by themselves. */
const PAGE = 100;

/** An id that nothing has. */
const NOBODY = 'herald-is-there-anybody';

class RemoteStore implements FhirStore {
  readonly #deps: StoreDeps;
  readonly #baseUrl: string;
  readonly #cursors: PageCursors;
  readonly #conditions = new Conditions();
  readonly #writer: Writer;

  constructor(deps: StoreDeps) {
    const { client, capabilities, log, onDropped } = deps;
    this.#deps = deps;
    this.#baseUrl = client.baseUrl;
    this.#cursors = pageCursors(client.baseUrl);
    this.#writer = new Writer({ client, capabilities, log, onDropped, reader: this });
  }

  async read<T extends ResourceType>(type: T, id: string): Promise<Stored<ExtractResource<T>> | undefined> {
    if (!isAddress(type, id)) return undefined;
    const asker = await this.#asker(type);
    return readOf(await asker.read(type, id), { type, id, baseUrl: this.#baseUrl });
  }

  async vread<T extends ResourceType>(
    type: T,
    id: string,
    versionId: string,
  ): Promise<Stored<ExtractResource<T>> | undefined> {
    if (!isAddress(type, id) || !isAddress(type, versionId)) return undefined;
    return readOf(await this.#deps.client.vread(type, id, versionId), { type, id, versionId, baseUrl: this.#baseUrl });
  }

  async history<T extends ResourceType>(type: T, options: HistoryOptions): Promise<SearchPage<ExtractResource<T>>> {
    const { id, since, count = PAGE, cursor } = options;
    if (id !== undefined && !isAddress(type, id)) return { matches: [], included: [] };
    const question = ['history', type, id, since];
    const from = cursor === undefined ? undefined : this.#cursors.read(question, cursor);
    const { client } = this.#deps;
    const { historiesAreCached } = habitsOf(await this.#deps.capabilities());
    const from1970 = historiesAreCached ? '1970-01-01T00:00:00Z' : undefined;
    const earliest = since ?? from1970;
    const query: SearchParams = [
      ['_count', String(count)],
      ...(earliest === undefined ? [] : [['_since', earliest] as const]),
    ];
    const answer = from === undefined ? await client.history(type, id, query) : await client.page(from.url);
    if (from === undefined && id !== undefined && isAbsence(answer)) return { matches: [], included: [] };
    const page = historyPageOf(answer, { type, id, isFirst: from === undefined, baseUrl: this.#baseUrl });
    return withCursor(page, (next) => this.#cursors.write(question, next, from));
  }

  async search<T extends ResourceType>(
    type: T,
    params: SearchParams,
    cursor?: string,
  ): Promise<SearchPage<ExtractResource<T>>> {
    const question = ['search', type, params];
    const from = cursor === undefined ? undefined : this.#cursors.read(question, cursor);
    const answer = from === undefined ? await this.#firstPage(type, params) : await this.#deps.client.page(from.url);
    const page = searchPageOf(answer, { type, params, isFirst: from === undefined, baseUrl: this.#baseUrl });
    return withCursor(page, (next) => this.#cursors.write(question, next, from));
  }

  commit(writes: readonly Write[]): Promise<WriteResult[]> {
    return this.#conditions.run(this, writes, async (plain) => {
      const [first, ...rest] = plain;
      if (first === undefined) return [];
      if (rest.length === 0) return [await this.#writer.one(first)];
      const { transaction } = await this.#deps.capabilities();
      return transaction ? this.#writer.transaction(plain) : this.#deps.sequence(plain);
    });
  }

  transaction(writes: readonly Write[]): Promise<WriteResult[]> {
    return this.#conditions.run(this, writes, (plain) => this.#writer.transaction(plain));
  }

  async writeOne(write: Write): Promise<WriteResult> {
    const [result] = await this.commit([write]);
    if (result === undefined) throw unavailable('no-result');
    return result;
  }

  /** Servers rewrite nothing. Those that have `$expunge` may not let us: then it is as if they had not. */
  async redact(type: ResourceType, id: string): Promise<'done' | 'impossible'> {
    const { client, capabilities } = this.#deps;
    const { types } = await capabilities();
    if (!isAddress(type, id) || types[type]?.operations.includes('expunge') !== true) return 'impossible';
    const { status } = await client.expungeEarlier(type, id);
    return status >= 200 && status < 300 ? 'done' : 'impossible';
  }

  /** Reads what cannot be there: the least that a FHIR server can be asked for, and it asks our token, too. */
  async ping(): Promise<void> {
    const answer = await this.#deps.client.read('Organization', NOBODY);
    if (!isAbsence(answer)) throw unavailable(`status-${answer.status}`);
  }

  async #firstPage(type: string, params: SearchParams) {
    assertNamesKnown(await this.#deps.capabilities(), type, params);
    const asker = await this.#asker(type);
    return asker.search(type, params.some(([name]) => name === '_count') ? params : [...params, ['_count', `${PAGE}`]]);
  }

  async #asker(type: string): Promise<Asker> {
    const { batched, client, capabilities } = this.#deps;
    if (batched === undefined) return client;
    const known = await capabilities();
    if (!known.batch) return client;
    const { cacheBuster } = habitsOf(known);
    const canVary = known.types[type]?.searchParameters._lastUpdated !== undefined;
    return cacheBuster === 'header' || canVary ? batched[cacheBuster] : client;
  }
}

/** The page with a cursor of our own in place of the server's link. */
function withCursor<T extends Resource>(page: ServerPage<T>, write: (next: string) => string): SearchPage<T> {
  const { next, ...rest } = page;
  return next === undefined ? rest : { ...rest, next: write(next) };
}
