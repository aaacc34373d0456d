import type { CommunicationRequest, Reference } from '@medplum/fhirtypes';
import type { Caller } from '../auth/caller.ts';
import { AppError, type Fault } from '../errors.ts';
import { decide } from '../policy/decide.ts';
import type { Decision, Reason } from '../policy/decision.ts';
import { filedUnder, type PolicyFacts, recipientReferences } from '../policy/facts.ts';
import type { FhirStore, SearchParams, Stored, Write } from '../store/fhir-store.ts';
import { plannedAnswer } from './answered.ts';
import { changeStatus, plannedChange } from './change.ts';
import { evaluation } from './evaluation.ts';
import { callerKey, idOfKey, keyIdentifier, newId, submissionDigest } from './ids.ts';
import { type AcceptDeps, audit, available, certain, create, planOf, withheld } from './plan.ts';
import { requestRecord, storedDigest } from './request-record.ts';
import { assertRequester, requesterFaults } from './requester.ts';
import type { PlannedRequest, Refusal, RequestPart, Requests, Submitted } from './requests.ts';
import { settledRequest } from './settled.ts';

/** The accepting side: a request becomes a decision, a record and a job, all of it before the caller is answered. */
export function createRequests(deps: AcceptDeps): Requests {
  const { store, clock } = deps;
  /** Submissions in hand, by key: a simultaneous repeat waits for the first and shares its answer. */
  const inHand = new Map<string, { digest: string; answer: Promise<Submitted> }>();
  /** The same of those without a key, by the search that they must not match. */
  const searchedFor = new Map<string, Promise<unknown>>();

  const submitKeyless = async (
    resource: CommunicationRequest,
    caller: Caller,
    digest: string,
    unless: SearchParams | undefined,
  ): Promise<Submitted> => {
    const place = { id: newId(clock.now()), digest, unless };
    if (unless === undefined) return submitNew(deps, resource, caller, place);
    const search = JSON.stringify(unless);
    const first = searchedFor.get(search);
    if (first !== undefined) {
      await first.catch(() => undefined);
      throw new AppError('WRITE_CONFLICT', 'Another request with this condition was in hand.');
    }
    const answer = submitNew(deps, resource, caller, place);
    searchedFor.set(search, answer);
    try {
      return await answer;
    } finally {
      searchedFor.delete(search);
    }
  };

  return {
    async submit(resource, caller, unless) {
      const digest = submissionDigest(resource);
      const key = callerKey(resource);
      if (key === undefined) return submitKeyless(resource, caller, digest, unless);
      for (;;) {
        const first = inHand.get(key);
        if (first === undefined) break;
        const answer = await first.answer.catch(() => undefined);
        if (answer !== undefined && first.digest === digest) {
          return answer.kind === 'created' ? { kind: 'existing', resource: answer.resource } : answer;
        }
      }
      const answer = submitKeyed(deps, resource, caller, idOfKey(key), digest);
      inHand.set(key, { digest, answer });
      try {
        return await answer;
      } finally {
        inHand.delete(key);
      }
    },

    change: (resource, ifMatch, caller) => changeStatus(deps, resource, ifMatch, caller),

    plan: (part, view, caller) =>
      part.kind === 'submit' ? plannedNew(deps, part, view, caller) : plannedChange(deps, part, view, caller),

    answer: (answered, view, caller) => plannedAnswer(deps, answered, view, caller),

    async evaluate(resource, caller) {
      const { facts, requester } = await readFor(deps, resource, store);
      const decision = certain(decide(facts));
      assertRequester(requester, reasonsOf(decision), resource.status === 'draft');
      const patient = filedUnder(facts);
      await available(() =>
        store.commit([create(audit(deps, { subtype: 'evaluate', decision, caller, patient, entities: [] }))]),
      );
      return evaluation(decision);
    },
  };
}

/** A keyed request: the same key leads to the same id, so the store itself settles who was first. */
async function submitKeyed(
  deps: AcceptDeps,
  resource: CommunicationRequest,
  caller: Caller,
  id: string,
  digest: string,
): Promise<Submitted> {
  // Asked in the same turn as whether it is kept already; then the facts are for nothing.
  const [earlier, read] = await Promise.all([
    keptUnder(deps, id),
    isSubmittable(resource) ? readFor(deps, { ...resource, id }, deps.store) : undefined,
  ]);
  if (earlier !== undefined && isKept(earlier)) return existing(earlier, digest);
  try {
    return await submitNew(deps, resource, caller, { id, digest, over: earlier?.meta.versionId, read });
  } catch (error) {
    // Another process stored the same key meanwhile.
    if (!(error instanceof AppError && error.code === 'WRITE_CONFLICT')) throw error;
    const winner = await keptUnder(deps, id);
    if (winner === undefined || !isKept(winner)) throw error;
    return existing(winner, digest);
  }
}

/** What the store has under this id, once it is certain that it is a promise or none. */
function keptUnder(deps: AcceptDeps, id: string): Promise<Stored<CommunicationRequest> | undefined> {
  return available(() => settledRequest(deps, id));
}

/** One that was taken back was never promised, and its key is free again. */
function isKept(request: CommunicationRequest): boolean {
  return request.status !== 'entered-in-error';
}

function existing(resource: Stored<CommunicationRequest>, digest: string): Extract<Submitted, { kind: 'existing' }> {
  if (storedDigest(resource) === digest) return { kind: 'existing', resource };
  throw new AppError('IDENTIFIER_REUSED', [
    {
      expression: 'CommunicationRequest.identifier',
      text: `This identifier was used before for other content, in CommunicationRequest/${resource.id}. Use a new identifier for a new message.`,
    },
  ]);
}

/** Where a new request is stored. */
interface Place {
  readonly id: string;
  readonly digest: string;
  /** The version of a record that was taken back and had the same key: the new one takes its place. */
  readonly over?: string | undefined;
  /** See `Requests.submit`; one that has a key is guarded by that. */
  readonly unless?: SearchParams | undefined;
  /** What was read about it already. */
  readonly read?: ReadFor | undefined;
}

/** What a new request is held against. */
interface ReadFor {
  readonly facts: PolicyFacts;
  readonly requester: readonly Fault[];
}

/** All of it is asked at once, so that where the record is elsewhere it costs no call of its own. Errors: AppError. */
async function readFor(deps: AcceptDeps, request: CommunicationRequest, view: FhirStore): Promise<ReadFor> {
  const [facts, requester] = await available(() =>
    Promise.all([deps.gather(request, { view, leavesDraft: true }), requesterFaults(view, request)]),
  );
  return { facts, requester };
}

const reasonsOf = (decision: Decision): readonly Reason[] => (decision.kind === 'refuse' ? decision.reasons : []);

async function submitNew(
  deps: AcceptDeps,
  resource: CommunicationRequest,
  caller: Caller,
  place: Place,
): Promise<Submitted> {
  const decided = await decideNew(deps, { resource, ...place }, deps.store, caller);
  const { decision } = decided;
  if (decided.kind === 'refused') {
    await available(() => deps.store.commit(decided.withheld()));
    return { kind: 'refused', decision: decided.decision };
  }
  const results = await available(() => deps.commitUnit(decided.unit));
  const stored = results[0]?.resource as Stored<CommunicationRequest>;
  return { kind: 'created', resource: stored, decision };
}

async function plannedNew(
  deps: AcceptDeps,
  part: Extract<RequestPart, { kind: 'submit' }>,
  view: FhirStore,
  caller: Caller,
): Promise<PlannedRequest> {
  const { resource, id, digest } = part;
  // From the store: the view may show this request itself.
  const earlier = callerKey(resource) === undefined ? undefined : await keptUnder(deps, id);
  if (earlier !== undefined && isKept(earlier)) {
    return { kind: 'existing', resource: existing(earlier, digest).resource };
  }
  const decided = await decideNew(deps, { ...part, over: earlier?.meta.versionId }, view, caller);
  return decided.kind === 'refused' ? decided : { ...decided, done: createdText(decided.decision, id) };
}

/** What `Prefer: return=OperationOutcome` says of a request that was taken. */
export function createdText(decision: Decision, id: string): string {
  return `Decided: ${decision.kind}. CommunicationRequest/${id} was created.`;
}

type DecidedNew =
  | { readonly kind: 'planned'; readonly decision: Decision; readonly unit: ReturnType<typeof planOf> }
  | {
      readonly kind: 'refused';
      readonly decision: Refusal;
      readonly withheld: (isGone?: (reference: string) => boolean) => Write[];
    };

/** Decides on what `view` shows, and stores nothing. */
async function decideNew(
  deps: AcceptDeps,
  asked: Place & { readonly resource: CommunicationRequest },
  view: FhirStore,
  caller: Caller,
): Promise<DecidedNew> {
  const { resource, id, digest } = asked;
  if (!isSubmittable(resource)) {
    throw new AppError('PROFILE_INVALID', [
      {
        expression: 'CommunicationRequest.status',
        issue: 'business-rule',
        text: 'A new request is "active" (decide and send) or "draft" (decide and wait).',
      },
    ]);
  }
  const { facts, requester } = asked.read ?? (await readFor(deps, { ...resource, id }, view));
  const decision = certain(decide(facts));
  assertRequester(requester, reasonsOf(decision), resource.status === 'draft');
  deps.count(decision.kind);

  if (resource.status === 'draft' || decision.kind !== 'refuse') {
    const status = resource.status === 'draft' ? 'draft' : decision.kind === 'hold' ? 'on-hold' : 'active';
    const people = { patient: filedUnder(facts), recipients: recipientReferences(facts) };
    const record = requestRecord(resource, { id, status, digest, ...people });
    const how = asked.over === undefined ? { unless: asked.unless } : { ifMatch: asked.over };
    return { kind: 'planned', decision, unit: planOf(deps, { ...record, id }, facts, decision, caller, how) };
  }
  return {
    kind: 'refused',
    decision,
    withheld: (isGone) => withheld(deps, resource, facts, decision, caller, keyReference(resource), isGone),
  };
}

/** A new request is decided on and sent, or decided on and kept as a draft. */
function isSubmittable({ status }: CommunicationRequest): boolean {
  return status === 'active' || status === 'draft';
}

/** What a not-done record of a refused submission points at: the caller's key, for there is no request. */
function keyReference(request: CommunicationRequest): Reference<CommunicationRequest> | undefined {
  const identifier = keyIdentifier(request);
  return identifier === undefined ? undefined : { type: 'CommunicationRequest', identifier };
}
