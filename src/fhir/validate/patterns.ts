import { isObject } from './run.ts';

/** Deep equality of JSON values, as `fixed[x]` asks; the order of keys does not matter. */
export function equals(value: unknown, fixed: unknown): boolean {
  if (Array.isArray(fixed)) {
    return (
      Array.isArray(value) && value.length === fixed.length && fixed.every((item, index) => equals(value[index], item))
    );
  }
  if (!isObject(fixed)) return value === fixed;
  if (!isObject(value)) return false;
  const keys = Object.keys(fixed);
  return (
    keys.length === Object.keys(value).length &&
    keys.every((key) => Object.hasOwn(value, key) && equals(value[key], fixed[key]))
  );
}

/** Whether a value has all that `pattern[x]` has: of a list, each item of the pattern somewhere. */
export function contains(value: unknown, pattern: unknown): boolean {
  if (Array.isArray(pattern)) {
    return Array.isArray(value) && pattern.every((wanted) => value.some((item) => contains(item, wanted)));
  }
  if (!isObject(pattern)) return value === pattern;
  return (
    isObject(value) &&
    Object.keys(pattern).every((key) => Object.hasOwn(value, key) && contains(value[key], pattern[key]))
  );
}

/** All values at a path of element names below a JSON value; lists are looked through. */
export function valuesAt(value: unknown, steps: readonly string[]): unknown[] {
  let found: unknown[] = [value];
  for (const step of steps) {
    found = found.flatMap((item) => (isObject(item) && Object.hasOwn(item, step) ? [item[step]] : [])).flat();
  }
  return found;
}
