import type { Communication, CommunicationRequest } from '@medplum/fhirtypes';
import type { Clock } from '../clock.ts';
import type { JobChange } from '../jobs/jobs.ts';
import { decide } from '../policy/decide.ts';
import { type FhirStore, type Stored, StoreError, type Write } from '../store/fhir-store.ts';
import type { RecordContext } from './authors.ts';
import { idOfKey, newId } from './ids.ts';
import { type Gather, planOf, withheld } from './plan.ts';
import { reasonConcept } from './record.ts';
import { task } from './tasks.ts';
import { attemptsOf, channelOfAttempt, triedBy } from './tried.ts';
import { worker } from './worker-caller.ts';

export interface FallbackDeps {
  readonly store: FhirStore;
  readonly gather: Gather;
  readonly clock: Clock;
  readonly context: Omit<RecordContext, 'now'>;
}

/** How a request goes on; nothing in it where it is over, or where another attempt is still under way. */
export interface Continuation {
  readonly writes: readonly Write[];
  readonly jobs: readonly JobChange[];
}

const nothing: Continuation = { writes: [], jobs: [] };

/**
 * How a request goes on once an attempt at it ended without arriving (contract 5): by the next channel that the rules
 * allow, if its type falls back, as a new attempt with a decision of its own; otherwise it is undeliverable, and
 * somebody looks at the contact details. `why` is for staff. Errors: StoreError, also for facts that cannot be read.
 */
export async function afterFailure(
  deps: FallbackDeps,
  failed: Stored<Communication>,
  why: string,
): Promise<Continuation> {
  const going = await stillGoing(deps, failed);
  if (going === undefined) return nothing;
  const next = await nextAttempt(deps, going.request, going.attempts, failed, 'whatever-comes');
  return next ?? ended(deps, going.request, failed, why);
}

/** Nothing more is tried: for an attempt of which nobody will ever know. Errors: StoreError. */
export async function undeliverable(
  deps: FallbackDeps,
  attempt: Stored<Communication>,
  why: string,
): Promise<Continuation> {
  const going = await stillGoing(deps, attempt);
  return going === undefined ? nothing : ended(deps, going.request, attempt, why);
}

/**
 * How a request goes on when an attempt at it has not been heard of for longer than its priority allows: by another
 * channel beside, where there is one; otherwise it goes on waiting. Errors: StoreError.
 */
export async function insteadOfWaiting(deps: FallbackDeps, slow: Stored<Communication>): Promise<Continuation> {
  // What is marked as a mistake is not sent another way.
  if (slow.status === 'entered-in-error') return nothing;
  const going = await stillGoing(deps, slow);
  if (going === undefined) return nothing;
  const next = await nextAttempt(deps, going.request, going.attempts, slow, 'if-it-may-go');
  return next ?? nothing;
}

/** The request, if this attempt was the last hope of it. */
async function stillGoing(
  { store }: FallbackDeps,
  attempt: Stored<Communication>,
): Promise<{ request: Stored<CommunicationRequest>; attempts: readonly Stored<Communication>[] } | undefined> {
  const id = attempt.basedOn?.[0]?.reference?.split('/')[1];
  const request = id === undefined ? undefined : await store.read('CommunicationRequest', id);
  if (request === undefined || request.status !== 'active') return undefined;
  const attempts = await attemptsOf(store, request.id);
  const hopes = attempts.filter((one) => one.id !== attempt.id);
  const open = hopes.some((one) => one.status === 'preparation' || one.status === 'in-progress');
  return open ? undefined : { request, attempts };
}

/**
 * The next attempt, or its hold or refusal; `undefined` where no other channel is left. `if-it-may-go`: neither held nor
 * refused, for that would end what may yet arrive.
 */
async function nextAttempt(
  deps: FallbackDeps,
  request: Stored<CommunicationRequest>,
  attempts: readonly Stored<Communication>[],
  before: Stored<Communication>,
  how: 'whatever-comes' | 'if-it-may-go',
): Promise<Continuation | undefined> {
  // The one before counts whatever its record says yet.
  const tried = [...new Set([...triedBy(attempts), channelOfAttempt(before)])].filter((one) => one !== undefined);
  const facts = await deps.gather(request, { tried });
  const { messageType } = facts;
  if (messageType.known && !(messageType.value.kind === 'found' && messageType.value.type.fallback)) return undefined;
  const decision = decide(facts);
  if (how === 'if-it-may-go' && decision.kind !== 'send') return undefined;
  switch (decision.kind) {
    case 'unknown':
      throw new StoreError('unavailable', 'the facts about the next channel cannot be read');
    case 'refuse': {
      if (decision.reasons.some((one) => one.code === 'undeliverable')) return undefined;
      const [first] = decision.reasons;
      const basedOn = { reference: `CommunicationRequest/${request.id}` };
      const revoked: CommunicationRequest & { id: string } = {
        ...request,
        status: 'revoked',
        ...(first === undefined ? {} : { statusReason: reasonConcept(first) }),
      };
      const update: Write = { op: 'update', resource: revoked, ifMatch: request.meta.versionId };
      return { writes: [update, ...withheld(deps, request, facts, decision, worker, basedOn)], jobs: [] };
    }
    case 'hold':
    case 'send': {
      const status = decision.kind === 'hold' ? ('on-hold' as const) : ('active' as const);
      const id = idOfKey(`attempt after ${before.id}`);
      const over = { ifMatch: request.meta.versionId };
      const { writes, jobs } = planOf(deps, { ...request, status }, facts, decision, worker, over, id);
      return { writes, jobs };
    }
    default:
      return decision satisfies never;
  }
}

function ended(
  deps: FallbackDeps,
  request: Stored<CommunicationRequest>,
  failed: Stored<Communication>,
  why: string,
): Continuation {
  const now = deps.clock.now();
  const patient = failed.subject?.reference;
  const proxy = failed.recipient?.[0]?.reference?.startsWith('RelatedPerson/') === true;
  const text = `${why} Check the ${proxy ? 'proxy' : 'person'}'s contact details with them, then ask for the message again if it still matters.`;
  const check = task(
    newId(now),
    {
      code: 'check-contact',
      focus: `Communication/${failed.id}`,
      text,
      priority: request.priority,
      ...(patient === undefined ? {} : { patient }),
    },
    { ...deps.context, now },
  );
  const statusReason = reasonConcept({ code: 'undeliverable', clause: 'PRF-5', text });
  const revoked: CommunicationRequest & { id: string } = { ...request, status: 'revoked', statusReason };
  return {
    writes: [
      { op: 'update', resource: revoked, ifMatch: request.meta.versionId },
      { op: 'create', resource: check },
    ],
    jobs: [],
  };
}
