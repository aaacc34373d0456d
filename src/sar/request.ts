import type { CodeableConcept, Task } from '@medplum/fhirtypes';
import { codeSystem } from '../canonical.ts';
import type { Fault } from '../errors.ts';
import { londonDay } from '../policy/london.ts';
import { codesIn, decisionsIn } from '../send/gather-tasks.ts';
import { canonicalJson } from '../send/ids.ts';
import { localReference } from '../send/naming.ts';
import { type AccessClock, dueDay, isPaused } from './clock.ts';
import type { RequestDetails } from './history.ts';
import { parsedPath } from './places.ts';
import { dayOf } from './readable.ts';
import { exportedReference, isParameter, reviewIn } from './review.ts';

/** A subject access request: a Task whose clock Herald keeps (SAR-3, contract 12). */

/** Whether a Task is one. */
export const isAccessRequest = (task: Pick<Task, 'code'>): boolean =>
  codesIn(task.code, 'task-code').includes('subject-access-request');

/** What its clock is set by. Receipt: the start of its period, or else when it was written, or else today. */
export function clockOf(task: Task, now: Date): AccessClock {
  const { input = [] } = task;
  const identified = input.find((one) => isParameter(one, 'identity-checked'));
  return {
    received: dayOf(task.restriction?.period?.start) ?? dayOf(task.authoredOn) ?? londonDay(now),
    identified: dayOf(identified?.valueDate ?? identified?.valueDateTime),
    pauses: input
      .filter((one) => isParameter(one, 'clock-paused'))
      .flatMap(({ valuePeriod }) => {
        const start = dayOf(valuePeriod?.start);
        return start === undefined ? [] : [{ start, end: dayOf(valuePeriod?.end) }];
      }),
    extended: input.some((one) => isParameter(one, 'extension-reason')),
  };
}

/** What every form says of the request. */
export function requestDetails(task: Task & { id: string }, now: Date): RequestDetails {
  const clock = clockOf(task, now);
  return {
    task: `Task/${task.id}`,
    number: task.identifier?.find((one) => one.value)?.value ?? task.id,
    received: clock.received,
    due: dueDay(clock, londonDay(now)),
    extended: clock.extended,
  };
}

/** The Task as it is kept: Herald works out when it is due, whatever was written there, while it is open. */
export function withDueDate<T extends Task>(task: T, now: Date): T {
  if (!isAccessRequest(task) || isFinished(task)) return task;
  const clock = clockOf(task, now);
  const today = londonDay(now);
  const status = isPaused(clock, today) ? 'clock-paused' : clock.extended ? 'extended' : 'clock-running';
  const period = { ...task.restriction?.period, start: clock.received, end: dueDay(clock, today) };
  return {
    ...task,
    businessStatus: { coding: [{ system: codeSystem('sar-status'), code: status }] },
    restriction: { ...task.restriction, period },
  };
}

const isFinished = ({ status }: Task): boolean => finished.some((one) => one === status);
const finished: readonly Task['status'][] = ['completed', 'cancelled', 'failed', 'rejected', 'entered-in-error'];

/** What is wrong with one as it is to be written over `previous`. `dead`: whether its person has died. */
export function accessRequestFaults(task: Task, previous: Task | undefined, dead: boolean): Fault[] {
  const isEnded = isFinished(task) && task.status !== 'completed';
  const faults: Fault[] = [];
  // Whose record it is may not be known yet: the clock runs all the same.
  if (task.for !== undefined && localReference(task.for.reference, 'Patient') === undefined) {
    faults.push(rule('Task.for', 'A subject access request is for one Patient: say whose record is asked for.'));
  }
  if (dead && !isEnded) faults.push(deceased('Task.for'));
  return [...faults, ...inputFaults(task), ...lateChanges(task, previous)];
}

/** The sentence of contract 12, wherever it is noticed. */
export function deceased(expression: string): Fault {
  const text =
    'The person has died, and the UK GDPR no longer applies. Deal with it under the Access to Health Records Act 1990, ' +
    'and cancel this request.';
  return rule(expression, text);
}

function inputFaults({ input = [] }: Task): Fault[] {
  const extensions = input.flatMap((one, at) => (isParameter(one, 'extension-reason') ? [at] : []));
  const faults = extensions
    .slice(1)
    .map((at) =>
      rule(`Task.input[${at}]`, 'The time is extended once, by two months. Leave out the second extension.'),
    );
  for (const [at, one] of input.entries()) {
    const place = `Task.input[${at}]`;
    if (isParameter(one, 'extension-reason') && !one.valueString?.trim()) {
      faults.push(rule(`${place}.value`, 'Say in valueString why the time is extended: the person is told.'));
    }
    if (isParameter(one, 'clock-paused')) {
      const [start, end] = [dayOf(one.valuePeriod?.start), dayOf(one.valuePeriod?.end)];
      if (start === undefined) {
        faults.push(rule(`${place}.value`, 'Give valuePeriod with the first day on which the clock stood still.'));
      } else if (end !== undefined && end < start) {
        faults.push(rule(`${place}.value`, 'The pause ends before it begins. Correct its days.'));
      }
    }
    if (isParameter(one, 'identity-checked') && dayOf(one.valueDate ?? one.valueDateTime) === undefined) {
      faults.push(rule(`${place}.value`, 'Give in valueDate the day on which it was proven who asks.'));
    }
    if (isParameter(one, 'all-read') && one.valueBoolean === undefined) {
      faults.push(rule(`${place}.value`, 'Say in valueBoolean whether every free text was read for third parties.'));
    }
  }
  return [...faults, ...decisionFaults({ input })];
}

function decisionFaults(task: Pick<Task, 'input'>): Fault[] {
  const faults: Fault[] = [];
  for (const [at, one] of (task.input ?? []).entries()) {
    if (!isParameter(one, 'mask') && !isParameter(one, 'show')) continue;
    const place = `Task.input[${at}]`;
    if (exportedReference(one.valueReference?.reference) === undefined) {
      faults.push(rule(`${place}.value`, 'Say in valueReference which resource of the copy is meant: Type/id.'));
    }
  }
  for (const { path, text, ground, kind, expression } of reviewIn(task as Task).decisions) {
    if (path !== undefined && parsedPath(path) === undefined) {
      faults.push(
        rule(`${expression}.extension`, 'The path is no FHIRPath. Write it as Communication.payload[0].content.'),
      );
    }
    if (text !== undefined && text.trim() === '') {
      faults.push(rule(`${expression}.extension`, 'The text is empty. Leave it out to mask the whole element.'));
    }
    if (kind === 'mask' && ground === undefined) {
      faults.push(rule(`${expression}.extension`, 'Say on what ground it is masked: mask-detail with ground.'));
    }
  }
  return faults;
}

/** What was approved stays what was approved. */
function lateChanges(task: Task, previous: Task | undefined): Fault[] {
  if (previous === undefined || !isAccessRequest(previous) || previous.status !== 'completed') return [];
  if (canonicalJson(reviewInputs(task)) === canonicalJson(reviewInputs(previous))) return [];
  const text = 'The request is completed: what is masked and shown was decided on. Make a new Task for another copy.';
  return [rule('Task.input', text)];
}

/** The inputs that somebody prepares for the release: a change of them is theirs. */
export function reviewInputs({ input = [] }: Task): unknown[] {
  return input.filter((one) => (['mask', 'show', 'all-read'] as const).some((code) => isParameter(one, code)));
}

/** Whether a write of it prepares the release, and whether it decides on it. */
export function rolesInWrite(task: Task, previous: Task | undefined): { prepares: boolean; decides: boolean } {
  if (!isAccessRequest(task)) return { prepares: false, decides: false };
  const before = previous === undefined ? [] : reviewInputs(previous);
  return {
    prepares: canonicalJson(reviewInputs(task)) !== canonicalJson(before),
    decides:
      task.status === 'completed' &&
      (previous?.status !== 'completed' || canonicalJson(task.owner) !== canonicalJson(previous.owner)),
  };
}

/** Whether its output approves the release. */
export function isApproved(task: Task): boolean {
  const decisions = decisionsIn(task);
  return task.status === 'completed' && decisions.length === 1 && decisions[0] === 'release-approved';
}

export const participant = (code: string): CodeableConcept => ({
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type', code }],
});

const rule = (expression: string, text: string): Fault => ({ expression, issue: 'business-rule', text });
