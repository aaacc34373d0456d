import { bindingCheck } from './bindings.ts';
import {
  baseUrl,
  type CodeSets,
  type Definitions,
  type ElementDefinition,
  type ElementType,
  type StructureDefinition,
  snapshotOf,
  typeCode,
  unversioned,
} from './definitions.ts';
import { type Invariant, invariantsOf } from './invariants.ts';
import { type PrimitiveCheck, primitiveTypes } from './primitives.ts';
import { entryExists, referenceCheck } from './references.ts';
import type { JsonObject, Problem, Run } from './run.ts';

/** The rules of one JSON object: a resource, a data type or a backbone element. */
export interface ObjectRules {
  /** The type's name, or `BackboneElement`. */
  readonly type: string;
  readonly isResource: boolean;
  /** By JSON key, the keys of choices and of `_` companions included. */
  readonly properties: ReadonlyMap<string, Property>;
  readonly required: readonly ElementRules[];
  readonly invariants: readonly Invariant[];
}

/** What holds for an element whatever its type. */
export interface ElementRules {
  /** As FHIRPath names it: `deceased`, not `deceasedBoolean`. */
  readonly name: string;
  readonly path: string;
  /** The JSON keys it may have; more than one for a choice. */
  readonly keys: readonly string[];
  readonly isChoice: boolean;
  readonly isList: boolean;
  readonly min: number;
  readonly invariants: readonly Invariant[];
}

/** One JSON key of an element. */
export interface Property {
  readonly element: ElementRules;
  readonly key: string;
  /** `_key`: id and extensions of a primitive. */
  readonly isCompanion: boolean;
  readonly type: TypeRules;
  readonly binding?: (value: unknown) => Problem | undefined;
}

export type TypeRules =
  | { readonly kind: 'primitive'; readonly code: string; readonly check: PrimitiveCheck }
  | { readonly kind: 'xhtml' | 'resource'; readonly code: string }
  | { readonly kind: 'object'; readonly code: string; readonly rules: () => ObjectRules; readonly after?: After };

/**
 * A check of a whole value, after its parts. `sound`: it has no structural fault. `owner`: path of what carries it, as in
 * the definition (`Communication.payload`), or a data type's name.
 */
export type After = (value: JsonObject, run: Run, sound: boolean, owner: string) => void;

export interface RuleSource {
  readonly definitions: Definitions;
  readonly codeSets: CodeSets;
  readonly isResourceType: (name: string) => boolean;
  /** Called for every extension. */
  readonly onExtension: After;
}

/** Rules of the base types by name, compiled when first asked for; undefined for a type that is not loaded. */
export function createRules(source: RuleSource): (type: string) => ObjectRules | undefined {
  const compiled = new Map<string, ObjectRules>();
  const rulesOf = (type: string): ObjectRules | undefined => {
    const known = compiled.get(type);
    if (known) return known;
    const definition = source.definitions(baseUrl + type);
    if (!definition || (definition.abstract && definition.kind === 'resource')) return undefined;
    const rules = compile(definition, source, rulesOf);
    compiled.set(type, rules);
    return rules;
  };
  return rulesOf;
}

function compile(
  definition: StructureDefinition,
  source: RuleSource,
  rulesOf: (type: string) => ObjectRules | undefined,
): ObjectRules {
  const byPath = new Map<string, ElementDefinition>();
  const children = new Map<string, ElementDefinition[]>();
  for (const element of snapshotOf(definition)) {
    byPath.set(element.path, element);
    const parent = element.path.slice(0, Math.max(0, element.path.lastIndexOf('.')));
    children.set(parent, [...(children.get(parent) ?? []), element]);
  }
  const isResource = definition.kind === 'resource';
  const objects = new Map<string, ObjectRules>();

  const objectAt = (path: string): ObjectRules => {
    const known = objects.get(path);
    if (known) return known;
    const isRoot = path === definition.type;
    const properties = new Map<string, Property>();
    const required: ElementRules[] = [];
    for (const child of children.get(path) ?? []) {
      const element = addElement(child, properties);
      if (element.min > 0) required.push(element);
    }
    const rules: ObjectRules = {
      type: isRoot ? definition.type : 'BackboneElement',
      isResource: isRoot && isResource,
      properties,
      required,
      // A backbone element's own constraints stand at the element, and are tried there.
      invariants: isRoot ? invariantsOf(byPath.get(path)?.constraint) : [],
    };
    objects.set(path, rules);
    return rules;
  };

  const addElement = (child: ElementDefinition, properties: Map<string, Property>): ElementRules => {
    const last = child.path.slice(child.path.lastIndexOf('.') + 1);
    const isChoice = last.endsWith('[x]');
    const name = isChoice ? last.slice(0, -3) : last;
    const types = child.contentReference ? [{ code: 'Element' }] : (child.type ?? []);
    const keyOf = (type: ElementType): string =>
      isChoice ? name + type.code.charAt(0).toUpperCase() + type.code.slice(1) : name;
    const element: ElementRules = {
      name,
      path: child.path,
      keys: types.map(keyOf),
      isChoice,
      isList: child.max !== '1' && child.max !== '0',
      min: child.min ?? 0,
      invariants: [
        ...(child.path.includes('.') ? invariantsOf(child.constraint) : []),
        ...types.flatMap((type) => typeProfiles(type, source.definitions)),
      ],
    };
    const codes = requiredCodes(child, source.codeSets);
    for (const type of types) {
      const key = keyOf(type);
      const common = { element, key, type: typeRules(child, type), ...(codes ? { binding: codes } : {}) };
      properties.set(key, { ...common, isCompanion: false });
      if (common.type.kind === 'primitive') properties.set(`_${key}`, { ...common, isCompanion: true });
    }
    return element;
  };

  const typeRules = (child: ElementDefinition, type: ElementType): TypeRules => {
    if (child.contentReference) {
      const path = child.contentReference.slice(child.contentReference.indexOf('#') + 1);
      return { kind: 'object', code: 'BackboneElement', rules: () => objectAt(path) };
    }
    const isAttributeOfResource = isResource && child.path === `${definition.type}.id`;
    const code = isAttributeOfResource ? 'id' : typeCode(type.code, child.path);
    if (code === 'xhtml') return { kind: 'xhtml', code };
    if (children.has(child.path)) return { kind: 'object', code: 'BackboneElement', rules: () => objectAt(child.path) };
    const check = primitiveTypes[code];
    if (check) return { kind: 'primitive', code, check };
    if (source.definitions(baseUrl + code)?.kind === 'resource') return { kind: 'resource', code };
    const rules = (): ObjectRules => {
      const found = rulesOf(code);
      if (!found) throw new Error(`${child.path} has the type ${code}, which is not among the definitions`);
      return found;
    };
    const after =
      code === 'Reference' ? referenceRules(type, source) : code === 'Extension' ? source.onExtension : undefined;
    return { kind: 'object', code, rules, ...(after ? { after } : {}) };
  };

  return objectAt(definition.type);
}

/** A profile at a data type of R4 itself (SimpleQuantity, MoneyQuantity) adds invariants and nothing else. */
function typeProfiles(type: ElementType, definitions: Definitions): Invariant[] {
  return (type.profile ?? []).flatMap((canonical) => {
    const definition = definitions(unversioned(canonical));
    return definition ? invariantsOf(snapshotOf(definition)[0]?.constraint) : [];
  });
}

/** The check of a required binding; undefined where there is none, or no finite list of codes. */
export function requiredCodes(
  element: ElementDefinition,
  codeSets: CodeSets,
): ((value: unknown) => Problem | undefined) | undefined {
  const { strength, valueSet } = element.binding ?? {};
  if (strength !== 'required' || valueSet === undefined) return undefined;
  const codes = codeSets(unversioned(valueSet));
  return codes && bindingCheck(codes, unversioned(valueSet));
}

/** The resource types that a Reference element takes; undefined for any. */
export function targetTypes(type: ElementType, definitions: Definitions): ReadonlySet<string> | undefined {
  if (!type.targetProfile || type.targetProfile.length === 0) return undefined;
  const names = type.targetProfile.map((profile) => {
    const canonical = unversioned(profile);
    return canonical.startsWith(baseUrl) ? canonical.slice(baseUrl.length) : definitions(canonical)?.type;
  });
  if (names.some((name) => name === undefined || name === 'Resource')) return undefined;
  return new Set(names as string[]);
}

function referenceRules(type: ElementType, source: RuleSource): After {
  const targets = referenceCheck(targetTypes(type, source.definitions), source.isResourceType, 'structure');
  return (value, run) => {
    targets(value, run);
    if (!entryExists(value, run)) run.add('profile', missingEntry, 'reference');
  };
}

const missingEntry: Problem = [
  'not-found',
  'points at no entry of this Bundle: give an entry that fullUrl, or correct it',
];
