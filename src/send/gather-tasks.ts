import type { CodeableConcept, CommunicationRequest, Task } from '@medplum/fhirtypes';
import { codeSystem } from '../canonical.ts';
import type { Clearance } from '../policy/facts.ts';
import { type FhirStore, type Stored, searchAll } from '../store/fhir-store.ts';
import { isHerald } from './authors.ts';
import { isOfSubject, type ResolvedSubject } from './gather-people.ts';

/** Every Task about a request that somebody has completed; none for one that is not stored. Errors: StoreError. */
export function completedTasksOf(store: FhirStore, { id }: CommunicationRequest): Promise<Stored<Task>[]> {
  if (id === undefined) return Promise.resolve([]);
  return searchAll(store, 'Task', [
    ['focus', `CommunicationRequest/${id}`],
    ['status', 'completed'],
  ]);
}

/**
 * What was answered to the Tasks that hold a request (contract 8). Only a Task that is about this very person counts,
 * and an answer that is neither plainly yes nor plainly no is a no. A yes counts as the answer to what Herald asked, of
 * whom it asked it (PRX-7, PRX-8): a Task that somebody made themselves agrees to nothing.
 */
export function clearancesIn(
  tasks: readonly Stored<Task>[],
  subject: Pick<ResolvedSubject, 'records' | 'allIdentifiers'>,
): Clearance[] {
  return tasks.flatMap((task): Clearance[] => {
    const code = holdCodes.find((one) => codesIn(task.code, 'task-code').includes(one));
    const isTheirs = task.for !== undefined && isOfSubject(task.for, subject);
    if (code === undefined || task.status !== 'completed' || !isTheirs) return [];
    const agreed = isAgreed(task);
    if (agreed && !isHerald(task.requester)) return [];
    const at = task.executionPeriod?.end ?? task.lastModified ?? task.meta.lastUpdated;
    return [
      {
        reference: `Task/${task.id}`,
        code,
        agreed,
        by: task.owner?.reference,
        at: new Date(at),
        roles: (task.performerType ?? []).flatMap((one) => codesIn(one, 'staff-role')),
      },
    ];
  });
}

/** Tasks that a held request waits for. */
export const holdCodes = [
  'check-with-person',
  'restricted-record',
  'second-reader',
] as const satisfies readonly Clearance['code'][];
export type HoldCode = (typeof holdCodes)[number];

function isAgreed(task: Task): boolean {
  const decisions = decisionsIn(task);
  return decisions.length > 0 && decisions.every((one) => one === 'agreed');
}

/** Every decision in the outputs of a Task, each once (contract 8). */
export function decisionsIn({ output = [] }: Task): string[] {
  const decisions = output
    .filter((one) => codesIn(one.type, 'task-parameter').includes('decision'))
    .flatMap(
      ({ valueCodeableConcept, valueCoding }) => valueCodeableConcept ?? (valueCoding && { coding: [valueCoding] }),
    )
    .flatMap((one) => codesIn(one, 'decision'));
  return [...new Set(decisions)];
}

/** The codes of one of our systems in a concept. */
export function codesIn(concept: CodeableConcept | undefined, of: string): string[] {
  return (concept?.coding ?? []).flatMap(({ system, code }) =>
    system === codeSystem(of) && code !== undefined ? [code] : [],
  );
}
