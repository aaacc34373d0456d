import type { CommunicationRequest } from '@medplum/fhirtypes';
import { AppError, type Fault } from '../errors.ts';
import type { Reason } from '../policy/decision.ts';
import type { FhirStore } from '../store/fhir-store.ts';
import { localReference, referenceType } from './naming.ts';

/** Who may ask for a message at all; what names anything else is for the rules (ACC-1). */
const askers = ['Practitioner', 'PractitionerRole', 'Device', 'Organization'] as const;

/**
 * What is wrong with the reference to whoever asks: a literal one of a type that may ask must lead to something that is
 * kept here, as every reference must (contract 2). It is read beside the facts of the decision, in the same turn of the
 * store. Names by identifier, addresses elsewhere and contained resources are not looked up. Errors: StoreError.
 */
export async function requesterFaults(store: FhirStore, { requester }: CommunicationRequest): Promise<Fault[]> {
  const reference = requester?.reference;
  if (reference === undefined || /^(https?:|#)/.test(reference)) return [];
  const type = askers.find((one) => one === referenceType(requester ?? {}));
  if (type === undefined) return [];
  const id = localReference(reference, type)?.split('/')[1];
  if (id !== undefined && (await store.read(type, id)) !== undefined) return [];
  return [
    {
      expression: 'CommunicationRequest.requester',
      issue: 'not-found',
      text: 'The reference leads to nothing that is kept here.',
    },
  ];
}

/**
 * A fault of the resource and no reason of the rules: they speak of a requester who is absent or of another type, and
 * neither a draft nor what a refusal leaves behind may point at somebody who is not there. So where the rules refuse for
 * the requester's type, their answer stands, unless the request would be kept all the same.
 * Errors: AppError PROFILE_INVALID.
 */
export function assertRequester(faults: readonly Fault[], reasons: readonly Reason[], isKept: boolean): void {
  if (faults.length === 0) return;
  if (!isKept && reasons.some((one) => one.code === 'requester-missing')) return;
  throw new AppError('PROFILE_INVALID', faults);
}
