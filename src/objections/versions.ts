import type { ResourceType } from '@medplum/fhirtypes';
import type { FhirStore, SearchPage, Stored } from '../store/fhir-store.ts';

/** Every version of a resource that the store still has, newest first. Errors: StoreError. */
export async function versionsOf<T extends Stored>(
  store: FhirStore,
  { resourceType, id }: Pick<T, 'resourceType' | 'id'>,
): Promise<T[]> {
  const found: Stored[] = [];
  let cursor: string | undefined;
  do {
    const page: SearchPage = await store.history(resourceType as ResourceType, {
      id,
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.push(...page.matches);
    cursor = page.next;
  } while (cursor !== undefined);
  return found as T[];
}
