import type { Resource } from '@medplum/fhirtypes';
import { auditEvent } from '../audit.ts';
import { AppError } from '../errors.ts';
import { newId } from '../send/ids.ts';
import { type Stored, StoreError, type Write } from '../store/fhir-store.ts';
import { type Answer, type Call, type FhirDeps, patientOf } from './call.ts';
import { checkIncoming } from './incoming.ts';
import { withLiteralPatient } from './people.ts';
import { auditReading, isId } from './read.ts';
import { danglingReferences } from './references.ts';
import { versionOf } from './respond.ts';
import { checkCondition, parseQuery } from './search-params.ts';
import { writingRules } from './writing-rules.ts';

type WithId = Resource & { id: string };

/** POST `Type`: an id of our choosing. Errors: AppError as the catalogue has them, StoreError. */
export async function create(deps: FhirDeps, call: Call): Promise<Answer> {
  const sent = await withLiteralPatient(deps.store, checkIncoming<Resource>(deps, call, await call.json()));
  const existing = await existingMatch(deps, call);
  if (existing !== undefined) return existing;
  const resource: WithId = { ...sent, id: newId(deps.clock.now()) };
  const condition = call.header('if-none-exist');
  return write(deps, call, resource, undefined, {
    op: 'create',
    resource,
    // The search above may be overtaken by another process.
    ...(condition === undefined ? {} : { unless: checkCondition(call.route, call.caller.role, parseQuery(condition)) }),
  });
}

/** PUT `Type/id`; an id that is not there yet is made. Errors: as `create`; VERSION_CONFLICT. */
export async function update(deps: FhirDeps, call: Call): Promise<Answer> {
  const sent = await withLiteralPatient(deps.store, checkIncoming<Resource>(deps, call, await call.json()));
  const resource = withAddressedId(call, sent);
  const previous: Stored | undefined = await deps.store.read(call.route.type, resource.id);
  const ifMatch = versionOf(call.header('if-match'));
  if (ifMatch !== undefined && previous === undefined) throw stale();
  if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== previous?.meta.versionId) throw stale();
  const expected = ifMatch === '*' ? previous?.meta.versionId : ifMatch;
  return write(deps, call, resource, previous, {
    op: 'update',
    resource,
    ...(expected === undefined ? {} : { ifMatch: expected }),
  });
}

/**
 * `If-None-Exist` (FHIR R4 3.1.0.8.1): the one match there is already; `undefined` when there is none, or no such
 * condition. Errors: AppError VERSION_CONFLICT when several match; SEARCH_UNSUPPORTED.
 */
export async function existingMatch(deps: FhirDeps, call: Call): Promise<Answer | undefined> {
  const header = call.header('if-none-exist');
  if (header === undefined) return undefined;
  const condition = checkCondition(call.route, call.caller.role, parseQuery(header));
  const found = await deps.store.search(call.route.type, [...condition, ['_count', '2']]);
  if (found.matches.length > 1 || found.next !== undefined) {
    throw new AppError('VERSION_CONFLICT', 'If-None-Exist matches several resources.');
  }
  const match: Stored | undefined = found.matches[0];
  return match === undefined ? undefined : existing(deps, call, match);
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
  resource: WithId,
  previous: Stored | undefined,
  change: Write,
): Promise<Answer> {
  const self = `${resource.resourceType}/${resource.id}`;
  const rules = writingRules[call.route.type];
  rules?.check?.(call.caller, resource, previous);
  const dangling = await danglingReferences(deps.store, resource, { self });
  if (dangling.length > 0) throw new AppError('PROFILE_INVALID', dangling);
  const beside = (await rules?.beside?.(deps, resource, previous)) ?? [];
  const results = await committed(deps, call, [change, ...beside, audit(deps, call, resource, previous)]);
  const [result] = results;
  if (result === undefined) throw new StoreError('unavailable', 'the store did not say what became of a write');
  if (result.outcome === 'existing') return existing(deps, call, result.resource);
  await rules?.after?.(deps, result.resource, beside.length > 0);
  const { meta } = result.resource;
  return {
    kind: 'version',
    status: result.outcome === 'created' ? 201 : 200,
    resource: result.resource,
    done: `${self} was ${result.outcome}; its version is now ${meta.versionId}.`,
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

function audit(deps: FhirDeps, call: Call, resource: WithId, previous: Stored | undefined): Write {
  const patient = patientOf(resource);
  return {
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
      ...(patient === undefined ? {} : { patient }),
    }),
  };
}

/** What was there already is shown, and so it is audited as read. */
async function existing(deps: FhirDeps, call: Call, resource: Stored): Promise<Answer> {
  const self = `${resource.resourceType}/${resource.id}`;
  await auditReading(deps, call, 'read', { resources: [resource], entities: [self] });
  return { kind: 'version', status: 200, resource, done: `${self} was there already; nothing was written.` };
}
