import type { Answer, Call, FhirDeps } from './call.ts';
import { pageLinks, pagePosition, withQuery } from './paging.ts';
import { auditReading } from './read.ts';
import { mayRead } from './routes.ts';
import { shaped } from './search-elements.ts';
import { checkSearch, withOwnReferences } from './search-params.ts';

/** GET `Type?…` and POST `Type/_search`. */
export async function search(deps: FhirDeps, call: Call): Promise<Answer> {
  const { type } = call.route;
  // A search by POST keeps its values out of addresses; so do its links.
  const form = call.method === 'POST' ? [...call.params, ...(await call.form())] : undefined;
  const given = form ?? call.params;
  const position = pagePosition(deps, `search:${type}`, given);
  const params = position?.params ?? given;
  const asked = checkSearch(call.route, call.caller.role, withOwnReferences(call.route, params, deps.base));
  const found = await deps.store.search(type, asked.params, position?.cursor);
  const included = found.included.filter((one) => mayRead(call.caller.role, one.resourceType));
  const shown = asked.countOnly ? [] : [...found.matches, ...included];
  await auditReading(deps, call, 'search-type', { resources: shown, query: params.map(([name]) => name) });

  const address = `${deps.base}/${type}`;
  const self =
    form === undefined && position === undefined
      ? withQuery(address, params)
      : `${address}?_page=${given.find(([name]) => name === '_page')?.[1] ?? deps.pages.seal(`search:${type}`, { params })}`;
  return {
    kind: 'content',
    status: 200,
    resource: {
      resourceType: 'Bundle',
      type: 'searchset',
      ...(found.total === undefined ? {} : { total: found.total }),
      link: pageLinks(deps, address, `search:${type}`, self, params, asked.countOnly ? undefined : found.next),
      // R4 has no empty lists.
      ...(shown.length === 0
        ? {}
        : {
            entry: shown.map((resource, index) => {
              const mode = index < found.matches.length ? 'match' : 'include';
              // Elements are named of what is searched for; a summary is of whatever comes (FHIR R4 3.1.1.5.9).
              const shape = mode === 'include' && typeof asked.shape === 'object' ? 'whole' : asked.shape;
              return {
                fullUrl: `${deps.base}/${resource.resourceType}/${resource.id}`,
                resource: shaped(resource, shape),
                search: { mode },
              };
            }),
          }),
    },
  };
}
