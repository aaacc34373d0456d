import type { Reference } from '@medplum/fhirtypes';
import { system } from '../canonical.ts';
import type { FhirStore } from '../store/fhir-store.ts';
import { localReference, referenceType } from './naming.ts';

/** Whether a reference names a member of staff, not a team or a system. */
export function isPerson(reference: Reference | undefined): reference is Reference {
  const type = reference === undefined ? undefined : referenceType(reference);
  return type === 'Practitioner' || type === 'PractitionerRole';
}

/**
 * Everything that a member of staff is known by here, PractitionerRoles by their Practitioner (contract 10); none where it
 * cannot be made out who it is. Errors: StoreError.
 */
export async function namesOfPerson(store: FhirStore, reference: Reference | undefined): Promise<string[]> {
  if (reference === undefined) return [];
  const role = localReference(reference.reference, 'PractitionerRole')?.split('/')[1];
  if (role !== undefined) return namesOfPerson(store, (await store.read('PractitionerRole', role))?.practitioner);
  const given = reference.identifier === undefined ? [] : [reference.identifier];
  const literal = localReference(reference.reference, 'Practitioner');
  const id = literal?.split('/')[1];
  const record = id === undefined ? undefined : await store.read('Practitioner', id);
  const users = [...given, ...(record?.identifier ?? [])].flatMap((one) =>
    one.system === system.sdsUserId && one.value !== undefined ? [`${one.system}|${one.value}`] : [],
  );
  return [...(literal === undefined ? [] : [literal]), ...users];
}
