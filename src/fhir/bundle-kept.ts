import type { Draft } from '../store/unit.ts';
import type { Writing } from './bundle-items.ts';
import type { Problems } from './bundle-problems.ts';
import type { FhirDeps } from './call.ts';
import { asKept } from './write.ts';

/**
 * The resources of a transaction as they may be kept, on what the whole of it says: a Consent counts for the people that
 * are written beside it, so it comes first.
 */
export async function keptInDraft(
  deps: FhirDeps,
  writings: readonly Writing[],
  draft: Draft,
  problems: Problems,
): Promise<Writing[]> {
  const kept = new Map<Writing, Writing>();
  const isConsent = (one: Writing): boolean => one.resource.resourceType === 'Consent';
  const ordered = [...writings.filter(isConsent), ...writings.filter((one) => !isConsent(one))];
  for (const one of ordered.filter(({ kind }) => kind === 'write')) {
    const { call } = one.entry;
    const changed = await problems.on(one.entry, async () => {
      const previous = await deps.store.read(call.route.type, one.resource.id);
      return asKept({ ...deps, store: draft.store }, call, one.resource, previous);
    });
    if (changed === undefined || changed.resource === one.resource) continue;
    kept.set(one, { ...one, ...changed });
    await draft.put([{ op: 'update', resource: changed.resource }]);
  }
  await problems.settle();
  return writings.map((one) => kept.get(one) ?? one);
}
