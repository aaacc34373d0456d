import type { Resource } from '@medplum/fhirtypes';
import { AppError } from '../errors.ts';
import type { Call, FhirDeps } from './call.ts';
import { modifierFaults } from './modifiers.ts';
import { isSubsetted } from './search-elements.ts';

/**
 * A resource as a caller sent it, found to be of the route's type and valid. What only the store may say (version,
 * time) is left out, and references to this server's own address are made relative. Errors: AppError RESOURCE_INVALID, PROFILE_INVALID with every fault.
 */
export function checkIncoming<T extends Resource>(deps: FhirDeps, call: Call, body: unknown): T {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new AppError('RESOURCE_INVALID', 'The body is not a resource.');
  }
  if (Reflect.get(body, 'resourceType') !== call.route.type) {
    throw new AppError('RESOURCE_INVALID', [
      { expression: 'resourceType', text: `This address takes a ${call.route.type}.` },
    ]);
  }
  const { structure, profile } = deps.validate(body);
  if (structure.length > 0) throw new AppError('RESOURCE_INVALID', [...structure, ...profile]);
  if (profile.length > 0) throw new AppError('PROFILE_INVALID', profile);
  return asIncoming(deps, body as T);
}

/**
 * A valid resource as it is dealt with from here on: see `checkIncoming`. Errors: AppError PROFILE_INVALID for a part of
 * one (FHIR R4 3.1.1.5.9), which would take the rest away, and for what changes the meaning of a part.
 */
export function asIncoming<T extends Resource>(deps: FhirDeps, resource: T): T {
  if (resource.meta?.tag?.some(isSubsetted)) {
    throw new AppError('PROFILE_INVALID', [
      {
        expression: `${resource.resourceType}.meta.tag`,
        text: 'The tag SUBSETTED says that this is a part of a resource; read the whole one, change that and send it.',
      },
    ]);
  }
  const modified = modifierFaults(resource);
  if (modified.length > 0) throw new AppError('PROFILE_INVALID', modified);
  return normalised(deps, resource);
}

/** Without what only the store may say, and with relative references to what is here; nothing is checked. */
export function normalised<T extends Resource>(deps: Pick<FhirDeps, 'base'>, resource: T): T {
  return withRelativeReferences(withoutServerMeta(resource), `${deps.base}/`);
}

function withoutServerMeta<T extends Resource>(resource: T): T {
  if (typeof resource.meta !== 'object') return resource;
  const { versionId: _version, lastUpdated: _lastUpdated, ...meta } = resource.meta;
  const { meta: _meta, ...content } = resource;
  return (Object.keys(meta).length === 0 ? content : { ...content, meta }) as T;
}

/** `https://here/fhir/Patient/1` is `Patient/1`: one person must not be known by two references. */
function withRelativeReferences<T>(value: T, base: string): T {
  if (Array.isArray(value)) return value.map((one) => withRelativeReferences(one, base)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, one]) =>
    key === 'reference' && typeof one === 'string' && one.startsWith(base)
      ? [key, one.slice(base.length)]
      : [key, withRelativeReferences(one, base)],
  );
  return Object.fromEntries(entries) as T;
}
