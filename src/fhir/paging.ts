import type { BundleLink } from '@medplum/fhirtypes';
import { AppError } from '../errors.ts';
import type { SearchParams } from '../store/fhir-store.ts';
import type { FhirDeps } from './call.ts';
import type { PagePosition } from './page-links.ts';

/** Entries on a page when the caller does not say, and the most that a page may have. */
const PAGE = 50;
const LARGEST_PAGE = 200;

/** Entries on a page, as these parameters ask for. */
export function pageSize(params: SearchParams): number {
  const count = params.findLast(([name]) => name === '_count')?.[1];
  return Math.min(Number(count ?? PAGE) || PAGE, LARGEST_PAGE);
}

/**
 * The place that a `_page` link leads to; `undefined` on a first page. Errors: AppError SEARCH_UNSUPPORTED for a link
 * that is not ours, or that was changed.
 */
export function pagePosition(deps: FhirDeps, scope: string, given: SearchParams): PagePosition | undefined {
  const token = given.find(([name]) => name === '_page')?.[1];
  if (token === undefined) return undefined;
  const position = deps.pages.open(scope, token);
  const size = String(pageSize(position.params));
  const more = given.filter(([name, value]) => name !== '_page' && !(name === '_count' && value === size));
  if (more.length > 0) throw new AppError('SEARCH_UNSUPPORTED', 'A page link takes no other parameters.');
  return position;
}

/**
 * `self`, and `next` while there is more. `next` says its `_count`: MedplumClient adds one of its own to a link that has
 * none.
 */
export function pageLinks(
  deps: FhirDeps,
  address: string,
  scope: string,
  self: string,
  params: SearchParams,
  cursor: string | undefined,
): BundleLink[] {
  if (cursor === undefined) return [{ relation: 'self', url: self }];
  const token = deps.pages.seal(scope, { params, cursor });
  return [
    { relation: 'self', url: self },
    { relation: 'next', url: `${address}?_count=${pageSize(params)}&_page=${token}` },
  ];
}

export function withQuery(address: string, params: SearchParams): string {
  const query = new URLSearchParams(params.map(([name, value]): [string, string] => [name, value])).toString();
  return query === '' ? address : `${address}?${query}`;
}
