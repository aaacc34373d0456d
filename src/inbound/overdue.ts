import type { Communication, Task } from '@medplum/fhirtypes';
import { codeSystem } from '../canonical.ts';
import type { Clock } from '../clock.ts';
import { describeError, type Log } from '../log.ts';
import type { RecordContext } from '../send/authors.ts';
import { codesIn } from '../send/gather-tasks.ts';
import { localReference } from '../send/naming.ts';
import { overdueWrites } from '../send/overdue.ts';
import { type FhirStore, type Stored, StoreError, searchAll } from '../store/fhir-store.ts';
import type { CommitUnit } from '../store/unit.ts';
import { OUT_OF_HOURS } from './out-of-hours.ts';

export interface SweepInboundDeps {
  readonly store: FhirStore;
  readonly commitUnit: CommitUnit;
  readonly clock: Clock;
  readonly log: Log;
  readonly context: Omit<RecordContext, 'now'>;
}

/** What a text may wait for. */
const codes = ['triage-inbound', 'check-contact', 'discuss-objection'] as const;
const open = 'draft,requested,received,accepted,ready,in-progress,on-hold';

/**
 * TWO-3: no text waits unseen. What was answered is closed, and what is past its due date is raised once. Everything is
 * read from the record, so that a restart forgets nothing. One Task that fails keeps no other waiting. Answers how many
 * it changed. Errors: StoreError when the record cannot be searched.
 */
export async function sweepInbound(deps: SweepInboundDeps): Promise<number> {
  const waiting = await searchAll(deps.store, 'Task', [
    ['code', codes.map((one) => `${codeSystem('task-code')}|${one}`).join(',')],
    ['status', open],
  ]);
  if (waiting.length === 0) return 0;
  const answers = await answersTo(deps.store, waiting.filter(isTriage));
  const now = deps.clock.now();
  let changed = 0;
  for (const one of waiting) {
    const answer = isTriage(one) ? answers.get(one.focus?.reference ?? '') : undefined;
    const due = Date.parse(one.restriction?.period?.end ?? '');
    if (answer !== undefined) changed += await changing(deps, one, () => close(deps, one, answer, now));
    else if (due < now.getTime()) changed += await changing(deps, one, () => raise(deps, one, now));
  }
  if (changed > 0) deps.log.info('inbound.swept', { count: changed });
  return changed;
}

/** Somebody else's change goes first: the next sweep sees it. */
async function changing(deps: SweepInboundDeps, task: Stored<Task>, change: () => Promise<boolean>): Promise<number> {
  try {
    return (await change()) ? 1 : 0;
  } catch (error) {
    if (!(error instanceof StoreError && error.code === 'conflict')) {
      deps.log.error('inbound.failed', { reference: task.id, ...describeError(error) });
    }
    return 0;
  }
}

async function raise(deps: SweepInboundDeps, task: Stored<Task>, now: Date): Promise<boolean> {
  const said = {
    focus: task.focus?.reference ?? `Task/${task.id}`,
    text: 'Somebody wrote to us and waits for an answer longer than they should. Answer, or close the Task about it.',
  };
  const writes = await overdueWrites(deps.store, task, said, { ...deps.context, now });
  if (writes === undefined) return false;
  await deps.commitUnit({ writes });
  deps.log.warn('inbound.overdue', { reference: task.id });
  return true;
}

/** Whoever of the team answered: that is all there was to do (TWO-4). */
async function close(deps: SweepInboundDeps, task: Stored<Task>, answer: Answer, now: Date): Promise<boolean> {
  const parameter = (code: string) => ({ coding: [{ system: codeSystem('task-parameter'), code }] });
  const decision = { coding: [{ system: codeSystem('decision'), code: 'identified' }] };
  const done: Task & { id: string } = {
    ...task,
    status: 'completed',
    lastModified: now.toISOString(),
    note: [...(task.note ?? []), { time: now.toISOString(), text: `It was answered with ${answer.with}.` }],
    output: [
      { type: parameter('decision'), valueCodeableConcept: decision },
      { type: parameter('person'), valueReference: { reference: answer.to } },
    ],
  };
  await deps.commitUnit({ writes: [{ op: 'update', resource: done, ifMatch: task.meta.versionId }] });
  return true;
}

interface Answer {
  /** `Communication/id`. */
  readonly with: string;
  /** To whom it went. */
  readonly to: string;
}

const PATIENTS_AT_ONCE = 50;
/** Another server's clock may be behind ours. */
const CLOCKS_APART_MS = 10 * 60_000;

/** What went out in answer to texts, by the text's `Communication/id`. Errors: StoreError. */
async function answersTo(store: FhirStore, tasks: readonly Stored<Task>[]): Promise<Map<string, Answer>> {
  const known = tasks.filter((one) => localReference(one.for?.reference, 'Patient') !== undefined);
  const found = new Map<string, Answer>();
  for (let from = 0; from < known.length; from += PATIENTS_AT_ONCE) {
    const some = known.slice(from, from + PATIENTS_AT_ONCE);
    const first = Math.min(...some.map((one) => Date.parse(one.authoredOn ?? one.meta.lastUpdated)));
    const since = new Date(first - CLOCKS_APART_MS).toISOString();
    const sent = await searchAll(store, 'Communication', [
      ['subject', [...new Set(some.map((one) => one.for?.reference ?? ''))].join(',')],
      ['category', `${codeSystem('direction')}|outbound`],
      ['status', 'in-progress,completed'],
      ['_lastUpdated', `ge${since}`],
    ]);
    for (const one of sent) {
      const to = one.recipient?.[0]?.reference;
      if (to === undefined || isAutomatic(one)) continue;
      for (const { reference } of one.inResponseTo ?? []) {
        if (reference !== undefined) found.set(reference, { with: `Communication/${one.id}`, to });
      }
    }
  }
  return found;
}

const isTriage = (task: Task): boolean => codesIn(task.code, 'task-code').includes('triage-inbound');

/** A machine's answer is none. */
const isAutomatic = ({ instantiatesCanonical = [] }: Communication): boolean =>
  instantiatesCanonical.some((one) => one.split('|')[0]?.endsWith(`/${OUT_OF_HOURS}`));
