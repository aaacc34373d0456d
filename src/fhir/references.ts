import type { Resource } from '@medplum/fhirtypes';
import type { Fault } from '../errors.ts';
import type { FhirStore } from '../store/fhir-store.ts';
import { inGroups } from './bundle-turns.ts';
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
  const found = literalReferences(resource, options.leave).filter(
    ({ reference }) => reference !== options.self && !/^https?:\/\//.test(reference),
  );
  const contained = containedIds(resource);
  const targets = new Set(found.flatMap(({ reference }) => targetIn(reference) ?? []));
  // Side by side: where the record is elsewhere, what is asked for at once is one call.
  const there = new Map(await inGroups([...targets], async (target) => [target, await exists(store, target)] as const));
  return found.flatMap(({ reference, expression }): Fault[] => {
    const fault = (text: string): Fault[] => [{ expression, issue: 'not-found', text }];
    if (reference.startsWith('#')) {
      const isThere = reference === '#' || contained.has(reference.slice(1));
      return isThere ? [] : fault('The reference names a contained resource that is not there.');
    }
    const target = targetIn(reference);
    if (target === undefined) return fault('The reference is not of the form Type/id.');
    return there.get(target) ? [] : fault('The reference leads to nothing that is kept here.');
  });
}

/** `Type/id` of a reference to a resource of this server or to a version of one; `undefined` for what is neither. */
function targetIn(reference: string): string | undefined {
  const [type = '', id = '', history, version, ...more] = reference.split('/');
  const isWhole = history === undefined || (history === '_history' && isId(version ?? ''));
  return isId(id) && isWhole && more.length === 0 ? `${type}/${id}` : undefined;
}

/** Every literal reference in a resource, those of the root elements `leave` excepted. */
export function literalReferences(resource: Resource, leave: readonly string[] = []): Found[] {
  const found: Found[] = [];
  for (const [key, value] of Object.entries(resource)) {
    if (!leave.includes(key)) collect(value, `${resource.resourceType}.${key}`, found);
  }
  return found;
}

async function exists(store: FhirStore, target: string): Promise<boolean> {
  const [type = '', id = ''] = target.split('/');
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
