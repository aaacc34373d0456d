import type { ActivityDefinition, Endpoint } from '@medplum/fhirtypes';
import { codeSystem, structureDefinition } from '../canonical.ts';
import { shippedEndpoints } from '../catalogue/channels.ts';
import { shippedMessageTypes } from '../catalogue/message-types.ts';
import { channels } from '../policy/channel.ts';
import { holdsAt, intervalOf } from '../policy/london.ts';
import {
  confidentialities,
  type EndpointFact,
  type MessageType,
  type MessageTypeFact,
} from '../policy/message-facts.ts';
import { type FhirStore, searchAll } from '../store/fhir-store.ts';
import { parseMessageType, splitCanonical } from './message-type.ts';
import { searchText } from './naming.ts';

/** The message type that a request names, before anything is filled in. */
export type NamedType =
  | { readonly kind: 'found'; readonly type: MessageType }
  | Exclude<MessageTypeFact, { kind: 'found' }>;

/**
 * Finds a message type by its canonical: the store's own if it has any under that address, otherwise the shipped one.
 * Without a version the newest that is in use is taken. Errors: StoreError.
 */
export async function namedType(store: FhirStore, canonical: string | undefined, now: Date): Promise<NamedType> {
  if (canonical === undefined) return { kind: 'absent' };
  const { url, version } = splitCanonical(canonical);
  const stored = await searchAll(store, 'ActivityDefinition', [['url', searchText(url)]]);
  const own: readonly ActivityDefinition[] = stored.filter((one) => one.url === url);
  const all = own.length > 0 ? own : shippedMessageTypes.filter((one) => one.url === url);
  const named = version === undefined ? all : all.filter((one) => one.version === version);
  if (named.length === 0) return { kind: 'unknown' };
  const inUse = named.filter((one) => one.status === 'active' && holdsAt(intervalOf(one.effectivePeriod), now));
  const [newest] = inUse.sort(byVersion);
  if (newest === undefined) return { kind: 'retired' };
  const parsed = typeOf(newest);
  return parsed.kind === 'ok'
    ? { kind: 'found', type: parsed.type }
    : { kind: 'invalid', faults: parsed.faults.map((one) => one.text) };
}

const typeOf = onceEach(parseMessageType);

/** The organisation's channels: for each its own Endpoints, or where it has none the shipped one. Errors: StoreError. */
export async function endpointsOf(store: FhirStore): Promise<EndpointFact[]> {
  const own = (await searchAll(store, 'Endpoint', [['connection-type', wanted]])).flatMap(factOf);
  return [...own, ...shipped.filter((one) => !own.some((other) => other.channel === one.channel))];
}

const wanted = channels.map((channel) => `${codeSystem('channel')}|${channel}`).join(',');
const factOf = onceEach(endpointFact);
const shipped = shippedEndpoints.flatMap(endpointFact);

/** A pure function that is asked once about a resource that nobody can change: about a version, that is. */
function onceEach<R extends object, T>(work: (resource: R) => T): (resource: R) => T {
  const known = new WeakMap<R, T>();
  return (resource) => {
    if (!Object.isFrozen(resource)) return work(resource);
    const answer = known.get(resource) ?? work(resource);
    known.set(resource, answer);
    return answer;
  };
}

function endpointFact(endpoint: Endpoint): EndpointFact[] {
  const { connectionType, extension = [] } = endpoint;
  const channel = channels.find(
    (one) => one === connectionType.code && connectionType.system === codeSystem('channel'),
  );
  if (channel === undefined) return [];
  const named = (name: string) => extension.find((one) => one.url === structureDefinition(name));
  const level = named('max-content-confidentiality')?.valueCoding?.code;
  const document = named('assurance-document')?.valueReference;
  return [
    {
      channel,
      active: endpoint.status === 'active',
      period: intervalOf(endpoint.period),
      assured: document?.reference !== undefined || document?.identifier !== undefined,
      ceiling: confidentialities.find((one) => one === level) ?? 'U',
    },
  ];
}

/** Newest first: by version, number by number, then by when it was stored. */
function byVersion(a: ActivityDefinition, b: ActivityDefinition): number {
  const order = (b.version ?? '').localeCompare(a.version ?? '', 'en', { numeric: true });
  return order !== 0 ? order : (b.meta?.lastUpdated ?? '').localeCompare(a.meta?.lastUpdated ?? '', 'en');
}
