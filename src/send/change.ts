import type { CommunicationRequest, Reference } from '@medplum/fhirtypes';
import type { Caller } from '../auth/caller.ts';
import { AppError } from '../errors.ts';
import { CallInHand } from '../jobs/jobs.ts';
import { decide } from '../policy/decide.ts';
import { type FhirStore, type Stored, searchAll, type Write } from '../store/fhir-store.ts';
import { provenance } from './authors.ts';
import { withoutOpenTask } from './held-tasks.ts';
import { canonicalJson, newId } from './ids.ts';
import { type AcceptDeps, audit, available, certain, create, planOf, withheld } from './plan.ts';
import { callerContent } from './request-record.ts';
import { assertRequester, requesterFaults } from './requester.ts';
import type { Changed, PlannedRequest, RequestPart } from './requests.ts';
import { settledRequest } from './settled.ts';
import { triedFor } from './tried.ts';

/** A change of a request's status: release a draft or a hold, or take it back (contract 2, 3). Errors: AppError. */
export async function changeStatus(
  deps: AcceptDeps,
  resource: CommunicationRequest & { id: string },
  ifMatch: string | undefined,
  caller: Caller,
): Promise<Changed> {
  for (let tries = 0; ; tries += 1) {
    const current = await currentOf(deps, resource.id, ifMatch);
    try {
      const planned = await changeFrom(deps, current, resource, deps.store, caller);
      if (planned.kind === 'existing') return { kind: 'changed', resource: planned.resource };
      if (planned.kind === 'refused') {
        await available(() => deps.store.commit(planned.withheld(() => false)));
        return { kind: 'refused', decision: planned.decision };
      }
      const results = await available(() => deps.commitUnit(planned.unit));
      return { kind: 'changed', resource: results[0]?.resource as Stored<CommunicationRequest> };
    } catch (error) {
      if (error instanceof CallInHand) throw inHand(current.id);
      if (!(error instanceof AppError && error.code === 'WRITE_CONFLICT')) throw error;
      // It moved on between the read and the write: a caller who named a version must know; any other change is
      // simply made on what is there now.
      if (ifMatch !== undefined) throw staleVersion(current);
      if (tries >= 4) throw error;
    }
  }
}

/** The same change as part of a caller's transaction. Errors: AppError. */
export async function plannedChange(
  deps: AcceptDeps,
  part: Extract<RequestPart, { kind: 'change' }>,
  view: FhirStore,
  caller: Caller,
): Promise<PlannedRequest> {
  const current = await currentOf(deps, part.resource.id, part.ifMatch);
  return changeFrom(deps, current, part.resource, view, caller);
}

async function currentOf(
  deps: AcceptDeps,
  id: string,
  ifMatch: string | undefined,
): Promise<Stored<CommunicationRequest>> {
  const current = await available(() => settledRequest(deps, id));
  if (current === undefined) throw new AppError('NOT_FOUND', `CommunicationRequest/${id} is not known.`);
  if (ifMatch !== undefined && ifMatch !== current.meta.versionId) throw staleVersion(current);
  return current;
}

async function changeFrom(
  deps: AcceptDeps,
  current: Stored<CommunicationRequest>,
  resource: CommunicationRequest,
  view: FhirStore,
  caller: Caller,
): Promise<PlannedRequest> {
  if (!sameButStatus(current, resource)) {
    throw new AppError('CHANGE_NOT_ALLOWED', [
      {
        expression: 'CommunicationRequest',
        text: 'Something other than the status differs from the stored request; nothing was changed. Read it, change the status alone, and send that.',
      },
    ]);
  }
  const to = resource.status;
  if (to === current.status) return { kind: 'existing', resource: current };
  const from = current.status;
  if (to === 'revoked' && (from === 'draft' || from === 'active' || from === 'on-hold')) {
    return revoke(deps, current, caller);
  }
  if (to === 'active' && (from === 'draft' || from === 'on-hold')) {
    const [released, requester] = await Promise.all([
      release(deps, current, view, caller),
      available(() => requesterFaults(view, current)),
    ]);
    assertRequester(requester, released.kind === 'refused' ? released.decision.reasons : [], false);
    return released;
  }
  throw new AppError('CHANGE_NOT_ALLOWED', [
    {
      expression: 'CommunicationRequest.status',
      text: `A request that is "${from}" cannot become "${to}". Allowed: draft or on-hold to active, and draft, active or on-hold to revoked.`,
    },
  ]);
}

/** A draft or a held request is to go: decided as if it came now, on what `view` shows. Errors: AppError. */
export async function release(
  deps: AcceptDeps,
  current: Stored<CommunicationRequest>,
  view: FhirStore,
  caller: Caller,
): Promise<PlannedRequest> {
  // What failed before it was held is not tried again for being released.
  const tried = current.status === 'on-hold' ? await available(() => triedFor(deps.store, current.id)) : [];
  const leavesDraft = current.status === 'draft';
  const facts = await available(() => deps.gather({ ...current, status: 'active' }, { view, tried, leavesDraft }));
  const decision = certain(decide(facts));
  deps.count(decision.kind);
  if (decision.kind === 'refuse') {
    const basedOn = { reference: `CommunicationRequest/${current.id}` };
    return {
      kind: 'refused',
      decision,
      withheld: (isGone) => withheld(deps, current, facts, decision, caller, basedOn, isGone),
    };
  }
  if (decision.kind === 'hold' && current.status === 'on-hold') {
    const tasks = await available(() => withoutOpenTask(view, current.id, decision.tasks));
    // Held already, and still to be held: its Task is waiting; another one would only be noise.
    if (tasks.length === 0) return { kind: 'existing', resource: current };
    const unit = planOf(deps, current, facts, { ...decision, tasks }, caller, { ifMatch: current.meta.versionId });
    return { kind: 'planned', unit, done: changedText(current.id, 'on-hold') };
  }
  const status = decision.kind === 'hold' ? 'on-hold' : 'active';
  const ifMatch = current.meta.versionId;
  const unit = planOf(deps, { ...current, status }, facts, decision, caller, { ifMatch });
  return { kind: 'planned', unit, done: changedText(current.id, status) };
}

/** Takes a request back, as long as no provider has its message or may have it. */
async function revoke(
  deps: AcceptDeps,
  current: Stored<CommunicationRequest>,
  caller: Caller,
): Promise<PlannedRequest> {
  const now = deps.clock.now();
  const attempts = await available(() =>
    searchAll(deps.store, 'Communication', [['based-on', `CommunicationRequest/${current.id}`]]),
  );
  if (attempts.some((one) => one.status !== 'preparation' && one.status !== 'not-done')) throw inHand(current.id);
  const waiting = attempts.filter((one) => one.status === 'preparation');
  // With its job gone nobody knows whether it was called, until the sweeper has found out.
  const job = await deps.jobs.get('dispatch', current.id);
  if (waiting.length > 0 && (job === undefined || job.callBegunAt !== undefined)) throw inHand(current.id);
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
  const jobs = [{ kind: 'cancel' as const, queue: 'dispatch' as const, key: current.id }];
  return { kind: 'planned', unit: { writes, jobs }, done: changedText(current.id, 'revoked') };
}

/** What `Prefer: return=OperationOutcome` says of a change that was made. */
export function changedText(id: string, status: string | undefined): string {
  return `CommunicationRequest/${id} is now ${status}.`;
}

function sameButStatus(current: CommunicationRequest, resource: CommunicationRequest): boolean {
  const mine = callerContent(current);
  const theirs = callerContent(resource);
  // People are stored with a literal reference, which a caller who sent the number alone need not repeat.
  if (mine.subject !== undefined) mine.subject = asNamed(mine.subject, theirs.subject);
  if (mine.recipient !== undefined) {
    mine.recipient = mine.recipient.map((one, index) => asNamed(one, theirs.recipient?.[index]));
  }
  return (
    canonicalJson({ ...mine, status: null }) === canonicalJson({ ...theirs, status: null }) &&
    !addsLabel(current, resource)
  );
}

/**
 * A label beside the status would be lost, and with it what it keeps from proxies (PRX-7). One that is left out stays:
 * whoever sends no `meta` says nothing about it.
 */
function addsLabel(current: CommunicationRequest, { meta }: CommunicationRequest): boolean {
  const labelled = (current.meta?.security ?? []).map(({ system, code }) => canonicalJson({ system, code }));
  return (meta?.security ?? []).some(({ system, code }) => !labelled.includes(canonicalJson({ system, code })));
}

function staleVersion(current: Stored): AppError {
  return new AppError(
    'VERSION_CONFLICT',
    `${current.resourceType}/${current.id} is at version ${current.meta.versionId}. Read it again and repeat the change.`,
  );
}

function asNamed<T extends Reference>(stored: T, sent: Reference | undefined): T {
  if (sent === undefined || sent.reference !== undefined || sent.identifier === undefined) return stored;
  const { reference: _reference, ...logical } = stored;
  return logical as T;
}

function inHand(id: string): AppError {
  return new AppError(
    'MESSAGE_IN_HAND',
    `The message of CommunicationRequest/${id} is with the provider, or may be. It can no longer be taken back.`,
  );
}
