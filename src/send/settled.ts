import type { CommunicationRequest } from '@medplum/fhirtypes';
import type { FhirStore, Stored } from '../store/fhir-store.ts';
import type { SettleDoubts } from '../store/unit.ts';

/**
 * What the store has of a request, once it is certain that it is a promise or none. A write that nobody was promised may
 * land between the look for it and the reading; so as long as one may still come, only what was there before a look that
 * left it alone counts. Errors: StoreError.
 */
export async function settledRequest(
  { store, settleDoubts }: { readonly store: FhirStore; readonly settleDoubts: SettleDoubts },
  id: string,
): Promise<Stored<CommunicationRequest> | undefined> {
  let looked: string | undefined;
  for (;;) {
    const mayCome = await settleDoubts(`CommunicationRequest/${id}`);
    const current = await store.read('CommunicationRequest', id);
    const version = current?.meta.versionId;
    if (!mayCome || version === undefined || version === looked) return current;
    looked = version;
  }
}
