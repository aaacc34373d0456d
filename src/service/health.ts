import type { Health, HealthReport } from '../http/health.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { GovukNotify } from '../providers/govuk-notify.ts';
import type { RemovedDetails } from './removed-details.ts';

/** How the things that it cannot do without are. */
export async function health(ports: {
  readonly storeHealth: () => Promise<Health>;
  readonly jobs: Pick<Jobs, 'stats'>;
  readonly provider: Pick<GovukNotify, 'ready'>;
  readonly removed: Pick<RemovedDetails, 'health'>;
}): Promise<HealthReport> {
  const [store, queue, provider] = await Promise.all([
    ports.storeHealth(),
    ports.jobs.stats().then(ready, unanswered),
    ports.provider.ready(),
  ]);
  return { 'fhir-store': store, queue, 'govuk-notify': provider, ...ports.removed.health() };
}

const ready = (): Health => ({ kind: 'ready' });
const unanswered = (): Health => ({ kind: 'not-ready', code: 'unavailable' });
