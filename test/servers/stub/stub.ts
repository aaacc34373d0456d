import { systemClock } from '../../../src/clock.ts';
import type { Context } from './context.ts';
import { duplicatesIn, type StubControl } from './control.ts';
import { answerControl, listenForControl } from './control-routes.ts';
import { Faults } from './faults.ts';
import { Ledger } from './ledger.ts';
import { behaviourOf, type StubOptions } from './options.ts';
import { Pages } from './pages.ts';
import { Records } from './records.ts';
import { SearchCache } from './search-cache.ts';
import { StubServer } from './server.ts';

export type { StubControl } from './control.ts';
export type { Fault, Trouble } from './faults.ts';
export type { Behaviour, StubOptions } from './options.ts';
export { type SpawnedStub, spawnStub } from './spawn.ts';

/** A running stub. */
export interface Stub extends StubControl {
  /** The FHIR base, without a slash at the end. */
  readonly url: string;
  /** The control address on a port of its own, which answers while the server is down. */
  readonly controlUrl: string;
  /** Ends it and closes its data. */
  stop(): Promise<void>;
}

/** Starts a server within this process. Errors: those of the ports and of the data file. */
export async function startStub(options: StubOptions = {}): Promise<Stub> {
  const { clock = systemClock, data: file = ':memory:', port = 0, controlPort = 0, token = null } = options;
  const behaviour = behaviourOf(options);
  const context: Context = {
    behaviour,
    records: await Records.open({ file, clock, lagMs: behaviour.indexLagMs }),
    clock,
    pages: new Pages(),
    cache: new SearchCache(clock, behaviour.searchCacheMs),
    mode: { readOnly: false, full: false, token },
    base: '',
  };
  const faults = new Faults();
  const ledger = new Ledger();
  const server = new StubServer(
    { context, faults, ledger, control: (request, response) => answerControl(control, request, response) },
    port,
  );
  const control: StubControl = {
    arm: async (...more) => faults.arm(more),
    disarm: async () => faults.disarm(),
    armed: async () => faults.list(),
    set: async (mode) => {
      context.mode = { ...context.mode, ...mode };
    },
    down: (ms) => server.down(ms),
    up: () => server.up(),
    calls: async () => ledger.calls(),
    count: async () => ledger.count(),
    emptyLedger: async () => ledger.empty(),
    dump: () => context.records.dump(),
    duplicates: async () => duplicatesIn(await context.records.dump()),
  };
  await server.up();
  const controlAddress = await listenForControl(control, controlPort);
  return {
    ...control,
    url: context.base,
    controlUrl: controlAddress.url,
    async stop() {
      controlAddress.server.close();
      controlAddress.server.closeAllConnections();
      await server.stop();
      await context.records.close();
    },
  };
}
