import { type Frame, isObject, type JsonObject } from './run.ts';

/** Where a resource stands: by itself, in an entry of a Bundle (or a parameter), or contained in another. */
export type Position = 'root' | 'entry' | 'contained';

/** What FHIRPath's variables and the references of a resource mean, once it is entered. */
export function frameOf(resource: JsonObject, position: Position, outer: Frame): Frame {
  if (position === 'contained') return { ...outer, resource, inContained: true };
  const contained = typesBy('id', resource.contained, (item) => item);
  const bundle =
    resource.resourceType === 'Bundle' ? typesBy('fullUrl', resource.entry, (entry) => entry.resource) : outer.bundle;
  return { resource, container: resource, contained, inContained: false, bundle };
}

/** Resource types of the items of a list, by the string that each has at `key`. */
function typesBy(key: string, list: unknown, resourceOf: (item: JsonObject) => unknown): ReadonlyMap<string, string> {
  if (!Array.isArray(list)) return noTypes;
  const types = new Map<string, string>();
  for (const item of list) {
    if (!isObject(item)) continue;
    const name = item[key];
    const resource = resourceOf(item);
    const type = isObject(resource) ? resource.resourceType : undefined;
    if (typeof name === 'string' && typeof type === 'string') types.set(name, type);
  }
  return types;
}

const noTypes: ReadonlyMap<string, string> = new Map();
