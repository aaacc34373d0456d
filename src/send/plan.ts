import type { CommunicationRequest, Reference } from '@medplum/fhirtypes';
import { type AuditInput, auditEvent } from '../audit.ts';
import type { Caller } from '../auth/caller.ts';
import type { Clock } from '../clock.ts';
import { AppError } from '../errors.ts';
import type { JobChange, Jobs, NewJob } from '../jobs/jobs.ts';
import type { Log } from '../log.ts';
import type { Channel } from '../policy/channel.ts';
import type { Decision } from '../policy/decision.ts';
import { filedUnder, type PolicyFacts, recipientReferences, sensitivityOf } from '../policy/facts.ts';
import { type FhirStore, type SearchParams, StoreError, type Write } from '../store/fhir-store.ts';
import type { CommitUnit, SettleDoubts, Unit } from '../store/unit.ts';
import { provenance, type RecordContext } from './authors.ts';
import { emergencyDecider } from './emergency-claim.ts';
import { reviewTask } from './emergency-review.ts';
import { newId } from './ids.ts';
import {
  type AttemptOrigin,
  preparedCommunication,
  reasonConcept,
  withDecision,
  withheldCommunication,
} from './record.ts';
import type { Refusal } from './requests.ts';
import { holdDue, task } from './tasks.ts';
import { goesAt, occurrenceOf } from './times.ts';

export interface AcceptDeps {
  readonly store: FhirStore;
  readonly jobs: Jobs;
  readonly commitUnit: CommitUnit;
  readonly settleDoubts: SettleDoubts;
  readonly gather: Gather;
  readonly clock: Clock;
  readonly log: Log;
  readonly context: Omit<RecordContext, 'now'>;
  readonly count: (decision: Decision['kind']) => void;
}

/**
 * Reads all facts about a request. `view`: the store, or what it will hold when the caller's transaction is made;
 * `tried`: channels by which it failed already; `leavesDraft`: it is new or a draft.
 */
export type Gather = (
  request: CommunicationRequest,
  options?: { readonly view?: FhirStore; readonly tried?: readonly Channel[]; readonly leavesDraft?: boolean },
) => Promise<PolicyFacts>;

type PlanDeps = Pick<AcceptDeps, 'clock' | 'context'>;

/** What is kept of a request once its caller is told so, and not otherwise. */
export type Promised = Unit & { readonly jobs: readonly JobChange[]; readonly inDoubt: 'undo' };

/**
 * The records and the job of a request that is kept: draft, held or to be sent. The request is the first write.
 */
export function planOf(
  deps: PlanDeps,
  request: CommunicationRequest & { id: string },
  facts: PolicyFacts,
  decision: Exclude<Decision, { kind: 'unknown' }>,
  caller: Caller,
  how: { readonly ifMatch: string } | { readonly unless: SearchParams | undefined },
  attemptId = newId(deps.clock.now()),
): Promised {
  const now = deps.clock.now();
  const context = { ...deps.context, now };
  const patient = filedUnder(facts);
  const entities = [`CommunicationRequest/${request.id}`];
  const also: Write[] = [];
  const jobs: { kind: 'add'; job: NewJob }[] = [];
  const { statusReason: _old, ...unexplained } = request;
  let record: CommunicationRequest & { id: string } = withDecision({ ...unexplained }, decision);

  if (request.status === 'active' && decision.kind === 'send' && patient !== undefined) {
    const origin: AttemptOrigin = { request, patient, sensitivity: sensitivityOf(facts) };
    also.push(create(preparedCommunication(attemptId, request.id, origin, decision, context)));
    entities.push(`Communication/${attemptId}`);
    if (decision.emergency) {
      // With the message or not at all (EMG-2).
      const review = reviewTask({ communication: attemptId, patient, request }, decision, context);
      also.push(create(review));
      entities.push(`Task/${review.id}`);
    }
    const job = dispatchJob(request, attemptId, now, facts.request.tried);
    jobs.push({ kind: 'add', job: { ...job, runAt: goesAt(request, job.runAt, context.policy) } });
  }
  if (request.status === 'on-hold' && decision.kind === 'hold') {
    const first = decision.reasons[0];
    if (first !== undefined) record = { ...record, statusReason: reasonConcept(first) };
    const expires = facts.request.expires;
    for (const needed of decision.tasks) {
      const asked = {
        code: needed.code,
        focus: `CommunicationRequest/${request.id}`,
        text: needed.text,
        priority: request.priority,
        performerType: needed.performerType,
        due: holdDue(request.priority, now, expires),
        ...(patient === undefined ? {} : { patient }),
      };
      const waiting = task(newId(now), asked, context);
      also.push(create(waiting));
      entities.push(`Task/${waiting.id}`);
    }
  }
  const author = request.requester as Reference | undefined;
  const activity = 'ifMatch' in how ? ('UPDATE' as const) : ('CREATE' as const);
  const targets = entities.filter((one) => !one.startsWith('Task/'));
  // A draft relies on nothing yet: what is decided about it may still come.
  const basis = request.status === 'draft' ? noBasis : basisOf(request, decision, facts);
  also.push(create(provenance(newId(now), targets, { caller, author, activity, ...basis }, context)));
  also.push(create(audit(deps, { subtype: 'decide', decision, caller, patient, entities })));

  const write: Write =
    'ifMatch' in how
      ? { op: 'update', resource: record, ifMatch: how.ifMatch }
      : { ...create(record), ...(how.unless === undefined ? {} : { unless: how.unless, onMatch: 'conflict' }) };
  return { writes: [write, ...also], jobs, inDoubt: 'undo' };
}

const noBasis = { sources: [], verifiers: [] } as const;

/**
 * What a decision rests on, for its Provenance: the authority of a proxy, what was agreed to by those who were asked
 * first (PRX-7), the objections that were overridden and the Tasks that say so, and the people who decided that. Of a
 * decision to override that the message's way does not need, the Task alone is named: it was there in time, and nothing
 * was overridden on its word.
 */
function basisOf(
  request: CommunicationRequest,
  decision: Exclude<Decision, { kind: 'unknown' }>,
  { clearances }: PolicyFacts,
): { readonly sources: readonly string[]; readonly verifiers: readonly Reference[] } {
  if (decision.kind === 'refuse') return noBasis;
  const { overrides = [], spareOverrides = [] } = decision;
  const authority = decision.kind === 'send' ? (decision.delivery.authority ?? []) : [];
  const emergency = decision.kind === 'send' && decision.emergency ? emergencyDecider(request) : undefined;
  const agreed = decision.kind === 'send' && clearances.known ? clearances.value.filter((one) => one.agreed) : [];
  const named = [...overrides.map((one) => one.decidedBy), ...agreed.flatMap(({ by }) => by ?? [])];
  const deciders = [...new Set(named)].filter((one) => one.includes('/'));
  return {
    sources: [
      ...new Set([
        ...authority,
        ...agreed.map((one) => one.reference),
        ...overrides.flatMap((one) => [one.objection, one.task]),
        ...spareOverrides,
      ]),
    ],
    verifiers: [...deciders.map((reference) => ({ reference })), ...(emergency === undefined ? [] : [emergency])],
  };
}

/**
 * What a refusal leaves behind; where the person is in doubt, nothing under anybody's name. `isGone`: what the request
 * named and what was never stored, for it was part of the same transaction.
 */
export function withheld(
  deps: PlanDeps,
  asked: CommunicationRequest,
  facts: PolicyFacts,
  decision: Refusal,
  caller: Caller,
  basedOn: Reference<CommunicationRequest> | undefined,
  isGone: (reference: string) => boolean = () => false,
): Write[] {
  const now = deps.clock.now();
  const about = filedUnder(facts);
  const patient = about === undefined || isGone(about) ? undefined : about;
  const request = withoutGone(asked, isGone);
  const entities: string[] = [];
  const writes: Write[] = [];
  if (patient !== undefined) {
    const recipients = recipientReferences(facts).map((one) => (one !== undefined && isGone(one) ? undefined : one));
    const origin: AttemptOrigin = { request, patient, sensitivity: sensitivityOf(facts), recipients };
    const record = withheldCommunication(newId(now), origin, decision, basedOn, { ...deps.context, now });
    writes.push(create(record));
    entities.push(`Communication/${record.id}`);
  }
  if (basedOn?.reference !== undefined) entities.push(basedOn.reference);
  writes.push(create(audit(deps, { subtype: 'decide', decision, caller, patient, entities })));
  return writes;
}

/** The request with nothing in what its record takes over that leads to something that is not there. */
function withoutGone(request: CommunicationRequest, isGone: (reference: string) => boolean): CommunicationRequest {
  const gone = (one: Reference | undefined): boolean => one?.reference !== undefined && isGone(one.reference);
  const { about, encounter, reasonReference, recipient, ...rest } = request;
  return {
    ...rest,
    ...(about === undefined ? {} : { about: about.filter((one) => !gone(one)) }),
    ...(encounter === undefined || gone(encounter) ? {} : { encounter }),
    ...(reasonReference === undefined ? {} : { reasonReference: reasonReference.filter((one) => !gone(one)) }),
    // Left out, it would say that the message was for the patient.
    ...(recipient === undefined ? {} : { recipient: recipient.map((one) => (gone(one) ? somebodyGone : one)) }),
  };
}

const somebodyGone = { display: 'Somebody whose record was not kept' };

/** The job that sends an attempt: due when the message is, urgent before routine. */
export function dispatchJob(
  request: CommunicationRequest & { id: string },
  attemptId: string,
  now: Date,
  tried: readonly Channel[],
): NewJob {
  const due = occurrenceOf(request) ?? now;
  return {
    queue: 'dispatch',
    key: request.id,
    priority: dispatchPriority[request.priority ?? 'routine'],
    runAt: due > now ? due : now,
    data: { communication: attemptId, ...(tried.length === 0 ? {} : { tried }) },
  };
}

const dispatchPriority = { stat: 0, asap: 1, urgent: 2, routine: 3 } as const satisfies Record<
  NonNullable<CommunicationRequest['priority']>,
  number
>;

/** The AuditEvent of something that was decided or asked. */
export function audit(
  deps: PlanDeps,
  what: {
    subtype: AuditInput['subtype'];
    decision?: Exclude<Decision, { kind: 'unknown' }>;
    caller: Caller;
    patient: string | undefined;
    entities: readonly string[];
  },
) {
  const { decision } = what;
  const clauses = decision === undefined || decision.kind === 'send' ? [] : decision.reasons.map((one) => one.clause);
  return auditEvent({
    action: 'E',
    subtype: what.subtype,
    outcome: decision?.kind === 'refuse' ? '4' : '0',
    recorded: deps.clock.now(),
    caller: what.caller,
    controller: deps.context.controller,
    ...(what.patient === undefined ? {} : { patient: what.patient }),
    entities: what.entities,
    clauses: [...new Set(clauses)],
    policies: deps.context.policy.lawfulBases.flatMap((one) => (one.url === undefined ? [] : [one.url])),
  });
}

/** A decision that was made; one that could not be is the error FACTS_UNKNOWN. */
export function certain(decision: Decision): Exclude<Decision, { kind: 'unknown' }> {
  if (decision.kind !== 'unknown') return decision;
  throw new AppError(
    'FACTS_UNKNOWN',
    `Not decided, because this could not be read: ${decision.causes.join('; ')}. Nothing was sent or kept; ask again.`,
  );
}

/** Runs a step against the store; its errors become those of the catalogue. */
export async function available<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.code === 'conflict') {
      throw new AppError('WRITE_CONFLICT', 'The record changed while this was written. Ask again.', { cause: error });
    }
    throw new AppError('STORE_UNAVAILABLE', 'The record could not be read or written. Nothing was sent; ask again.', {
      cause: error,
    });
  }
}

export function create(resource: Write['resource']): Write {
  return { op: 'create', resource };
}
