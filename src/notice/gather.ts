import type { ActivityDefinition } from '@medplum/fhirtypes';
import type { Clock } from '../clock.ts';
import { type Channel, channels } from '../policy/channel.ts';
import { openEndpoints } from '../policy/choose.ts';
import { holdsAt, intervalOf } from '../policy/london.ts';
import type { Controller, Policy } from '../policy/policy.ts';
import { endpointsOf } from '../send/gather-catalogue.ts';
import { parseMessageType } from '../send/message-type.ts';
import { type FhirStore, searchAll } from '../store/fhir-store.ts';

export interface NoticeDeps {
  readonly store: FhirStore;
  readonly clock: Clock;
  readonly policy: Policy;
  readonly controller: Controller;
  /** Channels for which a provider is set up. */
  readonly providerChannels: readonly Channel[];
}

/** What people are told about how they are contacted: the configuration as it runs (ACC-3). Nothing in it is of a person. */
export interface Notice {
  readonly at: Date;
  readonly controller: Controller;
  readonly policy: Policy;
  /** Those in use now. */
  readonly channels: readonly Channel[];
  readonly purposes: readonly Purpose[];
}

/** A kind of message that may be sent now, and by which ways. */
export interface Purpose {
  readonly title: string;
  readonly what: string;
  readonly channels: readonly Channel[];
}

/** Errors: StoreError. */
export async function noticeOf({ store, clock, policy, controller, providerChannels }: NoticeDeps): Promise<Notice> {
  const now = clock.now();
  const [endpoints, types] = await Promise.all([
    endpointsOf(store),
    searchAll(store, 'ActivityDefinition', [['status', 'active']]),
  ]);
  const open = channels.filter(
    (one) => providerChannels.includes(one) && openEndpoints({ endpoints, now }, one).length > 0,
  );
  const current = types.filter((one) => holdsAt(intervalOf(one.effectivePeriod), now));
  const purposes = newest(current).flatMap((one) => purposeOf(one, open));
  return { at: now, controller, policy, channels: open, purposes: purposes.sort(byTitle) };
}

function purposeOf(type: ActivityDefinition, open: readonly Channel[]): Purpose[] {
  const parsed = parseMessageType(type);
  if (parsed.kind !== 'ok') return [];
  const own = open.filter((channel) => parsed.type.templates.some((one) => one.channel === channel));
  if (own.length === 0) return [];
  const title = type.title ?? type.name ?? parsed.type.code;
  return [{ title, what: type.purpose ?? type.description ?? '', channels: own }];
}

/** Of the versions of one type the one that requests without a version get. */
function newest(types: readonly ActivityDefinition[]): ActivityDefinition[] {
  const found = new Map<string, ActivityDefinition>();
  for (const one of types) {
    const other = found.get(one.url ?? '');
    const isNewer = (one.version ?? '').localeCompare(other?.version ?? '', 'en', { numeric: true }) > 0;
    if (one.url !== undefined && (other === undefined || isNewer)) found.set(one.url, one);
  }
  return [...found.values()];
}

const byTitle = (a: Purpose, b: Purpose): number => a.title.localeCompare(b.title, 'en');
