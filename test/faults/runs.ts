import { setTimeout as sleep } from 'node:timers/promises';
import { acceptingFaults, callbackFaults, type FaultRule, refusingFaults } from '../../src/simulator/faults.ts';
import { Caller } from './caller.ts';
import type { Expected } from './compare.ts';
import { delivered, finish, type GivenName, givens, MESSAGES, postedLetters } from './givens.ts';
import { killedUnderLoad, serverDownUnderLoad, serverKilledUnderLoad, stoppedUnderLoad } from './load.ts';
import { type Fault, HANG_MS, type Moment, type Strike } from './plan.ts';
import { type ServerKind, serverKinds } from './server.ts';
import { type ServerRow, serverRows, underTrouble } from './server-faults.ts';
import { faultsOf, type StepRow, steps } from './steps.ts';
import type { World } from './world.ts';

export interface Run {
  /** What `--only` names. */
  readonly name: string;
  readonly group: string;
  /** Where the record is; none: embedded. */
  readonly server?: ServerKind;
  /** Seconds that Notify is given to be quiet. */
  readonly quietSeconds?: number;
  /** Whether it is in the quick size. */
  readonly quick: boolean;
  /** A fault that never struck proves nothing. */
  readonly mustStrike: boolean;
  readonly execute: (world: World) => Promise<readonly Expected[]>;
}

/** Every run on an embedded record, in the order of their reports. */
export function embeddedRuns(size: 'quick' | 'full'): Run[] {
  const kills = size === 'quick' ? 5 : 50;
  const stops = size === 'quick' ? 1 : 6;
  return [
    load('kill under load', (world) => killedUnderLoad(world, kills)),
    load('stop under load', (world) => stoppedUnderLoad(world, stops)),
    ...steps.flatMap((row) => faultsOf(row).map(([moment, fault]) => stepRun(row, moment, fault))),
    ...providerFaults.map(([name, rules, options]) => providerRun(name, rules, options)),
    ...letterFaults.map(([name, rules, options]) => letterRun(name, rules, options)),
  ];
}

/**
 * Every run on a record elsewhere, for each kind of server. A second process on one data directory does not start there
 * (contract 1), so nothing is stopped while another goes on; nor is anything seeded.
 */
export function remoteRuns(size: 'quick' | 'full'): Run[] {
  const rounds = size === 'quick' ? 3 : 12;
  const loads = [
    load('kill under load', (world) => killedUnderLoad(world, rounds)),
    load('server killed under load', (world) => serverKilledUnderLoad(world, rounds)),
    load('server down under load', (world) => serverDownUnderLoad(world, rounds)),
  ];
  // A death is a death on any server: each is tried on one kind, in turn. So are the rows that need not be on both. The
  // turn shifts with every pair, for many rows come in pairs of before and after.
  const turn = (nth: number): number => (nth + Math.floor(nth / 2)) % serverKinds.length;
  const stepRuns = steps
    .filter(({ actor, name }) => actor !== 'start' && !unread.has(name))
    .flatMap((row) => faultsOf(row).map(([moment, fault]) => ({ fault, run: stepRun(row, moment, fault) })))
    .filter(({ fault }) => fault === 'kill')
    .map(({ run }) => run);
  return serverKinds.flatMap((server, at) =>
    [
      ...loads.map((run) => ({ ...run, quick: run.name === 'kill-under-load' || at === 0 })),
      ...serverRows
        .filter((row, nth) => row.on === 'every' || (row.on === 'one' ? turn(nth) === at : row.on === server))
        .map(serverRun),
      ...stepRuns
        .filter((run, nth) => turn(nth) === at || quickRemoteSteps.has(run.name))
        .map((run) => ({ ...run, quick: server === 'strict' && quickRemoteSteps.has(run.name) })),
    ].map((run) => ({ ...run, server, name: `${server}/${run.name}`, group: `${server}: ${run.group}` })),
  );
}

/** What was written last is known there, and is not read before it is written over. */
const unread = new Set(['receipt.read', 'returned.read']);

const quickRemoteSteps = new Set([
  'accept.commit/after/kill',
  'dispatch.send/after/kill',
  'dispatch.accepted/after/kill',
  'receipt.commit/before/kill',
]);

function serverRun(row: ServerRow): Run {
  return {
    name: row.name,
    group: 'server',
    quick: row.quick,
    mustStrike: false,
    execute: (world) => underTrouble(world, row),
  };
}

const load = (name: string, execute: Run['execute']): Run => ({
  name: name.replaceAll(' ', '-'),
  group: name,
  quick: true,
  mustStrike: false,
  execute,
});

/** The quick size: where a crash would double or lose a message if anything would. */
const quickSteps = new Set([
  'accept.commit/after/kill',
  'worker.claim/after/kill',
  'dispatch.begin/after/kill',
  'dispatch.send/after/kill',
  'dispatch.send/before/stop',
  'dispatch.accepted/before/kill',
  'dispatch.accepted/after/unavailable',
  'dispatch.settle/before/hang',
  'callback.add/before/kill',
  'receipt.commit/before/kill',
]);

function stepRun(row: StepRow, moment: Moment, fault: Fault): Run {
  const name = `${row.name}/${moment}/${fault}`;
  return {
    name,
    group: 'step',
    quick: quickSteps.has(name),
    mustStrike: true,
    execute: (world) => {
      const strike: Strike = {
        step: row.name,
        moment,
        fault,
        nth: 1 + Math.floor(world.draw() * certainly(row.given)),
        times: fault === 'unavailable' || fault === 'broken' ? 1 + Math.floor(world.draw() * 3) : 1,
        hangMs: HANG_MS,
      };
      return givens[row.given](world, strike);
    },
  };
}

/** How many calls of a step are certain to be made. */
function certainly(given: GivenName): number {
  switch (given) {
    // Of the messages taken back, those that are nearly due may be too late for it.
    case 'revoked':
      return 1;
    // Two texts, each kept once and finished once.
    case 'text-twice':
      return 2;
    default:
      return MESSAGES;
  }
}

interface ProviderOptions {
  readonly clientTimeoutMs?: number;
  readonly quietSeconds?: number;
  readonly quick?: boolean;
}

type ProviderRow = readonly [name: string, rules: readonly FaultRule[], options?: ProviderOptions];

/** Not here: a message stopped by the day's limit waits for the next day (test/journeys has it). */
const refusing = refusingFaults.filter((one) => one !== 'day-limited');
/** These two have rows of their own, for the service must be less patient. */
const accepting = acceptingFaults.filter((one) => one !== 'accept-hang' && one !== 'accept-late');
const callbacks = callbackFaults.filter((one) => one !== 'callback-missing' && one !== 'callback-late');

/** For calls that were begun after the last message was accepted. */
const ROOM_MS = 1_000;

const impatient = { clientTimeoutMs: 300 };

/**
 * With `accept-late` the service gives up, asks, is told that there is nothing, and must still wait: the row appears
 * between that first look-up and the end of the quiet period, with room for a slow machine.
 */
const late: FaultRule = { fault: 'accept-late', count: 2, delayMs: 2_500 };

/** What the provider itself does wrong, on its own wire. */
const providerFaults: readonly ProviderRow[] = [
  ...accepting.map((fault): ProviderRow => [fault, [{ fault, count: 2 }], { quick: fault === 'accept-drop' }]),
  ['accept-hang', [{ fault: 'accept-hang', count: 2 }], impatient],
  ['accept-late', [late], { ...impatient, quietSeconds: 4, quick: true }],
  ...refusing
    .filter((one) => one !== 'hang')
    .map((fault): ProviderRow => [fault, [{ fault, count: 2 }], { quick: fault === 'html-502' }]),
  ['hang', [{ fault: 'hang', count: 2 }], impatient],
  ...callbacks.map((fault): ProviderRow => [fault, [{ fault, count: 2 }]]),
  ['callback-late', [{ fault: 'callback-late', count: 2, delayMs: 1_500 }]],
  [
    'accept-drop+lookup-fails',
    [
      { fault: 'accept-drop', count: 2 },
      { fault: 'html-502', operation: 'lookup', count: 3 },
    ],
  ],
  [
    'reset+lookup-hangs',
    [
      { fault: 'reset', count: 2 },
      { fault: 'hang', operation: 'lookup', count: 2 },
    ],
    impatient,
  ],
];

/** What it does wrong with letters, which have no receipts, and are stored before Notify knows whether it can print them. */
const letterFaults: readonly ProviderRow[] = [
  ...[...accepting, ...refusing.filter((one) => one !== 'hang')].map(
    (fault): ProviderRow => [fault, [{ fault, channel: 'letter', count: 2 }]],
  ),
  ['accept-hang', [{ fault: 'accept-hang', channel: 'letter', count: 2 }], impatient],
];

function letterRun(name: string, rules: readonly FaultRule[], options: ProviderOptions = {}): Run {
  const { clientTimeoutMs } = options;
  return {
    name: `provider.letter/${name}`,
    group: 'provider',
    quick: false,
    mustStrike: false,
    async execute(world) {
      for (const rule of rules) await world.simulator.control.addFault(rule);
      await world.start(clientTimeoutMs === undefined ? {} : { clientTimeoutMs });
      const caller = new Caller(world);
      await caller.meet();
      const all = await caller.messages(MESSAGES, { channel: 'letter' });
      const ends = await postedLetters(world, caller, all);
      const left = world.simulator.control.state().faults.length;
      if (left > 0) throw new Error(`${left} faults of the provider never struck`);
      return ends;
    },
  };
}

function providerRun(name: string, rules: readonly FaultRule[], options: ProviderOptions = {}): Run {
  const { clientTimeoutMs, quietSeconds = 1, quick = false } = options;
  return {
    name: `provider.${name}`,
    group: 'provider',
    quick,
    mustStrike: false,
    quietSeconds,
    async execute(world) {
      for (const rule of rules) await world.simulator.control.addFault(rule);
      await world.start(clientTimeoutMs === undefined ? {} : { clientTimeoutMs });
      const caller = new Caller(world);
      await caller.meet();
      const all = await caller.messages(MESSAGES + 1);
      const accepted = performance.now();
      const ends = await finish(world, caller, delivered(all));
      // A row that is late comes when nobody waits for it any more; then is the time to count.
      const latest = Math.max(...rules.map((rule) => rule.delayMs ?? 0));
      await sleep(Math.max(0, latest + ROOM_MS - (performance.now() - accepted)));
      const left = world.simulator.control.state().faults.length;
      if (left > 0) throw new Error(`${left} faults of the provider never struck`);
      return ends;
    },
  };
}
