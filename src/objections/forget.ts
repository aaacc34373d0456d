import type { Consent, Task } from '@medplum/fhirtypes';
import { idOfKey } from '../send/ids.ts';
import { type FhirStore, type Stored, StoreError } from '../store/fhir-store.ts';
import { concernedBy } from './concerned.ts';
import type { ObjectionDeps } from './deps.ts';
import { type Person, type Removal, withoutDetails } from './details.ts';
import { copiesOf, isRemoving, removalOf } from './removal.ts';
import { aboutObjection, doneTask, isOpen } from './tasks.ts';
import { versionsOf } from './versions.ts';

/**
 * OBJ-8: makes earlier versions forget the details that left with this objection. Where the store cannot, a Task asks
 * somebody to have it done. Repeating it changes nothing. Errors: StoreError.
 */
export async function forgetRemoved(deps: ObjectionDeps, consent: Consent & { id: string }): Promise<void> {
  const now = deps.clock.now();
  if (!isRemoving(consent, now)) return;
  const { own, others } = await concernedBy(deps.store, consent, now);
  const removal = removalOf(consent);
  for (const one of own) await forgetIn(deps, consent, one, removal);
  for (const one of others) await forgetIn(deps, consent, one, copiesOf(removal));
}

async function forgetIn(
  deps: ObjectionDeps,
  consent: Consent & { id: string },
  record: Stored<Person>,
  removal: Removal,
): Promise<void> {
  const rewrite = <T extends Person>(version: T): T => withoutDetails(version, removal, deps.fingerprint);
  const [, ...earlier] = await versionsOf<Stored<Person>>(deps.store, record);
  if (earlier.every((one) => rewrite(one) === one)) return;
  const focus = `${record.resourceType}/${record.id}`;
  const outcome = await redacted(deps.store, record, rewrite);
  const id = idOfKey(`purge of ${focus} for ${consent.id}`);
  const asked = await deps.store.read('Task', id);
  if (outcome === 'impossible' && asked === undefined) await askToPurge(deps, consent, focus, id);
  if (outcome === 'done' && asked !== undefined) await closePurge(deps, asked);
}

/** A server that does not let us is as one that cannot. */
async function redacted(
  store: FhirStore,
  { resourceType, id }: Stored<Person>,
  rewrite: <T extends Person>(one: T) => T,
): Promise<'done' | 'impossible'> {
  try {
    return await store.redact(resourceType, id, (version) => rewrite(version as Stored<Person>));
  } catch (error) {
    if (error instanceof StoreError && error.code === 'unavailable') return 'impossible';
    throw error;
  }
}

async function askToPurge(
  deps: ObjectionDeps,
  consent: Consent & { id: string },
  focus: string,
  id: string,
): Promise<void> {
  const asked = {
    code: 'purge-history',
    focus,
    text: 'Contact details left this record because they put the person at risk. Earlier versions on the FHIR server still have them, and Herald cannot take them away: have them expunged there, and say in a note when it was done.',
    priority: 'urgent',
    performerType: 'records',
  } as const;
  const context = { now: deps.clock.now(), controller: deps.controller, policy: deps.policy };
  try {
    await deps.store.commit([{ op: 'create', resource: aboutObjection(id, consent, asked, context) }]);
  } catch (error) {
    // Somebody else asked at the same moment.
    if (!(error instanceof StoreError && error.code === 'conflict')) throw error;
  }
}

async function closePurge({ store, clock }: ObjectionDeps, asked: Stored<Task>): Promise<void> {
  if (!isOpen(asked)) return;
  const resource = doneTask(asked, 'The earlier versions were taken away by Herald.', clock.now());
  await store.commit([{ op: 'update', resource, ifMatch: asked.meta.versionId }]);
}
