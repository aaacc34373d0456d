import { type AuditInput, auditEvent } from '../audit.ts';
import type { Clock } from '../clock.ts';
import { describeError, type Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Controller } from '../policy/policy.ts';
import type { FhirStore, Write } from '../store/fhir-store.ts';

/**
 * ACC-2: requests of nobody we know are recorded, and a flood of them does not fill the store. In each minute the first
 * from an address has an AuditEvent of its own before it is answered; those that follow are counted, and at the end of
 * the minute one event for the address says how many they were. Past `MOST_ADDRESSES` the rest are counted together. So
 * there are never more than 2 × `MOST_ADDRESSES` + 1 events a minute, and their counts leave nobody out.
 */
export interface Unauthenticated {
  /** Before the answer 401. A refusal stays one when it cannot be recorded: then the log and the metrics have it. */
  record(who: { readonly requestId: string; readonly network: Network }): Promise<void>;
  /** Writes what was counted so far: for a service that stops. */
  settle(): Promise<void>;
}

export interface UnauthenticatedDeps {
  readonly store: FhirStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'unauthenticated'>;
  readonly controller: Controller;
}

type Network = NonNullable<AuditInput['network']>;

const MINUTE_MS = 60_000;
const MOST_ADDRESSES = 20;

interface Minute {
  readonly from: Date;
  readonly end: NodeJS.Timeout;
  /** `times`: after the first, which has an event of its own. */
  readonly byAddress: Map<string, { readonly network: Network; times: number }>;
  /** From addresses beyond the most. */
  others: number;
}

/** One request, or several that are told as one. */
type Asked = Pick<AuditInput, 'network' | 'repeated'> & { readonly requestId?: string };

export function createUnauthenticated(deps: UnauthenticatedDeps): Unauthenticated {
  let minute: Minute | undefined;

  const begin = (): Minute => {
    const end = setTimeout(() => void settle(), MINUTE_MS);
    end.unref();
    return { from: deps.clock.now(), end, byAddress: new Map(), others: 0 };
  };
  const settle = async (): Promise<void> => {
    if (minute === undefined) return;
    const { from, end, byAddress, others } = minute;
    minute = undefined;
    clearTimeout(end);
    const now = deps.clock.now();
    const counted = [...byAddress.values(), { times: others }].filter(({ times }) => times > 0);
    if (counted.length === 0) return;
    await keep(
      'counted',
      counted.map(({ times, ...where }) => ({ ...where, repeated: { times, from, to: now } })),
    );
  };
  /** All of them, or none. */
  const keep = async (how: 'recorded' | 'counted', asked: readonly Asked[]): Promise<void> => {
    const times = asked.reduce((sum, { repeated }) => sum + (repeated?.times ?? 1), 0);
    const writes = asked.map(
      ({ requestId, ...rest }): Write => ({
        op: 'create',
        resource: auditEvent({
          action: 'E',
          subtype: 'login',
          outcome: '4',
          recorded: deps.clock.now(),
          caller: { client: 'unknown', ...(requestId === undefined ? {} : { requestId }) },
          controller: deps.controller,
          ...rest,
        }),
      }),
    );
    try {
      await deps.store.commit(writes);
      deps.metrics.unauthenticated(how, times);
    } catch (error) {
      deps.metrics.unauthenticated('failed', times);
      deps.log.error('audit.failed', { count: times, ...describeError(error) });
    }
  };

  return {
    async record({ requestId, network }) {
      minute ??= begin();
      const known = minute.byAddress.get(network.client);
      if (known !== undefined) {
        known.times += 1;
      } else if (minute.byAddress.size < MOST_ADDRESSES) {
        minute.byAddress.set(network.client, { network, times: 0 });
        await keep('recorded', [{ requestId, network }]);
      } else {
        minute.others += 1;
      }
    },
    settle,
  };
}
