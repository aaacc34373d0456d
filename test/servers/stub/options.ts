import type { Clock } from '../../../src/clock.ts';

/** How the server behaves: every switch by which FHIR R4 servers differ, as far as a client of ours can tell. */
export interface Behaviour {
  /** What `metadata` says in `software.name`. */
  readonly software: string;

  /** Offered interactions. */
  readonly transactions: boolean;
  readonly batch: boolean;
  readonly conditionalCreate: boolean;
  readonly updateAsCreate: boolean;
  readonly metaDelete: boolean;
  /** `$expunge` of earlier versions. */
  readonly expunge: boolean;
  /** Reads and searches only: writes answer 405. */
  readonly readOnly: boolean;

  /** `If-None-Match: *` on PUT is not looked at: what is there is overwritten, with 200. */
  readonly ifNoneMatchIgnored: boolean;
  /** What `If-Match` does on an id that does not exist. */
  readonly ifMatchOnMissing: 'creates' | '412';
  readonly staleIfMatch: 409 | 412;

  /** `meta.security` and `meta.tag` of earlier versions stay, whatever a PUT says. */
  readonly labelsAddUp: boolean;
  /** A PUT of what is stored already answers 200 and makes no version. */
  readonly equalContentKept: boolean;
  /** `meta.security` is not kept. */
  readonly dropsLabels: boolean;
  /** Extensions are not kept, wherever they stand. */
  readonly dropsExtensions: boolean;
  /** A literal reference must lead to what is kept here. */
  readonly referenceIntegrity: boolean;

  /** Versions are UUIDs, not numbers. */
  readonly opaqueVersions: boolean;
  /** Literal references are answered as absolute URLs of this server. */
  readonly absoluteReferences: boolean;
  /** Writes are answered without a body, whatever `Prefer` says. */
  readonly bodiless: boolean;

  /** Entries on a page, at most and by default. */
  readonly pageSize: number;
  /** When a search answers `total`; `_summary=count` always does. */
  readonly total: 'always' | 'asked' | 'never';
  /** `warned`: ignored as well, and an OperationOutcome among the entries says so. */
  readonly unknownParameters: 'refused' | 'ignored' | 'warned';
  /** Search parameters that are not there: `Consent.patient`, or `_revinclude` for all types. */
  readonly withoutParameters: readonly string[];
  /** The `self` link of a POST `_search` has the parameters. */
  readonly selfOfPost: 'query' | 'bare';
  /**
   * An equal search within so many milliseconds finds what the first one found, unless `Cache-Control` is `no-cache`
   * or `no-store`.
   */
  readonly searchCacheMs: number;
  /** `Cache-Control` on a batch counts for the searches within it. */
  readonly batchesHeedCacheControl: boolean;
  /** A version can be read at once; searches see it after so many milliseconds, and the one before it until then. */
  readonly indexLagMs: number;
}

const strict: Behaviour = {
  software: 'Strict stub',
  transactions: false,
  batch: false,
  conditionalCreate: false,
  updateAsCreate: true,
  metaDelete: false,
  expunge: false,
  readOnly: false,
  ifNoneMatchIgnored: false,
  ifMatchOnMissing: '412',
  staleIfMatch: 412,
  labelsAddUp: false,
  equalContentKept: false,
  dropsLabels: false,
  dropsExtensions: false,
  referenceIntegrity: true,
  opaqueVersions: false,
  absoluteReferences: false,
  bodiless: false,
  pageSize: 20,
  total: 'always',
  unknownParameters: 'refused',
  withoutParameters: [],
  selfOfPost: 'query',
  searchCacheMs: 0,
  batchesHeedCacheControl: false,
  indexLagMs: 5_000,
};

/**
 * `strict`: all that R4 lets a server leave out is left out, and what it lets a server check is checked. The other two
 * imitate what is known of those servers where a client of ours can meet it, `medplum-like` as it is for a client that
 * may choose ids; they stand in for neither.
 */
export const profiles = {
  strict,
  'hapi-like': {
    ...strict,
    software: 'HAPI FHIR Server',
    transactions: true,
    batch: true,
    conditionalCreate: true,
    metaDelete: true,
    expunge: true,
    ifNoneMatchIgnored: true,
    ifMatchOnMissing: 'creates',
    staleIfMatch: 409,
    labelsAddUp: true,
    equalContentKept: true,
    pageSize: 50,
    total: 'asked',
    selfOfPost: 'bare',
    searchCacheMs: 60_000,
    batchesHeedCacheControl: true,
    indexLagMs: 0,
  },
  'medplum-like': {
    ...strict,
    software: 'medplum',
    transactions: true,
    batch: true,
    conditionalCreate: true,
    ifNoneMatchIgnored: true,
    equalContentKept: true,
    referenceIntegrity: false,
    opaqueVersions: true,
    total: 'asked',
    indexLagMs: 0,
  },
} as const satisfies Readonly<Record<string, Behaviour>>;

export type Profile = keyof typeof profiles;

export function isProfile(name: string): name is Profile {
  return Object.hasOwn(profiles, name);
}

export interface StubOptions extends Partial<Behaviour> {
  /** Default `strict`; the switches given beside it count before its own. */
  readonly profile?: Profile;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Of the control address. Default 0: a free one. */
  readonly controlPort?: number;
  /** A SQLite file that outlives the process. Default: memory. */
  readonly data?: string;
  /** Every call but `metadata` needs it as bearer token. Default: none is needed. */
  readonly token?: string;
  /** Drives the index lag, the search cache and `lastUpdated`. Default: the real time. */
  readonly clock?: Clock;
}

/** The behaviour that these options describe. */
export function behaviourOf(options: StubOptions): Behaviour {
  const { profile = 'strict', port, controlPort, data, token, clock, ...switches } = options;
  return { ...profiles[profile], ...switches };
}

/** Reads switches from JSON. Errors: Error naming one that does not exist or has a value of another type. */
export function switchesOf(text: string): Partial<Behaviour> {
  const switches = parsed(text);
  if (typeof switches !== 'object' || switches === null) throw new Error('--switches must be a JSON object');
  for (const [name, value] of Object.entries(switches)) {
    if (!isSwitch(name)) throw new Error(`--switches: there is no ${name}`);
    if (!isLike(value, strict[name])) throw new Error(`--switches: ${name} has a value of another type`);
  }
  return switches;
}

function isSwitch(name: string): name is keyof Behaviour {
  return Object.hasOwn(strict, name);
}

function isLike(value: unknown, other: Behaviour[keyof Behaviour]): boolean {
  return typeof value === typeof other && Array.isArray(value) === Array.isArray(other);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
