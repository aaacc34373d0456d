import type { Resource } from '@medplum/fhirtypes';

export const addressOf = ({ resourceType, id }: Resource): string => `${resourceType}/${id}`;

/** The same resources, each after those that it points at. Errors: some point at each other in a circle. */
export function inReferenceOrder(resources: readonly Resource[]): Resource[] {
  const byAddress = new Map(resources.map((one) => [addressOf(one), one]));
  const ordered: Resource[] = [];
  const states = new Map<Resource, 'open' | 'done'>();
  const place = (one: Resource): void => {
    const state = states.get(one);
    if (state === 'done') return;
    if (state === 'open') throw new Error(`${addressOf(one)} points at itself, by way of others`);
    states.set(one, 'open');
    for (const target of targetsOf(one)) {
      const known = byAddress.get(target);
      if (known !== undefined && known !== one) place(known);
    }
    states.set(one, 'done');
    ordered.push(one);
  };
  for (const one of resources) place(one);
  return ordered;
}

/** The literal references in a resource, as `Type/id`. */
function targetsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(targetsOf);
  if (typeof value !== 'object' || value === null) return [];
  const own = 'reference' in value && typeof value.reference === 'string' ? [unversioned(value.reference)] : [];
  return [...own, ...Object.values(value).flatMap(targetsOf)];
}

/** The reference without the version that it may name. */
export const unversioned = (reference: string): string => reference.replace(/\/_history\/[^/]+$/, '');
