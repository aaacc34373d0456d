import type { ResourceType } from '@medplum/fhirtypes';
import { bundle } from './bundle.ts';
import { type Answer, type Call, Refusal, refusal, refused } from './call.ts';
import { capabilities } from './capability.ts';
import { findVersion } from './checks.ts';
import { type Context, presented } from './context.ts';
import { history, nextHistoryPage } from './history.ts';
import { isKept } from './records.ts';
import { nextPage, search } from './search.ts';
import { create, expunge, metaDelete, update, versionHeaders } from './write.ts';

/** Answers one FHIR interaction; errors are answers as well. */
export async function interact(context: Context, call: Call): Promise<Answer> {
  try {
    return await route(context, call);
  } catch (cause) {
    if (cause instanceof Refusal) return refused(cause);
    throw cause;
  }
}

async function route(context: Context, call: Call): Promise<Answer> {
  const { method, path } = call;
  const [first, second, third, fourth] = path;
  if (first === undefined) return atBase(context, call);
  if (first === 'metadata' && path.length === 1 && method === 'GET') {
    return { status: 200, headers: {}, body: capabilities(context) };
  }
  if (!isKept(first)) throw refusal(404, 'not-supported', 'There is no such resource type here.');
  if (path.length === 1 && method === 'GET') return search(context, first, call.query, manner(call, false));
  if (path.length === 1 && method === 'POST') return create(context, first, call);
  if (path.length === 2 && second !== undefined) {
    if (second === '_search' && method === 'POST') return searchByPost(context, first, call);
    if (second === '_history' && method === 'GET') return history(context, first, undefined, call.query);
    if (method === 'GET') return read(context, first, second);
    if (method === 'PUT') return update(context, first, second, call);
  }
  if (path.length === 3 && second !== undefined) {
    if (third === '_history' && method === 'GET') return history(context, first, second, call.query);
    if (third === '$meta-delete' && method === 'POST' && context.behaviour.metaDelete) {
      return metaDelete(context, first, second, call);
    }
    if (third === '$expunge' && method === 'POST' && context.behaviour.expunge) {
      return expunge(context, first, second, call);
    }
  }
  if (path.length === 4 && third === '_history' && method === 'GET' && second !== undefined && fourth !== undefined) {
    return read(context, first, second, fourth);
  }
  throw refusal(405, 'not-supported', 'This interaction is not offered.');
}

async function atBase(context: Context, call: Call): Promise<Answer> {
  if (call.method === 'POST') return bundle(context, call, (inner) => interact(context, inner));
  const token = call.query.find(([name]) => name === '_getpages')?.[1];
  if (call.method !== 'GET' || token === undefined) {
    throw refusal(405, 'not-supported', 'This interaction is not offered.');
  }
  const page = context.pages.get(token);
  if (!page) throw refusal(410, 'expired', 'This page is not there any more: begin the search again.');
  const self = `${context.base}?_getpages=${token}`;
  return page.kind === 'search' ? nextPage(context, page, self) : nextHistoryPage(context, page, self);
}

async function read(context: Context, type: ResourceType, id: string, version?: string): Promise<Answer> {
  const stored = await (version === undefined
    ? context.records.read(type, id)
    : findVersion(context, type, id, version));
  if (!stored) throw refusal(404, 'not-found', `There is no ${type} of this id and version.`);
  return { status: 200, headers: versionHeaders(context, stored), body: presented(context, stored) };
}

function searchByPost(context: Context, type: ResourceType, call: Call): Promise<Answer> {
  if (call.body.kind === 'json') throw refusal(415, 'not-supported', 'The body of _search must be a form.');
  const params = call.body.kind === 'form' ? call.body.params : [];
  return search(context, type, [...call.query, ...params], manner(call, true));
}

function manner(call: Call, posted: boolean): { fresh: boolean; posted: boolean } {
  return { fresh: /\bno-(cache|store)\b/.test(call.header('cache-control') ?? ''), posted };
}
