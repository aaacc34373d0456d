import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { CommunicationRequest } from '@medplum/fhirtypes';
import packageJson from '../package.json' with { type: 'json' };
import { createApp } from './app.ts';
import { createDemoAuth } from './auth/demo.ts';
import { shippedEndpoints } from './catalogue/channels.ts';
import { demoStaffResources, exampleResources } from './catalogue/examples.ts';
import { shippedMessageTypes } from './catalogue/message-types.ts';
import { seedCatalogue, seedExamples, seedMissing } from './catalogue/seed.ts';
import { type Clock, systemClock } from './clock.ts';

import { type Config, ConfigError } from './config.ts';
import type { Validate } from './fhir/call.ts';
import { profileChecks } from './fhir/conformance/checks.ts';
import { withPublished } from './fhir/conformance/store.ts';
import { loadDefinitions, loadValueSets } from './fhir/definitions/load.ts';
import { createValidator } from './fhir/validate/validator.ts';
import { limitSlowClients } from './http/headers.ts';
import type { Health, HealthReport } from './http/health.ts';
import { countAnswering, hostInUrl, listen, stopListening } from './http/listen.ts';
import type { Job, Jobs } from './jobs/jobs.ts';
import { createWorker, type JobOutcome } from './jobs/worker.ts';
import { describeError, type Log } from './log.ts';
import { createMetrics } from './metrics.ts';
import type { CallbackKind } from './providers/callback-events.ts';
import { govukNotifyCallbacks } from './providers/callbacks.ts';
import { createGovukNotify, type GovukNotify } from './providers/govuk-notify.ts';
import { createRequests } from './send/accept.ts';
import { dispatch } from './send/dispatch.ts';
import { giveUp } from './send/endings.ts';
import { followUp } from './send/follow-up.ts';
import { gatherFacts } from './send/gather.ts';
import { keepReceivedText } from './send/inbound.ts';
import type { OutcomeDeps } from './send/outcome.ts';
import { createPace } from './send/pace.ts';
import { applyReceipt } from './send/receipt.ts';
import { sweep } from './send/sweep.ts';
import { createSimulator, type Simulator } from './simulator/simulator.ts';
import { openDatabase } from './store/database.ts';
import { createDrafts } from './store/draft.ts';
import { openEmbedded } from './store/embedded.ts';
import { type FhirStore, StoreError } from './store/fhir-store.ts';
import { SqliteFhirStore } from './store/sqlite-store.ts';
import type { CommitUnit } from './store/unit.ts';

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
}

const defaultTiming: Timing = { leaseMs: 60_000, pollMs: 250, sweepMs: 60_000 };

/** Where the simulator beside the service listens, if it can. */
const SIMULATOR_PORT = 8089;

/** Messages under way to the provider at once. */
const CONCURRENCY = 16;

/** Tries in a row at a job that fails for reasons nobody foresaw, before it becomes a Task: some two minutes. */
const MAX_FAILURES = 12;

/**
 * Builds the service from its configuration and starts it: the only place that knows every part. Errors: those of the
 * file system and the network (a port in use), before anything is taken on.
 */
export async function startService(config: Config, options: ServiceOptions): Promise<Service> {
  const { log } = options;
  const clock = options.clock ?? systemClock;
  const timing = { ...defaultTiming, ...options.timing };
  if (config.store.kind !== 'embedded') throw new ConfigError([remoteStoreFault]);

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
  const embedded = openEmbedded(join(dataDir, 'herald.sqlite'), { clock });
  const notify = createGovukNotify({
    ...(config.notify.kind === 'govuk'
      ? { apiKey: config.notify.apiKey, url: config.notify.url }
      : { apiKey: (simulator as Simulator).apiKey, url: (simulator as Simulator).url }),
    quietPeriodMs: config.notify.quietSeconds * 1_000,
    clock,
    log,
  });
  const plain: Ports = {
    store: embedded.store,
    jobs: embedded.jobs,
    commitUnit: embedded.commitUnit,
    provider: notify,
  };
  const { store, jobs, commitUnit, provider } = options.decorate?.(plain) ?? plain;

  await seedCatalogue(store, [...shippedMessageTypes, ...shippedEndpoints]);
  await seedMissing(store, demoStaffResources(config.controller));
  const examplesLoaded = config.examples && (await seedExamples(store, exampleResources(config.controller)));

  metrics.watchQueues(() => jobs.stats());

  const gather = (request: CommunicationRequest, view: FhirStore = store) =>
    gatherFacts(request, {
      store: view,
      clock,
      policy: config.policy,
      controller: config.controller,
      providerChannels: provider.channels,
    });
  const context = { controller: config.controller, policy: config.policy };
  const common = { store, jobs, commitUnit, provider, gather, clock, log, context };
  const sending = { ...common, count: metrics.message, monotonic: () => performance.now(), pace: createPace(clock) };

  const requests = createRequests({ ...common, count: metrics.decision });
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
      inbox: (job) => inbox(sending, job),
      'follow-up': (job) => followUp(sending, job),
    },
    onExhausted: (job, error) => (job.queue === 'dispatch' ? giveUp(sending, job, error) : jobs.bury(job.lease, error)),
  });

  const app = createApp({
    store: withPublished(store, () => new SqliteFhirStore(openDatabase(':memory:'), { clock })),
    requests,
    commitUnit,
    openDraft: createDrafts(clock),
    clock,
    log,
    metrics,
    controller: config.controller,
    policy: config.policy,
    publicUrl,
    validate: validator(),
    pageKey: kept(dataDir, 'page-links.key'),
    auth: createDemoAuth(),
    callbacks: govukNotifyCallbacks({ token: callbackToken, jobs, clock, log, metrics }),
    health: () => health({ store, jobs, provider }),
    notices: simulator === undefined ? [] : ['The GOV.UK Notify simulator is in use: no message leaves this machine.'],
  });
  limitSlowClients(server);
  const answering = countAnswering(server);
  server.on('request', app);

  const sweeper = setInterval(() => {
    sweep({ store, jobs, clock, log }).catch((error: unknown) => log.error('sweep.failed', describeError(error)));
  }, timing.sweepMs);
  sweeper.unref();
  work.start();

  return {
    url,
    simulatorUrl: simulator?.url,
    examplesLoaded,
    async close() {
      clearInterval(sweeper);
      await Promise.all([stopListening(server, answering), work.stop()]);
      await simulator?.close();
      embedded.close();
    },
  };
}

/** Errors that pass by themselves: a store or a queue that does not answer, a record that moved on meanwhile. */
function passing(error: unknown): boolean {
  if (error instanceof StoreError) return error.code !== 'rejected';
  return (error as NodeJS.ErrnoException).code === 'ERR_SQLITE_ERROR';
}

const remoteStoreFault = {
  key: 'HERALD_FHIR_STORE',
  problem: 'another FHIR server is not in this release',
  remedy: 'Leave it out, or say embedded.',
} as const;

/** What came in from the provider, by kind. */
async function inbox(deps: OutcomeDeps, job: Job): Promise<JobOutcome> {
  const kind = job.data.kind as CallbackKind;
  switch (kind) {
    case 'delivery-receipt':
      return applyReceipt(deps, job);
    case 'received-text':
      return keepReceivedText(deps, job);
    case 'returned-letter':
      // This release sends no letters: one that comes back was another system's on the same account.
      deps.log.info('letter.of-another-system', { job: job.key });
      return { kind: 'finish' };
    default:
      return kind satisfies never;
  }
}

/** How the things that it cannot do without are. */
async function health(ports: Pick<Ports, 'store' | 'jobs' | 'provider'>): Promise<HealthReport> {
  const [store, queue, provider] = await Promise.all([
    ports.store.ping().then(ready, unanswered),
    ports.jobs.stats().then(ready, unanswered),
    ports.provider.ready(),
  ]);
  return { 'fhir-store': store, queue, 'govuk-notify': provider };
}

const ready = (): Health => ({ kind: 'ready' });
const unanswered = (): Health => ({ kind: 'not-ready', code: 'unavailable' });

/** What every write is checked against: FHIR R4 itself, and our profiles. */
function validator(): Validate {
  const { structures } = loadDefinitions();
  const ours = profileChecks();
  const checks = createValidator({ structures, ...ours, valueSets: [...loadValueSets(), ...ours.valueSets] });
  return (resource) => checks.validate(resource);
}

/**
 * The simulator beside the service, keeping what it was sent with the service's own data. Its callbacks come to the
 * service as Notify's would.
 */
async function startSimulator(dataDir: string, callbackUrl: string, token: string, port: number): Promise<Simulator> {
  const simulator = createSimulator({ data: join(dataDir, 'simulator.sqlite') });
  await simulator.control.setCallbacks({
    deliveryReceipt: { url: `${callbackUrl}/delivery-receipt`, token },
    receivedText: { url: `${callbackUrl}/received-text`, token },
  });
  await simulator.listen(port).catch((error: NodeJS.ErrnoException) => {
    // The usual port is only a convenience; any other does.
    if (error.code !== 'EADDRINUSE') throw error;
    return simulator.listen(0);
  });
  return simulator;
}

/** A secret of this installation: made once, kept with the data for its owner alone, the same after a restart. */
function kept(dataDir: string, name: string): Buffer {
  const file = join(dataDir, name);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file, randomBytes(32), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file);
}
