import type { ExtractResource, Resource, ResourceType } from '@medplum/fhirtypes';
import type { Stored } from '../fhir-store.ts';
import { type Answer, type FhirResource, unavailable } from './answer.ts';
import { objectIn, objectsIn } from './json.ts';

/** What a resource in an answer must be for us to believe it. */
export interface Expected<T extends ResourceType> {
  readonly type: T;
  readonly id?: string;
  readonly versionId?: string;
  /** Of the answer's `ETag`: for servers that leave the version out of the body. */
  readonly etag?: string | undefined;
  /** References to the server itself are made relative to it. */
  readonly baseUrl: string;
}

/**
 * A resource as Herald keeps it: whole, with id and version, and the one that was asked for. Somebody else's record in
 * its place would be a message to the wrong person. Errors: StoreError `unavailable`.
 */
export function storedOf<T extends ResourceType>(
  resource: FhirResource | undefined,
  expected: Expected<T>,
): Stored<ExtractResource<T>> {
  if (resource === undefined) throw unavailable('no-resource');
  const meta = { ...objectIn(resource.meta) };
  if (meta.versionId === undefined && expected.etag !== undefined) meta.versionId = expected.etag;
  const whole = { ...resource, meta };
  if (!isStored(whole, expected.type)) throw unavailable('not-the-resource');
  if (expected.id !== undefined && whole.id !== expected.id) throw unavailable('another-resource');
  if (expected.versionId !== undefined && whole.meta.versionId !== expected.versionId) {
    throw unavailable('another-version');
  }
  if (whole.meta.tag?.some((one) => one.code === 'SUBSETTED')) throw unavailable('part-of-a-resource');
  relativise(whole, `${expected.baseUrl}/`);
  return whole;
}

/** `undefined` only if the server itself says that there is none. Errors: StoreError `unavailable`. */
export function readOf<T extends ResourceType>(
  answer: Answer,
  expected: Omit<Expected<T>, 'etag'>,
): Stored<ExtractResource<T>> | undefined {
  if (answer.status === 200) return storedOf(answer.resource, { ...expected, etag: answer.versionId });
  if (isAbsence(answer)) return undefined;
  throw unavailable(`status-${answer.status}`);
}

/** A gateway that does not know the address, or a type that is not served, says nothing about a record. */
export function isAbsence({ status, resource }: Answer): boolean {
  if ((status !== 404 && status !== 410) || resource?.resourceType !== 'OperationOutcome') return false;
  return !objectsIn(resource.issue).some((one) => one.code === 'not-supported');
}

function isStored<T extends ResourceType>(
  resource: FhirResource,
  type: T,
): resource is FhirResource & Stored<ExtractResource<T>> {
  const { versionId, lastUpdated } = objectIn(resource.meta);
  return (
    resource.resourceType === type &&
    typeof resource.id === 'string' &&
    typeof versionId === 'string' &&
    typeof lastUpdated === 'string'
  );
}

/** Elements within each other, at most: FHIR's deepest have about twenty. */
const DEEPEST = 100;

/** Changes `value`, which is the answer's own. */
function relativise(value: unknown, base: string, depth = 0): void {
  if (depth > DEEPEST) throw unavailable('too-deep');
  if (Array.isArray(value)) {
    for (const one of value) relativise(one, base, depth + 1);
  } else if (isRecord(value)) {
    for (const [name, one] of Object.entries(value)) {
      if (name !== 'reference') relativise(one, base, depth + 1);
      else if (typeof one === 'string' && one.startsWith(base)) value.reference = one.slice(base.length);
      else relativise(one, base, depth + 1);
    }
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** What a PUT sends: version and time are the server's to give. */
export function bodyOf(resource: Resource & { id: string }): Resource & { id: string } {
  if (resource.meta === undefined) return resource;
  const { versionId: _versionId, lastUpdated: _lastUpdated, ...meta } = resource.meta;
  const { meta: _meta, ...rest } = resource;
  return Object.keys(meta).length === 0 ? rest : { ...rest, meta };
}

/** Can this be the address of a resource? Dots alone would be steps of a path. */
export function isAddress(type: string, id: string): boolean {
  return /^[A-Z][A-Za-z]+$/.test(type) && /^[A-Za-z0-9\-.]{1,64}$/.test(id) && !/^\.+$/.test(id);
}
