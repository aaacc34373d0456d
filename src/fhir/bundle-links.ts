import { createHash } from 'node:crypto';
import { canonicalJson } from '../send/ids.ts';

/** What a link to another entry of the Bundle becomes; `undefined` for what is no such link. */
export type Resolve = (fullUrl: string) => string | undefined;

/**
 * A resource with its links to other entries replaced (FHIR R4 3.1.0.11.2): references, elements that hold a URI, and
 * links in the narrative. `own` is the fullUrl of its entry: a relative reference is read beside it (bundle.html#references).
 */
export function withLinks<T>(resource: T, own: string | undefined, resolve: Resolve): T {
  const server = /^(https?:\/\/.+\/)[A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64}$/.exec(own ?? '')?.[1];
  const reference: Resolve = (text) =>
    resolve(text) ??
    (server !== undefined && /^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64}$/.test(text) ? resolve(server + text) : undefined);
  return replaced(resource, '', { resolve, reference }) as T;
}

/**
 * For each fullUrl, what stands for it where two submissions are compared (contract 3). An entry that creates is told
 * by its content, for its fullUrl may be made anew when the same transaction is sent again; an update by its address.
 */
export function comparableLinks(
  entries: readonly {
    readonly fullUrl: string | undefined;
    readonly resource: unknown;
    readonly address: string | undefined;
  }[],
): Resolve {
  const byUrl = new Map(entries.flatMap((one) => (one.fullUrl === undefined ? [] : [[one.fullUrl, one] as const])));
  const known = new Map<string, string>();
  const resolve: Resolve = (fullUrl) => {
    const entry = byUrl.get(fullUrl);
    if (entry === undefined) return undefined;
    if (entry.address !== undefined) return entry.address;
    const found = known.get(fullUrl);
    if (found !== undefined) return found;
    // Entries that point at each other: the second way round stands for itself.
    known.set(fullUrl, 'urn:entry');
    const content = canonicalJson(withLinks(entry.resource, fullUrl, resolve));
    const link = `urn:entry:${createHash('sha256').update(content).digest('hex')}`;
    known.set(fullUrl, link);
    return link;
  };
  return resolve;
}

/** A reference that is a search, `Patient?identifier=…`, taken apart. */
export function conditionOf(reference: string): { readonly type: string; readonly query: string } | undefined {
  const [, type, query] = /^([A-Z][A-Za-z]+)\?(\S+)$/.exec(reference) ?? [];
  return type === undefined || query === undefined ? undefined : { type, query };
}

interface Resolvers {
  readonly resolve: Resolve;
  readonly reference: Resolve;
}

/** Elements of type uri, url, oid and uuid that may name another resource; canonicals are not replaced (R4). */
const uriElements = new Set(['url', 'uri', 'valueUri', 'valueUrl', 'valueOid', 'valueUuid']);

function replaced(value: unknown, key: string, by: Resolvers): unknown {
  if (Array.isArray(value)) return value.map((one) => replaced(one, key, by));
  if (typeof value === 'string') {
    if (key === 'reference') return by.reference(value) ?? value;
    // An http URL may be the resource's own name.
    if (uriElements.has(key) && value.startsWith('urn:')) return by.resolve(value) ?? value;
    return key === 'div' ? narrative(value, by.resolve) : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, replaced(inner, name, by)]));
}

function narrative(xhtml: string, resolve: Resolve): string {
  return xhtml.replace(/\b(href|src)=(["'])([^"']*)\2/g, (whole, name: string, quote: string, url: string) => {
    const target = resolve(url);
    return target === undefined ? whole : `${name}=${quote}${target}${quote}`;
  });
}
