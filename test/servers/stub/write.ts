import { randomUUID } from 'node:crypto';
import type { Parameters, Resource, ResourceType } from '@medplum/fhirtypes';
import type { Stored } from '../../../src/store/fhir-store.ts';
import { type Answer, type Call, issue, outcomeOf, type Params, refusal } from './call.ts';
import { checkContent, checkReferences } from './checks.ts';
import { contentOf, isSameContent, withLabelsOf, withoutLabels } from './content.ts';
import { type Context, etagOf, placeOf, presented, versionOf } from './context.ts';
import { isKept } from './records.ts';
import { firstMatches } from './search.ts';

/** A write as asked for. */
export interface Wish {
  readonly resource: Resource & { id: string };
  /** The id is the server's own, so that nothing can be there. */
  readonly isNew: boolean;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

/** A write that nothing speaks against. */
export interface Prepared {
  readonly resource: Resource & { id: string };
  readonly created: boolean;
  /** What is there already and stays as it is. */
  readonly unchanged?: Stored;
}

/** Errors: Refusal 405 or 507. */
export function assertWritable({ behaviour, mode }: Context): void {
  if (behaviour.readOnly || mode.readOnly) throw refusal(405, 'not-supported', 'Nothing can be written here now.');
  if (mode.full) throw refusal(507, 'no-store', 'There is no room left.');
}

/** PUT Type/id. Errors: Refusal. */
export async function update(context: Context, type: ResourceType, id: string, call: Call): Promise<Answer> {
  assertWritable(context);
  if (call.query.length > 0) throw refusal(405, 'not-supported', 'Conditional update is not offered.');
  const wish = updateWish(type, id, bodyOf(call), call.header('if-match'), call.header('if-none-match'));
  return context.records.exclusively(async () => written(context, call, await commitOne(context, wish)));
}

/** POST Type. Errors: Refusal. */
export async function create(context: Context, type: ResourceType, call: Call): Promise<Answer> {
  assertWritable(context);
  const wish = createWish(type, bodyOf(call));
  return context.records.exclusively(async () => {
    const existing = await existingFor(context, type, call.header('if-none-exist'));
    if (existing) return written(context, call, { created: false, stored: existing });
    return written(context, call, await commitOne(context, wish));
  });
}

/** POST Type/id/$meta-delete: makes a new version without what `Parameters.parameter[meta]` lists. Errors: Refusal. */
export async function metaDelete(context: Context, type: ResourceType, id: string, call: Call): Promise<Answer> {
  assertWritable(context);
  const body = bodyOf(call);
  const meta = isParameters(body) ? body.parameter?.find(({ name }) => name === 'meta')?.valueMeta : undefined;
  if (!meta) throw refusal(400, 'required', 'Parameters must have a parameter meta with valueMeta.', 'Parameters');
  return context.records.exclusively(async () => {
    const current = await context.records.read(type, id);
    if (!current) throw refusal(404, 'not-found', `There is no ${type} of this id.`);
    const [stored = current] = await context.records.commit([contentOf(context, withoutLabels(current, meta))]);
    const body: Parameters = { resourceType: 'Parameters', parameter: [{ name: 'return', valueMeta: stored.meta }] };
    return { status: 200, headers: {}, body, wrote: [placeOf(context, stored)] };
  });
}

/** POST Type/id/$expunge: HAPI's operation, with `expungePreviousVersions` alone. Errors: Refusal. */
export async function expunge(context: Context, type: ResourceType, id: string, call: Call): Promise<Answer> {
  assertWritable(context);
  const body = bodyOf(call);
  const asked = isParameters(body) ? body.parameter?.find(({ name }) => name === 'expungePreviousVersions') : undefined;
  if (asked?.valueBoolean !== true)
    throw refusal(400, 'required', 'expungePreviousVersions must be true.', 'Parameters');
  return context.records.exclusively(async () => {
    const count = await context.records.expunge(type, id);
    const answer: Parameters = { resourceType: 'Parameters', parameter: [{ name: 'count', valueInteger: count }] };
    return { status: 200, headers: {}, body: answer };
  });
}

/** Errors: Refusal 400. */
export function updateWish(
  type: string,
  id: string,
  resource: Resource,
  ifMatch: string | undefined,
  ifNoneMatch: string | undefined,
): Wish {
  assertType(type, resource);
  if (!/^[A-Za-z0-9\-.]{1,64}$/.test(id)) throw refusal(400, 'value', 'The id is not one of FHIR.');
  if (resource.id !== id) throw refusal(400, 'value', 'The id in the body must be that of the address.', 'id');
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') {
    throw refusal(400, 'value', 'If-None-Match takes * with a write.');
  }
  return { resource: { ...resource, id }, isNew: false, ifMatch: versionNamed(ifMatch), ifNoneMatch };
}

/** Under an id of the server's. Errors: Refusal 400. */
export function createWish(type: string, resource: Resource): Wish {
  assertType(type, resource);
  return { resource: { ...resource, id: randomUUID() }, isNew: true, ifMatch: undefined, ifNoneMatch: undefined };
}

/** What a conditional create finds; `undefined` when it may go on. Errors: Refusal. */
export async function existingFor(
  context: Context,
  type: ResourceType,
  ifNoneExist: string | undefined,
): Promise<Stored | undefined> {
  if (ifNoneExist === undefined) return undefined;
  if (!context.behaviour.conditionalCreate) {
    throw refusal(412, 'not-supported', 'Conditional create is not offered: If-None-Exist must not be sent.');
  }
  const params: Params = [...new URLSearchParams(ifNoneExist.replace(/^[^?]*\?/, ''))];
  if (params.length === 0) throw refusal(400, 'value', 'If-None-Exist has no parameter.');
  const [first, second] = await firstMatches(context, type, params);
  if (second) throw refusal(412, 'multiple-matches', 'If-None-Exist matches several resources.');
  return first;
}

/**
 * Looks at the preconditions and the content of one write. `beside` are the resources (`Type/id`) written together
 * with it. To be called within `exclusively`. Errors: Refusal.
 */
export async function prepare(context: Context, wish: Wish, beside: ReadonlySet<string>): Promise<Prepared> {
  const { behaviour, records } = context;
  const { resourceType, id } = wish.resource;
  const current = await records.read(resourceType, id);
  if (current && wish.ifNoneMatch !== undefined && !behaviour.ifNoneMatchIgnored) {
    throw refusal(412, 'conflict', `${resourceType}/${id} exists already.`);
  }
  if (current && wish.ifMatch !== undefined && wish.ifMatch !== versionOf(context, current)) {
    throw refusal(behaviour.staleIfMatch, 'conflict', `${resourceType}/${id} is not at the version of If-Match.`);
  }
  if (!current && wish.ifMatch !== undefined && behaviour.ifMatchOnMissing === '412') {
    throw refusal(412, 'conflict', `${resourceType}/${id} does not exist.`);
  }
  if (!current && !wish.isNew && !behaviour.updateAsCreate) {
    throw refusal(405, 'not-supported', 'An update cannot create: ids are made by the server.');
  }
  const sent = contentOf(context, wish.resource);
  checkContent(sent);
  await checkReferences(context, sent, new Set([...beside, `${resourceType}/${id}`]));
  const resource = current && behaviour.labelsAddUp ? withLabelsOf(sent, current) : sent;
  const unchanged = current && behaviour.equalContentKept && isSameContent(current, resource);
  return { resource, created: !current, ...(unchanged ? { unchanged: current } : {}) };
}

/** In the order of `prepared`. To be called within `exclusively`. */
export async function commit({ records }: Context, prepared: readonly Prepared[]): Promise<Stored[]> {
  const made = (await records.commit(prepared.flatMap((one) => (one.unchanged ? [] : [one.resource])))).values();
  return prepared.map((one) => {
    const version = one.unchanged ?? made.next().value;
    if (!version) throw new Error('The store answered fewer versions than were written');
    return version;
  });
}

/** `ETag`, `Last-Modified` and so on. */
export function versionHeaders(context: Context, stored: Stored): Record<string, string> {
  return {
    ETag: etagOf(context, stored),
    'Last-Modified': new Date(stored.meta.lastUpdated).toUTCString(),
  };
}

/** Errors: Refusal 400. */
export function bodyOf({ body }: Call): Resource {
  if (body.kind === 'json' && isResource(body.value)) return body.value;
  throw refusal(400, 'structure', 'The body must be a resource in JSON.');
}

interface Committed {
  readonly created: boolean;
  readonly stored: Stored;
  /** Whether there is a new version. */
  readonly changed?: boolean;
}

async function commitOne(context: Context, wish: Wish): Promise<Committed> {
  const prepared = await prepare(context, wish, new Set());
  const [stored] = await commit(context, [prepared]);
  if (!stored) throw new Error('The store answered no version');
  return { created: prepared.created, stored, changed: !prepared.unchanged };
}

function written(context: Context, call: Call, { created, stored, changed = false }: Committed): Answer {
  const place = placeOf(context, stored);
  return {
    status: created ? 201 : 200,
    headers: { ...versionHeaders(context, stored), ...(created ? { Location: `${context.base}/${place}` } : {}) },
    ...(changed ? { wrote: [place] } : {}),
    ...preferredBody(context, call.header('prefer'), stored),
  };
}

function preferredBody(context: Context, prefer: string | undefined, stored: Stored): { body?: Resource } {
  const wanted = /return=(\w+)/.exec(prefer ?? '')?.[1];
  if (context.behaviour.bodiless || wanted === 'minimal') return {};
  if (wanted !== 'OperationOutcome') return { body: presented(context, stored) };
  return { body: outcomeOf([{ ...issue('informational', 'Done.'), severity: 'information' }]) };
}

function versionNamed(ifMatch: string | undefined): string | undefined {
  if (ifMatch === undefined) return undefined;
  const version = /^(?:W\/)?"([A-Za-z0-9\-.]{1,64})"$/.exec(ifMatch)?.[1];
  if (version === undefined) throw refusal(400, 'value', 'If-Match must be one version, as W/"1".');
  return version;
}

function assertType(type: string, resource: Resource): void {
  if (resource.resourceType === type) return;
  throw refusal(400, 'value', 'The resourceType must be that of the address.', 'resourceType');
}

function isResource(value: unknown): value is Resource {
  return (
    typeof value === 'object' &&
    value !== null &&
    'resourceType' in value &&
    typeof value.resourceType === 'string' &&
    (isKept(value.resourceType) || value.resourceType === 'Bundle' || value.resourceType === 'Parameters')
  );
}

function isParameters(resource: Resource): resource is Parameters {
  return resource.resourceType === 'Parameters';
}
