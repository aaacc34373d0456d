import type { AddressInfo } from 'node:net';
import { type Clock, systemClock } from '../clock.ts';
import { Callbacks } from './callbacks.ts';
import { SimulatorClock } from './clock.ts';
import { Controls } from './controls.ts';
import { Faults } from './faults.ts';
import { LetterSteps } from './letters/letter-steps.ts';
import { Letters } from './letters/letters.ts';
import { Lifecycle } from './lifecycle.ts';
import { Limits } from './limits.ts';
import { Notifications } from './notifications.ts';
import { ReceivedTexts } from './received-texts.ts';
import { SavedSettings } from './saved-settings.ts';
import { createSimulatorServer } from './server.ts';
import {
  apiKeys,
  type CallbackTargets,
  defaultService,
  defaultTimings,
  keyText,
  type ServiceSettings,
  type Timings,
} from './settings.ts';
import { openTables } from './tables.ts';
import { passThrough, Templates } from './templates.ts';
import { createValidate } from './validation.ts';

export interface SimulatorOptions {
  /** The file that holds everything, or `:memory:` (the default). */
  readonly data?: string;
  readonly clock?: Clock;
  /** Over the defaults. Once changed through the control address, the file's settings go before these. */
  readonly service?: Partial<ServiceSettings>;
  readonly timings?: Partial<Timings>;
  readonly callbacks?: CallbackTargets;
}

export interface Simulator {
  /** Starts; answers the address. Port 0 takes a free one. */
  listen(port?: number, host?: string): Promise<string>;
  /** Stops at once; what was accepted is in the file. A second call does nothing. */
  close(): Promise<void>;
  /** The base address for a Notify client, without a slash at the end. Throws before `listen`. */
  readonly url: string;
  /** The live key, as it is given to a client. */
  readonly apiKey: string;
  readonly keys: Readonly<Record<keyof typeof apiKeys, string>>;
  /** Ids of the templates whose whole text is the caller's: `((body))`, and `((subject))` for email and letter. */
  readonly templates: { readonly sms: string; readonly email: string; readonly letter: string };
  /** What the control address does. */
  readonly control: Controls;
}

/** A GOV.UK Notify on this machine: its API, a control address, and a page to look at. */
export function createSimulator(options: SimulatorOptions = {}): Simulator {
  const database = openTables(options.data ?? ':memory:');
  const timings = { ...defaultTimings, ...options.timings };
  const settings = new SavedSettings(database, {
    clockOffsetMs: 0,
    callbacksPaused: false,
    callbacks: options.callbacks ?? {},
    service: { ...defaultService, ...options.service },
  });
  const clock = new SimulatorClock(options.clock ?? systemClock, settings.current.clockOffsetMs);
  const notifications = new Notifications(database, clock);
  const templates = new Templates(database);
  const faults = new Faults(database);
  const callbacks = new Callbacks(database, clock, settings, timings);
  const limits = new Limits(database, clock);
  const letters = new Letters(database);
  const shared = { clock, notifications, callbacks, faults, settings, timings };
  const letterSteps = new LetterSteps({ ...shared, letters, templates, limits });
  const lifecycle = new Lifecycle({ ...shared, database, letters: letterSteps });
  const world = {
    database,
    clock,
    settings,
    notifications,
    letters,
    templates,
    receivedTexts: new ReceivedTexts(database),
    limits,
    faults,
    callbacks,
    lifecycle,
    validate: createValidate(clock),
  };
  const control = new Controls(world);
  const stopping = new AbortController();
  const server = createSimulatorServer(world, control, stopping.signal);
  let url: string | undefined;

  return {
    async listen(port = 0, host = '127.0.0.1') {
      await database.write(() => templates.install(clock.ms() * 1000));
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, resolve);
      });
      url = addressOf(server.address() as AddressInfo);
      await lifecycle.work();
      return url;
    },
    async close() {
      if (stopping.signal.aborted) return;
      stopping.abort();
      lifecycle.stop();
      callbacks.stop();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      database.close();
    },
    get url() {
      if (url === undefined) throw new Error('the simulator is not listening');
      return url;
    },
    apiKey: keyText(apiKeys.normal),
    keys: {
      normal: keyText(apiKeys.normal),
      team: keyText(apiKeys.team),
      test: keyText(apiKeys.test),
      revoked: keyText(apiKeys.revoked),
    },
    templates: passThrough,
    control,
  };
}

function addressOf({ address, family, port }: AddressInfo): string {
  return family === 'IPv6' ? `http://[${address}]:${port}` : `http://${address}:${port}`;
}
