import type { Consent } from '@medplum/fhirtypes';
import type { Clock } from '../clock.ts';
import { londonDay } from '../policy/london.ts';
import type { FhirStore, SearchPage, SearchParams, Stored } from '../store/fhir-store.ts';

const HOUR = 60 * 60_000;

/** Records of other programs may be found a while after the time that they bear. */
const OVERLAP_MS = 5 * 60_000;

/**
 * For the service's sweeper, which may ask as often as it likes: sweeps when a London day has begun, and otherwise once
 * an hour. `changedSince`: what ended before need not be looked at again. Errors: those of `sweep`, and then the next
 * call tries again.
 */
export function hourly(
  clock: Clock,
  sweep: (changedSince: Date | undefined) => Promise<number>,
): () => Promise<number> {
  let last: Date | undefined;
  return async () => {
    const now = clock.now();
    const isFresh = last !== undefined && now.getTime() - last.getTime() < HOUR && londonDay(last) === londonDay(now);
    if (isFresh) return 0;
    const written = await sweep(last && new Date(last.getTime() - OVERLAP_MS));
    last = now;
    return written;
  };
}

/**
 * Shows every Consent of a category to `each`, page by page, and answers the sum of what that does: all of them, or those
 * of these statuses and what was changed since. Errors: StoreError.
 */
export async function sweepConsents(
  store: FhirStore,
  of: { readonly category: string; readonly status: string },
  changedSince: Date | undefined,
  each: (consents: readonly Stored<Consent>[]) => Promise<number>,
): Promise<number> {
  const category = ['category', of.category] as const;
  const searches: SearchParams[] =
    changedSince === undefined
      ? [[category]]
      : [
          [category, ['status', of.status]],
          [category, ['_lastUpdated', `ge${changedSince.toISOString()}`]],
        ];
  let done = 0;
  for (const search of searches) {
    let cursor: string | undefined;
    do {
      const page: SearchPage<Consent> = await store.search('Consent', [...search, ['_count', '100']], cursor);
      done += await each(page.matches);
      cursor = page.next;
    } while (cursor !== undefined);
  }
  return done;
}
