import type { Flag } from '@medplum/fhirtypes';
import { objectionCategory } from '../send/gather-objections.ts';
import { localReference } from '../send/naming.ts';
import { type Stored, searchAll, type Write } from '../store/fhir-store.ts';
import type { ObjectionDeps } from './deps.ts';
import { needTask } from './tasks.ts';

/**
 * What goes into the same commit as a recorded need that an objection stands against: the Task for whoever finds out how
 * the person can be reached (contract 7). Errors: StoreError.
 */
export async function needTasks(deps: ObjectionDeps, flag: Flag & { id: string }): Promise<Write[]> {
  const subject = localReference(flag.subject?.reference, 'Patient');
  if (subject === undefined || flag.status !== 'active') return [];
  const context = { now: deps.clock.now(), controller: deps.controller, policy: deps.policy };
  const objections = await searchAll(deps.store, 'Consent', [
    ['patient', subject],
    ['category', objectionCategory],
    ['status', 'active,proposed'],
  ]);
  const wanted = objections.flatMap((one) => needTask(one, [flag as Stored<Flag>], context));
  const existing = await Promise.all(wanted.map((one) => deps.store.read('Task', one.id)));
  return wanted.filter((_, at) => existing[at] === undefined).map((resource) => ({ op: 'create', resource }));
}
