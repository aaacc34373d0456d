import type { Communication, CommunicationRequest, Provenance } from '@medplum/fhirtypes';
import { type FhirStore, type Stored, StoreError, searchAll } from '../store/fhir-store.ts';
import type { TimelineKey } from './timeline.ts';

/** So many are read at a time: what is in memory does not grow with the history. */
const AT_ONCE = 100;

/** One message or request of the timeline as it is in the store now. */
export interface Item {
  readonly key: TimelineKey;
  readonly resource: Stored<Communication> | Stored<CommunicationRequest>;
  /** That a message belongs to. */
  readonly request?: Stored<CommunicationRequest> | undefined;
  readonly provenance: readonly Stored<Provenance>[];
}

/** In the timeline's order. Errors: StoreError. */
export async function* itemsOf(store: FhirStore, keys: readonly TimelineKey[]): AsyncGenerator<Item> {
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    const page = keys.slice(at, at + AT_ONCE);
    const [messages, requests, provenance] = await Promise.all([
      messagesById(
        store,
        idsOf(
          'Communication',
          page.map((one) => one.reference),
        ),
      ),
      requestsById(
        store,
        idsOf(
          'CommunicationRequest',
          page.flatMap((one) => [one.reference, one.request ?? '']),
        ),
      ),
      provenanceOf(
        store,
        page.filter((one) => !one.asProxy).map((one) => one.reference),
      ),
    ]);
    for (const key of page) {
      const resource = messages.get(key.reference) ?? requests.get(key.reference);
      // Left out in silence, the copy would look whole.
      if (resource === undefined) throw new StoreError('unavailable', `${key.reference} was found and is gone`);
      const request = key.request === undefined ? undefined : requests.get(key.request);
      yield { key, resource, request, provenance: provenance.get(key.reference) ?? [] };
    }
  }
}

function idsOf(type: string, references: readonly string[]): string[] {
  const wanted = references.filter((one) => one.startsWith(`${type}/`)).map((one) => one.slice(type.length + 1));
  return [...new Set(wanted)];
}

async function messagesById(store: FhirStore, ids: readonly string[]): Promise<Map<string, Stored<Communication>>> {
  const found = ids.length === 0 ? [] : await searchAll(store, 'Communication', [['_id', ids.join(',')]]);
  const missing = ids.filter((id) => !found.some((one) => one.id === id));
  // The index may lag behind what is there.
  const read = await Promise.all(missing.map((id) => store.read('Communication', id)));
  return byReference([...found, ...read]);
}

async function requestsById(
  store: FhirStore,
  ids: readonly string[],
): Promise<Map<string, Stored<CommunicationRequest>>> {
  const found = ids.length === 0 ? [] : await searchAll(store, 'CommunicationRequest', [['_id', ids.join(',')]]);
  const missing = ids.filter((id) => !found.some((one) => one.id === id));
  const read = await Promise.all(missing.map((id) => store.read('CommunicationRequest', id)));
  return byReference([...found, ...read]);
}

function byReference<T extends Communication | CommunicationRequest>(
  resources: readonly (Stored<T> | undefined)[],
): Map<string, Stored<T>> {
  return new Map(resources.flatMap((one) => (one === undefined ? [] : [[`${one.resourceType}/${one.id}`, one]])));
}

/** Who recorded each of these, by `Type/id`, oldest first. Errors: StoreError. */
export async function provenanceOf(
  store: FhirStore,
  references: readonly string[],
): Promise<Map<string, Stored<Provenance>[]>> {
  const found = new Map<string, Stored<Provenance>[]>();
  if (references.length === 0) return found;
  const all = await searchAll(store, 'Provenance', [['target', references.join(',')]]);
  const ordered = [...new Map(all.map((one) => [one.id, one])).values()].sort((a, b) =>
    a.recorded < b.recorded ? -1 : 1,
  );
  for (const one of ordered) {
    const targets = one.target.map(({ reference = '' }) => reference.split('/').slice(0, 2).join('/'));
    for (const target of new Set(targets)) found.set(target, [...(found.get(target) ?? []), one]);
  }
  return found;
}
