import type { CommunicationRequest, Reference } from '@medplum/fhirtypes';
import type { Delivery } from '../policy/decision.ts';
import { type FhirStore, searchAll, type Write } from '../store/fhir-store.ts';
import { provenance, type RecordContext } from './authors.ts';
import { newId } from './ids.ts';
import { worker } from './worker-caller.ts';

/**
 * On whose authority a message goes to a proxy, where no Provenance of its attempt says so yet: the Consent that it was
 * accepted on may have been replaced by another since. Nothing for what goes to the patient. Errors: StoreError.
 */
export async function authorityWrites(
  store: FhirStore,
  communicationId: string,
  request: CommunicationRequest,
  delivery: Delivery,
  context: RecordContext,
): Promise<Write[]> {
  const { authority = [] } = delivery;
  if (authority.length === 0) return [];
  const attempt = `Communication/${communicationId}`;
  const written = await searchAll(store, 'Provenance', [['target', attempt]]);
  const said = written.map(({ entity = [] }) => entity.map((one) => one.what.reference));
  if (said.some((references) => authority.every((one) => references.includes(one)))) return [];
  const author = request.requester as Reference | undefined;
  const by = { caller: worker, author, activity: 'UPDATE', sources: authority } as const;
  return [{ op: 'create', resource: provenance(newId(context.now), [attempt], by, context) }];
}
