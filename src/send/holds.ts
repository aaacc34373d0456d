import type { CommunicationRequest, Task } from '@medplum/fhirtypes';
import { AppError } from '../errors.ts';
import { describeError } from '../log.ts';
import type { Reason } from '../policy/decision.ts';
import { type Stored, StoreError, searchAll, type Write } from '../store/fhir-store.ts';
import { releasedHold, revokedHold, type Said } from './answered.ts';
import type { HoldCode } from './gather-tasks.ts';
import { holdCodeOf, openHoldTasks } from './held-tasks.ts';
import { localReference } from './naming.ts';
import { overdueWrites } from './overdue.ts';
import type { AcceptDeps } from './plan.ts';
import { settledRequest } from './settled.ts';
import { expiresOf } from './times.ts';
import { worker } from './worker-caller.ts';

type Request = Stored<CommunicationRequest>;

/** Younger than this, a Task or a request may still be on its way into the record together with what belongs to it. */
const SETTLED_AFTER_MS = 30_000;

/**
 * Contract 3, a hold never sleeps: what is past its due date is raised once, what expired ends and is recorded, a Task
 * that nothing waits for any more is cancelled, and a request that waits for no Task is decided again. Everything is
 * read from the record, so that a restart forgets nothing, and repeating it changes nothing. One hold that fails keeps
 * no other waiting. Answers how many records it changed. Errors: StoreError when the record cannot be searched.
 */
export async function sweepHolds(deps: AcceptDeps): Promise<number> {
  const [held, open] = await Promise.all([heldRequests(deps), openHoldTasks(deps.store)]);
  const tasks = Map.groupBy(open, (one) => localReference(one.focus?.reference, 'CommunicationRequest'));
  const requests = new Set([...held.map((one) => `CommunicationRequest/${one.id}`), ...tasks.keys()]);
  let changed = 0;
  for (const reference of requests) {
    const id = reference?.split('/')[1];
    if (id !== undefined) changed += await swept(deps, id, tasks.get(reference) ?? []);
  }
  if (changed > 0) deps.log.info('holds.swept', { count: changed });
  return changed;
}

function heldRequests({ store, clock }: AcceptDeps): Promise<Request[]> {
  const before = new Date(clock.now().getTime() - SETTLED_AFTER_MS).toISOString();
  return searchAll(store, 'CommunicationRequest', [
    ['status', 'on-hold'],
    ['_lastUpdated', `lt${before}`],
  ]);
}

async function swept(deps: AcceptDeps, id: string, tasks: readonly Stored<Task>[]): Promise<number> {
  try {
    const request = await settledRequest(deps, id);
    if (request === undefined) return 0;
    return request.status === 'on-hold' ? await keepAwake(deps, request, tasks) : await cancelMoot(deps, tasks);
  } catch (error) {
    // Somebody else's change goes first: the next sweep sees it.
    if (isConflict(error)) return 0;
    deps.log.error('hold.failed', { reference: id, ...describeError(error) });
    return 0;
  }
}

async function keepAwake(deps: AcceptDeps, request: Request, tasks: readonly Stored<Task>[]): Promise<number> {
  const now = deps.clock.now();
  const expires = expiresOf(request);
  if (expires !== undefined && expires <= now) return expire(deps, request, tasks);
  if (tasks.length === 0) return decideAgain(deps, request);
  let raised = 0;
  for (const one of tasks) {
    const due = Date.parse(one.restriction?.period?.end ?? '');
    if (due < now.getTime() && (await raise(deps, request, one, now))) raised += 1;
  }
  return raised;
}

const herald: Said = { caller: worker, author: undefined, sources: [] };

/** REC-5: the message is worth nothing any more, and nobody is left to answer. */
async function expire(deps: AcceptDeps, request: Request, tasks: readonly Stored<Task>[]): Promise<number> {
  const writes = await revokedHold(deps, request, expired, deps.store, herald);
  const now = deps.clock.now();
  await deps.commitUnit({ writes: [...writes, ...tasks.map((one) => cancelled(one, expired.text, now))] });
  deps.log.warn('hold.expired', { reference: request.id, code: expired.code, clause: expired.clause });
  return 1 + tasks.length;
}

const expired: Reason = {
  code: 'expired',
  clause: 'REC-5',
  rule: 'still-worth-sending',
  text: 'Nobody had answered for this message by the time it expired, so it was not sent. Reach the person another way if it still matters.',
};

/** Its Task was lost or answered without effect: what it waits for, if anything, is found out now. */
async function decideAgain(deps: AcceptDeps, request: Request): Promise<number> {
  const unit = await releasedHold(deps, request, deps.store, herald);
  if (unit === undefined) return 0;
  await deps.commitUnit(unit);
  deps.log.warn('hold.decided-again', { reference: request.id });
  return 1;
}

/** Past its due date: more urgent by one step, and said once in a Task of its own. */
async function raise(deps: AcceptDeps, request: Request, waiting: Stored<Task>, now: Date): Promise<boolean> {
  const writes = await overdueWrites(
    deps.store,
    waiting,
    {
      focus: `CommunicationRequest/${request.id}`,
      text: `A message has waited too long for somebody to say whether ${questionOf(waiting)}. Answer the Task "${holdCodeOf(waiting)}" about it, or reach the person another way.`,
    },
    { ...deps.context, now },
  );
  if (writes === undefined) return false;
  await deps.commitUnit({ writes });
  deps.log.warn('hold.overdue', { reference: request.id });
  return true;
}

function questionOf(waiting: Task): string {
  const code = holdCodeOf(waiting);
  return code === undefined ? 'it may go' : questions[code];
}

/** What each Task that holds a message asks. */
const questions = {
  'check-with-person': "it may go to the patient's proxy",
  'restricted-record': 'it may go to somebody whose record is restricted',
  'second-reader': 'its words are right',
} as const satisfies Record<HoldCode, string>;

/** The request was released or taken back while its Task stood open: nobody need answer any more. */
async function cancelMoot(deps: AcceptDeps, tasks: readonly Stored<Task>[]): Promise<number> {
  const now = deps.clock.now();
  const settled = tasks.filter((one) => now.getTime() - Date.parse(one.meta.lastUpdated) >= SETTLED_AFTER_MS);
  if (settled.length === 0) return 0;
  await deps.commitUnit({ writes: settled.map((one) => cancelled(one, 'The message no longer waits for this.', now)) });
  return settled.length;
}

function cancelled(one: Stored<Task>, text: string, now: Date): Write {
  const resource: Task & { id: string } = {
    ...one,
    status: 'cancelled',
    statusReason: { text },
    lastModified: now.toISOString(),
  };
  return { op: 'update', resource, ifMatch: one.meta.versionId };
}

const isConflict = (error: unknown): boolean =>
  (error instanceof StoreError && error.code === 'conflict') ||
  (error instanceof AppError && error.code === 'WRITE_CONFLICT');
