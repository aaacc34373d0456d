import type { Bundle, BundleEntry } from '@medplum/fhirtypes';
import { AppError } from '../errors.ts';
import type { SearchPage, SearchParams, Stored } from '../store/fhir-store.ts';
import type { Answer, Call, FhirDeps } from './call.ts';
import { pageLinks, pagePosition, pageSize, withQuery } from './paging.ts';
import { auditReading, isId, notFound } from './read.ts';

/** GET `Type/id/_history`. */
export async function historyOfInstance(deps: FhirDeps, call: Call): Promise<Answer> {
  if (!isId(call.id)) throw notFound(call);
  const found = await historyPage(deps, call, `history:${call.route.type}/${call.id}`);
  if (found.page.matches.length === 0 && found.first) {
    if ((await deps.store.read(call.route.type, call.id)) === undefined) throw notFound(call);
  }
  await auditReading(deps, call, 'history-instance', {
    resources: found.page.matches,
    entities: [`${call.route.type}/${call.id}`],
  });
  return found.answer;
}

/** GET `Type/_history`. */
export async function historyOfType(deps: FhirDeps, call: Call): Promise<Answer> {
  const found = await historyPage(deps, call, `history:${call.route.type}`);
  await auditReading(deps, call, 'history-type', {
    resources: found.page.matches,
    query: found.params.map(([name]) => name),
  });
  return found.answer;
}

interface HistoryFound {
  readonly page: SearchPage;
  readonly params: SearchParams;
  readonly first: boolean;
  readonly answer: Answer;
}

async function historyPage(deps: FhirDeps, call: Call, scope: string): Promise<HistoryFound> {
  const { type } = call.route;
  const position = pagePosition(deps, scope, call.params);
  const params = position?.params ?? call.params;
  const since = params.find(([name]) => name === '_since')?.[1];
  const unknown = params.find(([name, value]) =>
    name === '_count' ? !/^[1-9]\d{0,8}$/.test(value) : name !== '_since' || value === '',
  );
  if (unknown !== undefined) {
    throw new AppError('SEARCH_UNSUPPORTED', 'A history takes _since (an instant) and _count (1 or more).');
  }
  if (since !== undefined && !/^\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?)?)?$/.test(since)) {
    throw new AppError('SEARCH_UNSUPPORTED', '_since takes an instant, such as 2026-06-01T09:00:00Z.');
  }
  const page: SearchPage = await deps.store.history(type, {
    count: pageSize(params),
    ...(call.id === '' ? {} : { id: call.id }),
    ...(since === undefined ? {} : { since }),
    ...(position?.cursor === undefined ? {} : { cursor: position.cursor }),
  });
  const address = `${deps.base}/${type}${call.id === '' ? '' : `/${call.id}`}/_history`;
  const token = call.params.find(([name]) => name === '_page')?.[1];
  const self = token === undefined ? withQuery(address, params) : `${address}?_page=${token}`;
  const bundle: Bundle = {
    resourceType: 'Bundle',
    type: 'history',
    link: pageLinks(deps, address, scope, self, params, page.next),
    // R4 has no empty lists.
    ...(page.matches.length === 0 ? {} : { entry: page.matches.map((resource) => historyEntry(deps, resource)) }),
  };
  return { page, params, first: position === undefined, answer: { kind: 'content', status: 200, resource: bundle } };
}

function historyEntry(deps: FhirDeps, resource: Stored): BundleEntry {
  const { resourceType, id, meta } = resource;
  const created = meta.versionId === '1';
  return {
    fullUrl: `${deps.base}/${resourceType}/${id}`,
    resource,
    request: created ? { method: 'POST', url: resourceType } : { method: 'PUT', url: `${resourceType}/${id}` },
    response: {
      status: created ? '201' : '200',
      etag: `W/"${meta.versionId}"`,
      lastModified: meta.lastUpdated,
    },
  };
}
