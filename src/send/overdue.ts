import type { Task } from '@medplum/fhirtypes';
import { auditEvent } from '../audit.ts';
import type { FhirStore, Stored, Write } from '../store/fhir-store.ts';
import type { RecordContext } from './authors.ts';
import { idOfKey } from './ids.ts';
import { localReference } from './naming.ts';
import { task } from './tasks.ts';
import { worker } from './worker-caller.ts';

/**
 * What escalates a Task past its due date, once: its priority rises by one step, and a Task `hold-overdue` says so to
 * whoever is there. `undefined` where that was done before. Errors: StoreError.
 */
export async function overdueWrites(
  store: FhirStore,
  waiting: Stored<Task>,
  said: { readonly focus: string; readonly text: string },
  context: RecordContext,
): Promise<Write[] | undefined> {
  const id = idOfKey(`overdue ${waiting.id}`);
  if ((await store.read('Task', id)) !== undefined) return undefined;
  const { now } = context;
  const priority = nextPriority[waiting.priority ?? 'routine'];
  const patient = localReference(waiting.for?.reference, 'Patient');
  const about = patient === undefined ? {} : { patient };
  const performerType = waiting.performerType?.[0]?.coding?.[0]?.code;
  const overdue = task(id, { code: 'hold-overdue', ...said, priority, performerType, ...about }, context);
  const event = auditEvent({
    action: 'U',
    subtype: 'update',
    outcome: '0',
    recorded: now,
    caller: worker,
    controller: context.controller,
    ...about,
    entities: [`Task/${waiting.id}`, `Task/${id}`],
  });
  const risen: Task & { id: string } = { ...waiting, priority, lastModified: now.toISOString() };
  return [
    { op: 'update', resource: risen, ifMatch: waiting.meta.versionId },
    { op: 'create', resource: overdue },
    { op: 'create', resource: event },
  ];
}

const nextPriority = { routine: 'urgent', urgent: 'asap', asap: 'stat', stat: 'stat' } as const satisfies Record<
  NonNullable<Task['priority']>,
  NonNullable<Task['priority']>
>;
