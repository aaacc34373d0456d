import type { Resource, ResourceType } from '@medplum/fhirtypes';
import type { Clock } from '../../../src/clock.ts';
import { loadDefinitions } from '../../../src/fhir/definitions/load.ts';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import type { HistoryOptions, SearchPage, SearchParams, Stored } from '../../../src/store/fhir-store.ts';
import { SqliteFhirStore } from '../../../src/store/sqlite-store.ts';

/** Versions of one commit, and when searches begin to see them (milliseconds since 1970). */
interface Unseen {
  readonly from: number;
  readonly versions: readonly Stored[];
}

/** They only travel. */
const NEVER_KEPT = ['OperationOutcome', 'Parameters'];

/** The resource types that are kept: those of which Herald has the definitions. */
export const keptTypes: readonly ResourceType[] = loadDefinitions().structures.flatMap(({ kind, abstract, type }) =>
  kind === 'resource' && !abstract && !NEVER_KEPT.includes(type) ? [type as ResourceType] : [],
);

export function isKept(type: string): type is ResourceType {
  return keptTypes.some((one) => one === type);
}

/**
 * All versions of all resources, in memory or in a file. Reads and histories see a version at once. Searches are
 * answered from an index of its own, in memory, into which versions come when the lag is over.
 */
export class Records {
  readonly #db: Database;
  readonly #store: SqliteFhirStore;
  readonly #clock: Clock;
  readonly #lagMs: number;
  readonly #index: LaggingIndex | undefined;
  #lastWriter: Promise<unknown> = Promise.resolve();

  private constructor(file: string, clock: Clock, lagMs: number) {
    this.#db = openDatabase(file);
    this.#store = new SqliteFhirStore(this.#db, { clock });
    this.#clock = clock;
    this.#lagMs = lagMs;
    this.#index = lagMs > 0 ? new LaggingIndex(clock) : undefined;
  }

  static async open(options: {
    readonly file: string;
    readonly clock: Clock;
    readonly lagMs: number;
  }): Promise<Records> {
    const records = new Records(options.file, options.clock, options.lagMs);
    const stored = options.lagMs > 0 ? await records.dump() : [];
    for (const version of stored) records.#show([version], Date.parse(version.meta.lastUpdated));
    return records;
  }

  read(type: ResourceType, id: string): Promise<Stored | undefined> {
    return this.#store.read(type, id);
  }

  vread(type: ResourceType, id: string, version: string): Promise<Stored | undefined> {
    return this.#store.vread(type, id, version);
  }

  history(type: ResourceType, options: HistoryOptions): Promise<SearchPage> {
    return this.#store.history(type, options);
  }

  /** Errors: StoreError `unsupported-search`. */
  async search(type: ResourceType, params: SearchParams, cursor?: string): Promise<SearchPage> {
    if (!this.#index) return this.#store.search(type, params, cursor);
    return this.#index.search(type, params, cursor);
  }

  /** One writer at a time: what `work` has read is still so when it commits. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#lastWriter.then(work, work);
    this.#lastWriter = turn.catch(() => undefined);
    return turn;
  }

  /** All of them as new versions, or none. To be called within `exclusively`. */
  async commit(resources: readonly (Resource & { id: string })[]): Promise<readonly Stored[]> {
    const results = await this.#store.commit(resources.map((resource) => ({ op: 'update', resource })));
    const versions = results.map(({ resource }) => resource);
    this.#show(versions, this.#clock.now().getTime());
    return versions;
  }

  /** Takes away every version but the current one. Answers how many. To be called within `exclusively`. */
  expunge(type: ResourceType, id: string): Promise<number> {
    const earlier = `DELETE FROM ver WHERE pk = (SELECT pk FROM res WHERE type = ?1 AND id = ?2)
      AND vid <> (SELECT vid FROM res WHERE type = ?1 AND id = ?2)`;
    return this.#db.write(() => Number(this.#db.sql.prepare(earlier).run(type, id).changes));
  }

  /** Every version of every resource, oldest first. */
  async dump(): Promise<Stored[]> {
    const all: Stored[] = [];
    for (const type of keptTypes) {
      let cursor: string | undefined;
      do {
        const page = await this.#store.history(type, { count: 1_000, ...(cursor === undefined ? {} : { cursor }) });
        all.push(...page.matches);
        cursor = page.next;
      } while (cursor !== undefined);
    }
    const order = ({ meta }: Stored): [string, number] => [meta.lastUpdated, Number(meta.versionId)];
    return all.sort((one, other) => {
      const [time, version] = order(one);
      const [otherTime, otherVersion] = order(other);
      return time === otherTime ? version - otherVersion : time < otherTime ? -1 : 1;
    });
  }

  /** Once the writer in hand is done. */
  async close(): Promise<void> {
    await this.#lastWriter;
    this.#db.close();
    this.#index?.close();
  }

  #show(versions: readonly Stored[], writtenAt: number): void {
    this.#index?.add({ from: writtenAt + this.#lagMs, versions });
  }
}

class LaggingIndex {
  readonly #db = openDatabase(':memory:');
  readonly #store: SqliteFhirStore;
  readonly #clock: Clock;
  readonly #unseen: Unseen[] = [];
  /** While a version is taken in: when it was written, so that both stores stamp it alike. */
  #stamp: Date | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#store = new SqliteFhirStore(this.#db, { clock: { now: () => this.#stamp ?? clock.now() } });
  }

  add(unseen: Unseen): void {
    this.#unseen.push(unseen);
  }

  async search(type: ResourceType, params: SearchParams, cursor?: string): Promise<SearchPage> {
    await this.#db.write(() => this.#catchUp());
    return this.#store.search(type, params, cursor);
  }

  close(): void {
    this.#db.close();
  }

  #catchUp(): void {
    const now = this.#clock.now().getTime();
    for (let next = this.#unseen[0]; next !== undefined && next.from <= now; next = this.#unseen[0]) {
      for (const version of next.versions) this.#take(version);
      this.#unseen.shift();
    }
  }

  #take(version: Stored): void {
    this.#stamp = new Date(version.meta.lastUpdated);
    try {
      this.#store.apply([{ op: 'update', resource: version }]);
    } finally {
      this.#stamp = undefined;
    }
  }
}
