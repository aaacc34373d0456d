import type { CommunicationRequest, Resource } from '@medplum/fhirtypes';
import { AppError } from '../errors.ts';
import type { Warning } from '../policy/decision.ts';
import { callerKey, idOfKey, newId, submissionDigest } from '../send/ids.ts';
import type { SearchParams, Stored } from '../store/fhir-store.ts';
import type { Entry } from './bundle-entry.ts';
import { comparableLinks, type Resolve, withLinks } from './bundle-links.ts';
import type { Problems } from './bundle-problems.ts';
import type { FhirDeps } from './call.ts';
import { asIncoming, normalised } from './incoming.ts';
import { conditionFrom, onlyMatch, type WithId, withAddressedId } from './write.ts';

/** What an entry of a transaction comes to. */
export type Item =
  | Writing
  | { readonly kind: 'read'; readonly entry: Entry }
  /** Its condition has a match already. */
  | { readonly kind: 'existing'; readonly entry: Entry; readonly resource: Stored }
  /** Another entry makes the same, by the same condition or the caller's own key. */
  | { readonly kind: 'same'; readonly entry: Entry; readonly target: string };

/** A resource that is to be written: stored as it is, or a request that is decided upon. */
export interface Writing {
  readonly kind: 'write' | 'submit' | 'change';
  readonly entry: Entry;
  readonly resource: WithId;
  /** `If-None-Exist`. */
  readonly unless: SearchParams | undefined;
  /** Of a request as it was submitted. */
  readonly digest: string;
  /** What its writer has to know of how it is kept. */
  readonly warnings?: readonly Warning[];
}

export const targetOf = ({ resource }: Pick<Writing, 'resource'>): string => `${resource.resourceType}/${resource.id}`;

/**
 * Finds for each entry what it will write and under which id, with the links between entries replaced. What is wrong
 * goes to `problems`; the answer is whole only if nothing was.
 */
export async function itemsOf(deps: FhirDeps, entries: readonly Entry[], problems: Problems): Promise<Item[]> {
  const now = deps.clock.now();
  // In order, so that of two records made here the later entry has the later id too.
  const ids = entries.map(() => newId(now)).sort();
  const comparable = comparableLinks(
    entries.map((entry) => ({
      fullUrl: entry.fullUrl,
      resource: entry.resource === undefined ? undefined : normalised(deps, entry.resource as Resource),
      address: entry.name === 'update' ? `${entry.call.route.type}/${entry.call.id}` : undefined,
    })),
  );
  const seen = new Map<string, { readonly target: string; readonly digest: string }>();
  const targets = new Map<string, string>();
  const items: Item[] = [];
  for (const [index, entry] of entries.entries()) {
    const found = await problems.on(entry, () => itemOf(deps, entry, ids[index] ?? newId(now), comparable, seen));
    if (found === undefined) continue;
    items.push(found);
    const target = found.kind === 'same' ? found.target : found.kind === 'read' ? undefined : targetOf(found);
    if (entry.fullUrl !== undefined && target !== undefined) targets.set(entry.fullUrl, target);
  }
  return items.map((item) =>
    'digest' in item
      ? { ...item, resource: withLinks(item.resource, item.entry.fullUrl, (fullUrl) => targets.get(fullUrl)) }
      : item,
  );
}

async function itemOf(
  deps: FhirDeps,
  entry: Entry,
  id: string,
  comparable: Resolve,
  seen: Map<string, { readonly target: string; readonly digest: string }>,
): Promise<Item> {
  const { call, name } = entry;
  if (name === 'operation') {
    throw new AppError('PROFILE_INVALID', [
      { issue: 'not-supported', text: 'A transaction takes no operation; ask for it on its own.' },
    ]);
  }
  if (name !== 'create' && name !== 'update') return { kind: 'read', entry };
  const { type } = call.route;
  const sent = asIncoming(deps, (await call.json()) as Resource);
  if (sent.resourceType !== type) {
    throw new AppError('RESOURCE_INVALID', [{ expression: 'resourceType', text: `This address takes a ${type}.` }]);
  }
  const isRequest = type === 'CommunicationRequest';
  if (name === 'update') {
    const resource = withAddressedId(call, sent);
    const target = `${type}/${call.id}`;
    if (seen.has(target)) {
      throw new AppError('RESOURCE_INVALID', [{ expression: 'id', text: 'Two entries write the same resource.' }]);
    }
    seen.set(target, { target, digest: '' });
    return { kind: isRequest ? 'change' : 'write', entry, resource, unless: undefined, digest: '' };
  }

  const header = call.header('if-none-exist');
  const unless = header === undefined ? undefined : conditionFrom(deps, call.route, call.caller.role, header);
  const existing = unless === undefined ? undefined : await onlyMatch(deps.store, type, unless);
  if (existing !== undefined) return { kind: 'existing', entry, resource: existing };
  const key = isRequest ? callerKey(sent as CommunicationRequest) : undefined;
  const made: Writing = {
    kind: isRequest ? 'submit' : 'write',
    entry,
    resource: { ...sent, id: key === undefined ? id : idOfKey(key) },
    unless,
    digest: isRequest ? submissionDigest(withLinks(sent, entry.fullUrl, comparable) as CommunicationRequest) : '',
  };
  const once = key === undefined ? unless && `${type}?${JSON.stringify(unless)}` : `key ${key}`;
  if (once === undefined) return made;
  const earlier = seen.get(once);
  if (earlier === undefined) {
    seen.set(once, { target: targetOf(made), digest: made.digest });
    return made;
  }
  if (key === undefined || earlier.digest === made.digest) return { kind: 'same', entry, target: earlier.target };
  throw new AppError('IDENTIFIER_REUSED', [
    { expression: `${type}.identifier`, text: 'Two entries have the same identifier and other content.' },
  ]);
}
