import type { BundleLink } from '@medplum/fhirtypes';
import { AppError } from '../errors.ts';
import type { SearchParams } from '../store/fhir-store.ts';
import type { FhirDeps } from './call.ts';
import type { PagePosition } from './page-links.ts';

/** The place that a `_page` link leads to; `undefined` on a first page. */
export function pagePosition(deps: FhirDeps, scope: string, given: SearchParams): PagePosition | undefined {
  const token = given.find(([name]) => name === '_page')?.[1];
  if (token === undefined) return undefined;
  if (given.length > 1) throw new AppError('SEARCH_UNSUPPORTED', 'A page link takes no other parameters.');
  return deps.pages.open(scope, token);
}

/** `self`, and `next` while there is more. */
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
    { relation: 'next', url: `${address}?_page=${token}` },
  ];
}

export function withQuery(address: string, params: SearchParams): string {
  const query = new URLSearchParams(params.map(([name, value]): [string, string] => [name, value])).toString();
  return query === '' ? address : `${address}?${query}`;
}
