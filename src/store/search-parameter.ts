import { evalFhirPathTyped, type FhirPathAtom, parseFhirPath, type TypedValue, toTypedValue } from '@medplum/core';
import type { Resource, SearchParameter } from '@medplum/fhirtypes';
import { loadDefinitions } from '../fhir/definitions/load.ts';
import { StoreError } from './fhir-store.ts';

/** The kinds of FHIR R4 search parameter that have values of their own (composites are made of these). */
export type SimpleKind = 'token' | 'reference' | 'string' | 'date' | 'uri' | 'quantity';

interface Common {
  readonly resourceType: string;
  readonly code: string;
}

export interface SimpleParameter extends Common {
  readonly kind: SimpleKind;
  /** What a bare id may be an id of. */
  readonly targets: readonly string[];
  readonly expression: FhirPathAtom;
}

export interface CompositeParameter extends Common {
  readonly kind: 'composite';
  readonly expression: FhirPathAtom;
  /** Each is evaluated on what `expression` yields. Only the last may be of a kind that is compared by range. */
  readonly parts: readonly SimpleParameter[];
}

export type Parameter = SimpleParameter | CompositeParameter;

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
  const expression = parseFhirPath(branchesFor(resourceType, definition.expression));
  const common = { resourceType, code: definition.code, expression };
  if (isSimple(definition.type)) return { ...common, kind: definition.type, targets: definition.target ?? [] };
  if (definition.type !== 'composite') return undefined;
  const parts = (definition.component ?? []).flatMap((component): SimpleParameter[] => {
    const target = all.find((one) => one.url === component.definition);
    if (!target || !isSimple(target.type)) return [];
    const { code, type: kind, target: targets = [] } = target;
    return [{ resourceType, code, kind, targets, expression: parseFhirPath(component.expression) }];
  });
  return parts.length === definition.component?.length ? { ...common, kind: 'composite', parts } : undefined;
}

/** A shared parameter has one branch for each type it serves; evaluating the others would be wasted on every write. */
function branchesFor(resourceType: string, expression: string): string {
  const branches = expression.split(' | ').map((branch) => branch.replace(/^Resource\./, `${resourceType}.`));
  const own = branches.filter((branch) => branch.replace(/^\(/, '').startsWith(`${resourceType}.`));
  return (own.length > 0 ? own : branches).join(' | ');
}

function isSimple(kind: string): kind is SimpleKind {
  return SIMPLE_KINDS.has(kind);
}
