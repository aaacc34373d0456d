import type { Bundle, BundleEntry, OperationOutcome, Resource } from '@medplum/fhirtypes';
import type { Stored } from '../../../src/store/fhir-store.ts';
import { type Answer, type Call, type Params, Refusal, refusal } from './call.ts';
import { type Context, etagOf, placeOf, presented } from './context.ts';
import { isKept } from './records.ts';
import { mapReferences } from './references.ts';
import {
  assertWritable,
  bodyOf,
  commit,
  createWish,
  existingFor,
  type Prepared,
  prepare,
  updateWish,
  type Wish,
} from './write.ts';

/** Answers one interaction; Refusals are answers. */
export type Interact = (call: Call) => Promise<Answer>;

/** POST to the base. Errors: Refusal. */
export async function bundle(context: Context, call: Call, interact: Interact): Promise<Answer> {
  const body = bodyOf(call);
  if (body.resourceType !== 'Bundle') throw refusal(400, 'structure', 'The body must be a Bundle.');
  const entries: unknown = body.entry ?? [];
  if (!isEntries(entries)) throw refusal(400, 'structure', 'The entries must be objects in a list.', 'Bundle.entry');
  if (body.type === 'batch' && context.behaviour.batch) return batch(context, call, entries, interact);
  if (body.type === 'transaction' && context.behaviour.transactions) {
    return transaction(context, call, entries, interact);
  }
  throw refusal(405, 'not-supported', 'A Bundle of this type is not processed here.', 'Bundle.type');
}

/** R4 leaves the order to the server: it is the reverse of what was sent, so that nobody can rely on it. */
async function batch(
  { behaviour }: Context,
  call: Call,
  entries: readonly BundleEntry[],
  interact: Interact,
): Promise<Answer> {
  const manner = { 'cache-control': behaviour.batchesHeedCacheControl ? call.header('cache-control') : undefined };
  const answers: BundleEntry[] = [];
  const wrote: string[] = [];
  for (const one of [...entries].reverse()) {
    const answer = await interact(callOf(one, manner));
    answers.unshift(responseEntry(answer));
    wrote.push(...(answer.wrote ?? []));
  }
  return { status: 200, headers: {}, body: responseBundle('batch-response', answers), wrote };
}

/** All of its writes, or none; then its reads. Errors: Refusal. */
async function transaction(
  context: Context,
  call: Call,
  entries: readonly BundleEntry[],
  interact: Interact,
): Promise<Answer> {
  const calls = entries.map((one) => callOf(one));
  if (calls.some(({ method }) => method !== 'GET')) assertWritable(context);
  const writes = await context.records.exclusively(() => writeAll(context, entries, calls));
  const answers: BundleEntry[] = [];
  for (const [at, one] of calls.entries()) {
    const write = writes.get(at);
    if (write) answers.push(writeEntry(context, call, write));
    else answers.push(responseEntry(await interact(one)));
  }
  const changed = [...writes.values()].filter((one) => one.changed);
  return {
    status: 200,
    headers: {},
    body: responseBundle('transaction-response', answers),
    wrote: changed.map(({ stored }) => placeOf(context, stored)),
  };
}

interface Written {
  readonly stored: Stored;
  readonly created: boolean;
  readonly changed: boolean;
}

async function writeAll(
  context: Context,
  entries: readonly BundleEntry[],
  calls: readonly Call[],
): Promise<ReadonlyMap<number, Written>> {
  const wishes = new Map<number, Wish>();
  const found = new Map<number, Stored>();
  for (const [at, call] of calls.entries()) {
    if (call.method === 'GET') continue;
    const wish = await inEntry(at, async () => wishOf(context, call));
    if ('existing' in wish) found.set(at, wish.existing);
    else wishes.set(at, wish);
  }
  const places = new Set([...wishes.values()].map(({ resource }) => `${resource.resourceType}/${resource.id}`));
  if (places.size < wishes.size) throw refusal(400, 'duplicate', 'Two entries write the same resource.', 'Bundle');

  const links = linksOf(entries, wishes, found);
  const prepared: Prepared[] = [];
  for (const [at, wish] of wishes) {
    const resource = linked(wish.resource, links);
    prepared.push(await inEntry(at, () => prepare(context, { ...wish, resource }, places)));
  }
  const stored = await commit(context, prepared);
  const written = new Map<number, Written>();
  for (const [number, at] of [...wishes.keys()].entries()) {
    const [one, version] = [prepared[number], stored[number]];
    if (one && version) written.set(at, { stored: version, created: one.created, changed: !one.unchanged });
  }
  for (const [at, existing] of found) written.set(at, { stored: existing, created: false, changed: false });
  return written;
}

async function wishOf(context: Context, call: Call): Promise<Wish | { readonly existing: Stored }> {
  const [type = '', id, ...more] = call.path;
  if (!isKept(type) || more.length > 0 || call.query.length > 0) throw badUrl();
  if (call.method === 'PUT' && id !== undefined) {
    return updateWish(type, id, bodyOf(call), call.header('if-match'), call.header('if-none-match'));
  }
  if (call.method !== 'POST' || id !== undefined) throw badUrl();
  const existing = await existingFor(context, type, call.header('if-none-exist'));
  return existing ? { existing } : createWish(type, bodyOf(call));
}

function badUrl(): Refusal {
  return refusal(400, 'value', 'A write in a transaction is PUT Type/id or POST Type.');
}

/** Where links to a `fullUrl` within the Bundle lead. */
function linksOf(
  entries: readonly BundleEntry[],
  wishes: ReadonlyMap<number, Wish>,
  found: ReadonlyMap<number, Stored>,
): ReadonlyMap<string, string> {
  const links = new Map<string, string>();
  for (const [at, { fullUrl }] of entries.entries()) {
    const target = wishes.get(at)?.resource ?? found.get(at);
    if (fullUrl !== undefined && target) links.set(fullUrl, `${target.resourceType}/${target.id}`);
  }
  return links;
}

function linked(resource: Wish['resource'], links: ReadonlyMap<string, string>): Wish['resource'] {
  return mapReferences(resource, (reference) => links.get(reference) ?? reference) as Wish['resource'];
}

/** Says which entry a Refusal is about. */
async function inEntry<T>(at: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    const place = `Bundle.entry[${at}].resource`;
    throw new Refusal(
      cause.status,
      cause.issues.map((one) => ({ ...one, expression: one.expression ?? [place], location: [place] })),
    );
  }
}

function isEntries(value: unknown): value is BundleEntry[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'object' && one !== null);
}

/** The interaction that an entry asks for. Errors: Refusal 400. */
function callOf({ request, resource }: BundleEntry, manner: Readonly<Record<string, string | undefined>> = {}): Call {
  if (typeof request?.method !== 'string' || typeof request.url !== 'string') {
    throw refusal(400, 'required', 'Each entry needs request.method and request.url.');
  }
  const [path = '', query = ''] = request.url.split(/\?(.*)/s);
  const headers: Readonly<Record<string, string | undefined>> = {
    ...manner,
    'if-match': request.ifMatch,
    'if-none-match': request.ifNoneMatch,
    'if-none-exist': request.ifNoneExist,
  };
  const params: Params = [...new URLSearchParams(query)];
  return {
    method: request.method,
    path: path.split('/').filter((part) => part !== ''),
    query: params,
    header: (name) => headers[name],
    body: resource ? { kind: 'json', value: resource } : { kind: 'none' },
  };
}

function responseEntry({ status, headers, body }: Answer): BundleEntry {
  const outcome = body?.resourceType === 'OperationOutcome' ? body : undefined;
  return {
    ...(body && !outcome ? { resource: body } : {}),
    response: {
      status: String(status),
      ...(headers.Location === undefined ? {} : { location: headers.Location }),
      ...(headers.ETag === undefined ? {} : { etag: headers.ETag }),
      ...(outcome ? { outcome: outcome satisfies OperationOutcome } : {}),
    },
  };
}

function writeEntry(context: Context, call: Call, { stored, created }: Written): BundleEntry {
  const wantsBody = call.header('prefer')?.includes('return=representation') && !context.behaviour.bodiless;
  return {
    ...(wantsBody ? { resource: presented(context, stored) satisfies Resource } : {}),
    response: {
      status: created ? '201' : '200',
      location: `${context.base}/${placeOf(context, stored)}`,
      etag: etagOf(context, stored),
      lastModified: stored.meta.lastUpdated,
    },
  };
}

function responseBundle(type: 'batch-response' | 'transaction-response', entry: BundleEntry[]): Bundle {
  return { resourceType: 'Bundle', type, ...(entry.length > 0 ? { entry } : {}) };
}
