import type { CodeSet } from './definitions.ts';
import { isObject, type Problem } from './run.ts';

/**
 * Checks a code, Coding or CodeableConcept (Quantity counts as a Coding: system and code) against a required binding
 * (`terminologies.html#required`). A CodeableConcept needs one coding of the set; text alone does not do.
 */
export function bindingCheck(codes: CodeSet, valueSet: string): (value: unknown) => Problem | undefined {
  const any = new Set<string>();
  for (const system of codes.values()) for (const code of system) any.add(code);
  const wrong: Problem = ['code-invalid', describe(any, valueSet)];
  const holds = (coding: unknown): boolean => {
    if (!isObject(coding) || typeof coding.code !== 'string') return false;
    const system = coding.system;
    return typeof system === 'string' && (codes.get(system)?.has(coding.code) ?? false);
  };
  return (value) => {
    if (typeof value === 'string') return any.has(value) ? undefined : wrong;
    if (!isObject(value)) return undefined;
    if (!('coding' in value) && !('text' in value)) return 'code' in value && !holds(value) ? wrong : undefined;
    const codings = value.coding;
    return Array.isArray(codings) && codings.some(holds) ? undefined : wrong;
  };
}

/** Lists the codes where a reader can take them in at a glance. */
function describe(codes: ReadonlySet<string>, valueSet: string): string {
  if (codes.size > 20) return `needs a code of ${valueSet}`;
  return `must be one of ${[...codes].join(', ')} (${valueSet})`;
}
