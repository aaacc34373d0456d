import type { ExtractResource, Resource, ResourceType } from '@medplum/fhirtypes';
import { type SearchPage, type SearchParams, type Stored, StoreError } from '../fhir-store.ts';
import { unsupported } from '../search-text.ts';
import { type Answer, type FhirResource, isResource, unavailable } from './answer.ts';
import { type JsonObject, objectIn, objectsIn, textIn } from './json.ts';
import { storedOf } from './resources.ts';

/** A page as the server gave it; `next` is its own link. */
export interface ServerPage<T extends Resource> extends Omit<SearchPage<T>, 'next'> {
  readonly next: string | undefined;
}

export interface Searched<T extends ResourceType> {
  readonly type: T;
  /** As the caller asked. */
  readonly params: SearchParams;
  readonly isFirst: boolean;
  readonly baseUrl: string;
}

/**
 * One page of a search. A server that did something else than it was asked is found out as far as it gives any sign of
 * it: a parameter ignored widens the answer, and an answer cut short hides somebody. Errors: StoreError
 * `unsupported-search`; `unavailable`.
 */
export function searchPageOf<T extends ResourceType>(
  answer: Answer,
  searched: Searched<T>,
): ServerPage<ExtractResource<T>> {
  const { type, params, isFirst, baseUrl } = searched;
  const bundle = bundleOf(answer, 'searchset', searched);
  if (isFirst) assertAllHeeded(bundle, params);
  const matches = new Map<string, Stored<ExtractResource<T>>>();
  const included = new Map<string, Stored>();
  for (const { mode, resource } of entriesOf(bundle, type)) {
    if (mode === 'outcome') assertNothingWrong(resource, params);
    else if (mode === 'match') {
      const match = storedOf(resource, { type, baseUrl });
      if (!matches.has(match.id)) matches.set(match.id, match);
    } else {
      const other = storedOf(resource, { type: resource.resourceType as ResourceType, baseUrl });
      included.set(`${other.resourceType}/${other.id}`, other);
    }
  }
  const next = nextOf(bundle);
  const total = typeof bundle.total === 'number' ? bundle.total : undefined;
  const counted = isCountOnly(params);
  if (isFirst && !counted && next === undefined && total !== undefined && total > matches.size) {
    throw unavailable('fewer-than-total');
  }
  const asked = wantsTotal(params);
  if (asked && total === undefined) throw unsupported('_total', 'is not answered by the server');
  return {
    matches: counted ? [] : [...matches.values()],
    included: [...included.values()],
    ...(asked && total !== undefined ? { total } : {}),
    next: counted ? undefined : next,
  };
}

/** One page of a history; versions that are deletions hold no resource and are left out. Errors: as `searchPageOf`. */
export function historyPageOf<T extends ResourceType>(
  answer: Answer,
  asked: { readonly type: T; readonly id: string | undefined; readonly isFirst: boolean; readonly baseUrl: string },
): ServerPage<ExtractResource<T>> {
  const { type, id, baseUrl } = asked;
  const bundle = bundleOf(answer, 'history', { ...asked, params: [['_history', '']] });
  const matches = objectsIn(bundle.entry).flatMap(({ resource }) =>
    isResource(resource) ? [storedOf(resource, { type, baseUrl, ...(id === undefined ? {} : { id }) })] : [],
  );
  return { matches, included: [], next: nextOf(bundle) };
}

/** The Bundle in an answer, or the error that its status is. */
function bundleOf(
  answer: Answer,
  type: 'searchset' | 'history',
  { params, isFirst }: { readonly params: SearchParams; readonly isFirst: boolean },
): FhirResource {
  const { status, resource } = answer;
  if (status === 200) {
    if (resource?.resourceType !== 'Bundle' || resource.type !== type) throw unavailable('not-the-bundle');
    return resource;
  }
  if ((status === 404 || status === 410) && !isFirst) {
    throw unsupported('cursor', 'has expired at the server; begin the search again');
  }
  if ([400, 405, 413, 422].includes(status)) throw refusedSearch(resource, params, status);
  throw unavailable(`status-${status}`);
}

/** The server says in words what it would not have; of those only names of parameters that we sent are passed on. */
function refusedSearch(resource: FhirResource | undefined, params: SearchParams, status: number): StoreError {
  const name = namedIn(objectsIn(resource?.issue), params);
  if (name !== undefined) return unsupported(name, `is refused by the server (${status})`);
  return new StoreError('unsupported-search', `the server refuses the search (${status})`);
}

function namedIn(issues: readonly JsonObject[], params: SearchParams): string | undefined {
  const words = issues
    .flatMap((one) => [one.diagnostics, objectIn(one.details).text, one.expression, one.location].flat())
    .flatMap((one) => textIn(one)?.match(/[\w-]+/g) ?? []);
  return params.map(([name]) => name).find((name) => words.includes(codeOf(name)));
}

const codeOf = (name: string): string => name.split(/[:.]/, 1)[0] ?? name;

interface Entry {
  readonly mode: 'match' | 'include' | 'outcome';
  readonly resource: FhirResource;
}

function entriesOf(bundle: FhirResource, type: string): Entry[] {
  return objectsIn(bundle.entry).map(({ resource, search }) => {
    if (!isResource(resource)) throw unavailable('entry-without-resource');
    const given = objectIn(search).mode;
    if (resource.resourceType === 'OperationOutcome') return { mode: 'outcome', resource };
    const mode =
      given === 'match' || given === 'include' ? given : resource.resourceType === type ? 'match' : 'include';
    return { mode, resource };
  });
}

/** A searchset may bring what the server has to say about the search itself. */
function assertNothingWrong(outcome: FhirResource, params: SearchParams): void {
  const grave = objectsIn(outcome.issue).filter((one) => one.severity !== 'information');
  if (grave.length === 0) return;
  if (
    grave.some((one) => ['incomplete', 'timeout', 'transient', 'throttled', 'exception'].includes(String(one.code)))
  ) {
    throw unavailable('incomplete-answer');
  }
  throw refusedSearch({ resourceType: 'OperationOutcome', issue: grave }, params, 200);
}

/** How the answer comes, and not what is in it: a server need not show these in its link. */
const PRESENTATION: ReadonlySet<string> = new Set(['_count', '_total', '_summary', '_format', '_pretty']);

/**
 * The `self` link shows the parameters that were heeded (R4 search, 3.1.1.1.1). One that shows some of ours must show all
 * of them; one that shows none, as after POST on HAPI or with an address that is opaque, tells nothing.
 */
function assertAllHeeded(bundle: FhirResource, params: SearchParams): void {
  const self = textIn(linksOf(bundle).find((one) => one.relation === 'self')?.url);
  const query = self === undefined ? undefined : self.split('?', 2)[1];
  if (query === undefined) return;
  const shown = [...new URLSearchParams(query).keys()];
  const sent = [...params.map(([name]) => name), '_count'];
  if (!shown.some((name) => sent.includes(name))) return;
  for (const name of new Set(params.map(([one]) => one))) {
    const times = params.filter(([one]) => one === name).length;
    if (!PRESENTATION.has(name) && shown.filter((one) => one === name).length < times) {
      throw unsupported(name, 'is ignored by the server');
    }
  }
}

function nextOf(bundle: FhirResource): string | undefined {
  return textIn(linksOf(bundle).find((one) => one.relation === 'next')?.url);
}

const linksOf = (bundle: FhirResource): JsonObject[] => objectsIn(bundle.link);

/** Is it a search that only counts? */
export function isCountOnly(params: SearchParams): boolean {
  return params.some(
    ([name, value]) => (name === '_summary' && value === 'count') || (name === '_count' && value === '0'),
  );
}

function wantsTotal(params: SearchParams): boolean {
  return isCountOnly(params) || params.some(([name, value]) => name === '_total' && value !== 'none');
}
