import type { Coding, Resource } from '@medplum/fhirtypes';
import { loadDefinitions } from './definitions/load.ts';

/** How much of each resource is answered (FHIR R4 3.1.1.5.8 and 3.1.1.5.9). */
export type Shape = 'whole' | 'summary' | 'text' | 'data' | { readonly elements: readonly string[] };

/** Marks what is not the whole resource, so that nobody writes it over the whole one. */
export const SUBSETTED = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  code: 'SUBSETTED',
} as const satisfies Coding;

/**
 * The part of a resource that was asked for. What R4 requires is always there; with `elements` so is what changes the
 * meaning of the rest, such as `active` or `deceased`. The resource itself stays as it is.
 */
export function shaped(resource: Resource, shape: Shape): Resource {
  if (shape === 'whole') return resource;
  const elements = elementsOf(resource.resourceType);
  const kept = Object.entries(resource).flatMap(([key, value]): [string, unknown][] => {
    if (always.has(key)) return [[key, value]];
    const element = elementOf(elements.get(resource.resourceType) ?? [], key);
    if (element === undefined) return [];
    if (shape === 'data') return element.name === 'text' ? [] : [[key, value]];
    if (shape === 'text') return element.name === 'text' || element.isRequired ? [[key, value]] : [];
    if (shape === 'summary') return inSummary(element) ? [[key, summaryOf(elements, element, value)]] : [];
    const isAsked = shape.elements.includes(element.name) || shape.elements.includes(key.replace(/^_/, ''));
    return isAsked || element.isRequired || element.isModifier ? [[key, value]] : [];
  });
  return asPart({ ...Object.fromEntries(kept), meta: resource.meta } as Resource);
}

/** It with the tag that says that it is not the whole. */
export function asPart<T extends Resource>(resource: T): T {
  const tag = [...(resource.meta?.tag ?? []).filter((one) => !isSubsetted(one)), SUBSETTED];
  return { ...resource, meta: { ...resource.meta, tag } };
}

export function isSubsetted({ system, code }: Coding): boolean {
  return system === SUBSETTED.system && code === SUBSETTED.code;
}

/** May the type have an element of this name? Choices by either name: `deceased`, `deceasedBoolean`. */
export function isElement(type: string, name: string): boolean {
  return (elementsOf(type).get(type) ?? []).some((one) => one.name === name || one.keys.includes(name));
}

const always: ReadonlySet<string> = new Set(['resourceType', 'id', 'meta']);

interface Element {
  readonly name: string;
  readonly path: string;
  /** The JSON keys of a choice's types, or the name alone. */
  readonly keys: readonly string[];
  readonly isRequired: boolean;
  readonly isModifier: boolean;
  readonly isSummary: boolean;
  /** Where its own elements are described. */
  readonly content: string;
}

type Elements = ReadonlyMap<string, readonly Element[]>;

const byType = new Map<string, Elements>();

/** The elements of a type, by the path of what they are elements of. */
function elementsOf(type: string): Elements {
  const known = byType.get(type);
  if (known) return known;
  const found = new Map<string, Element[]>();
  const structure = loadDefinitions().structures.find((one) => one.kind === 'resource' && one.type === type);
  for (const { path, min, type: types = [], isModifier, isSummary, contentReference } of structure?.snapshot?.element ??
    []) {
    const at = path.lastIndexOf('.');
    if (at === -1) continue;
    const name = path.slice(at + 1).replace('[x]', '');
    const keys = path.endsWith('[x]')
      ? types.map(({ code = '' }) => name + code.charAt(0).toUpperCase() + code.slice(1))
      : [name];
    const element: Element = {
      name,
      path,
      keys,
      isRequired: (min ?? 0) > 0,
      isModifier: isModifier ?? false,
      isSummary: isSummary ?? false,
      content: contentReference === undefined ? path : contentReference.slice(contentReference.indexOf('#') + 1),
    };
    found.set(path.slice(0, at), [...(found.get(path.slice(0, at)) ?? []), element]);
  }
  byType.set(type, found);
  return found;
}

function elementOf(elements: readonly Element[], key: string): Element | undefined {
  const name = key.replace(/^_/, '');
  return elements.find((one) => one.name === name || one.keys.includes(name));
}

const inSummary = (element: Element): boolean => element.isSummary || element.isRequired || element.isModifier;

/**
 * Of an element that is in the summary, what is: a data type whole, of a backbone element its summary. One that is there
 * only because R4 requires it is whole: without its parts it would not be what R4 requires.
 */
function summaryOf(elements: Elements, element: Element, value: unknown): unknown {
  const inner = element.isSummary ? elements.get(element.content) : undefined;
  if (inner === undefined || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => summaryOf(elements, element, one));
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]) => {
      const found = elementOf(inner, key);
      if (found === undefined || !(found.name === 'id' || inSummary(found))) return [];
      return [[key, summaryOf(elements, found, part)]];
    }),
  );
}
