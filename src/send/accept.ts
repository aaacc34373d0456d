import type { CommunicationRequest, Reference } from '@medplum/fhirtypes';
import type { Caller } from '../auth/caller.ts';
import { AppError } from '../errors.ts';
import { decide } from '../policy/decide.ts';
import { filedUnder } from '../policy/facts.ts';
import type { Stored } from '../store/fhir-store.ts';
import { changeStatus } from './change.ts';
import { evaluation } from './evaluation.ts';
import { callerKey, idOfKey, newId, submissionDigest } from './ids.ts';
import { type AcceptDeps, audit, available, certain, create, planOf, withheld } from './plan.ts';
import { requestRecord, storedDigest } from './record.ts';
import type { Requests, Submitted } from './requests.ts';

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

    async evaluate(resource, caller) {
      const facts = await deps.gather(resource);
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

function existing(resource: Stored<CommunicationRequest>, digest: string): Submitted {
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
  if (resource.status !== 'active' && resource.status !== 'draft') {
    throw new AppError('PROFILE_INVALID', [
      {
        expression: 'CommunicationRequest.status',
        issue: 'business-rule',
        text: 'A new request is "active" (decide and send) or "draft" (decide and wait).',
      },
    ]);
  }
  const facts = await available(() => deps.gather(resource));
  const decision = certain(decide(facts));
  deps.count(decision.kind);
  const patient = filedUnder(facts);

  if (resource.status === 'draft' || decision.kind !== 'refuse') {
    const status = resource.status === 'draft' ? 'draft' : decision.kind === 'hold' ? 'on-hold' : 'active';
    const record = requestRecord(resource, { id, status, digest, patient });
    const plan = planOf(deps, { ...record, id }, facts, decision, caller, 'create');
    const results = await available(() => deps.commitUnit(plan));
    const stored = results[0]?.resource as Stored<CommunicationRequest>;
    return { kind: 'created', resource: stored, decision };
  }

  await available(() => deps.store.commit(withheld(deps, resource, facts, decision, caller, keyReference(resource))));
  return { kind: 'refused', decision };
}

/** What a not-done record of a refused submission points at: the caller's key, for there is no request. */
function keyReference(request: CommunicationRequest): Reference<CommunicationRequest> | undefined {
  const identifier = request.identifier?.find((one) => one.value);
  return identifier === undefined ? undefined : { type: 'CommunicationRequest', identifier };
}
