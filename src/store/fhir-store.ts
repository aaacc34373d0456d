import type { ExtractResource, Meta, Resource, ResourceType } from '@medplum/fhirtypes';

/**
 * The narrow port to the system of record. Two adapters stand behind it: the embedded SQLite store, and any FHIR R4
 * server over HTTP. Nothing outside an adapter may rely on more than is written here; above all, nothing may rely on
 * a commit that is shared with our jobs (see `CommitUnit` in `unit.ts`).
 */
export interface FhirStore {
  /** The current version; `undefined` when there is none. Errors: StoreError `unavailable`. */
  read<T extends ResourceType>(type: T, id: string): Promise<Stored<ExtractResource<T>> | undefined>;

  /** One named version; `undefined` when there is none. */
  vread<T extends ResourceType>(
    type: T,
    id: string,
    versionId: string,
  ): Promise<Stored<ExtractResource<T>> | undefined>;

  /** Versions of one resource, or of a whole type, newest first. */
  history<T extends ResourceType>(type: T, options: HistoryOptions): Promise<SearchPage<ExtractResource<T>>>;

  /**
   * One page of a search. Parameter names carry their modifier (`family:exact`); values are FHIR's own text, commas
   * meaning "or". Errors: StoreError `unsupported-search` for a parameter, modifier, prefix or sort that is not known
   * (never an empty answer instead: an unanswered question must not look like "none").
   */
  search<T extends ResourceType>(
    type: T,
    params: SearchParams,
    cursor?: string,
  ): Promise<SearchPage<ExtractResource<T>>>;

  /** All the writes, or none. Errors: StoreError `conflict`, `rejected`, `unavailable`. */
  commit(writes: readonly Write[]): Promise<WriteResult[]>;

  /**
   * Makes the versions before the current one forget (OBJ-8): each becomes what `rewrite` makes of it or, where a server
   * can take them away as a whole only, they go. The current version stays as it is. `impossible`: the store can do
   * neither, and nothing was changed. Repeating it is harmless. Errors: StoreError `unavailable`.
   */
  redact(type: ResourceType, id: string, rewrite: (version: Stored) => Stored): Promise<'done' | 'impossible'>;

  /** Is the store answering? Errors: StoreError `unavailable`. */
  ping(): Promise<void>;
}

/** What a store hands out: id and version are always there. */
export type Stored<T extends Resource = Resource> = T & {
  id: string;
  meta: Meta & { versionId: string; lastUpdated: string };
};

/** In order, repeats meaning "and": `[['status', 'active,proposed'], ['patient', 'Patient/1']]`. */
export type SearchParams = readonly (readonly [name: string, value: string])[];

export interface SearchPage<T extends Resource = Resource> {
  readonly matches: readonly Stored<T>[];
  /** What `_include` and `_revinclude` brought along. */
  readonly included: readonly Stored[];
  /** Only when asked for (`_total=accurate`, `_summary=count`). */
  readonly total?: number;
  /** Opaque; absent on the last page. Pages stay consistent while data changes: no match is skipped or repeated. */
  readonly next?: string;
}

export interface HistoryOptions {
  /** Absent: the whole type. */
  readonly id?: string;
  readonly since?: string;
  readonly count?: number;
  readonly cursor?: string;
}

/**
 * `create` is made under an id that the writer chose, so that repeating it is harmless: an id that is taken is a
 * `conflict`. With `unless`, nothing is written if that search of the same type already has one match (the answer is
 * then `existing`), and more than one is a `conflict`; with `onMatch`, one match is a `conflict` too, for a commit whose
 * other writes point at the new resource. `update` with `ifMatch` fails as `conflict` when the version
 * is no longer that one; an update of an id that does not exist creates it.
 */
export type Write =
  | {
      readonly op: 'create';
      readonly resource: Resource & { id: string };
      readonly unless?: SearchParams;
      readonly onMatch?: 'conflict';
    }
  | { readonly op: 'update'; readonly resource: Resource & { id: string }; readonly ifMatch?: string };

export interface WriteResult {
  readonly outcome: 'created' | 'updated' | 'existing';
  readonly resource: Stored;
}

export type StoreErrorCode =
  /** Version moved on, id taken, or a condition matched several: read again and decide again. */
  | 'conflict'
  /** The search cannot be answered as asked. */
  | 'unsupported-search'
  /** The server will not have this content; repeating does not help. */
  | 'rejected'
  /** No answer, or none that can be trusted. A write may or may not have happened. */
  | 'unavailable';

/** The only error a store throws. `message` is for logs and answers: ids and parameter names, never values. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  /** The parameter or element at fault, where there is one. */
  readonly subject: string | undefined;

  constructor(code: StoreErrorCode, message: string, options?: { subject?: string; cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.subject = options?.subject;
  }
}

/** Every match of every page. A search that cannot be read to its end throws: half an answer is no answer. */
export async function searchAll<T extends ResourceType>(
  store: FhirStore,
  type: T,
  params: SearchParams,
): Promise<Stored<ExtractResource<T>>[]> {
  const found: Stored<ExtractResource<T>>[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.search(type, params, cursor);
    found.push(...page.matches);
    cursor = page.next;
  } while (cursor !== undefined);
  return found;
}

/**
 * The same, one after another and a page at a time, for what may be too much to keep. Errors: StoreError, at any step; what
 * came until then is not all.
 */
export async function* searchEach<T extends ResourceType>(
  store: FhirStore,
  type: T,
  params: SearchParams,
): AsyncGenerator<Stored<ExtractResource<T>>> {
  let cursor: string | undefined;
  do {
    const page: SearchPage<ExtractResource<T>> = await store.search(type, [...params, ['_count', '500']], cursor);
    yield* page.matches;
    cursor = page.next;
  } while (cursor !== undefined);
}
