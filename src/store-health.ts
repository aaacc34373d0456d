import { essentialSearches } from './doctor/own-searches.ts';
import type { Health } from './http/health.ts';
import type { FhirStore } from './store/fhir-store.ts';
import { type Capabilities, type Essentials, type Lack, lacksOf } from './store/remote/capabilities.ts';

/** Without these nothing is recorded, and nothing is sent that is not recorded. */
const kept = ['CommunicationRequest', 'Communication', 'Task', 'Provenance', 'AuditEvent'] as const;

const essentials: Essentials = {
  kept,
  read: [...new Set(essentialSearches.map(({ type }) => type))].filter((type) => !kept.some((one) => one === type)),
  searched: [
    ...new Map(
      essentialSearches.flatMap(({ type, pairs }) =>
        pairs.map(([name]) => [`${type}.${name}`, [type, name.replace(/:.*$/, '')] as const] as const),
      ),
    ).values(),
  ],
};

/** A server that lacks something is asked again after this long: it may have been set up meanwhile. */
const ASKED_AGAIN_MS = 60_000;

/**
 * Whether the store answers, and whether its server can do what Herald cannot do without: the code names what is
 * missing, `lacks Communication.update-create Consent?patient`. `capabilities` is absent where the store is our own.
 */
export function createStoreHealth(
  store: Pick<FhirStore, 'ping'>,
  capabilities: ((how?: 'fresh') => Promise<Capabilities>) | undefined,
  monotonic: () => number = () => performance.now(),
): () => Promise<Health> {
  let askedAt: number | undefined;
  const lacks = async (): Promise<readonly Lack[]> => {
    if (capabilities === undefined) return [];
    const known = lacksOf(await capabilities(), essentials);
    if (known.length === 0) return known;
    const isDue = askedAt === undefined || monotonic() - askedAt >= ASKED_AGAIN_MS;
    if (!isDue) return known;
    askedAt = monotonic();
    return lacksOf(await capabilities('fresh'), essentials);
  };
  return async () => {
    try {
      const [missing] = await Promise.all([lacks(), store.ping()]);
      return missing.length === 0
        ? { kind: 'ready' }
        : { kind: 'not-ready', code: `lacks ${missing.map(wordFor).join(' ')}` };
    } catch {
      return { kind: 'not-ready', code: 'unavailable' };
    }
  };
}

function wordFor({ type, what }: Lack): string {
  const parameter = /^search-type:(.+)$/.exec(what)?.[1];
  if (parameter !== undefined) return `${type}?${parameter}`;
  return type === undefined ? what : `${type}.${what}`;
}
