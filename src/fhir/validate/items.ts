import { typeCode } from './definitions.ts';
import type { JsonObject, Problem } from './run.ts';
import type { SnapshotNode } from './snapshot-tree.ts';

/** One value of an element, with the JSON type that its key gives it. */
export interface Item {
  readonly value: unknown;
  /** Id and extensions of a primitive. */
  readonly companion: unknown;
  readonly type: string;
  readonly index: number | undefined;
}

/** Finds the values of an element in what holds it, whatever shape they have. */
export function itemsOf({ name, isChoice, element, base }: SnapshotNode): (parent: JsonObject) => Item[] {
  const types = (isChoice ? (base ?? element) : element).type ?? [];
  const keys = types.map(({ code }) => {
    const type = typeCode(code, element.path);
    return { key: isChoice ? name + type.charAt(0).toUpperCase() + type.slice(1) : name, type };
  });
  const distinct = isChoice ? keys : keys.slice(0, 1);
  if (element.contentReference) distinct.push({ key: name, type: 'BackboneElement' });
  return (parent) =>
    distinct.flatMap(({ key, type }): Item[] => {
      const value = Object.hasOwn(parent, key) ? parent[key] : undefined;
      const companion = Object.hasOwn(parent, `_${key}`) ? parent[`_${key}`] : undefined;
      if (!Array.isArray(value) && !Array.isArray(companion)) {
        return isPresent(value) || isPresent(companion) ? [{ value, companion, type, index: undefined }] : [];
      }
      const values: unknown[] = Array.isArray(value) ? value : [];
      const companions: unknown[] = Array.isArray(companion) ? companion : [];
      const length = Math.max(values.length, companions.length);
      return Array.from({ length }, (_, index) => ({
        value: values[index],
        companion: companions[index],
        type,
        index,
      }));
    });
}

/** The types that a profile leaves of a choice, if it leaves out some. */
export function narrowedTypes(
  { element, base, name, isChoice }: SnapshotNode,
  by: string,
): { types: ReadonlySet<string>; problem: Problem } | undefined {
  if (!isChoice || !base || (element.type ?? []).length >= (base.type ?? []).length) return undefined;
  const types = new Set((element.type ?? []).map(({ code }) => code));
  const keys = [...types].map((code) => name + code.charAt(0).toUpperCase() + code.slice(1));
  return { types, problem: ['structure', `has a type that ${by} does not take: send ${keys.join(' or ')}`] };
}

export function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}
