import { objectIn, objectsIn } from '../store/remote/json.ts';
import { belowBase } from '../store/remote/pages.ts';
import { ABSENT, type Examined, linkOf, resourcesOf, searchByGet, statusText } from './examined.ts';
import { claimed, missing, type Seen, type Trial, unproven, works } from './need.ts';
import { ownWriteTypes } from './needs-types.ts';
import { ownSearches } from './own-searches.ts';
import { tryPost, typesWithoutPeople } from './searching.ts';

const group = 'Server';

/** What belongs to no type. */
export function systemNeeds(): readonly Trial[] {
  return [
    {
      id: 'fhir-version',
      group,
      what: 'FHIR R4',
      why: 'contract 1',
      cost: 'Herald cannot use this server.',
      severity: 'needed',
      remedy: 'version',
      async attempt({ capabilities }) {
        const { fhirVersion } = capabilities;
        const shown = `says ${fhirVersion ?? 'nothing of its version'}`;
        return fhirVersion?.startsWith('4.0') ? works(shown) : missing(shown);
      },
    },
    {
      id: 'post-search',
      group,
      what: 'searches by POST _search',
      why: 'ACC-4, contract 2',
      cost: 'NHS numbers and telephone numbers would have to stand in addresses, which are logged; Herald does not do that, and cannot search.',
      severity: 'needed',
      remedy: 'post-search',
      attempt: postSearch,
    },
    {
      id: 'paging',
      group,
      what: 'paging: next links that lead back to this server',
      why: 'contract 4',
      cost: 'Only the first page of an answer can be read. Half an answer is none: such a search counts as failed, and nothing is sent on it.',
      severity: 'needed',
      remedy: 'paging',
      attempt: paging,
    },
    {
      id: 'transaction',
      group,
      what: 'transactions',
      why: 'contract 3',
      cost: 'Records are written one after the other and kept in a journal until all are there: slower, and for a moment others see a part.',
      severity: 'degrades',
      remedy: 'transaction',
      attempt: (server) => bundle(server, 'transaction'),
    },
    {
      id: 'batch',
      group,
      what: 'batches',
      why: 'contract 2',
      cost: 'Reads and searches are asked for one by one: more calls for each message.',
      severity: 'degrades',
      remedy: 'batch',
      attempt: (server) => bundle(server, 'batch'),
    },
    {
      id: 'versions',
      group,
      what: 'If-Match: an update names the version that it is upon',
      why: 'contract 2, OBJ-1',
      cost: 'A later write silently undoes an earlier one, such as an objection or a revocation.',
      severity: 'needed',
      remedy: 'versions',
      attempt: versions,
    },
    {
      id: 'expunge',
      group,
      what: 'earlier versions can be taken away: $expunge',
      why: 'contract 7, OBJ-8',
      cost: 'Contact details that put somebody at risk stay in earlier versions until somebody takes them out by hand: a Task purge-history asks for it.',
      severity: 'degrades',
      remedy: 'expunge',
      attempt: expunge,
    },
  ];
}

/** Whether it lets us is seen when details have to go: trying it would take versions away. */
async function expunge({ capabilities }: Examined): Promise<Seen> {
  const lacking = ['Patient', 'RelatedPerson'].filter(
    (type) => !capabilities.types[type]?.operations.includes('expunge'),
  );
  return lacking.length === 0
    ? claimed('in the CapabilityStatement')
    : missing(`not in the CapabilityStatement for ${lacking.join(', ')}`);
}

async function postSearch(server: Examined): Promise<Seen> {
  const types = [...new Set(ownSearches.map((one) => one.type))];
  const seen = await Promise.all(types.map((type) => tryPost(server, type)));
  const failed = types.flatMap((type, at) => (seen[at]?.verdict === 'works' ? [] : [`${type} ${seen[at]?.seen}`]));
  return failed.length === 0 ? works('answered for each type that Herald searches') : missing(failed.join('; '));
}

/** Looks at types that are about nobody. */
async function paging(server: Examined): Promise<Seen> {
  for (const type of typesWithoutPeople) {
    const seen = await followNext(server, type, []);
    if (seen !== undefined) return seen;
  }
  return unproven('there are no two records of a kind that is about nobody: npx herald install, or --write');
}

/** Reads one record a page, and the next page; `undefined` when there are not two. Errors: Unreachable. */
export async function followNext(
  server: Examined,
  type: string,
  pairs: readonly (readonly [string, string])[],
): Promise<Seen | undefined> {
  const first = await searchByGet(server, type, [...pairs, ['_count', '1']]);
  const [match, second] = resourcesOf(first);
  if (match === undefined) return undefined;
  if (second !== undefined) return missing('_count=1 answers more than one');
  const next = linkOf(first, 'next');
  if (next === undefined) {
    // One record, or a server that leaves the rest out: only a look at all of them tells.
    const all = resourcesOf(await searchByGet(server, type, pairs));
    return all.length > 1 ? missing('_count=1 has no next link, and there is more') : undefined;
  }
  const path = belowBase(next, server.probe.baseUrl);
  if (path === undefined) return missing('the next link leads to another address than the one configured');
  const page = await server.probe.ask({ path: path.replace(/^\//, '') });
  if (page.status !== 200) return missing(`the next link ${statusText(page.status)}`);
  const [other] = resourcesOf(page);
  return other !== undefined && other.id !== match.id
    ? works(`followed, over ${type}`)
    : missing('the next page repeats the first');
}

/** A Bundle that reads only. Some servers take no search in it, which is no reason to think that they take nothing. */
async function bundle(server: Examined, type: 'batch' | 'transaction'): Promise<Seen> {
  if (!server.capabilities[type]) return missing('not in the CapabilityStatement');
  const entry = [{ request: { method: 'GET', url: `ActivityDefinition?_id=${ABSENT}` } }];
  const answer = await server.probe.ask({ method: 'POST', path: '', body: { resourceType: 'Bundle', type, entry } });
  if (answer.status === 401 || answer.status === 403 || answer.status === 404 || answer.status === 405) {
    return missing(statusText(answer.status));
  }
  const { status } = objectIn(objectsIn(answer.body.entry)[0]?.response);
  if (answer.status === 200 && String(status).startsWith('200')) return works('tried with a search in it');
  // Searches are all that Herald has batches for, and nothing that it has transactions for.
  return type === 'batch'
    ? missing('a search in it is not answered')
    : claimed('in the CapabilityStatement; one with a search in it is not answered');
}

async function versions({ capabilities }: Examined): Promise<Seen> {
  const policies = ownWriteTypes.map((type) => capabilities.types[type]?.versioning);
  if (policies.some((one) => one === 'no-version')) return missing('the CapabilityStatement says no-version');
  return policies.every((one) => one === 'versioned-update')
    ? claimed('the CapabilityStatement says versioned-update')
    : unproven('the CapabilityStatement does not say versioned-update for each type');
}
