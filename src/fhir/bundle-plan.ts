import type { CommunicationRequest } from '@medplum/fhirtypes';
import { AppError } from '../errors.ts';
import type { JobChange } from '../jobs/jobs.ts';
import type { Reason } from '../policy/decision.ts';
import { changedText } from '../send/change.ts';
import type { HoldAnswer, PlannedRequest } from '../send/requests.ts';
import type { Stored, Write } from '../store/fhir-store.ts';
import type { Draft, Unit } from '../store/unit.ts';
import { type Entry, handledBy } from './bundle-entry.ts';
import { targetOf, type Writing } from './bundle-items.ts';
import { type Problems, placed } from './bundle-problems.ts';
import { createTurns, inGroups } from './bundle-turns.ts';
import { without } from './bundle-view.ts';
import type { Answer, FhirDeps } from './call.ts';
import { askedBefore, assertAskable } from './communication-request.ts';
import { refusalOutcome } from './outcome.ts';
import { versionOf } from './respond.ts';
import { answerOf, assertWritable, consequences, onlyMatch, updateOf } from './write.ts';

/** What a transaction comes to, before anything of it is stored. */
export type Plan =
  | {
      readonly kind: 'ready';
      readonly unit: Unit;
      /** By `Type/id`. */
      readonly steps: ReadonlyMap<string, Step>;
    }
  | { readonly kind: 'refused'; readonly answer: Answer; readonly withheld: readonly Write[] };

export type Step =
  /** `at`: its place among the writes. */
  | { readonly kind: 'written'; readonly at: number; readonly beside: readonly Write[]; readonly done?: string }
  | { readonly kind: 'unchanged'; readonly resource: Stored; readonly done: string };

interface Planning {
  readonly deps: FhirDeps;
  readonly problems: Problems;
  readonly draft: Draft;
  readonly writings: readonly Writing[];
  readonly reads: readonly Entry[];
}

/** Resources first, then the requests, which are decided on them. Errors: AppError with every fault; StoreError. */
export async function planOf(planning: Planning): Promise<Plan> {
  const { problems, writings } = planning;
  // FHIR R4 3.1.0.11.2: what is made comes before what is changed.
  const ordered = (of: (one: Writing) => boolean): Writing[] =>
    [
      ...writings.filter((one) => one.entry.name === 'create'),
      ...writings.filter((one) => one.entry.name !== 'create'),
    ].filter(of);
  const resources = ordered((one) => one.kind === 'write');
  const requests = ordered((one) => one.kind !== 'write');
  const before = new Map<string, Stored | undefined>(
    await inGroups(writings, async (one) => {
      const previous: Stored | undefined = await planning.deps.store.read(one.entry.call.route.type, one.resource.id);
      return [targetOf(one), previous] as const;
    }),
  );
  for (const one of planning.reads) await problems.on(one, () => assertReadable(planning, one));
  for (const one of requests) {
    await problems.on(one.entry, () =>
      assertAskable({ store: planning.draft.store }, one.resource as CommunicationRequest),
    );
  }
  const changes = await changesOf(planning, resources, before);
  await problems.settle();

  const writes: Write[] = [];
  const jobs: JobChange[] = [];
  const steps = new Map<string, Step>();
  const places = new Map(changes.map((one, index) => [targetOf(one.writing), index]));
  const turns = createTurns();
  for (const [index, { writing, change }] of changes.entries()) {
    await turns();
    const { resource, entry } = writing;
    // Of two of a type that are made here, the later one sees the earlier: not the other way round.
    const store = without(
      planning.draft.store,
      (reference) =>
        reference.startsWith(`${resource.resourceType}/`) &&
        (places.get(reference) ?? -1) > index &&
        before.get(reference) === undefined,
    );
    const { beside: all, audits } = await consequences(
      { ...planning.deps, store },
      entry.call,
      resource,
      before.get(targetOf(writing)),
    );
    // What the caller writes in the same transaction is written once, as the caller has it.
    const beside = all.filter((one) => !places.has(`${one.resource.resourceType}/${one.resource.id}`));
    steps.set(targetOf(writing), { kind: 'written', at: writes.length, beside });
    writes.push(change, ...beside, ...audits);
    if (beside.length > 0) await planning.draft.put(beside);
  }
  const promised = await answered(planning, resources, requests, before, { writes, jobs });
  const refusals = await decided(planning, requests, { writes, jobs, steps });
  await problems.settle();
  if (refusals.length === 0) {
    const inDoubt = promised || requests.length > 0 ? 'undo' : 'stand';
    return { kind: 'ready', unit: { writes, jobs, inDoubt }, steps };
  }
  const isGone = (reference: string): boolean => {
    const target = reference.split('/').slice(0, 2).join('/');
    return before.has(target) && before.get(target) === undefined;
  };
  return {
    kind: 'refused',
    answer: { kind: 'content', status: 422, resource: refusalOutcome(refusals.flatMap((one) => one.reasons)) },
    withheld: refusals.flatMap((one) => one.withheld(isGone)),
  };
}

/** The writes of resources, each held against its rules and its references. */
async function changesOf(
  { deps, problems, draft }: Planning,
  resources: readonly Writing[],
  before: ReadonlyMap<string, Stored | undefined>,
): Promise<{ readonly writing: Writing; readonly change: Write }[]> {
  const changes: { writing: Writing; change: Write }[] = [];
  for (const writing of resources) {
    const { resource, entry, unless } = writing;
    const previous = before.get(targetOf(writing));
    const change = await problems.on(entry, async (): Promise<Write> => {
      assertOrdinary(entry);
      const write: Write =
        entry.name === 'create'
          ? { op: 'create', resource, ...(unless === undefined ? {} : { unless, onMatch: 'conflict' }) }
          : updateOf(resource, previous, entry.call);
      if (unless !== undefined) {
        const match = await onlyMatch(
          without(draft.store, (reference) => reference === targetOf(writing)),
          entry.call.route.type,
          unless,
        );
        if (match !== undefined)
          throw new AppError('VERSION_CONFLICT', 'ifNoneExist matches what another entry writes.');
      }
      await assertWritable({ ...deps, store: draft.store }, entry.call, resource, previous);
      return write;
    });
    if (change !== undefined) changes.push({ writing, change });
  }
  return changes;
}

/** Only what is stored as it comes can be one write among others. Errors: AppError PROFILE_INVALID. */
function assertOrdinary(entry: Entry): void {
  if (handledBy(entry).ordinary) return;
  throw new AppError('PROFILE_INVALID', [
    { issue: 'not-supported', text: 'This is not taken within a transaction; send it on its own.' },
  ]);
}

/** A read that would fail must fail before anything is written. Nothing is shown yet, so nothing is audited. */
async function assertReadable({ deps, draft }: Planning, entry: Entry): Promise<void> {
  const { call, name } = entry;
  const { store } = deps;
  const unseen: FhirDeps = { ...deps, store: { ...without(store, () => false), commit: async () => [] } };
  try {
    await handledBy(entry).run(unseen, call);
  } catch (error) {
    const made = name === 'read' || name === 'history-instance';
    const missing = error instanceof AppError && error.code === 'NOT_FOUND';
    if (missing && made && (await draft.store.read(call.route.type, call.id)) !== undefined) return;
    throw error;
  }
}

/**
 * What the Tasks of a transaction do to the requests that wait for them, each of which changes once: one refusal is
 * enough. A request that the caller changes the same way needs no more. Answers whether one changes.
 */
async function answered(
  { deps, problems, draft }: Planning,
  resources: readonly Writing[],
  requests: readonly Writing[],
  before: ReadonlyMap<string, Stored | undefined>,
  into: { readonly writes: Write[]; readonly jobs: JobChange[] },
): Promise<boolean> {
  const answers = new Map<string, { readonly entry: Entry; readonly said: HoldAnswer }>();
  for (const one of resources) {
    const said = answerOf(one.entry.call, one.resource, before.get(targetOf(one)));
    if (said === undefined) continue;
    const earlier = answers.get(said.request);
    if (earlier === undefined || earlier.said.answer === 'agreed')
      answers.set(said.request, { entry: one.entry, said });
  }
  let changes = false;
  for (const [id, { entry, said }] of answers) {
    const asked = requests.find((one) => targetOf(one) === `CommunicationRequest/${id}`)?.resource;
    const follows = await problems.on(entry, async () => {
      if (asked === undefined) return deps.requests.answer(said, draft.store, entry.call.caller);
      const status = (asked as CommunicationRequest).status;
      if (status === 'revoked' || said.answer === 'agreed') return undefined;
      const text = 'This Task revokes its request, which another entry would release. Leave that entry out.';
      throw new AppError('PROFILE_INVALID', [{ expression: 'Task.output', issue: 'business-rule', text }]);
    });
    if (follows === undefined) continue;
    changes = true;
    into.writes.push(...follows.writes);
    into.jobs.push(...follows.jobs);
    await draft.put(follows.writes.filter(({ resource: { resourceType } }) => isFact(resourceType)));
  }
  return changes;
}

interface Refused {
  readonly reasons: readonly Reason[];
  readonly withheld: Extract<PlannedRequest, { kind: 'refused' }>['withheld'];
}

/** Decides each request on the draft, which then shows what was planned for it. Answers those that are refused. */
async function decided(
  { deps, problems, draft }: Planning,
  requests: readonly Writing[],
  into: { readonly writes: Write[]; readonly jobs: JobChange[]; readonly steps: Map<string, Step> },
): Promise<Refused[]> {
  const refusals: Refused[] = [];
  for (const writing of requests) {
    const { entry, digest } = writing;
    const resource = writing.resource as CommunicationRequest & { id: string };
    const ifMatch = versionOf(entry.call.header('if-match'));
    const part =
      writing.kind === 'submit'
        ? { kind: 'submit' as const, resource: withoutId(resource), id: resource.id, digest }
        : { kind: 'change' as const, resource, ifMatch: ifMatch === '*' ? undefined : ifMatch };
    const planned = await problems.on(entry, () => deps.requests.plan(part, draft.store, entry.call.caller));
    if (planned === undefined) continue;
    switch (planned.kind) {
      case 'planned':
        into.steps.set(targetOf(writing), {
          kind: 'written',
          at: into.writes.length,
          beside: [],
          done: planned.done,
        });
        into.writes.push(...planned.unit.writes);
        into.jobs.push(...planned.unit.jobs);
        await draft.put(planned.unit.writes.filter(({ resource: { resourceType } }) => isFact(resourceType)));
        break;
      case 'existing': {
        const { id, status } = planned.resource;
        const done = writing.kind === 'submit' ? askedBefore(id) : changedText(id, status);
        into.steps.set(targetOf(writing), { kind: 'unchanged', resource: planned.resource, done });
        break;
      }
      case 'refused':
        refusals.push({
          reasons: planned.decision.reasons.map((reason) => placed(entry, reason)),
          withheld: planned.withheld,
        });
        break;
      default: {
        const never: never = planned;
        throw new TypeError(`Unknown plan ${String(never)}`);
      }
    }
  }
  return refusals;
}

/** What no decision looks at need not be found. */
const isFact = (type: string): boolean => type !== 'AuditEvent' && type !== 'Provenance';

function withoutId(resource: CommunicationRequest): CommunicationRequest {
  const { id: _id, ...content } = resource;
  return content;
}
