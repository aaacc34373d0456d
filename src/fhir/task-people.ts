import type { Reference, Task } from '@medplum/fhirtypes';
import type { Caller } from '../auth/caller.ts';
import type { Fault } from '../errors.ts';
import { localReference } from '../send/naming.ts';
import { isPerson, namesOfPerson } from '../send/same-person.ts';
import type { FhirStore } from '../store/fhir-store.ts';

/**
 * Why the person who completes a Task is not certainly another than the one who asked for the message (contract 10): the
 * persons are compared, PractitionerRoles by their Practitioner. Errors: StoreError.
 */
export async function samePersonFaults(store: FhirStore, task: Task, caller: Caller): Promise<Fault[]> {
  const id = localReference(task.focus?.reference, 'CommunicationRequest')?.split('/')[1];
  const request = id === undefined ? undefined : await store.read('CommunicationRequest', id);
  const asker: Reference | undefined = request?.requester;
  if (asker === undefined || !isPerson(asker)) return [];
  const decider = isPerson(task.owner) ? task.owner : caller.fhirUser;
  const [askers, deciders] = await Promise.all([namesOfPerson(store, asker), namesOfPerson(store, decider)]);
  if (askers.length === 0 || deciders.length === 0) {
    const text = 'Say in owner which Practitioner decides: it must be certain that it is not the one who asked.';
    return [{ expression: 'Task.owner', issue: 'business-rule', text }];
  }
  if (!askers.some((one) => deciders.includes(one))) return [];
  const text = 'Whoever asked for the message may not decide this. Let another person complete the Task.';
  return [{ expression: 'Task.owner', issue: 'business-rule', text }];
}
