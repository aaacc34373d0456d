import type { Bundle, BundleEntry, ResourceType } from '@medplum/fhirtypes';
import type { Stored } from '../../../src/store/fhir-store.ts';
import { type Answer, type Params, refusal, withQuery } from './call.ts';
import { type Context, etagOf, presented } from './context.ts';
import type { Page } from './pages.ts';
import { orRefusal } from './store-errors.ts';

/** The history of a resource, or of a type. Errors: Refusal. */
export async function history(
  context: Context,
  type: ResourceType,
  id: string | undefined,
  query: Params,
): Promise<Answer> {
  if (id !== undefined && !(await context.records.read(type, id))) {
    throw refusal(404, 'not-found', `There is no ${type} of this id.`);
  }
  const values = new Map(query);
  for (const name of values.keys()) {
    if (!/^_(since|count|format|pretty)$/.test(name)) {
      throw refusal(400, 'not-supported', `The history parameter ${name} is not known here.`);
    }
  }
  const { pageSize } = context.behaviour;
  const asked = values.get('_count') ?? String(pageSize);
  if (!/^[1-9]\d{0,8}$/.test(asked)) throw refusal(400, 'value', '_count must be a number from 1.');
  const address = [context.base, type, ...(id === undefined ? [] : [id]), '_history'].join('/');
  return page(
    context,
    { type, id, since: values.get('_since'), count: Math.min(Number(asked), pageSize), cursor: undefined },
    withQuery(address, query),
  );
}

/** A page that a `next` link leads to. Errors: Refusal. */
export async function nextHistoryPage(
  context: Context,
  from: Page & { readonly kind: 'history' },
  self: string,
): Promise<Answer> {
  return page(context, from, self);
}

interface Place {
  readonly type: ResourceType;
  readonly id: string | undefined;
  readonly since: string | undefined;
  readonly count: number;
  readonly cursor: string | undefined;
}

async function page(context: Context, place: Place, self: string): Promise<Answer> {
  const { type, id, since, count, cursor } = place;
  const { matches, next } = await orRefusal(
    context.records.history(type, {
      count,
      ...(id === undefined ? {} : { id }),
      ...(since === undefined ? {} : { since }),
      ...(cursor === undefined ? {} : { cursor }),
    }),
  );
  const token = next === undefined ? undefined : context.pages.hold({ ...place, kind: 'history', cursor: next });
  const body: Bundle = {
    resourceType: 'Bundle',
    type: 'history',
    link: [
      { relation: 'self', url: self },
      ...(token === undefined ? [] : [{ relation: 'next', url: `${context.base}?_getpages=${token}` }]),
    ],
    ...(matches.length > 0 ? { entry: matches.map((one) => entryOf(context, one)) } : {}),
  };
  return { status: 200, headers: {}, body };
}

function entryOf(context: Context, stored: Stored): BundleEntry {
  const address = `${stored.resourceType}/${stored.id}`;
  return {
    fullUrl: `${context.base}/${address}`,
    resource: presented(context, stored),
    request: { method: 'PUT', url: address },
    response: {
      status: stored.meta.versionId === '1' ? '201' : '200',
      etag: etagOf(context, stored),
      lastModified: stored.meta.lastUpdated,
    },
  };
}
