import type { FhirStore } from '../store/fhir-store.ts';

/** A store in which some resources are not there yet: what one write of a transaction sees of those after it. */
export function without(store: FhirStore, isHidden: (reference: string) => boolean): FhirStore {
  return {
    read: async (type, id) => (isHidden(`${type}/${id}`) ? undefined : store.read(type, id)),
    vread: async (type, id, version) => (isHidden(`${type}/${id}`) ? undefined : store.vread(type, id, version)),
    history: (type, options) => store.history(type, options),
    async search(type, params, cursor) {
      const page = await store.search(type, params, cursor);
      return { ...page, matches: page.matches.filter((one) => !isHidden(`${type}/${one.id}`)) };
    },
    commit: (writes) => store.commit(writes),
    redact: (type, id, rewrite) => store.redact(type, id, rewrite),
    ping: () => store.ping(),
  };
}
