import type { CommunicationRequest, Patient, Reference, RelatedPerson } from '@medplum/fhirtypes';
import type { Stored } from '../store/fhir-store.ts';
import { expectedAs } from '../store/read-ahead.ts';
import { localReference } from './naming.ts';

/** The people whom a request names, as far as it tells of them: what will have to be asked about them follows from it. */
export function expectedOf({ subject, recipient = [] }: CommunicationRequest): Stored[] {
  return [subject, ...recipient].flatMap((one): Stored[] => {
    const identifier = one?.identifier === undefined ? {} : { identifier: [one.identifier] };
    const patient = idIn(one, 'Patient');
    if (patient !== undefined) {
      return [expectedAs<Patient & { id: string }>({ ...identifier, resourceType: 'Patient', id: patient })];
    }
    const proxy = idIn(one, 'RelatedPerson');
    if (proxy === undefined || subject === undefined) return [];
    const about = { ...identifier, patient: subject as Reference<Patient> };
    return [expectedAs<RelatedPerson & { id: string }>({ ...about, resourceType: 'RelatedPerson', id: proxy })];
  });
}

const idIn = (one: Reference | undefined, type: string): string | undefined =>
  localReference(one?.reference, type)?.split('/')[1];
