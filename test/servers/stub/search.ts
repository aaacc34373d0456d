import type { Bundle, BundleEntry, OperationOutcome, ResourceType } from '@medplum/fhirtypes';
import type { SearchPage, Stored } from '../../../src/store/fhir-store.ts';
import { type Answer, issue, outcomeOf, type Params, type Refusal, refusal, withQuery } from './call.ts';
import { type Context, presented } from './context.ts';
import { isSwitchedOff } from './parameters.ts';
import { isUnsupported, orRefusal } from './store-errors.ts';

/** How a search came. */
export interface Manner {
  /** `Cache-Control` forbids an answer from the cache. */
  readonly fresh: boolean;
  readonly posted: boolean;
}

/** A first page. Errors: Refusal. */
export async function search(context: Context, type: ResourceType, given: Params, manner: Manner): Promise<Answer> {
  const { params, ignored } = await understood(context, type, settled(context, given));
  const cached = manner.fresh ? undefined : context.cache.get(type, params);
  const page = cached ? await readAnew(context, cached) : await ask(context, type, params);
  if (!cached) context.cache.keep(type, params, page);
  const asked = given.filter(([name]) => !ignored.includes(name));
  const isBare = manner.posted && context.behaviour.selfOfPost === 'bare';
  const self = withQuery(`${context.base}/${type}`, isBare ? [] : asked);
  return {
    status: 200,
    headers: cached ? { 'X-Cache': 'HIT' } : {},
    body: searchset(context, { type, params, page, self, warnings: warningsOf(context, ignored) }),
  };
}

/** A page that a `next` link leads to. Errors: Refusal. */
export async function nextPage(
  context: Context,
  { type, params, cursor }: { readonly type: ResourceType; readonly params: Params; readonly cursor: string },
  self: string,
): Promise<Answer> {
  const page = await ask(context, type, params, cursor);
  return { status: 200, headers: {}, body: searchset(context, { type, params, page, self, warnings: [] }) };
}

/** Up to two matches, as the index shows them now. Errors: Refusal. */
export async function firstMatches(context: Context, type: ResourceType, params: Params): Promise<readonly Stored[]> {
  const off = params.find(([name, value]) => isSwitchedOff(context.behaviour, type, name, value));
  if (off) throw unknown(off[0]);
  return (await ask(context, type, [...params, ['_count', '2']])).matches;
}

interface Found {
  readonly type: ResourceType;
  readonly params: Params;
  readonly page: SearchPage;
  readonly self: string;
  readonly warnings: readonly OperationOutcome[];
}

function searchset(context: Context, { type, params, page, self, warnings }: Found): Bundle {
  const { matches, included, next, total } = page;
  const token = next === undefined ? undefined : context.pages.hold({ kind: 'search', type, params, cursor: next });
  const tells = context.behaviour.total !== 'never' || params.some(([name]) => name === '_summary');
  const entry = [
    ...matches.map((one) => entryOf(context, one, 'match')),
    ...included.map((one) => entryOf(context, one, 'include')),
    ...warnings.map((resource): BundleEntry => ({ resource, search: { mode: 'outcome' } })),
  ];
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    ...(total !== undefined && tells ? { total } : {}),
    link: [
      { relation: 'self', url: self },
      ...(token === undefined ? [] : [{ relation: 'next', url: `${context.base}?_getpages=${token}` }]),
    ],
    ...(entry.length > 0 ? { entry } : {}),
  };
}

function entryOf(context: Context, stored: Stored, mode: 'match' | 'include'): BundleEntry {
  return {
    fullUrl: `${context.base}/${stored.resourceType}/${stored.id}`,
    resource: presented(context, stored),
    search: { mode },
  };
}

/** Page size and total as this server has them. */
function settled({ behaviour }: Context, given: Params): Params {
  const params = given.filter(([name]) => name !== '_format' && name !== '_pretty');
  const count = params.find(([name]) => name === '_count')?.[1];
  const rest = params.filter(([name]) => name !== '_count');
  const size = count !== undefined && /^\d+$/.test(count) ? Math.min(Number(count), behaviour.pageSize) : undefined;
  const wantsTotal = behaviour.total === 'always' && !rest.some(([name]) => name === '_total' || name === '_summary');
  return [
    ...rest,
    ['_count', count === undefined ? String(behaviour.pageSize) : String(size ?? count)],
    ...(wantsTotal ? [['_total', 'accurate'] as const] : []),
  ];
}

/** Takes out what this server does not know, if it ignores that. Errors: Refusal 400. */
async function understood(
  context: Context,
  type: ResourceType,
  params: Params,
): Promise<{ readonly params: Params; readonly ignored: readonly string[] }> {
  const isOff = ([name, value]: Params[number]) => isSwitchedOff(context.behaviour, type, name, value);
  if (context.behaviour.unknownParameters === 'refused') {
    const off = params.find(isOff);
    if (off) throw unknown(off[0]);
    return { params, ignored: [] };
  }
  const left: Params[number][] = [];
  const ignored: string[] = [];
  for (const one of params) {
    if (!isOff(one) && (await isAnswered(context, type, one))) left.push(one);
    else ignored.push(one[0]);
  }
  return { params: left, ignored };
}

async function isAnswered({ records }: Context, type: ResourceType, one: Params[number]): Promise<boolean> {
  try {
    await records.search(type, [one]);
    return true;
  } catch (cause) {
    if (isUnsupported(cause)) return false;
    throw cause;
  }
}

function ask({ records }: Context, type: ResourceType, params: Params, cursor?: string): Promise<SearchPage> {
  return orRefusal(records.search(type, params, cursor));
}

/** The hits of then as they are now. */
async function readAnew({ records }: Context, page: SearchPage): Promise<SearchPage> {
  const now = await Promise.all(page.matches.map((one) => records.read(one.resourceType, one.id)));
  return { ...page, matches: now.flatMap((one) => one ?? []) };
}

function warningsOf({ behaviour }: Context, ignored: readonly string[]): OperationOutcome[] {
  if (behaviour.unknownParameters !== 'warned' || ignored.length === 0) return [];
  const text = (name: string) => `The search parameter ${name} is not known and was ignored.`;
  return [outcomeOf(ignored.map((name) => ({ ...issue('not-supported', text(name)), severity: 'warning' })))];
}

function unknown(name: string): Refusal {
  return refusal(400, 'not-supported', `The search parameter ${name} is not known here.`);
}
