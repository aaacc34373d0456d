import type { Resource } from '@medplum/fhirtypes';
import { auditEvent } from '../audit.ts';
import type { Role } from '../auth/caller.ts';
import { AppError } from '../errors.ts';
import { describeError } from '../log.ts';
import type { Warning } from '../policy/decision.ts';
import { newId } from '../send/ids.ts';
import type { HoldAnswer } from '../send/requests.ts';
import {
  type FhirStore,
  type SearchPage,
  type SearchParams,
  type Stored,
  StoreError,
  type Write,
  type WriteResult,
} from '../store/fhir-store.ts';
import type { Unit } from '../store/unit.ts';
import type { Answer, Call, FhirDeps } from './call.ts';
import { eachConcerned } from './concerned.ts';
import { checkIncoming } from './incoming.ts';
import { withLiteralPatient } from './people.ts';
import { auditReading, isId } from './read.ts';
import { danglingReferences } from './references.ts';
import { versionOf } from './respond.ts';
import type { ResourceRoute, ServedType } from './routes.ts';
import { checkCondition, parseQuery, withOwnReferences } from './search-params.ts';
import { writingRules } from './writing-rules.ts';

export type WithId = Resource & { id: string };

/** How often a write is made again upon what somebody else wrote meanwhile. */
const TRIES = 4;

/** The same for what nothing is in the way of but what goes beside it: an objection must not be lost to a busy record. */
const TRIES_ALONE = 25;

/** POST `Type`: an id of our choosing. Errors: AppError as the catalogue has them, StoreError. */
export async function create(deps: FhirDeps, call: Call): Promise<Answer> {
  const sent = await withLiteralPatient(deps.store, checkIncoming<Resource>(deps, call, await call.json()));
  const resource: WithId = { ...sent, id: newId(deps.clock.now()) };
  const unless = unlessOf(deps, call);
  for (let tries = 0; ; tries += 1) {
    const match = unless === undefined ? undefined : await onlyMatch(deps.store, call.route.type, unless);
    if (match !== undefined) return existing(deps, call, match);
    try {
      // A conflict, so that what goes beside it does not point at something that was not made.
      const condition = unless === undefined ? {} : { unless, onMatch: 'conflict' as const };
      return await write(deps, call, resource, undefined, { op: 'create', resource, ...condition });
    } catch (error) {
      // Somebody else made one between the search and the write, or changed what goes beside it.
      const most = unless === undefined ? TRIES_ALONE : TRIES;
      if (!(error instanceof StoreError && error.code === 'conflict') || tries >= most) throw error;
    }
  }
}

/** PUT `Type/id`; an id that is not there yet is made. Errors: as `create`; VERSION_CONFLICT. */
export async function update(deps: FhirDeps, call: Call): Promise<Answer> {
  const sent = await withLiteralPatient(deps.store, checkIncoming<Resource>(deps, call, await call.json()));
  const resource = withAddressedId(call, sent);
  for (let tries = 0; ; tries += 1) {
    const previous: Stored | undefined = await deps.store.read(call.route.type, resource.id);
    try {
      return await write(deps, call, resource, previous, updateOf(resource, previous, call));
    } catch (error) {
      // It moved on between the read and the write, or a request that waits for it did: whoever named no version means
      // the one that is there now, and whoever did is told with the next read.
      const moved = error instanceof StoreError && error.code === 'conflict';
      if (!moved || tries >= TRIES) throw error;
    }
  }
}

/**
 * The write of an update: upon the version that was read, because the rules, the audit and the Provenance speak of it.
 * Errors: AppError VERSION_CONFLICT when `If-Match` names another, or `If-None-Match: *` asks for a free id.
 */
export function updateOf(resource: WithId, previous: Stored | undefined, call: Call): Write {
  const ifMatch = versionOf(call.header('if-match'));
  if (previous !== undefined && call.header('if-none-match')?.trim() === '*') {
    throw new AppError(
      'VERSION_CONFLICT',
      'If-None-Match asks for an id that is free, and something is there already.',
    );
  }
  if (ifMatch !== undefined && previous === undefined) throw stale();
  if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== previous?.meta.versionId) throw stale();
  return previous === undefined
    ? { op: 'create', resource }
    : { op: 'update', resource, ifMatch: previous.meta.versionId };
}

/**
 * `If-None-Exist` (FHIR R4 3.1.0.8.1): the one match there is already; `undefined` when there is none, or no such
 * condition. Errors: AppError VERSION_CONFLICT when several match; StoreError.
 */
export async function existingMatch(
  deps: FhirDeps,
  call: Call,
  condition: SearchParams | undefined,
): Promise<Answer | undefined> {
  if (condition === undefined) return undefined;
  const match = await onlyMatch(deps.store, call.route.type, condition);
  return match === undefined ? undefined : existing(deps, call, match);
}

/** What `If-None-Exist` asks for, where the caller sent it. Errors: AppError SEARCH_UNSUPPORTED, ROLE_INSUFFICIENT. */
export function unlessOf(deps: FhirDeps, call: Call): SearchParams | undefined {
  const header = call.header('if-none-exist');
  return header === undefined ? undefined : conditionFrom(deps, call.route, call.caller.role, header);
}

/** A condition as it was written, ready for the store. Errors: AppError SEARCH_UNSUPPORTED, ROLE_INSUFFICIENT. */
export function conditionFrom(
  deps: Pick<FhirDeps, 'base'>,
  route: ResourceRoute,
  role: Role,
  query: string,
): SearchParams {
  // Clients write it as `Type?query` or as the whole address, too.
  const address = [`${deps.base}/${route.type}?`, `${route.type}?`, '?'].find((one) => query.startsWith(one)) ?? '';
  const condition = parseQuery(query.slice(address.length));
  return checkCondition(route, role, withOwnReferences(route, condition, deps.base));
}

/** The one match of a condition; `undefined` when there is none. Errors: AppError VERSION_CONFLICT for several. */
export async function onlyMatch(
  store: FhirStore,
  type: ServedType,
  condition: SearchParams,
): Promise<Stored | undefined> {
  const matches: Stored[] = [];
  let cursor: string | undefined;
  do {
    const page: SearchPage = await store.search(type, [...condition, ['_count', '2']], cursor);
    matches.push(...page.matches);
    cursor = page.next;
  } while (cursor !== undefined && matches.length < 2);
  if (matches.length > 1) throw new AppError('VERSION_CONFLICT', `A condition matches several ${type} resources.`);
  return matches[0];
}

/** The body as the resource of this address. Errors: AppError RESOURCE_INVALID when it names another id. */
export function withAddressedId<T extends Resource>(call: Call, sent: T): T & { id: string } {
  if (sent.id !== call.id || !isId(call.id)) {
    throw new AppError('RESOURCE_INVALID', [
      { expression: `${call.route.type}.id`, text: 'The id of the resource must be the one in the address.' },
    ]);
  }
  return { ...sent, id: call.id };
}

export function stale(): AppError {
  return new AppError('VERSION_CONFLICT', 'If-Match names a version that is not the current one.');
}

/** The write, what the rules put beside it, and its audit: all or nothing. */
async function write(
  deps: FhirDeps,
  call: Call,
  sent: WithId,
  previous: Stored | undefined,
  asked: Write,
): Promise<Answer> {
  await assertWritable(deps, call, sent, previous);
  const { resource, warnings } = await asKept(deps, call, sent, previous);
  const change = { ...asked, resource };
  const { beside, audits } = await consequences(deps, call, resource, previous);
  const writes = [change, ...beside, ...audits];
  const answered = answerOf(call, resource, previous);
  const results =
    answered === undefined
      ? await committed(deps, call, writes)
      : await deps.commitUnit(await withAnswer(deps, call, writes, answered));
  const [result] = results;
  if (result === undefined) throw new StoreError('unavailable', 'the store did not say what became of a write');
  await afterWrite(deps, result.resource, beside);
  return writtenAnswer(result, warnings);
}

/**
 * The resource as its type's rules let it be kept, and what its writer has to know of the difference. Errors: StoreError.
 */
export async function asKept(
  deps: Pick<FhirDeps, 'store' | 'clock' | 'fingerprint'>,
  call: Call,
  resource: WithId,
  previous: Stored | undefined,
): Promise<{ readonly resource: WithId; readonly warnings: readonly Warning[] }> {
  return (await writingRules[call.route.type]?.kept?.(deps, resource, previous)) ?? { resource, warnings: [] };
}

/** What the rules of its type and its references ask of a resource. Errors: AppError; StoreError. */
export async function assertWritable(
  deps: Pick<FhirDeps, 'store' | 'policy' | 'clock' | 'controller'>,
  call: Call,
  resource: WithId,
  previous: Stored | undefined,
): Promise<void> {
  const rules = writingRules[call.route.type];
  rules?.check?.(call.caller, resource, previous);
  const self = `${resource.resourceType}/${resource.id}`;
  const dangling = await danglingReferences(deps.store, resource, { self });
  const faults = [...dangling, ...((await rules?.faults?.(deps, resource, previous, call.caller)) ?? [])];
  if (faults.length > 0) throw new AppError('PROFILE_INVALID', faults);
}

/** What goes into the same commit as a write. Errors: StoreError. */
export async function consequences(
  deps: FhirDeps,
  call: Call,
  resource: WithId,
  previous: Stored | undefined,
): Promise<{ readonly beside: readonly Write[]; readonly audits: readonly Write[] }> {
  const beside = await writingRules[call.route.type]?.beside?.(deps, resource, previous, call.caller);
  return { beside: beside ?? [], audits: auditsOf(deps, call, resource, previous) };
}

/** What a write says to a request that waits for it. */
export function answerOf(call: Call, resource: WithId, previous: Stored | undefined): HoldAnswer | undefined {
  return writingRules[call.route.type]?.answers?.(resource, previous);
}

/** The writes with what they do to the request that waits for them. Errors: AppError, StoreError. */
async function withAnswer(deps: FhirDeps, call: Call, writes: readonly Write[], answered: HoldAnswer): Promise<Unit> {
  const draft = deps.openDraft(deps.store);
  try {
    await draft.put(writes.slice(0, 1));
    const follows = await deps.requests.answer(answered, draft.store, call.caller);
    if (follows === undefined) return { writes };
    return { writes: [...writes, ...follows.writes], jobs: follows.jobs, inDoubt: 'undo' };
  } finally {
    draft.close();
  }
}

/** What is done once a write is durable: a failure is logged, for its caller has what was asked for. */
export async function afterWrite(deps: FhirDeps, stored: Stored, beside: readonly Write[]): Promise<void> {
  try {
    await writingRules[stored.resourceType as ServedType]?.after?.(deps, stored, beside.length > 0);
  } catch (error) {
    deps.log.error('write.effect-failed', { resourceId: stored.id, ...describeError(error) });
  }
}

export function writtenAnswer(
  { resource, outcome }: WriteResult,
  warnings: readonly Warning[] = [],
): Extract<Answer, { kind: 'version' }> {
  const self = `${resource.resourceType}/${resource.id}`;
  return {
    kind: 'version',
    status: outcome === 'created' ? 201 : 200,
    resource,
    done: `${self} was ${outcome}; its version is now ${resource.meta.versionId}.`,
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

async function committed(deps: FhirDeps, call: Call, writes: readonly Write[]) {
  try {
    return await deps.store.commit(writes);
  } catch (error) {
    const lost = error instanceof StoreError && error.code === 'conflict' && call.header('if-match') !== undefined;
    throw lost ? stale() : error;
  }
}

/** Whoever was concerned until now is concerned by the change too. */
function auditsOf(deps: FhirDeps, call: Call, resource: WithId, previous: Stored | undefined): Write[] {
  const about = previous === undefined ? [resource] : [resource, previous];
  return eachConcerned(about).map((concerned) => ({
    op: 'create',
    resource: auditEvent({
      action: previous === undefined ? 'C' : 'U',
      subtype: previous === undefined ? 'create' : 'update',
      outcome: '0',
      recorded: deps.clock.now(),
      caller: call.caller,
      controller: deps.controller,
      network: call.network,
      entities: [`${resource.resourceType}/${resource.id}`],
      ...concerned,
    }),
  }));
}

/** What was there already is shown, and so it is audited as read. */
export async function existing(deps: FhirDeps, call: Call, resource: Stored): Promise<Answer> {
  const self = `${resource.resourceType}/${resource.id}`;
  await auditReading(deps, call, 'read', { resources: [resource], entities: [self] });
  return { kind: 'version', status: 200, resource, done: `${self} was there already; nothing was written.` };
}
