import type { ExtractResource, Resource, ResourceType } from '@medplum/fhirtypes';
import type { Clock } from '../clock.ts';
import type { Database } from './database.ts';
import {
  type FhirStore,
  type HistoryOptions,
  type SearchPage,
  type SearchParams,
  type Stored,
  StoreError,
  type Write,
  type WriteResult,
} from './fhir-store.ts';
import { historyPage, pkOf, redactVersions, versionOf } from './history.ts';
import { type Prepared, prepare, withTime } from './prepared.ts';
import { RecentEntries } from './recent-entries.ts';
import { BODY_OF_ID, prepareSchema, type Statements, seldomColumn, statementsOf, writeEntries } from './schema.ts';
import { entriesOf, type IndexEntries } from './search-index.ts';
import { parametersOf } from './search-parameter.ts';
import { SearchRunner } from './search-run.ts';
import { latestVid } from './search-sort.ts';
import { unsupported } from './search-text.ts';

const ID = /^[A-Za-z0-9\-.]{1,64}$/;

/**
 * The embedded system of record: one SQLite file, safe for several processes. Versions are "1", "2", …; an update
 * with equal content is a version too. A create's id is the writer's.
 */
export class SqliteFhirStore implements FhirStore {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #statements: Statements;
  readonly #search: SearchRunner;
  readonly #recent = new RecentEntries();

  /** Makes the tables, and the index anew after a release that changed it. Errors: StoreError `unavailable`. */
  constructor(db: Database, options: { readonly clock: Clock }) {
    this.#db = db;
    this.#clock = options.clock;
    this.#statements = statementsOf(db.sql);
    this.#search = new SearchRunner(db.sql, options.clock);
    withStoreErrors(() => prepareSchema(db.sql));
  }

  async read<T extends ResourceType>(type: T, id: string): Promise<Stored<ExtractResource<T>> | undefined> {
    return withStoreErrors(() => {
      const row = this.#statements.prepare(BODY_OF_ID).get(type, id);
      return row && JSON.parse(String(row.body));
    });
  }

  async vread<T extends ResourceType>(
    type: T,
    id: string,
    versionId: string,
  ): Promise<Stored<ExtractResource<T>> | undefined> {
    return this.#reading(() => {
      const version = /^[1-9]\d{0,14}$/.test(versionId) ? Number(versionId) : 0;
      const body = versionOf(this.#statements, pkOf(this.#statements, type, id), version);
      return body === undefined ? undefined : JSON.parse(body);
    });
  }

  async history<T extends ResourceType>(type: T, options: HistoryOptions): Promise<SearchPage<ExtractResource<T>>> {
    return this.#reading(() => historyPage(this.#statements, type, options)) as SearchPage<ExtractResource<T>>;
  }

  async search<T extends ResourceType>(
    type: T,
    params: SearchParams,
    cursor?: string,
  ): Promise<SearchPage<ExtractResource<T>>> {
    return this.#reading(() => this.#search.search(type, params, cursor)) as SearchPage<ExtractResource<T>>;
  }

  async commit(writes: readonly Write[]): Promise<WriteResult[]> {
    try {
      const prepared = await prepare(writes);
      return await this.#db.write(() => this.apply(writes, prepared));
    } catch (cause) {
      throw storeError(cause);
    }
  }

  /**
   * The same as `commit`, for callers that are within `Database.write` already, so that records and jobs share a
   * commit. It must not be called elsewhere. `prepared`: see `prepare`.
   */
  apply(writes: readonly Write[], prepared: readonly (Prepared | undefined)[] = []): WriteResult[] {
    return withStoreErrors(() => writes.map((write, at) => this.#apply(write, prepared[at])));
  }

  async redact(type: ResourceType, id: string, rewrite: (version: Stored) => Stored): Promise<'done'> {
    try {
      await this.#db.erase(() => redactVersions(this.#statements, pkOf(this.#statements, type, id), rewrite));
      return 'done';
    } catch (cause) {
      throw storeError(cause);
    }
  }

  async ping(): Promise<void> {
    withStoreErrors(() => this.#statements.prepare('SELECT 1 FROM store_meta LIMIT 1').get());
  }

  #apply(write: Write, prepared: Prepared | undefined): WriteResult {
    const { resourceType, id } = write.resource;
    if (!parametersOf(resourceType)) throw new StoreError('rejected', `the type ${resourceType} is not kept here`);
    if (!ID.test(id)) throw new StoreError('rejected', `the id of a ${resourceType} is not a FHIR id`);
    if (write.op === 'create' && write.unless) {
      const existing = this.#existing(resourceType, write.unless);
      if (existing && write.onMatch === 'conflict')
        throw conflict(`a ${resourceType} that matches the condition exists`);
      if (existing) return { outcome: 'existing', resource: existing };
    }
    const current = this.#statements
      .prepare(
        `SELECT r.pk AS pk, v.version AS version, v.updated AS updated, v.body AS body
         FROM res r CROSS JOIN ver v ON v.vid = r.vid WHERE r.type = ? AND r.id = ?`,
      )
      .get(resourceType, id) as Current | undefined;
    if (write.op === 'create' && current) throw conflict(`${resourceType}/${id} exists already`);
    if (write.op === 'update' && write.ifMatch !== undefined && write.ifMatch !== String(current?.version ?? ''))
      throw conflict(`${resourceType}/${id} is not at the version that was named`);
    const { resource } = prepared ?? write;
    return current ? this.#update(resource, current, prepared) : this.#create(resource, prepared);
  }

  #existing(resourceType: string, unless: SearchParams): Stored | undefined {
    if (unless.length === 0) throw unsupported('unless', 'has no parameter');
    const [first, second] = this.#search.firstMatches(resourceType, unless, 2);
    if (second) throw conflict(`several ${resourceType} resources match the condition`);
    return first;
  }

  #create(resource: Resource & { id: string }, prepared: Prepared | undefined): WriteResult {
    const { stored, body } = stamped(resource, 1, this.#clock.now().toISOString());
    const entries = entriesOfStored(stored, prepared);
    const vid = this.#version(undefined, 1, stored, body);
    this.#recent.put(body, entries);
    this.#statements
      .prepare('INSERT INTO res (pk, type, id, vid, seldom) VALUES (?, ?, ?, ?, ?)')
      .run(vid, stored.resourceType, stored.id, vid, seldomColumn(entries));
    writeEntries(this.#statements, vid, undefined, entries);
    return { outcome: 'created', resource: stored };
  }

  #update(resource: Resource & { id: string }, current: Current, prepared: Prepared | undefined): WriteResult {
    const { pk, version, updated } = current;
    const now = this.#clock.now().toISOString();
    const { stored, body } = stamped(resource, version + 1, now > updated ? now : updated);
    const entries = entriesOfStored(stored, prepared);
    const vid = this.#version(pk, version + 1, stored, body);
    this.#statements.prepare('UPDATE res SET vid = ?, seldom = ? WHERE pk = ?').run(vid, seldomColumn(entries), pk);
    const before = this.#recent.take(current.body) ?? entriesOf(JSON.parse(current.body) as Resource);
    writeEntries(this.#statements, pk, before, entries);
    this.#recent.put(body, entries);
    return { outcome: 'updated', resource: stored };
  }

  /** Adds a version and answers its number, which is also the row number of a resource that begins with it. */
  #version(pk: number | undefined, version: number, { resourceType, meta }: Stored, body: string): number {
    const vid = latestVid(this.#statements) + 1;
    this.#statements
      .prepare('INSERT INTO ver (vid, pk, version, type, updated, body) VALUES (?, ?, ?, ?, ?, ?)')
      .run(vid, pk ?? vid, version, resourceType, meta.lastUpdated, body);
    return vid;
  }

  /** One view of the data for all that one question reads, whatever other processes write meanwhile. */
  #reading<T>(read: () => T): T {
    return withStoreErrors(() => {
      const { sql } = this.#db;
      if (sql.isTransaction) return read();
      this.#statements.prepare('BEGIN').run();
      try {
        return read();
      } finally {
        this.#statements.prepare('COMMIT').run();
      }
    });
  }
}

interface Version {
  readonly stored: Stored;
  readonly body: string;
}

interface Current {
  readonly pk: number;
  readonly version: number;
  readonly updated: string;
  readonly body: string;
}

/** What is stored, as it will be read: nothing of it is shared with the caller's own object. */
function stamped(resource: Resource & { id: string }, version: number, lastUpdated: string): Version {
  const meta = { ...resource.meta, versionId: String(version), lastUpdated };
  const body = JSON.stringify({ ...resource, meta });
  return { stored: JSON.parse(body) as Stored, body };
}

function entriesOfStored(stored: Stored, prepared: Prepared | undefined): IndexEntries {
  if (prepared === undefined) return entriesOf(stored);
  return withTime(prepared.entries, stored.resourceType, stored.meta.lastUpdated);
}

function conflict(message: string): StoreError {
  return new StoreError('conflict', message);
}

function withStoreErrors<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw storeError(cause);
  }
}

function storeError(cause: unknown): StoreError {
  return cause instanceof StoreError ? cause : new StoreError('unavailable', 'the embedded store failed', { cause });
}
