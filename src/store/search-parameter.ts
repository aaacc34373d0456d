import { evalFhirPathTyped, type FhirPathAtom, parseFhirPath, type TypedValue, toTypedValue } from '@medplum/core';
import type { Resource, SearchParameter } from '@medplum/fhirtypes';
import { loadDefinitions, loadValueSets } from '../fhir/definitions/load.ts';
import { StoreError } from './fhir-store.ts';

/** The kinds of FHIR R4 search parameter that have values of their own (composites are made of these). */
export type SimpleKind = 'token' | 'reference' | 'string' | 'date' | 'uri' | 'quantity';

interface Common {
  readonly resourceType: string;
  readonly code: string;
  /** Where the expression only names elements: their names from the resource on, and the type of the last. */
  readonly paths?: readonly PlainPath[];
}

export interface SimpleParameter extends Common {
  readonly kind: SimpleKind;
  /** What a bare id may be an id of. */
  readonly targets: readonly string[];
  readonly expression: FhirPathAtom;
  /** Of an element of type code: what its binding lets it be, by code system. FHIR leaves the system unsaid there. */
  readonly codes?: ReadonlyMap<string, readonly string[]>;
}

export interface CompositeParameter extends Common {
  readonly kind: 'composite';
  readonly expression: FhirPathAtom;
  /** Each is evaluated on what `expression` yields. Only the last may be of a kind that is compared by range. */
  readonly parts: readonly SimpleParameter[];
}

export type Parameter = SimpleParameter | CompositeParameter;

interface PlainPath {
  readonly names: readonly string[];
  readonly type: string;
}

const SIMPLE_KINDS: ReadonlySet<string> = new Set<SimpleKind>([
  'token',
  'reference',
  'string',
  'date',
  'uri',
  'quantity',
]);

const byType = new Map<string, ReadonlyMap<string, Parameter>>();

/**
 * Every search parameter of a resource type that this store answers: those of the R4 definitions but `near` and the
 * ones without an expression (`_text`, `_content`, `_query`). `undefined` for a type that the store does not keep.
 */
export function parametersOf(resourceType: string): ReadonlyMap<string, Parameter> | undefined {
  const known = byType.get(resourceType);
  if (known) return known;
  const { structures, searchParameters } = loadDefinitions();
  const kept = structures.some((one) => one.kind === 'resource' && !one.abstract && one.type === resourceType);
  if (!kept) return undefined;
  const found = new Map<string, Parameter>();
  for (const definition of searchParameters) {
    const parameter = compile(resourceType, definition, searchParameters);
    if (parameter) found.set(parameter.code, parameter);
  }
  byType.set(resourceType, found);
  return found;
}

/** What the parameter's expression yields. Errors: StoreError `rejected`, naming the parameter. */
export function evaluate(parameter: Parameter, resource: Resource): TypedValue[] {
  // Nearly all expressions are plain, and FHIRPath would be most of the work of a write.
  if (parameter.paths !== undefined) return parameter.paths.flatMap((path) => valuesAt(resource, path));
  return run(parameter, parameter.expression, toTypedValue(resource));
}

/** The values of one part of a composite. Errors: StoreError `rejected`. */
export function evaluatePart(part: SimpleParameter, value: TypedValue): TypedValue[] {
  return run(part, part.expression, value);
}

function run(parameter: Common, expression: FhirPathAtom, value: TypedValue): TypedValue[] {
  try {
    return evalFhirPathTyped(expression, [value]);
  } catch (cause) {
    const name = `${parameter.resourceType}.${parameter.code}`;
    throw new StoreError('rejected', `the search parameter ${name} cannot be worked out for this resource`, {
      subject: parameter.code,
      cause,
    });
  }
}

function compile(
  resourceType: string,
  definition: SearchParameter,
  all: readonly SearchParameter[],
): Parameter | undefined {
  const inherited = (definition.base as readonly string[]).some(
    (base) => base === 'Resource' || base === 'DomainResource',
  );
  if (!definition.expression || !(inherited || definition.base.some((base) => base === resourceType))) return undefined;
  const path = branchesFor(resourceType, definition.expression);
  const paths = path.split(' | ').map((branch) => plainPath(resourceType, branch));
  const common = {
    resourceType,
    code: definition.code,
    expression: parseFhirPath(path),
    ...(paths.every((one) => one !== undefined) ? { paths } : {}),
  };
  if (isSimple(definition.type)) {
    const codes = definition.type === 'token' ? codesAt(resourceType, path) : undefined;
    const targets = definition.target ?? [];
    return { ...common, kind: definition.type, targets, ...(codes === undefined ? {} : { codes }) };
  }
  if (definition.type !== 'composite') return undefined;
  const parts = (definition.component ?? []).flatMap((component): SimpleParameter[] => {
    const target = all.find((one) => one.url === component.definition);
    if (!target || !isSimple(target.type)) return [];
    const { code, type: kind, target: targets = [] } = target;
    return [{ resourceType, code, kind, targets, expression: parseFhirPath(component.expression) }];
  });
  return parts.length === definition.component?.length ? { ...common, kind: 'composite', parts } : undefined;
}

/** The codes of the element at a plain path, where it is a code with a required binding. */
function codesAt(resourceType: string, path: string): SimpleParameter['codes'] {
  const structure = loadDefinitions().structures.find((one) => one.kind === 'resource' && one.type === resourceType);
  const element = structure?.snapshot?.element?.find((one) => one.path === path);
  if (element?.type?.[0]?.code !== 'code' || element.binding?.strength !== 'required') return undefined;
  const [valueSet] = element.binding.valueSet?.split('|') ?? [];
  systemsOf ??= new Map(loadValueSets().map(({ url, systems }) => [url, new Map(Object.entries(systems ?? {}))]));
  return systemsOf.get(valueSet ?? '');
}

let systemsOf: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>> | undefined;

/** A shared parameter has one branch for each type it serves; evaluating the others would be wasted on every write. */
function branchesFor(resourceType: string, expression: string): string {
  const branches = expression.split(' | ').map((branch) => branch.replace(/^Resource\./, `${resourceType}.`));
  const own = branches.filter((branch) => branch.replace(/^\(/, '').startsWith(`${resourceType}.`));
  return (own.length > 0 ? own : branches).join(' | ');
}

/** An expression that only names elements of the resource's own structure; `undefined` for any other. */
function plainPath(resourceType: string, path: string): PlainPath | undefined {
  if (!/^[A-Z]\w*(\.[a-z]\w*)+$/.test(path)) return undefined;
  const structure = loadDefinitions().structures.find((one) => one.kind === 'resource' && one.type === resourceType);
  const types = structure?.snapshot?.element?.find((one) => one.path === path)?.type ?? [];
  const [type] = types.map((one) => one.code);
  return type === undefined || types.length > 1 || !/^\w+$/.test(type)
    ? undefined
    : { names: path.split('.').slice(1), type };
}

function valuesAt(resource: Resource, { names, type }: PlainPath): TypedValue[] {
  let values: unknown[] = [resource];
  for (const name of names) {
    values = values.flatMap((one): unknown => Reflect.get(one as object, name)).filter((one) => one != null);
  }
  return values.map((value) => ({ type, value }));
}

function isSimple(kind: string): kind is SimpleKind {
  return SIMPLE_KINDS.has(kind);
}
