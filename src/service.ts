import type { AddressInfo } from 'node:net';
import packageJson from '../package.json' with { type: 'json' };
import { createApp } from './app.ts';
import { createDemoAuth } from './auth/demo.ts';
import { createUnauthenticated } from './auth/unauthenticated.ts';
import { shippedEndpoints } from './catalogue/channels.ts';
import { demoStaffResources, exampleResources } from './catalogue/examples.ts';
import { shippedMessageTypes } from './catalogue/message-types.ts';
import { seedCatalogue, seedExamples, seedMissing } from './catalogue/seed.ts';
import { withShipped } from './catalogue/shipped-store.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { withPublished } from './fhir/conformance/store.ts';
import { limitSlowClients } from './http/headers.ts';
import { countAnswering, hostInUrl, listen, stopListening } from './http/listen.ts';
import { createMeaning } from './inbound/meaning.ts';
import { sweepInbound } from './inbound/overdue.ts';
import type { Jobs } from './jobs/jobs.ts';
import { createWorker } from './jobs/worker.ts';
import { describeError, type Log } from './log.ts';
import { createMetrics } from './metrics.ts';
import { createObjectionSweeper } from './objections/sweep.ts';
import { govukNotifyCallbacks } from './providers/callbacks.ts';
import { createGovukNotify, type GovukNotify } from './providers/govuk-notify.ts';
import { repeat } from './repeat.ts';
import { createRequests } from './send/accept.ts';
import { dispatch } from './send/dispatch.ts';
import { createPatternWatch } from './send/emergency-pattern.ts';
import { giveUp } from './send/endings.ts';
import { expectedOf } from './send/expected.ts';
import { followUp } from './send/follow-up.ts';
import { gatherFacts } from './send/gather.ts';
import { handOverRefused } from './send/given-up.ts';
import { sweepHolds } from './send/holds.ts';
import { createPace } from './send/pace.ts';
import type { Gather } from './send/plan.ts';
import { createProxyNoteSweeper } from './send/proxy-flags.ts';
import { followUpAll, sweep } from './send/sweep.ts';
import { health } from './service/health.ts';
import { inbox } from './service/inbox.ts';
import { kept } from './service/kept.ts';
import { openRecord } from './service/open-record.ts';
import { removedDetails } from './service/removed-details.ts';
import { startSimulator } from './service/simulator.ts';
import { validator } from './service/validator.ts';
import type { Simulator } from './simulator/simulator.ts';
import { openDatabase } from './store/database.ts';
import { createDrafts } from './store/draft.ts';
import { type FhirStore, StoreError } from './store/fhir-store.ts';
import { readingAsItGoes } from './store/read-ahead.ts';
import type { GiveUp } from './store/remote/unit.ts';
import { SqliteFhirStore } from './store/sqlite-store.ts';
import type { CommitUnit, SettleDoubts } from './store/unit.ts';
import { createStoreHealth } from './store-health.ts';

/** What runs, once it is ready. */
export interface Service {
  /** Where it listens: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The GOV.UK Notify simulator, where one runs beside it. */
  readonly simulatorUrl: string | undefined;
  readonly examplesLoaded: boolean;
  /** Stops taking work, finishes what is in hand, closes. */
  close(): Promise<void>;
}

/** The three narrow ports that everything outside goes through. */
export interface Ports {
  readonly store: FhirStore;
  readonly jobs: Jobs;
  readonly commitUnit: CommitUnit;
  readonly settleDoubts: SettleDoubts;
  readonly provider: GovukNotify;
}

export interface ServiceOptions {
  readonly log: Log;
  readonly clock?: Clock;
  /** Wraps the ports, so that a test can fail or stop the service at any step of the work. */
  readonly decorate?: (ports: Ports) => Ports;
  readonly timing?: Partial<Timing>;
}

/** Milliseconds. */
export interface Timing {
  /** How long a job is a worker's own before another may take it. */
  readonly leaseMs: number;
  /** How often the queue is looked at when nothing announced work. */
  readonly pollMs: number;
  /** How often records without a job are looked for. */
  readonly sweepMs: number;
  /** How often records in doubt are asked after. */
  readonly doubtsMs: number;
}

const defaultTiming: Timing = { leaseMs: 60_000, pollMs: 250, sweepMs: 60_000, doubtsMs: 5_000 };

/** A hold that expires is ended within a minute (contract 3). */
const HOLDS_MS = 30_000;

/** How soon after an emergency it is looked whether its requester sends many. */
const EMERGENCIES_MS = 1_000;

const DAY_MS = 24 * 60 * 60_000;

/** Where the simulator beside the service listens, if it can. */
const SIMULATOR_PORT = 8089;

/** Messages under way to the provider at once. */
const CONCURRENCY = 16;

/** Tries in a row at a job that fails for reasons nobody foresaw, before it becomes a Task: some two minutes. */
const MAX_FAILURES = 12;

/**
 * Builds the service from its configuration and starts it: the only place that knows every part. Errors: those of the
 * file system and the network (a port in use), ConfigError and StoreError, before anything is taken on.
 */
export async function startService(config: Config, options: ServiceOptions): Promise<Service> {
  const { log } = options;
  const clock = options.clock ?? systemClock;
  const timing = { ...defaultTiming, ...options.timing };
  const { dataDir } = config.store;
  const metrics = createMetrics({ version: packageJson.version });
  const server = await listen(config);
  const url = `http://${hostInUrl(config.host)}:${(server.address() as AddressInfo).port}`;
  const publicUrl = config.publicUrl ?? url;
  const callbackToken = config.notify.callbackToken ?? kept(dataDir, 'callbacks.key').toString('base64url');

  const simulator =
    config.notify.kind === 'simulator'
      ? await startSimulator(
          dataDir,
          `${url}/callbacks/govuk-notify`,
          callbackToken,
          config.port === 0 ? 0 : SIMULATOR_PORT,
        )
      : undefined;
  const context = { controller: config.controller, policy: config.policy };
  /** What listens already would keep a process alive that never began. */
  const abandoned = async (error: unknown, opened?: ReturnType<typeof openRecord>): Promise<never> => {
    server.close();
    await simulator?.close();
    opened?.close();
    throw error;
  };
  const handOver: GiveUp = (from, refused) => handOverRefused(from, refused, { clock, context });
  const opening = async () => openRecord(config.store, { clock, log, giveUp: handOver });
  const record = await opening().catch((error: unknown) => abandoned(error));
  const notify = createGovukNotify({
    ...(config.notify.kind === 'govuk'
      ? { apiKey: config.notify.apiKey, url: config.notify.url }
      : { apiKey: (simulator as Simulator).apiKey, url: (simulator as Simulator).url }),
    quietPeriodMs: config.notify.quietSeconds * 1_000,
    clock,
    log,
  });
  const plain: Ports = {
    store: record.store,
    jobs: record.jobs,
    commitUnit: record.commitUnit,
    settleDoubts: record.settleDoubts,
    provider: notify,
  };
  const { store, jobs, commitUnit, settleDoubts, provider } = options.decorate?.(plain) ?? plain;

  const isEmbedded = config.store.kind === 'embedded';
  const shipped = [...shippedMessageTypes, ...shippedEndpoints];
  if (isEmbedded) {
    await seedCatalogue(store, shipped);
    await seedMissing(store, demoStaffResources(config.controller));
  }
  const examplesLoaded =
    isEmbedded && config.examples && (await seedExamples(store, exampleResources(config.controller)));
  const inMemory = (): FhirStore => new SqliteFhirStore(openDatabase(':memory:'), { clock });

  metrics.watchQueues(() => jobs.stats());
  const removed = await removedDetails(dataDir, store).catch((error: unknown) => abandoned(error, record));
  const { fingerprint } = removed;
  const readAhead = record.aheadOf?.(store) ?? readingAsItGoes(store);
  const gather: Gather = (request, { view = store, tried, leavesDraft } = {}) => {
    const findTemplate = once((id: string) => provider.findTemplate(id));
    const facts = (from: FhirStore) =>
      gatherFacts(
        request,
        { ...context, store: from, clock, providerChannels: provider.channels, findTemplate, fingerprint },
        tried,
        leavesDraft,
      );
    return readAhead(facts, { view, expected: expectedOf(request) });
  };
  const common = { store, jobs, commitUnit, provider, gather, readAhead, recall: record.recall, clock, log, context };
  const emergencies = createPatternWatch({ store, clock, log, context });
  const sending = {
    ...common,
    count: metrics.message,
    emergencySent: emergencies.sent,
    monotonic: () => performance.now(),
    pace: createPace(clock, config.policy.providerLimits),
  };
  const accepting = { ...common, settleDoubts, count: metrics.decision };
  const requests = createRequests(accepting);
  const receiving = {
    ...common,
    ...context,
    requests,
    fingerprint,
    meaningOf: createMeaning(config.policy.urgentWords),
  };
  const work = createWorker({
    jobs,
    clock,
    log,
    concurrency: CONCURRENCY,
    leaseMs: timing.leaseMs,
    heartbeatMs: timing.leaseMs / 3,
    pollMs: timing.pollMs,
    maxFailures: MAX_FAILURES,
    passing,
    handlers: {
      dispatch: (job, held) => dispatch(sending, job, held),
      inbox: (job) => inbox(sending, receiving, job),
      'follow-up': (job) => followUp(sending, job),
    },
    onExhausted: (job, error) => (job.queue === 'dispatch' ? giveUp(sending, job, error) : jobs.bury(job.lease, error)),
  });

  const storeHealth = createStoreHealth(store, record.capabilities);
  const unauthenticated = createUnauthenticated({ store, clock, log, metrics, controller: config.controller });
  const app = createApp({
    store: withPublished(isEmbedded ? store : withShipped(store, shipped, inMemory), inMemory),
    requests,
    commitUnit,
    openDraft: createDrafts(clock),
    recordServer: record.capabilities,
    clock,
    log,
    metrics,
    controller: config.controller,
    policy: config.policy,
    publicUrl,
    validate: validator(),
    providerChannels: provider.channels,
    fingerprint,
    pageKey: kept(dataDir, 'page-links.key'),
    // The people behind the tokens are in the embedded store alone; another server knows nobody of that name.
    auth: createDemoAuth({ staff: isEmbedded }),
    unauthenticated,
    callbacks: govukNotifyCallbacks({ token: callbackToken, jobs, clock, log, metrics }),
    health: () => health({ storeHealth, jobs, provider, removed }),
    notices: simulator === undefined ? [] : ['The GOV.UK Notify simulator is in use: no message leaves this machine.'],
  });
  limitSlowClients(server);
  const answering = countAnswering(server);
  server.on('request', app);

  const failed = (error: unknown): void => log.error('sweep.failed', describeError(error));
  const repeated = [
    repeat(timing.sweepMs, () => sweep({ store, jobs, settleDoubts, clock, log }), { failed }),
    repeat(Math.min(timing.sweepMs, HOLDS_MS), () => sweepHolds(accepting), { failed }),
    repeat(Math.min(timing.sweepMs, HOLDS_MS), () => sweepInbound(receiving), { failed }),
    repeat(timing.sweepMs, createProxyNoteSweeper({ store, clock, log, context }), { failed }),
    repeat(timing.sweepMs, createObjectionSweeper({ store, clock, log, fingerprint, ...context }), { failed }),
    repeat(EMERGENCIES_MS, () => emergencies.look(), { failed }),
    repeat(timing.doubtsMs, () => settleDoubts(), { first: 0, failed }),
    repeat(timing.doubtsMs, () => removed.settle(), { failed }),
  ];
  // The queue may be younger than the record: of what is under way it may know nothing.
  if (!isEmbedded) repeated.push(repeat(DAY_MS, () => followUpAll({ store, jobs, clock }), { first: 0, failed }));
  work.start();

  return {
    url,
    simulatorUrl: simulator?.url,
    examplesLoaded,
    async close() {
      await Promise.all([stopListening(server, answering), work.stop(), ...repeated.map((one) => one.stop())]);
      await unauthenticated.settle();
      await simulator?.close();
      record.close();
    },
  };
}

/** Asks once for each key, however often that is asked for. */
function once<T>(ask: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    const value = known.get(key) ?? ask(key);
    known.set(key, value);
    return value;
  };
}

/** Errors that pass by themselves: a store or a queue that does not answer, a record that moved on meanwhile. */
function passing(error: unknown): boolean {
  if (error instanceof StoreError) return error.code !== 'rejected';
  return (error as NodeJS.ErrnoException).code === 'ERR_SQLITE_ERROR';
}
