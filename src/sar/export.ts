import { auditEvent } from '../audit.ts';
import type { Caller } from '../auth/caller.ts';
import { MSG } from '../canonical.ts';
import { AppError, type Fault } from '../errors.ts';
import type { Stored } from '../store/fhir-store.ts';
import { releaseFaults } from './approval.ts';
import type { HistoryDeps } from './ask.ts';
import { subjectHistory } from './gather.ts';
import type { Stage, SubjectHistory } from './history.ts';
import { deceased, isAccessRequest } from './request.ts';
import { accessSubject, hasDied } from './subject.ts';
import type { Period } from './timeline.ts';

export interface AccessAsk {
  readonly patientId: string;
  /** Of the subject access request. */
  readonly taskId: string;
  readonly stage: Stage;
  /** In which form it is wanted, for the audit: `document`, `searchset`, or a media type. */
  readonly form: string;
  readonly period: Period;
  readonly caller: Caller;
  /** What the member of staff gave as the reason, where they were asked. */
  readonly reason?: string;
  /** The document that an earlier run began, where this one goes on with it: the same is disclosed. */
  readonly goesOn?: (history: SubjectHistory) => SubjectHistory;
  readonly network?: { readonly client: string; readonly server: string };
}

/**
 * The person's history for one answer to their request (contract 12), once it is allowed and the look at it is on record
 * (SAR-4): who, what, when and why is kept before a word of it is handed over, so that no fault on the way can hide a
 * disclosure. Errors: AppError NOT_FOUND, PROFILE_INVALID with all that is missing; StoreError.
 */
export async function exportSubjectAccess(deps: HistoryDeps, ask: AccessAsk): Promise<SubjectHistory> {
  const { store } = deps;
  const subject = await accessSubject(store, ask.patientId);
  const task = await store.read('Task', ask.taskId);
  if (task === undefined) throw refused([fault("parameter.where(name = 'task')", `There is no Task/${ask.taskId}.`)]);
  if (hasDied(subject)) throw refused([deceased("Parameters.parameter.where(name = 'task')")]);
  const unfit = requestFaults(task, subject.references);
  if (unfit.length > 0) throw refused(unfit);
  const { stage, period } = ask;
  const lacking = stage === 'release' ? await releaseFaults(store, task) : [];
  if (lacking.length > 0) throw refused(lacking);
  const made = await subjectHistory(deps, { subject, task, stage, period });
  const history = ask.goesOn?.(made) ?? made;
  if (stage === 'release' && history.unmatched.length > 0) throw refused(history.unmatched);
  await store.commit([{ op: 'create', resource: disclosure(deps, ask, history) }]);
  return history;
}

function requestFaults(task: Stored & { resourceType: 'Task' }, references: readonly string[]): Fault[] {
  const where = "parameter.where(name = 'task')";
  if (!isAccessRequest(task)) {
    return [fault(where, `Task/${task.id} is no subject access request. Name one, or make it first.`)];
  }
  if (!references.includes(task.for?.reference ?? '')) {
    return [fault(where, 'The request is for somebody else. Ask for the record of the person whom it is for.')];
  }
  const ended =
    task.status !== undefined && ['cancelled', 'failed', 'rejected', 'entered-in-error'].includes(task.status);
  return ended ? [fault(where, 'The request has ended without an answer. Make a new one to answer it after all.')] : [];
}

/** IHE BALP PrivacyDisclosure: it names no detail of what was disclosed. */
function disclosure({ clock, controller, policy }: HistoryDeps, ask: AccessAsk, history: SubjectHistory) {
  const asked = new URLSearchParams({ stage: ask.stage, form: ask.form, ...ask.period });
  return auditEvent({
    ...{ action: 'R', subtype: 'disclose', outcome: '0', recorded: clock.now(), caller: ask.caller, controller },
    patient: history.person.reference,
    entities: [history.request.task],
    policies: policy.lawfulBases.flatMap(({ url }) => url ?? []),
    query: `POST Patient/$subject-access-export?${asked.toString()}`,
    purpose: { code: 'PATRQT', ...(ask.reason === undefined ? {} : { text: ask.reason }) },
    document: { system: `${MSG}/id/sar-document`, value: history.documentId },
    ...(ask.network === undefined ? {} : { network: ask.network }),
  });
}

const fault = (expression: string, text: string): Fault => ({
  ...{ expression: `Parameters.${expression}`, issue: 'business-rule', text },
});

const refused = (faults: readonly Fault[]): AppError =>
  new AppError(
    'PROFILE_INVALID',
    faults.map((one) => ({ issue: 'business-rule', ...one })),
  );
