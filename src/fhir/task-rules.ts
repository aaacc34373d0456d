import type { CodeableConcept, Reference, Task } from '@medplum/fhirtypes';
import { identifierSystem } from '../canonical.ts';
import type { Fault } from '../errors.ts';
import { type TaskCode, taskCodes } from '../policy/codes.ts';
import { isHerald } from '../send/authors.ts';
import { codesIn, decisionsIn, type HoldCode, holdCodes } from '../send/gather-tasks.ts';
import { canonicalJson } from '../send/ids.ts';
import { localReference } from '../send/naming.ts';
import type { HoldAnswer } from '../send/requests.ts';

/** Which decisions complete a Task of each kind, and whether a note goes with them (contract 8). */
export const taskDecisions = {
  'check-with-person': { decisions: ['agreed', 'refused'], note: false },
  'restricted-record': { decisions: ['agreed', 'refused'], note: false },
  'second-reader': { decisions: ['agreed', 'refused'], note: false },
  'override-objection': { decisions: ['override-approved', 'override-declined'], note: false },
  'post-hoc-ig-review': {
    decisions: ['no-action', 'learning', 'incident-reported', 'breach-assessed'],
    note: true,
  },
  'discuss-objection': { decisions: ['upheld', 'resolved', 'withdrawn'], note: false },
  'discuss-removal': { decisions: ['remove', 'keep'], note: false },
  'explain-impact': { decisions: ['done'], note: true },
  'need-meets-objection': { decisions: ['done'], note: true },
  'check-contact': { decisions: ['done'], note: true },
  'template-changed': { decisions: ['done'], note: true },
  'purge-history': { decisions: ['done'], note: true },
  'duplicate-record': { decisions: ['done'], note: true },
  'hold-overdue': { decisions: ['done'], note: true },
  'emergency-pattern': { decisions: ['done'], note: true },
  'dead-letter': { decisions: ['done'], note: true },
  'triage-inbound': { decisions: ['identified', 'nobody'], note: false },
  'subject-access-request': { decisions: ['release-approved', 'refused'], note: false },
} as const satisfies Record<TaskCode, { readonly decisions: readonly string[]; readonly note: boolean }>;

const finished: readonly (Task['status'] | undefined)[] = [
  'completed',
  'cancelled',
  'failed',
  'rejected',
  'entered-in-error',
];

/** Which of Herald's kinds a Task is; `undefined` for a Task of another system. */
export function taskCodeOf({ code }: Task): TaskCode | undefined {
  const codes = codesIn(code, 'task-code');
  return taskCodes.find((one) => codes.includes(one));
}

/** What is wrong with a Task of Herald's as it is to be written over `previous` (contract 8); nothing for any other. */
export function taskFaults(task: Task, previous: Task | undefined): Fault[] {
  const faults = previous === undefined ? askingFaults(task) : changeFaults(task, previous);
  const code = taskCodeOf(task);
  return code === undefined || !isCompleting(task, previous) ? faults : [...faults, ...completionFaults(task, code)];
}

/** What holds a message is asked by Herald, in words and of people that its rules choose; nobody asks in its name. */
function askingFaults(task: Task): Fault[] {
  const code = taskCodeOf(task);
  if (code === undefined || !isHoldCode(code) || !isHerald(task.requester)) return [];
  const text = 'Herald makes this Task itself, when the message is asked for. Answer that one, or name who else asks.';
  return [rule('Task.requester', text)];
}

function completionFaults(task: Task, code: TaskCode): Fault[] {
  const { decisions, note } = taskDecisions[code];
  const allowed: readonly string[] = decisions;
  const given = decisionsIn(task);
  const faults: Fault[] = [];
  if (given.length !== 1 || given.some((one) => !allowed.includes(one))) {
    const text = `A completed Task "${code}" has exactly one decision, as an output of type "decision": ${decisions.join(' or ')}.`;
    faults.push(rule('Task.output', text));
  }
  if (note && !task.note?.some((one) => one.text?.trim())) {
    faults.push(rule('Task.note', `A completed Task "${code}" says in a note what was done.`));
  }
  return faults;
}

function changeFaults(task: Task, previous: Task): Fault[] {
  const code = taskCodeOf(previous);
  if (code === undefined) return [];
  const faults: Fault[] = [];
  const kept = 'may not change: it is what was asked. Leave it as it is stored, and make a new Task for anything else.';
  if (!sameTarget(task.focus, previous.focus)) faults.push(rule('Task.focus', `What a Task is about ${kept}`));
  // Whoever asks for their history may have to be found first.
  const isFound = code === 'subject-access-request' && previous.for === undefined;
  if (!isFound && !sameTarget(task.for, previous.for)) faults.push(rule('Task.for', `Whom a Task is for ${kept}`));
  if (!sameCodes(task.code, previous.code, 'task-code')) faults.push(rule('Task.code', `The kind of a Task ${kept}`));
  if (code === 'override-objection' && previous.status === 'completed') faults.push(...overrideFaults(task, previous));
  if (isHoldCode(code) && canonicalJson(rolesOf(task)) !== canonicalJson(rolesOf(previous))) {
    faults.push(rule('Task.performerType', `Whose question it is to answer ${kept}`));
  }
  if (isHoldCode(code) && isHerald(task.requester) !== isHerald(previous.requester)) {
    faults.push(rule('Task.requester', `Who asks ${kept}`));
  }
  if (!finished.includes(task.status) && marksOf(previous).some((one) => !marksOf(task).includes(one))) {
    faults.push(rule('Task.identifier', `What keeps a number shut ${kept}`));
  }
  if (closesNumber(previous) && task.status !== 'completed' && isNewlyFinished(task, previous)) {
    const text =
      'No text goes to this number until it has been checked. Complete the Task with a note of what you found.';
    faults.push(rule('Task.status', text));
  }
  if (finished.includes(previous.status)) {
    if (task.status !== previous.status) {
      faults.push(rule('Task.status', 'This Task is finished, and its status is final. Make a new Task.'));
    }
    if (canonicalJson(answersIn(task)) !== canonicalJson(answersIn(previous))) {
      faults.push(rule('Task.output', 'This Task is finished, and its decision is final. Make a new Task.'));
    }
  }
  return faults;
}

/** What was decided, and of whom: the text is under that person already, and would stay there (VER-1, contract 11). */
const answersIn = (task: Task): unknown[] => [
  decisionsIn(task),
  (task.output ?? [])
    .filter((one) => codesIn(one.type, 'task-parameter').includes('person'))
    .map(({ valueReference }) => valueReference?.reference),
];

/** What was decided about an objection is not decided anew under the same name (OBJ-6). */
function overrideFaults(task: Task, previous: Task): Fault[] {
  const kept = ['reasonReference', 'reasonCode', 'owner', 'input', 'restriction'] as const;
  return kept
    .filter((name) => canonicalJson(task[name]) !== canonicalJson(previous[name]))
    .map((name) =>
      rule(
        `Task.${name}`,
        'This Task is finished, and what was decided is final. Make a new Task for another decision.',
      ),
    );
}

/**
 * Whether another person than the one who asked for the message must complete this Task: always for a second reader, and
 * for the other Tasks that hold a message where the organisation wants four eyes (contract 1, 8).
 */
export function needsAnotherPerson(task: Task, previous: Task | undefined, fourEyes: boolean): boolean {
  const code = taskCodeOf(task);
  if (code === undefined || !answersRequest(code) || !isCompleting(task, previous)) return false;
  return code === 'second-reader' || fourEyes;
}

/** What a write of a Task says to the request that waits for it; `undefined` while it says nothing (contract 3, 8). */
export function answerIn(task: Task & { id: string }, previous: Task | undefined): HoldAnswer | undefined {
  const code = taskCodeOf(task);
  const request = localReference(task.focus?.reference, 'CommunicationRequest');
  if (code === undefined || !answersRequest(code) || request === undefined) return undefined;
  const about = {
    request: request.slice(request.indexOf('/') + 1),
    task: `Task/${task.id}`,
    patient: task.for,
    code,
    by: task.owner,
  };
  if (code === 'override-objection') {
    // An approval waits to be used; a draft waits for nothing that could be called off.
    const isDeclined = isCompleting(task, previous) && decisionsIn(task).includes('override-declined');
    return isDeclined ? { ...about, code, answer: 'refused' } : undefined;
  }
  if (isCompleting(task, previous)) {
    return { ...about, answer: decisionsIn(task).every((one) => one === 'agreed') ? 'agreed' : 'refused' };
  }
  const ends = previous !== undefined && !finished.includes(previous.status) && finished.includes(task.status);
  return ends ? { ...about, answer: 'none' } : undefined;
}

/** A `check-contact` that keeps a number shut: ended otherwise than by doing it, it would stay shut (VER-1). */
const closesNumber = (task: Task): boolean => taskCodeOf(task) === 'check-contact' && marksOf(task).length > 0;

/** Of numbers that are shut while the Task stands. */
const marksOf = ({ identifier = [] }: Task): string[] =>
  identifier.flatMap(({ system, value }) =>
    system === identifierSystem.closedNumber && value !== undefined ? [value] : [],
  );

const isNewlyFinished = (task: Task, previous: Task): boolean =>
  finished.includes(task.status) && !finished.includes(previous.status);

/** Whether this write is the one that completes it. */
export const isCompleting = (task: Task, previous: Task | undefined): boolean =>
  task.status === 'completed' && previous?.status !== 'completed';

/** Whether a Task of this kind decides about the request that it is about. */
const answersRequest = (code: TaskCode): code is HoldAnswer['code'] =>
  isHoldCode(code) || code === 'override-objection';

function isHoldCode(code: TaskCode): code is HoldCode {
  return holdCodes.some((one) => one === code);
}

function sameTarget(a: Reference | undefined, b: Reference | undefined): boolean {
  if (a?.reference !== b?.reference) return false;
  return a?.reference !== undefined || canonicalJson(a?.identifier) === canonicalJson(b?.identifier);
}

const sameCodes = (a: CodeableConcept | undefined, b: CodeableConcept | undefined, of: string): boolean =>
  canonicalJson(codesIn(a, of).sort()) === canonicalJson(codesIn(b, of).sort());

const rolesOf = ({ performerType = [] }: Task): string[] =>
  performerType.flatMap((one) => codesIn(one, 'staff-role')).sort();

const rule = (expression: string, text: string): Fault => ({ expression, issue: 'business-rule', text });
