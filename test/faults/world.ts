import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSimulator, type Simulator } from '../../src/simulator/simulator.ts';
import { Child } from './child.ts';
import { random, type ServiceDescription, type Strike, serverLimits, timing } from './plan.ts';
import { type Relay, startRelay } from './relay.ts';
import { indexLagMs, openServer, type RecordServer, type ServerKind } from './server.ts';

const CALLBACK_TOKEN = 'fault-kit-callback-token';

/** What a start of the service may have of its own; a restart after a death has everything but the strike. */
export interface StartOptions {
  readonly strike?: Strike | undefined;
  readonly clockOffsetMs?: number;
  readonly clientTimeoutMs?: number;
  readonly slowSendMs?: number;
  readonly sweepMs?: number;
}

/** A run did not come to its end, or showed something that must not be. */
export class RunFailed extends Error {
  override readonly name = 'RunFailed';
}

/**
 * One run's surroundings: a provider that outlives the service, an address for its callbacks, a data directory, perhaps
 * a server that keeps the record, and the service, which is started again whenever it dies until `end`.
 */
export class World {
  readonly draw: () => number;
  readonly simulator: Simulator;
  readonly dataDir: string;
  readonly callbackToken = CALLBACK_TOKEN;
  /** Milliseconds in which something may still come after everything was quiet. */
  aftermathMs = 150;
  readonly #dir: string;
  readonly #quietSeconds: number;
  readonly #children: Child[] = [];
  readonly #serverKind: ServerKind | undefined;
  #server: RecordServer | undefined;
  #relay: Relay | undefined;
  #options: StartOptions = {};
  #restarting = false;
  #deaths = 0;
  #sleeper: Child | undefined;
  #sleepsLong = false;
  #endedByItself: string | undefined;

  /** With `server`, the record is on a FHIR server of that kind; else it is embedded. */
  constructor(seed: number, options: { readonly quietSeconds?: number; readonly server?: ServerKind } = {}) {
    this.draw = random(seed);
    this.#serverKind = options.server;
    this.#quietSeconds = options.quietSeconds ?? 1;
    this.#dir = mkdtempSync(join(tmpdir(), 'herald-faults-'));
    this.dataDir = join(this.#dir, 'data');
    mkdirSync(this.dataDir, { mode: 0o700 });
    this.simulator = createSimulator({
      service: { ratePerMinute: 1_000_000 },
      timings: {
        ...{ sendMs: 20, outcomeMs: 30, letterCalendar: false },
        ...{ callbackTimeoutMs: 4_000, callbackRetryMs: 200, callbackRetries: 10_000 },
      },
    });
  }

  /** Starts provider, relay and the server of the record; the service comes with `start`. */
  async open(): Promise<void> {
    if (this.#serverKind !== undefined) {
      this.#server = await openServer(this.#serverKind, join(this.#dir, 'server.sqlite'));
      // Totals are the server's: they do not know yet what it has only just been told.
      this.aftermathMs += indexLagMs(this.#serverKind);
    }
    await this.simulator.listen();
    this.#relay = await startRelay(() => this.url);
    const target = (kind: string) => ({ url: `${this.callbackUrl}/${kind}`, token: CALLBACK_TOKEN });
    await this.simulator.control.setCallbacks({
      deliveryReceipt: target('delivery-receipt'),
      receivedText: target('received-text'),
      returnedLetter: target('returned-letter'),
    });
  }

  /** Where the record is; none: embedded. */
  get server(): RecordServer | undefined {
    return this.#server;
  }

  get callbackUrl(): string {
    return `${this.#relay?.url}/callbacks/govuk-notify`;
  }

  /** Of the service started last among those that can answer. Errors: RunFailed when one ended of its own accord. */
  get url(): string | undefined {
    if (this.#endedByItself !== undefined) throw new RunFailed(this.#endedByItself);
    return this.#children.findLast((one) => one.answers)?.url;
  }

  /** How often a service process died without being asked to. */
  get deaths(): number {
    return this.#deaths;
  }

  get newest(): Child | undefined {
    return this.#children.at(-1);
  }

  get living(): readonly Child[] {
    return this.#children.filter((one) => one.alive);
  }

  get struck(): number {
    return this.#children.reduce((sum, one) => sum + one.struck, 0);
  }

  /** Starts the service; it is started again, without the strike, when it dies. */
  async start(options: StartOptions = {}): Promise<void> {
    const { strike: _once, ...always } = options;
    this.#options = always;
    this.#restarting = true;
    const child = this.#spawn(options);
    if (options.strike?.fault === 'stop') this.#attend(child);
    await this.ready();
  }

  /** A stopped process sleeps until everything else is done, and is woken by `wake`. */
  get sleepsLong(): boolean {
    return this.#sleepsLong;
  }

  wake(): void {
    this.#sleeper?.go();
  }

  /** One more process on the same data. */
  async startAnother(): Promise<Child> {
    const child = this.#spawn(this.#options);
    await until(async () => child.url, 'another service to be ready', 30_000);
    return child;
  }

  /** Waits for a service that is ready. */
  ready(): Promise<string> {
    return until(async () => this.url, 'the service to be ready', 30_000);
  }

  /** Ends every service process as an operator would. Errors: RunFailed when one does not end well. */
  async end(): Promise<void> {
    this.#restarting = false;
    for (const child of this.living) {
      const code = await Promise.race([child.terminate(), sleep(30_000, 'late' as const, { ref: false })]);
      if (code !== 0) throw new RunFailed(`SIGTERM ended the service with ${code}`);
    }
  }

  /** Kinds of port calls that were made, as `inject.ts` writes them. */
  seen(): string[] {
    try {
      return [...new Set(readFileSync(this.#seenFile, 'utf8').split('\n'))].filter((line) => line !== '');
    } catch {
      return [];
    }
  }

  /** Where its logs and files are, for whoever looks into a failure. */
  get directory(): string {
    return this.#dir;
  }

  async close(options: { readonly keep: boolean }): Promise<void> {
    this.#restarting = false;
    for (const child of this.living) child.killGroup();
    await Promise.all(this.#children.map((one) => one.ended));
    await this.#relay?.close();
    await this.simulator.close();
    await this.#server?.stop();
    if (!options.keep) rmSync(this.#dir, { recursive: true, force: true });
  }

  /** When the process has stopped itself, another goes on; it wakes soon after its lease ran out, or at the very end. */
  #attend(child: Child): void {
    this.#sleeper = child;
    this.#sleepsLong = this.draw() < 0.5;
    const wakesAfter = timing.leaseMs + this.draw() * 1_000;
    const attend = async (): Promise<void> => {
      await until(async () => child.suspended || !child.alive, 'the stop', 60_000);
      if (!child.alive) return;
      await Promise.all([this.startAnother(), sleep(wakesAfter)]);
      if (!this.#sleepsLong) this.wake();
    };
    attend().catch(() => undefined);
  }

  get #seenFile(): string {
    return join(this.#dir, 'seen');
  }

  #spawn(options: StartOptions): Child {
    const { strike, clockOffsetMs = 0, clientTimeoutMs, slowSendMs, sweepMs } = options;
    const description: ServiceDescription = {
      timing: { ...timing, ...(sweepMs === undefined ? {} : { sweepMs }) },
      clockOffsetMs,
      ...(strike === undefined ? {} : { strike }),
      ...(clientTimeoutMs === undefined ? {} : { clientTimeoutMs }),
      ...(slowSendMs === undefined ? {} : { slowSendMs }),
      ...(this.#server === undefined ? {} : { serverLimits }),
      seenFile: this.#seenFile,
      logFile: join(this.#dir, 'log'),
    };
    const child = new Child(description, {
      HERALD_DATA_DIR: this.dataDir,
      HERALD_PORT: '0',
      HERALD_POLICY: join(import.meta.dirname, 'policy.json'),
      GOVUK_NOTIFY_API_KEY: this.simulator.apiKey,
      GOVUK_NOTIFY_URL: this.simulator.url,
      GOVUK_NOTIFY_CALLBACK_TOKEN: CALLBACK_TOKEN,
      GOVUK_NOTIFY_QUIET_SECONDS: String(this.#quietSeconds),
      ...(this.#server === undefined ? {} : { HERALD_FHIR_STORE: this.#server.url }),
    });
    this.#children.push(child);
    void child.ended.then((code) => {
      if (!this.#restarting) return;
      if (code !== null && child.struck === 0) {
        this.#endedByItself = `the service ended by itself with ${code}\n${child.errors}`;
        return;
      }
      this.#deaths += 1;
      this.#spawn(this.#options);
    });
    return child;
  }
}

/** Waits for something that other processes bring about. Errors: RunFailed, saying what never came. */
export async function until<T>(
  look: () => Promise<T | undefined | false>,
  what: string | (() => string),
  withinMs: number,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > end) throw new RunFailed(`never came about: ${typeof what === 'string' ? what : what()}`);
    await sleep(25);
  }
}
