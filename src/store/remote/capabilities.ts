import { isHapi } from './habits.ts';
import { type JsonObject, objectIn, objectsIn, textIn } from './json.ts';

/** What a server says that it can do, as far as Herald asks. What its statement leaves out is not there. */
export interface Capabilities {
  readonly software: string | undefined;
  readonly softwareVersion: string | undefined;
  readonly fhirVersion: string | undefined;
  readonly transaction: boolean;
  readonly batch: boolean;
  readonly types: Readonly<Record<string, TypeCapabilities>>;
}

export interface TypeCapabilities {
  /** `read`, `search-type`, `update`, … */
  readonly interactions: readonly string[];
  /** A PUT to an id that is not there makes it; `undefined`: not said, as by HAPI, which does. */
  readonly updateCreate: boolean | undefined;
  readonly conditionalCreate: boolean;
  readonly conditionalUpdate: boolean;
  /** `no-version`, `versioned` or `versioned-update` (`If-Match` is heeded). */
  readonly versioning: string | undefined;
  /** Name and type (`token`, `reference`, …); those for all types are among them. */
  readonly searchParameters: Readonly<Record<string, string>>;
  /** `Type:parameter`, or `*`. */
  readonly includes: readonly string[];
  readonly revincludes: readonly string[];
  /** Without `$`. */
  readonly operations: readonly string[];
}

/** Reads a CapabilityStatement (R4), whatever parts of it there are. */
export function capabilitiesOf(statement: unknown): Capabilities {
  const whole = objectIn(statement);
  const software = objectIn(whole.software);
  const rest = objectsIn(whole.rest).find((one) => one.mode === 'server') ?? {};
  const interactions = codesIn(rest.interaction);
  const said = { software: textIn(software.name) };
  return {
    ...said,
    softwareVersion: textIn(software.version),
    fhirVersion: textIn(whole.fhirVersion),
    transaction: interactions.includes('transaction'),
    // HAPI says the one and does both.
    batch: interactions.includes('batch') || (isHapi(said) && interactions.includes('transaction')),
    types: Object.fromEntries(
      objectsIn(rest.resource).flatMap((one) => {
        const type = textIn(one.type);
        return type === undefined ? [] : [[type, typeCapabilities(one, rest)] as const];
      }),
    ),
  };
}

/** Something without which Herald cannot keep its record on a server. `type` is absent where it is about all of them. */
export interface Lack {
  readonly type?: string;
  /** `search-type:name`: one search parameter. */
  readonly what: 'fhir-4' | 'read' | 'search-type' | 'update' | 'update-create' | `search-type:${string}`;
}

/** What Herald cannot do without. */
export interface Essentials {
  /** Types that are written under ids that we choose, because a write can only be repeated if its place is known beforehand. */
  readonly kept: readonly string[];
  /** Types that are only read. */
  readonly read: readonly string[];
  /** Search parameters, by type. */
  readonly searched: readonly (readonly [type: string, name: string])[];
}

/** What a server lacks that nothing can make up for. */
export function lacksOf(capabilities: Capabilities, { kept, read, searched }: Essentials): Lack[] {
  const version: Lack[] = capabilities.fhirVersion?.startsWith('4.0') ? [] : [{ what: 'fhir-4' }];
  const without = (type: string, needed: readonly ('read' | 'search-type' | 'update')[]): Lack[] =>
    needed.filter((what) => !capabilities.types[type]?.interactions.includes(what)).map((what) => ({ type, what }));
  return [
    ...version,
    ...kept.flatMap((type): Lack[] => [
      ...without(type, ['read', 'search-type', 'update']),
      ...(capabilities.types[type]?.updateCreate === false ? [{ type, what: 'update-create' } as const] : []),
    ]),
    ...read.flatMap((type) => without(type, ['read', 'search-type'])),
    ...searched
      .filter(([type, name]) => capabilities.types[type]?.searchParameters[name] === undefined)
      .map(([type, name]): Lack => ({ type, what: `search-type:${name}` })),
  ];
}

function typeCapabilities(resource: JsonObject, rest: JsonObject): TypeCapabilities {
  const parameters = [...objectsIn(rest.searchParam), ...objectsIn(resource.searchParam)];
  const operations = [...objectsIn(rest.operation), ...objectsIn(resource.operation)];
  return {
    interactions: codesIn(resource.interaction),
    updateCreate: typeof resource.updateCreate === 'boolean' ? resource.updateCreate : undefined,
    conditionalCreate: resource.conditionalCreate === true,
    conditionalUpdate: resource.conditionalUpdate === true,
    versioning: textIn(resource.versioning),
    searchParameters: Object.fromEntries(
      parameters.flatMap(({ name, type }) =>
        typeof name === 'string' && typeof type === 'string' ? [[name, type] as const] : [],
      ),
    ),
    includes: textsIn(resource.searchInclude),
    revincludes: textsIn(resource.searchRevInclude),
    operations: operations.flatMap(({ name }) => (typeof name === 'string' ? [name.replace(/^\$/, '')] : [])),
  };
}

const codesIn = (value: unknown): string[] => objectsIn(value).flatMap(({ code }) => textIn(code) ?? []);

const textsIn = (value: unknown): string[] => (Array.isArray(value) ? value.flatMap((one) => textIn(one) ?? []) : []);
