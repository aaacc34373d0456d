import type { Consent, Flag, Reference } from '@medplum/fhirtypes';
import { localReference } from '../send/naming.ts';
import { type Stored, searchAll, type Write } from '../store/fhir-store.ts';
import type { ObjectionDeps } from './deps.ts';
import { isFlagOf, objectionFlag, objectionFlagId } from './flag.ts';
import { isRemoving, removalWrites } from './removal.ts';
import { objectionTasks } from './tasks.ts';

/**
 * All that follows from an objection as it is now, and is not there yet: its Flag, its Tasks, and the removal of contact
 * details. Goes into the same commit as the objection. `author`: who recorded it. `previous`: what it was before this
 * commit; where only what follows is made right, the objection itself, and then there is nothing where all is as it
 * should be. Errors: StoreError.
 */
export async function objectionWrites(
  deps: ObjectionDeps,
  consent: Consent & { id: string },
  author: Reference | undefined,
  previous?: Consent,
): Promise<Write[]> {
  const now = deps.clock.now();
  const context = { now, controller: deps.controller, policy: deps.policy };
  const subject = localReference(consent.patient?.reference, 'Patient');
  const [own, ofPatient] = await Promise.all([
    deps.store.read('Flag', objectionFlagId(consent.id)),
    subject === undefined ? [] : searchAll(deps.store, 'Flag', [['patient', subject]]),
  ]);
  const existing = own ?? ofPatient.find((one) => isFlagOf(one, consent.id));
  const flag = objectionFlag(consent, existing, now, author);
  return [
    ...(flag === undefined ? [] : [writeOf(flag, existing)]),
    ...(await objectionTasks(deps.store, consent, ofPatient, context)),
    ...(await removalWrites(deps, consent, previous !== undefined && isRemoving(previous, now) ? undefined : 'new')),
  ];
}

const writeOf = (flag: Flag & { id: string }, existing: Stored<Flag> | undefined): Write =>
  existing === undefined
    ? { op: 'create', resource: flag }
    : { op: 'update', resource: flag, ifMatch: existing.meta.versionId };
