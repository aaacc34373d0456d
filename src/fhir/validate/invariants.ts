import { type FhirPathAtom, parseFhirPath } from '@medplum/core';
import type { Constraint } from './definitions.ts';
import { invariantPlaces } from './invariant-places.ts';
import { nativeInvariants } from './native-invariants.ts';
import type { JsonObject, Problem, Run } from './run.ts';

/** A constraint ready to be tried on a value of its element. */
export interface Invariant {
  readonly key: string;
  readonly problem: Problem;
  /** The child of the element that it speaks of, where it is one of ours and speaks of one. */
  readonly child: string | undefined;
  /** False where it is broken. Does not throw. */
  holds(value: unknown, type: string, run: Run): boolean;
}

/**
 * Invariants that need no trial: other checks of this folder make the first three in their own words, and the others are
 * about codes of a system that R4 names only "something", so nothing breaks them.
 */
const untried: ReadonlySet<string> = new Set(['ele-1', 'txt-1', 'txt-2', 'ppc-2', 'ppc-3', 'ppc-4', 'ppc-5']);

/**
 * Makes the invariants of an element: errors only, since a warning refuses nothing. An expression is parsed here, once.
 *
 * @throws Error for an expression that cannot be parsed: a profile with one must not start.
 */
export function invariantsOf(constraints: readonly Constraint[] | undefined): Invariant[] {
  return (constraints ?? []).flatMap((constraint) => {
    const { key, severity, human, expression } = constraint;
    if (severity !== 'error' || expression === undefined) return [];
    if (untried.has(key)) return [];
    const problem: Problem = ['invariant', `breaks ${key}: ${human.trim().replace(/\.$/, '')}`];
    const child = invariantPlaces[key];
    const native = nativeInvariants[key];
    if (native) return [{ key, problem, child, holds: (value, _type, run) => native(value as JsonObject, run) }];
    const parsed = parse(key, expression);
    return [{ key, problem, child, holds: (value, type, run) => evaluate(parsed, value, type, run) }];
  });
}

const parsedExpressions = new Map<string, FhirPathAtom>();

function parse(key: string, expression: string): FhirPathAtom {
  const known = parsedExpressions.get(expression);
  if (known) return known;
  try {
    const parsed = parseFhirPath(expression);
    parsedExpressions.set(expression, parsed);
    return parsed;
  } catch (cause) {
    throw new Error(`the expression of ${key} cannot be parsed`, { cause });
  }
}

/** As in the specification's reference validator, an empty answer and an error of evaluation both break the invariant. */
function evaluate(expression: FhirPathAtom, value: unknown, type: string, run: Run): boolean {
  const resource = typed(run.frame.resource);
  const root = typed(run.frame.container);
  const focus = { type, value };
  const variables = { '%resource': resource, '%rootResource': root, '%context': focus, '%ucum': ucum };
  try {
    const [first, ...others] = expression.eval({ variables }, [focus]);
    return others.length === 0 && first?.value === true;
  } catch {
    return false;
  }
}

function typed(resource: JsonObject): { type: string; value: unknown } {
  return { type: String(resource.resourceType), value: resource };
}

const ucum = { type: 'uri', value: 'http://unitsofmeasure.org' };
