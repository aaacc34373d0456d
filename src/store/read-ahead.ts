import type { ExtractResource, Resource, ResourceType } from '@medplum/fhirtypes';
import type { FhirStore, Stored } from './fhir-store.ts';

/**
 * Runs work that only reads, through a view of the store. Where every question is a call to another server the work may
 * be run several times, on answers that are only expected, to find out what it asks; what it asks is then asked at once.
 * The run whose result counts has had nothing but answers of this time of asking. So the work must do nothing but read,
 * and nothing that it may not do twice.
 *
 * `expected`: resources that are likely to be there, as far as they are known; they shape questions, never a result.
 * Errors: what the work throws.
 */
export type ReadAhead = <T>(
  work: (view: FhirStore) => Promise<T>,
  options?: { readonly view?: FhirStore; readonly expected?: readonly Stored[] },
) => Promise<T>;

/**
 * The version of a resource that was last written from here, as far as it is remembered: something newer may be there.
 * It may be written over with `If-Match`, and nothing else may be decided on it.
 */
export type Recall = <T extends ResourceType>(type: T, id: string) => Stored<ExtractResource<T>> | undefined;

/** For a store that is at hand: reads as the work goes. */
export function readingAsItGoes(store: FhirStore): ReadAhead {
  return (work, { view = store } = {}) => work(view);
}

/** A resource as far as it is known before it is read. */
export function expectedAs<T extends Resource & { readonly id: string }>(resource: T): Stored<T> {
  return { ...resource, meta: { versionId: '0', lastUpdated: '1970-01-01T00:00:00Z' } } as unknown as Stored<T>;
}
