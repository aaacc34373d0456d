import type { Resource } from '@medplum/fhirtypes';
import type { Fault } from '../errors.ts';
import type { FhirStore } from '../store/fhir-store.ts';
import { isId } from './read.ts';
import { routeOf } from './routes.ts';

/** A literal reference and where it stands. */
export interface Found {
  readonly reference: string;
  readonly expression: string;
}

/**
 * The faults of a resource's literal references: each must lead to something that exists here. Addresses elsewhere are
 * not followed. `self` is the resource's own place, which may be referred to while it is being made. `leave` names
 * root elements that somebody else judges. Errors: StoreError.
 */
export async function danglingReferences(
  store: FhirStore,
  resource: Resource,
  options: { readonly self?: string; readonly leave?: readonly string[] },
): Promise<Fault[]> {
  const found = literalReferences(resource, options.leave);
  const contained = containedIds(resource);
  const targets = new Map<string, boolean>();
  const faults: Fault[] = [];
  for (const { reference, expression } of found) {
    if (reference === options.self || /^https?:\/\//.test(reference)) continue;
    if (reference.startsWith('#')) {
      if (reference !== '#' && !contained.has(reference.slice(1))) {
        faults.push({ expression, text: 'The reference names a contained resource that is not there.' });
      }
      continue;
    }
    const [type = '', id = '', history, version, ...more] = reference.split('/');
    const wellFormed = isId(id) && (history === undefined || (history === '_history' && isId(version ?? '')));
    if (!wellFormed || more.length > 0) {
      faults.push({ expression, text: 'The reference is not of the form Type/id.' });
      continue;
    }
    const target = `${type}/${id}`;
    if (!targets.has(target)) targets.set(target, await exists(store, type, id));
    if (!targets.get(target)) faults.push({ expression, text: 'The reference leads to nothing that is kept here.' });
  }
  return faults.map((fault) => ({ ...fault, issue: 'not-found' }));
}

/** Every literal reference in a resource, those of the root elements `leave` excepted. */
export function literalReferences(resource: Resource, leave: readonly string[] = []): Found[] {
  const found: Found[] = [];
  for (const [key, value] of Object.entries(resource)) {
    if (!leave.includes(key)) collect(value, `${resource.resourceType}.${key}`, found);
  }
  return found;
}

async function exists(store: FhirStore, type: string, id: string): Promise<boolean> {
  const route = routeOf(type);
  return route !== undefined && (await store.read(route.type, id)) !== undefined;
}

function collect(value: unknown, expression: string, found: Found[]): void {
  if (Array.isArray(value)) {
    value.forEach((one, index) => {
      collect(one, `${expression}[${index}]`, found);
    });
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'reference' && typeof inner === 'string') found.push({ reference: inner, expression });
    else collect(inner, `${expression}.${key}`, found);
  }
}

function containedIds(resource: Resource): Set<string> {
  const contained = 'contained' in resource && Array.isArray(resource.contained) ? resource.contained : [];
  return new Set(contained.flatMap((one) => one.id ?? []));
}
