import { text } from './primitives.ts';
import type { Problem, Run } from './run.ts';

/** What can be said of a resource whose type is R4's but not among the definitions: well-formed JSON of FHIR's kind. */
export function checkJson(value: unknown, run: Run): void {
  if (typeof value === 'string') {
    const problem = text(value);
    if (problem) run.add('structure', problem);
    return;
  }
  if (typeof value !== 'object' || value === null || !run.descend()) return;
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  if (entries.length === 0) run.add('structure', Array.isArray(value) ? emptyList : empty);
  for (const [key, item] of entries) {
    if (run.full) break;
    if (typeof key === 'string' && (!fhirName.test(key) || key in Object.prototype)) {
      run.add('structure', unnameable);
      continue;
    }
    run.enter(key);
    checkJson(item, run);
    run.leave();
  }
  run.ascend();
}

/** What an element may be called in JSON; a key of another form is content, and is not repeated. */
export const fhirName = /^_?[a-z][A-Za-z0-9]{0,63}$/;

export const unnameable: Problem = ['structure', 'has a key that cannot be the name of an element: remove it'];
export const empty: Problem = ['structure', 'is empty: leave it out or give it content (ele-1)'];
export const emptyList: Problem = ['structure', 'is an empty list: leave it out'];
