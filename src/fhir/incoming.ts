import type { Resource } from '@medplum/fhirtypes';
import { AppError } from '../errors.ts';
import type { Call, FhirDeps } from './call.ts';

/**
 * A resource as a caller sent it, found to be of the route's type and valid. What only the store may say (version,
 * time) is left out. Errors: AppError RESOURCE_INVALID, PROFILE_INVALID with every fault.
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
  return withoutServerMeta(body as T);
}

function withoutServerMeta<T extends Resource>(resource: T): T {
  if (typeof resource.meta !== 'object') return resource;
  const { versionId: _version, lastUpdated: _lastUpdated, ...meta } = resource.meta;
  const { meta: _meta, ...content } = resource;
  return (Object.keys(meta).length === 0 ? content : { ...content, meta }) as T;
}
