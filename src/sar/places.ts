import { evalFhirPathTyped, type FhirPathAtom, parseFhirPath } from '@medplum/core';
import type { Resource } from '@medplum/fhirtypes';

/** Places in a resource: where a FHIRPath leads, and what stands there (contract 12). */

/** Keys and indexes from the resource down to an element; empty for the resource itself. */
export type Pointer = readonly (string | number)[];

export interface Place {
  readonly pointer: Pointer;
}

/** A path that can be evaluated; `undefined` for what is no FHIRPath. */
export function parsedPath(path: string): FhirPathAtom | undefined {
  try {
    return parseFhirPath(path);
  } catch {
    return undefined;
  }
}

/**
 * The elements that a FHIRPath selects in a resource. `undefined` where it fails on this resource, or answers something
 * that stands nowhere in it (a computed value): nothing can be hidden by it.
 */
export function placesOf(resource: Resource, path: string): readonly Place[] | undefined {
  const parsed = parsedPath(path);
  if (parsed === undefined) return undefined;
  const root = { type: resource.resourceType, value: resource, path: resource.resourceType };
  try {
    const places = evalFhirPathTyped(parsed, [root]).flatMap((one): (Place | undefined)[] => {
      const at: unknown = Reflect.get(one, 'path');
      const isWhole = typeof at === 'string' && /^[A-Z]/.test(at);
      const pointer = isWhole ? pointerOf(resource, at, one.value) : pointerTo(resource, one.value);
      // The library takes `contentString` for any `content[x]`; what is of another type was not meant.
      if (isWhole && pointer === undefined) return [];
      return [pointer === undefined ? undefined : { pointer }];
    });
    return places.every((one) => one !== undefined) ? places : undefined;
  } catch {
    return undefined;
  }
}

/** `Communication.payload[0].content` as keys of the JSON; `undefined` where something else stands there. */
function pointerOf(resource: Resource, path: string, value: unknown): Pointer | undefined {
  const [, ...steps] = path.split(/[.[\]]+/).filter((one) => one !== '');
  const pointer: (string | number)[] = [];
  let at: unknown = resource;
  for (const step of steps) {
    const key = keyOf(at, step);
    if (key === undefined) return undefined;
    pointer.push(key);
    at = Reflect.get(at as object, key);
  }
  return at === value ? pointer : undefined;
}

function keyOf(within: unknown, step: string): string | number | undefined {
  if (Array.isArray(within)) return /^\d+$/.test(step) && Number(step) < within.length ? Number(step) : undefined;
  if (typeof within !== 'object' || within === null) return undefined;
  if (Object.hasOwn(within, step)) return step;
  // A choice: FHIRPath says `value`, JSON `valueContactPoint`.
  return Object.keys(within).find((key) => key.startsWith(step) && /^[A-Z]/.test(key.slice(step.length)));
}

/** Where this very object stands; a function such as `extension(url)` loses the way to it. */
function pointerTo(within: unknown, wanted: unknown, at: Pointer = []): Pointer | undefined {
  if (typeof wanted !== 'object' || wanted === null) return undefined;
  if (within === wanted) return at;
  if (typeof within !== 'object' || within === null) return undefined;
  for (const [key, one] of Object.entries(within)) {
    const found = pointerTo(one, wanted, [...at, Array.isArray(within) ? Number(key) : key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What stands at a place. */
export function valueAt(resource: Resource, pointer: Pointer): unknown {
  return pointer.reduce<unknown>(
    (within, key) => (typeof within === 'object' && within !== null ? Reflect.get(within, key) : undefined),
    resource,
  );
}

/** A place as a FHIRPath that selects it. */
export function pathTo(resource: Resource, pointer: Pointer): string {
  return pointer.reduce<string>(
    (path, key) => (typeof key === 'number' ? `${path}[${key}]` : `${path}.${key}`),
    resource.resourceType,
  );
}

/** Whether one place is the other, or lies within it. */
export function isWithin(pointer: Pointer, outer: Pointer): boolean {
  return outer.length <= pointer.length && outer.every((key, at) => pointer[at] === key);
}

export interface PlacedText {
  readonly pointer: Pointer;
  readonly text: string;
}

/** Every text in a part of a resource, with its place, in order; but a text that one of the keys `besides` has. */
export function textsIn(resource: Resource, within: Pointer = [], besides?: ReadonlySet<string>): PlacedText[] {
  const found: PlacedText[] = [];
  collectTexts(valueAt(resource, within), within, found, besides);
  return found;
}

function collectTexts(value: unknown, at: Pointer, found: PlacedText[], besides?: ReadonlySet<string>): void {
  if (typeof value === 'string') found.push({ pointer: at, text: value });
  else if (Array.isArray(value))
    for (const [key, one] of value.entries()) collectTexts(one, [...at, key], found, besides);
  else if (typeof value === 'object' && value !== null) {
    for (const key of Object.keys(value)) {
      const one: unknown = Reflect.get(value, key);
      if (typeof one === 'string' && besides?.has(key)) continue;
      collectTexts(one, [...at, key], found, besides);
    }
  }
}
