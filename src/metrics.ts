import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { QueueStats } from './jobs/jobs.ts';
import type { Decision } from './policy/decision.ts';

/**
 * What is counted, for Prometheus. Labels are codes from closed lists; none may hold an id, a text or anything of a
 * person (ACC-4).
 */
export interface Metrics {
  /** An HTTP answer. `route` is the pattern (`/fhir/Patient/:id`), never the address. */
  httpAnswered(answer: { method: string; route: string; status: number; seconds: number }): void;
  /** A step in the life of an attempt: a code from a closed list, and the channel's code. */
  message(outcome: string, channel: string): void;
  decision(kind: Decision['kind']): void;
  /** A provider's callback: which, and what became of it. Both are codes. */
  callback(kind: string, outcome: string): void;
  /**
   * Requests without a token that we know: `recorded` by an AuditEvent each, `counted` by one for many, or `failed` to
   * be recorded.
   */
  unauthenticated(how: 'recorded' | 'counted' | 'failed', times: number): void;
  /** Asks for the queue's figures at each scrape. A failure leaves the last ones out, and counts as an error. */
  watchQueues(stats: () => Promise<QueueStats[]>): void;
  /** The exposition format, with its media type. */
  expose(): Promise<{ contentType: string; text: string }>;
}

export function createMetrics(build: { version: string }): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: 'herald_' });

  new Gauge({
    name: 'herald_build_info',
    help: 'Always 1; the labels say what runs.',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version: build.version, node: process.versions.node }, 1);
  const requests = new Counter({
    name: 'herald_http_requests_total',
    help: 'HTTP requests answered.',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'herald_http_request_duration_seconds',
    help: 'Time from the first byte of a request to the last of its answer.',
    labelNames: ['method', 'route'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const messages = new Counter({
    name: 'herald_messages_total',
    help: 'Attempts, by what became of them and by channel.',
    labelNames: ['outcome', 'channel'],
    registers,
  });
  const decisions = new Counter({
    name: 'herald_decisions_total',
    help: 'Decisions of the rules, at acceptance and at dispatch.',
    labelNames: ['kind'],
    registers,
  });

  const callbacks = new Counter({
    name: 'herald_callbacks_total',
    help: 'Callbacks of providers, by kind and by what became of them.',
    labelNames: ['kind', 'outcome'],
    registers,
  });

  const unauthenticated = new Counter({
    name: 'herald_unauthenticated_total',
    help: 'Requests without a token that is known, by how the audit has them.',
    labelNames: ['audit'],
    registers,
  });

  let refreshQueues = async (): Promise<void> => {};
  return {
    httpAnswered({ method, route, status, seconds }) {
      requests.inc({ method, route, status: String(status) });
      durations.observe({ method, route }, seconds);
    },
    message: (outcome, channel) => messages.inc({ outcome, channel }),
    decision: (kind) => decisions.inc({ kind }),
    callback: (kind, outcome) => callbacks.inc({ kind, outcome }),
    unauthenticated: (how, times) => unauthenticated.inc({ audit: how }, times),
    watchQueues(stats) {
      refreshQueues = queueGauges(registers, stats);
    },
    async expose() {
      await refreshQueues();
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

function queueGauges(registers: Registry[], stats: () => Promise<QueueStats[]>): () => Promise<void> {
  const jobs = new Gauge({
    name: 'herald_queue_jobs',
    help: 'Jobs in the queue, by state.',
    labelNames: ['queue', 'state'],
    registers,
  });
  const oldest = new Gauge({
    name: 'herald_queue_oldest_due_seconds',
    help: 'How long the oldest due job has been waiting.',
    labelNames: ['queue'],
    registers,
  });
  const errors = new Counter({
    name: 'herald_queue_stats_errors_total',
    help: 'Scrapes that could not read the queue.',
    registers,
  });
  return async () => {
    // An old figure must not pass for a new one.
    jobs.reset();
    oldest.reset();
    try {
      for (const one of await stats()) {
        for (const state of ['waiting', 'claimed', 'dead'] as const) jobs.set({ queue: one.queue, state }, one[state]);
        oldest.set({ queue: one.queue }, one.oldestDueSeconds);
      }
    } catch {
      errors.inc();
    }
  };
}
