import type { Communication, CommunicationRequest } from '@medplum/fhirtypes';
import { auditEvent } from '../audit.ts';
import type { Clock } from '../clock.ts';
import type { Job, JobChange, Jobs } from '../jobs/jobs.ts';
import type { JobOutcome } from '../jobs/worker.ts';
import type { Log } from '../log.ts';
import type { Decision, Reason } from '../policy/decision.ts';
import type { PolicyFacts } from '../policy/facts.ts';
import type { Provider } from '../providers/provider.ts';
import { type FhirStore, type Stored, StoreError, type Write } from '../store/fhir-store.ts';
import type { ReadAhead } from '../store/read-ahead.ts';
import type { CommitUnit } from '../store/unit.ts';
import type { RecordContext } from './authors.ts';
import { afterFailure } from './fallback.ts';
import { idOfKey, newId } from './ids.ts';
import type { Pace } from './pace.ts';
import type { Gather } from './plan.ts';
import { reasonConcept, withDecision } from './record.ts';
import { holdDue, task } from './tasks.ts';
import { occurrenceOf } from './times.ts';
import { worker } from './worker-caller.ts';

/** The ways an attempt ends without the provider having taken it; each is one commit. */

export interface DispatchDeps {
  readonly store: FhirStore;
  readonly jobs: Jobs;
  readonly commitUnit: CommitUnit;
  readonly gather: Gather;
  readonly readAhead: ReadAhead;
  readonly provider: Provider;
  readonly pace: Pace;
  readonly clock: Clock;
  readonly log: Log;
  readonly context: Omit<RecordContext, 'now'>;
  /** What became of an attempt, for the metrics. */
  readonly count: (outcome: string, channel: string) => void;
  /** Told of each message that went as an emergency. */
  readonly emergencySent: () => void;
  /** Milliseconds on a clock that never jumps. */
  readonly monotonic: () => number;
}

export interface Attempt {
  readonly job: Job;
  readonly request: Stored<CommunicationRequest>;
  readonly communication: Stored<Communication>;
}

/** Refused at the last moment: the request ends, and the record says why (REC-5). */
export async function withhold(
  deps: DispatchDeps,
  attempt: Attempt,
  decision: Extract<Decision, { kind: 'refuse' }>,
): Promise<JobOutcome> {
  const first = decision.reasons[0] as Reason;
  const statusReason = reasonConcept(first);
  deps.log.info('message.withheld', { job: attempt.job.key, code: first.code, clause: first.clause });
  await end(deps, attempt, {
    request: withDecision({ ...attempt.request, status: 'revoked' as const, statusReason }, decision),
    communication: withDecision({ ...attempt.communication, status: 'not-done' as const, statusReason }, decision),
    clauses: [...new Set(decision.reasons.map((one) => one.clause))],
    writes: [],
    finish: 'finish',
  });
  return { kind: 'settled' };
}

/** Held at the last moment: the attempt waits with its request for what a person must do. */
export async function hold(
  deps: DispatchDeps,
  attempt: Attempt,
  facts: PolicyFacts,
  decision: Extract<Decision, { kind: 'hold' }>,
): Promise<JobOutcome> {
  const { request, communication, job } = attempt;
  const now = deps.clock.now();
  const first = decision.reasons[0] as Reason;
  const statusReason = reasonConcept(first);
  const tasks = decision.tasks.map(
    (needed): Write => ({
      op: 'create',
      resource: task(
        newId(now),
        {
          code: needed.code,
          focus: `CommunicationRequest/${request.id}`,
          text: needed.text,
          priority: request.priority,
          performerType: needed.performerType,
          due: holdDue(request.priority, now, facts.request.expires),
          ...patientOf(communication),
        },
        { ...deps.context, now },
      ),
    }),
  );
  await end(deps, attempt, {
    request: withDecision({ ...request, status: 'on-hold' as const, statusReason }, decision),
    communication: withDecision({ ...communication, status: 'not-done' as const, statusReason }, decision),
    clauses: [first.clause],
    writes: tasks,
    finish: 'finish',
  });
  deps.log.info('message.held', { job: job.key, code: first.code, clause: first.clause });
  return { kind: 'settled' };
}

/** Its request has ended or waits again, and this attempt, which nobody called, was left behind. */
export async function notAskedFor(deps: DispatchDeps, attempt: Attempt): Promise<JobOutcome> {
  const { communication, job } = attempt;
  const { versionId } = communication.meta;
  await deps.commitUnit({
    writes: [
      { op: 'update', resource: { ...communication, status: 'not-done', statusReason: gone }, ifMatch: versionId },
    ],
    jobs: [{ kind: 'finish', lease: job.lease }],
  });
  return { kind: 'settled' };
}

const gone = { text: 'Its request ended before it was sent.' } as const;

/** The provider will never take it: the attempt did not happen, and the request goes on another way or ends. */
export async function undeliverable(
  deps: DispatchDeps,
  attempt: Attempt,
  code: string,
  text: string,
): Promise<JobOutcome> {
  const { communication, job } = attempt;
  const statusReason = reasonConcept({ code: 'undeliverable', clause: 'PRF-5', text });
  const next = await afterFailure(deps, communication, text);
  await end(deps, attempt, {
    communication: { ...communication, status: 'not-done', statusReason },
    clauses: ['PRF-5'],
    writes: next.writes,
    finish: 'finish',
    jobs: next.jobs,
  });
  deps.log.info('message.undeliverable', { job: job.key, code });
  return { kind: 'settled' };
}

/** Nobody can find out any more whether it was sent: said so, and given to a person. Never sent again. */
export async function lost(deps: DispatchDeps, attempt: Attempt): Promise<JobOutcome> {
  const { communication, request } = attempt;
  const text =
    'Whether this message was sent can no longer be found out: the provider no longer keeps records from that time. It was not sent again. Ask the person whether they had it.';
  const statusReason = reasonConcept({ code: 'undeliverable', clause: 'REC-1', text });
  await end(deps, attempt, {
    request: { ...request, status: 'revoked', statusReason },
    communication: { ...communication, status: 'unknown', statusReason },
    clauses: ['REC-1'],
    writes: [deadLetter(deps, attempt, text)],
    finish: 'finish',
  });
  return { kind: 'settled' };
}

/**
 * A job that keeps failing for reasons of our own ends as a Task for a person, never in silence. If a call may have
 * been made the attempt is `unknown`, otherwise `not-done`.
 */
export async function giveUp(deps: DispatchDeps, job: Job, error: string): Promise<void> {
  const [request, communication] = await Promise.all([
    deps.store.read('CommunicationRequest', job.key),
    deps.store.read('Communication', String(job.data.communication)),
  ]);
  if (request === undefined || communication === undefined || communication.status !== 'preparation') {
    await deps.jobs.bury(job.lease, error);
    return;
  }
  const called = job.callBegunAt !== undefined;
  const text = called
    ? 'This message failed repeatedly on our side, and it is not known whether it was sent. Find out with the provider before it is asked for again.'
    : 'This message failed repeatedly on our side and was not sent. Ask for it again once the fault is mended, or reach the person another way.';
  const statusReason = reasonConcept({ code: 'undeliverable', clause: 'REC-5', text });
  const attempt = { job, request, communication };
  await end(deps, attempt, {
    request: { ...request, status: 'revoked', statusReason },
    communication: { ...communication, status: called ? 'unknown' : 'not-done', statusReason },
    clauses: ['REC-5'],
    writes: [deadLetter(deps, attempt, text)],
    finish: { bury: error },
  });
}

/** A message that is due, and is kept from going by something that only a person can mend, waits this long unseen. */
const SEEN_AFTER_MS = 4 * 60_000;

/**
 * Raises one Task for a message that cannot go until a person acts; it is tried on meanwhile, and goes by itself once
 * the fault is mended.
 */
export async function alertWhenStuck(deps: DispatchDeps, attempt: Attempt, because: string): Promise<void> {
  const { job, request } = attempt;
  const now = deps.clock.now().getTime();
  const due = Math.max(job.addedAt.getTime(), occurrenceOf(request)?.getTime() ?? 0);
  if (now - due < SEEN_AFTER_MS) return;
  const text = `This message is due and has not gone: ${because}. It goes by itself once that is mended; revoke its request if it is no longer wanted.`;
  const id = idOfKey(`stuck ${request.id}`);
  try {
    if ((await deps.store.read('Task', id)) !== undefined) return;
    await deps.store.commit([deadLetter(deps, attempt, text, id)]);
  } catch (error) {
    // Raised already.
    if (!(error instanceof StoreError && error.code === 'conflict')) throw error;
  }
}

function deadLetter(deps: DispatchDeps, attempt: Attempt, text: string, id?: string): Write {
  const now = deps.clock.now();
  const asked = {
    code: 'dead-letter' as const,
    focus: `CommunicationRequest/${attempt.request.id}`,
    text,
    priority: attempt.request.priority === 'stat' ? ('stat' as const) : ('urgent' as const),
    ...patientOf(attempt.communication),
  };
  return { op: 'create', resource: task(id ?? newId(now), asked, { ...deps.context, now }) };
}

/** One commit that ends an attempt: record, request, audit, job. */
async function end(
  deps: DispatchDeps,
  attempt: Attempt,
  ending: {
    /** Absent: it goes on, or is among `writes`. */
    readonly request?: CommunicationRequest & { id: string };
    readonly communication: Communication & { id: string };
    readonly clauses: readonly string[];
    readonly writes: readonly Write[];
    readonly finish: 'finish' | { readonly bury: string };
    readonly jobs?: readonly JobChange[];
  },
): Promise<void> {
  const { job, request, communication } = attempt;
  const settled: JobChange =
    ending.finish === 'finish'
      ? { kind: 'finish', lease: job.lease }
      : { kind: 'bury', lease: job.lease, error: ending.finish.bury };
  await deps.commitUnit({
    writes: [
      { op: 'update', resource: ending.communication, ifMatch: communication.meta.versionId },
      ...(ending.request === undefined
        ? []
        : [{ op: 'update' as const, resource: ending.request, ifMatch: request.meta.versionId }]),
      ...ending.writes,
      {
        op: 'create',
        resource: auditEvent({
          action: 'E',
          subtype: 'withhold',
          outcome: '4',
          recorded: deps.clock.now(),
          caller: worker,
          controller: deps.context.controller,
          ...patientOf(communication),
          entities: [`Communication/${communication.id}`, `CommunicationRequest/${request.id}`],
          clauses: ending.clauses,
        }),
      },
    ],
    jobs: [settled, ...(ending.jobs ?? [])],
  });
}

export function patientOf(communication: Communication): { patient?: string } {
  const reference = communication.subject?.reference;
  return reference === undefined ? {} : { patient: reference };
}
