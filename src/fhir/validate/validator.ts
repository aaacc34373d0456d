import type { Fault } from '../../errors.ts';
import { type CodeSet, type Definitions, type StructureDefinition, unversioned } from './definitions.ts';
import { compileProfile, type ProfileCheck } from './profile.ts';
import { createRules } from './rules.ts';
import { isObject, type JsonObject, type Problem, Run } from './run.ts';
import { structureCheck } from './structure.ts';

export interface ValidatorOptions {
  /** R4's own definitions with snapshots: all data types, and each resource type that is to be accepted. */
  readonly structures: Iterable<StructureDefinition>;
  /** Codes by system; a set without `systems` is open, and any code is taken. */
  readonly valueSets: Iterable<{
    readonly url: string;
    readonly systems?: Readonly<Record<string, readonly string[]>>;
  }>;
  /** Profiles and extensions with snapshots. Each extension is checked wherever its url stands. */
  readonly profiles?: Iterable<StructureDefinition>;
  /** Canonicals of the profiles that a resource must meet although it may not declare them. */
  readonly profilesFor?: (resource: JsonObject) => readonly string[];
}

export interface Validation {
  /** Not R4: RESOURCE_INVALID (400). */
  readonly structure: readonly Fault[];
  /** R4, but an invariant or a profile is broken: PROFILE_INVALID (422). Given beside structural faults too. */
  readonly profile: readonly Fault[];
}

export interface Validator {
  /**
   * Checks one resource, contained resources and Bundle entries included. Each fault has an expression and a sentence
   * without personal content; both lists empty mean valid. Never throws, and stops after `maximumFaults`. Profiles that
   * `meta.profile` declares and that are not loaded cannot be checked and are passed over.
   */
  validate(resource: unknown): Validation;
}

/**
 * Makes a validator. R4 types are compiled when first met, profiles at once.
 *
 * @example createValidator({ structures, valueSets, profiles }).validate(body).structure.length === 0
 * @throws Error for a profile without snapshot, or with something that cannot be checked.
 */
export function createValidator(options: ValidatorOptions): Validator {
  const base = new Map([...options.structures].map((item) => [item.url, item]));
  const profiles = new Map([...(options.profiles ?? [])].map((item) => [unversioned(item.url), item]));
  const sets = new Map(
    [...options.valueSets].flatMap(({ url, systems }) => (systems ? [[url, codeSet(systems)]] : [])),
  );
  const definitions: Definitions = (canonical) => profiles.get(canonical) ?? base.get(canonical);
  const codeSets = (valueSet: string): CodeSet | undefined => sets.get(valueSet);
  const isResourceType = resourceTypes(base, codeSets);

  const compiled = new Map<string, ProfileCheck>();
  for (const [canonical, profile] of profiles) {
    const profileOf = (other: string): ProfileCheck | undefined => compiled.get(other);
    compiled.set(canonical, compileProfile(profile, { definitions, codeSets, isResourceType, profile: profileOf }));
  }

  const rulesOf = createRules({
    definitions: (canonical) => base.get(canonical),
    codeSets,
    isResourceType,
    onExtension: (extension, run, sound, owner) => {
      const url = extension.url;
      const profile = typeof url === 'string' ? profiles.get(url) : undefined;
      if (profile?.type !== 'Extension') return;
      if (!allowsOwner(profile, owner, base)) run.add('profile', misplaced, 'url');
      compiled.get(profile.url)?.(extension, run, sound);
    },
  });

  const check = structureCheck({
    rulesOf,
    isResourceType,
    onResource: (resource, position, sound, run) => {
      const own = position === 'contained' ? [] : (options.profilesFor?.(resource) ?? []);
      for (const canonical of new Set([...own, ...declared(resource)])) {
        const profile = profiles.get(canonical);
        if (!profile) continue;
        if (profile.type === resource.resourceType) compiled.get(canonical)?.(resource, run, sound);
        else run.add('profile', otherType, 'meta');
      }
    },
  });

  return {
    validate: (resource) => {
      const run = new Run();
      check(resource, run);
      return run.faults;
    },
  };
}

const misplaced: Problem = ['invariant', 'is an extension that does not belong at this element: move or remove it'];
const otherType: Problem = ['value', 'declares a profile of another resource type: remove it'];

function codeSet(systems: Readonly<Record<string, readonly string[]>>): CodeSet {
  return new Map(Object.entries(systems).map(([system, codes]) => [system, new Set(codes)]));
}

/** R4's types by the value set that SearchParameter.base is bound to, and those that are loaded. */
function resourceTypes(
  base: ReadonlyMap<string, StructureDefinition>,
  codeSets: (valueSet: string) => CodeSet | undefined,
): (name: string) => boolean {
  const listed = codeSets('http://hl7.org/fhir/ValueSet/resource-types');
  const names = new Set([...(listed?.values() ?? [])].flatMap((codes) => [...codes]));
  for (const { kind, type } of base.values()) if (kind === 'resource') names.add(type);
  for (const abstract of ['Resource', 'DomainResource']) names.delete(abstract);
  return (name) => names.has(name);
}

function declared(resource: JsonObject): string[] {
  const meta = resource.meta;
  const canonicals = isObject(meta) ? meta.profile : undefined;
  if (!Array.isArray(canonicals)) return [];
  return canonicals.flatMap((canonical) => (typeof canonical === 'string' ? [unversioned(canonical)] : []));
}

/**
 * Whether an extension's context lets it stand at `owner`. Where that cannot be told (an extension of a primitive; a context
 * that is a FHIRPath, or the path of an element whose data type carries it) it may.
 */
function allowsOwner(
  { context }: StructureDefinition,
  owner: string,
  base: ReadonlyMap<string, StructureDefinition>,
): boolean {
  if (!context || owner === 'Element' || context.some(({ type }) => type !== 'element')) return true;
  const isPath = owner.includes('.');
  const isResource = [...base.values()].some(({ kind, type }) => kind === 'resource' && type === owner);
  return context.some(({ expression }) => {
    if (expression === owner || expression === 'Element') return true;
    if (isResource) return expression === 'Resource' || expression === 'DomainResource';
    return isPath ? expression === 'BackboneElement' : expression.includes('.');
  });
}
