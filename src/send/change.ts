import type { CommunicationRequest } from '@medplum/fhirtypes';
import type { Caller } from '../auth/caller.ts';
import { AppError } from '../errors.ts';
import { CallInHand } from '../jobs/jobs.ts';
import { decide } from '../policy/decide.ts';
import { type Stored, searchAll, type Write } from '../store/fhir-store.ts';
import { canonicalJson, newId } from './ids.ts';
import { type AcceptDeps, audit, available, certain, create, planOf, withheld } from './plan.ts';
import { callerContent, provenance } from './record.ts';
import type { Changed } from './requests.ts';

/** A change of a request's status: release a draft or a hold, or take it back (contract 2, 3). Errors: AppError. */
export async function changeStatus(
  deps: AcceptDeps,
  resource: CommunicationRequest & { id: string },
  ifMatch: string | undefined,
  caller: Caller,
): Promise<Changed> {
  for (let tries = 0; ; tries += 1) {
    const current = await available(() => deps.store.read('CommunicationRequest', resource.id));
    if (current === undefined) {
      throw new AppError('NOT_FOUND', `CommunicationRequest/${resource.id} is not known.`);
    }
    if (ifMatch !== undefined && ifMatch !== current.meta.versionId) throw staleVersion(current);
    try {
      return await changeFrom(deps, current, resource, caller);
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'WRITE_CONFLICT')) throw error;
      // It moved on between the read and the write: a caller who named a version must know; any other change is
      // simply made on what is there now.
      if (ifMatch !== undefined) throw staleVersion(current);
      if (tries >= 4) throw error;
    }
  }
}

async function changeFrom(
  deps: AcceptDeps,
  current: Stored<CommunicationRequest>,
  resource: CommunicationRequest,
  caller: Caller,
): Promise<Changed> {
  if (!sameButStatus(current, resource)) {
    throw new AppError('CHANGE_NOT_ALLOWED', [
      {
        expression: 'CommunicationRequest',
        text: 'Something other than the status differs from the stored request; nothing was changed. Read it, change the status alone, and send that.',
      },
    ]);
  }
  const to = resource.status;
  if (to === current.status) return { kind: 'changed', resource: current };
  const from = current.status;
  if (to === 'revoked' && (from === 'draft' || from === 'active' || from === 'on-hold')) {
    return revoke(deps, current, caller);
  }
  if (to === 'active' && (from === 'draft' || from === 'on-hold')) return release(deps, current, caller);
  throw new AppError('CHANGE_NOT_ALLOWED', [
    {
      expression: 'CommunicationRequest.status',
      text: `A request that is "${from}" cannot become "${to}". Allowed: draft or on-hold to active, and draft, active or on-hold to revoked.`,
    },
  ]);
}

/** A draft or a held request is to go: decided as if it came now. */
async function release(deps: AcceptDeps, current: Stored<CommunicationRequest>, caller: Caller): Promise<Changed> {
  const facts = await available(() => deps.gather({ ...current, status: 'active' }));
  const decision = certain(decide(facts));
  deps.count(decision.kind);
  const ifMatch = current.meta.versionId;
  if (decision.kind === 'refuse') {
    const basedOn = { reference: `CommunicationRequest/${current.id}` };
    await available(() => deps.store.commit(withheld(deps, current, facts, decision, caller, basedOn)));
    return { kind: 'refused', decision };
  }
  // Held already, and still to be held: its Task is waiting; another one would only be noise.
  if (decision.kind === 'hold' && current.status === 'on-hold') return { kind: 'changed', resource: current };
  const status = decision.kind === 'hold' ? 'on-hold' : 'active';
  const plan = planOf(deps, { ...current, status }, facts, decision, caller, { ifMatch });
  const results = await available(() => deps.commitUnit(plan));
  return { kind: 'changed', resource: results[0]?.resource as Stored<CommunicationRequest> };
}

/** Takes a request back, as long as no provider has its message or may have it. */
async function revoke(deps: AcceptDeps, current: Stored<CommunicationRequest>, caller: Caller): Promise<Changed> {
  const now = deps.clock.now();
  const attempts = await available(() =>
    searchAll(deps.store, 'Communication', [['based-on', `CommunicationRequest/${current.id}`]]),
  );
  if (attempts.some((one) => one.status !== 'preparation' && one.status !== 'not-done')) throw inHand(current.id);
  const waiting = attempts.filter((one) => one.status === 'preparation');
  const entities = [`CommunicationRequest/${current.id}`, ...waiting.map((one) => `Communication/${one.id}`)];
  const subject = current.subject?.reference;
  const patient = subject?.startsWith('Patient/') ? subject : undefined;
  const context = { ...deps.context, now };
  const writes: Write[] = [
    { op: 'update', resource: { ...current, status: 'revoked' }, ifMatch: current.meta.versionId },
    ...waiting.map(
      (one): Write => ({
        op: 'update',
        resource: { ...one, status: 'not-done', statusReason: { text: 'Taken back before it was sent.' } },
        ifMatch: one.meta.versionId,
      }),
    ),
    create(provenance(newId(now), entities, { caller, author: undefined, activity: 'UPDATE' }, context)),
    create(audit(deps, { subtype: 'revoke', caller, patient, entities })),
  ];
  try {
    const results = await available(() =>
      deps.commitUnit({ writes, jobs: [{ kind: 'cancel', queue: 'dispatch', key: current.id }] }),
    );
    return { kind: 'changed', resource: results[0]?.resource as Stored<CommunicationRequest> };
  } catch (error) {
    if (error instanceof CallInHand) throw inHand(current.id);
    throw error;
  }
}

function sameButStatus(current: CommunicationRequest, resource: CommunicationRequest): boolean {
  const mine = callerContent(current);
  const theirs = callerContent(resource);
  // The stored subject has a literal reference that a caller who sent the number alone need not repeat.
  if (
    theirs.subject?.reference === undefined &&
    theirs.subject?.identifier !== undefined &&
    mine.subject !== undefined
  ) {
    const { reference: _reference, ...logical } = mine.subject;
    mine.subject = logical;
  }
  return canonicalJson({ ...mine, status: null }) === canonicalJson({ ...theirs, status: null });
}

function staleVersion(current: Stored): AppError {
  return new AppError(
    'VERSION_CONFLICT',
    `${current.resourceType}/${current.id} is at version ${current.meta.versionId}. Read it again and repeat the change.`,
  );
}

function inHand(id: string): AppError {
  return new AppError(
    'MESSAGE_IN_HAND',
    `The message of CommunicationRequest/${id} is with the provider, or may be. It can no longer be taken back.`,
  );
}
