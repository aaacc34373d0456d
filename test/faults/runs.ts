import { acceptingFaults, callbackFaults, type FaultRule, refusingFaults } from '../../src/simulator/faults.ts';
import { Caller } from './caller.ts';
import type { Expected } from './compare.ts';
import { delivered, finish, givens, MESSAGES } from './givens.ts';
import { killedUnderLoad, stoppedUnderLoad } from './load.ts';
import { type Fault, HANG_MS, type Moment, type Strike } from './plan.ts';
import { faultsOf, type StepRow, steps } from './steps.ts';
import type { World } from './world.ts';

export interface Run {
  /** What `--only` names. */
  readonly name: string;
  readonly group: 'step' | 'provider' | 'kill under load' | 'stop under load';
  /** Seconds that Notify is given to be quiet. */
  readonly quietSeconds?: number;
  /** Whether it is in the quick size. */
  readonly quick: boolean;
  /** A fault that never struck proves nothing. */
  readonly mustStrike: boolean;
  readonly execute: (world: World) => Promise<readonly Expected[]>;
}

/** Every run, in the order of their reports. */
export function allRuns(size: 'quick' | 'full'): Run[] {
  const kills = size === 'quick' ? 5 : 50;
  const stops = size === 'quick' ? 1 : 6;
  return [
    load('kill under load', (world) => killedUnderLoad(world, kills)),
    load('stop under load', (world) => stoppedUnderLoad(world, stops)),
    ...steps.flatMap((row) => faultsOf(row).map(([moment, fault]) => stepRun(row, moment, fault))),
    ...providerFaults.map(([name, rules, options]) => providerRun(name, rules, options)),
  ];
}

const load = (name: 'kill under load' | 'stop under load', execute: Run['execute']): Run => ({
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
        // A text that comes in twice is kept once and finished once: there are two of them.
        nth: 1 + Math.floor(world.draw() * (row.given === 'text-twice' ? 2 : MESSAGES)),
        times: fault === 'unavailable' || fault === 'broken' ? 1 + Math.floor(world.draw() * 3) : 1,
        hangMs: HANG_MS,
      };
      return givens[row.given](world, strike);
    },
  };
}

interface ProviderOptions {
  readonly clientTimeoutMs?: number;
  readonly quick?: boolean;
}

type ProviderRow = readonly [name: string, rules: readonly FaultRule[], options?: ProviderOptions];

/** Not here: a message stopped by the day's limit waits for the next day (test/journeys has it). */
const refusing = refusingFaults.filter((one) => one !== 'day-limited');
/** Not here: with these the service has to be patient, or asks later. */
const accepting = acceptingFaults.filter((one) => one !== 'accept-hang' && one !== 'accept-late');
const callbacks = callbackFaults.filter((one) => one !== 'callback-missing' && one !== 'callback-late');

/** What the provider itself does wrong, on its own wire. */
const providerFaults: readonly ProviderRow[] = [
  ...accepting.map((fault): ProviderRow => [fault, [{ fault, count: 2 }], { quick: fault === 'accept-drop' }]),
  ['accept-hang', [{ fault: 'accept-hang', count: 2 }], { clientTimeoutMs: 400 }],
  ['accept-late', [{ fault: 'accept-late', count: 2, delayMs: 700 }], { clientTimeoutMs: 300, quick: true }],
  ...refusing
    .filter((one) => one !== 'hang')
    .map((fault): ProviderRow => [fault, [{ fault, count: 2 }], { quick: fault === 'html-502' }]),
  ['hang', [{ fault: 'hang', count: 2 }], { clientTimeoutMs: 400 }],
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
    { clientTimeoutMs: 400 },
  ],
];

function providerRun(name: string, rules: readonly FaultRule[], options: ProviderOptions = {}): Run {
  const { clientTimeoutMs, quick = false } = options;
  return {
    name: `provider.${name}`,
    group: 'provider',
    quick,
    mustStrike: false,
    // Longer than `accept-late` takes, with room for a slow machine.
    quietSeconds: 2,
    async execute(world) {
      for (const rule of rules) await world.simulator.control.addFault(rule);
      await world.start(clientTimeoutMs === undefined ? {} : { clientTimeoutMs });
      const caller = new Caller(world);
      await caller.meet();
      const ends = await finish(world, caller, delivered(await caller.askAll(MESSAGES + 1)));
      const left = world.simulator.control.state().faults.length;
      if (left > 0) throw new Error(`${left} faults of the provider never struck`);
      return ends;
    },
  };
}
