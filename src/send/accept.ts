import type { CommunicationRequest, Reference } from '@medplum/fhirtypes';
import type { Caller } from '../auth/caller.ts';
import { AppError } from '../errors.ts';
import { decide } from '../policy/decide.ts';
import type { Decision } from '../policy/decision.ts';
import { filedUnder } from '../policy/facts.ts';
import type { FhirStore, Stored, Write } from '../store/fhir-store.ts';
import { changeStatus, plannedChange } from './change.ts';
import { evaluation } from './evaluation.ts';
import { callerKey, idOfKey, newId, submissionDigest } from './ids.ts';
import { type AcceptDeps, audit, available, certain, create, planOf, withheld } from './plan.ts';
import { requestRecord, storedDigest } from './record.ts';
import type { PlannedRequest, Refusal, RequestPart, Requests, Submitted } from './requests.ts';

/** The accepting side: a request becomes a decision, a record and a job, all of it before the caller is answered. */
export function createRequests(deps: AcceptDeps): Requests {
  const { store, clock } = deps;
  /** Submissions in hand, by key: a simultaneous repeat waits for the first and shares its answer. */
  const inHand = new Map<string, { digest: string; answer: Promise<Submitted> }>();

  return {
    async submit(resource, caller) {
      const digest = submissionDigest(resource);
      const key = callerKey(resource);
      if (key === undefined) return submitNew(deps, resource, caller, newId(clock.now()), digest);
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

    async evaluate(resource, caller) {
      const facts = await deps.gather(resource, store);
      const decision = certain(decide(facts));
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
  const earlier = await available(() => deps.store.read('CommunicationRequest', id));
  if (earlier !== undefined) return existing(earlier, digest);
  try {
    return await submitNew(deps, resource, caller, id, digest);
  } catch (error) {
    // Another process stored the same key meanwhile.
    if (!(error instanceof AppError && error.code === 'WRITE_CONFLICT')) throw error;
    const winner = await available(() => deps.store.read('CommunicationRequest', id));
    if (winner === undefined) throw error;
    return existing(winner, digest);
  }
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

async function submitNew(
  deps: AcceptDeps,
  resource: CommunicationRequest,
  caller: Caller,
  id: string,
  digest: string,
): Promise<Submitted> {
  const decided = await decideNew(deps, { resource, id, digest }, deps.store, caller);
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
  if (callerKey(resource) !== undefined) {
    // From the store: the view may show this request itself.
    const earlier = await available(() => deps.store.read('CommunicationRequest', id));
    if (earlier !== undefined) return { kind: 'existing', resource: existing(earlier, digest).resource };
  }
  const decided = await decideNew(deps, part, view, caller);
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
  asked: { readonly resource: CommunicationRequest; readonly id: string; readonly digest: string },
  view: FhirStore,
  caller: Caller,
): Promise<DecidedNew> {
  const { resource, id, digest } = asked;
  if (resource.status !== 'active' && resource.status !== 'draft') {
    throw new AppError('PROFILE_INVALID', [
      {
        expression: 'CommunicationRequest.status',
        issue: 'business-rule',
        text: 'A new request is "active" (decide and send) or "draft" (decide and wait).',
      },
    ]);
  }
  const facts = await available(() => deps.gather({ ...resource, id }, view));
  const decision = certain(decide(facts));
  deps.count(decision.kind);

  if (resource.status === 'draft' || decision.kind !== 'refuse') {
    const status = resource.status === 'draft' ? 'draft' : decision.kind === 'hold' ? 'on-hold' : 'active';
    const record = requestRecord(resource, { id, status, digest, patient: filedUnder(facts) });
    return { kind: 'planned', decision, unit: planOf(deps, { ...record, id }, facts, decision, caller, 'create') };
  }
  return {
    kind: 'refused',
    decision,
    withheld: (isGone) => withheld(deps, resource, facts, decision, caller, keyReference(resource), isGone),
  };
}

/** What a not-done record of a refused submission points at: the caller's key, for there is no request. */
function keyReference(request: CommunicationRequest): Reference<CommunicationRequest> | undefined {
  const identifier = request.identifier?.find((one) => one.value);
  return identifier === undefined ? undefined : { type: 'CommunicationRequest', identifier };
}
