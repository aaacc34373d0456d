import { setTimeout as sleep } from 'node:timers/promises';
import { type Asked, Caller } from './caller.ts';
import type { Expected } from './compare.ts';
import { delivered, finish } from './givens.ts';
import { timing } from './plan.ts';
import { settle } from './settle.ts';
import type { World } from './world.ts';

/** Messages asked for at once. */
const IN_FLIGHT = 8;

/** Between two messages of one caller, so that what is to be compared stays a number of minutes, not hours. */
const PAUSE_MS = 20;

const priorities = ['routine', 'routine', 'urgent', 'stat'] as const;

/** One data directory under continuous load, and SIGKILL to the whole group at random moments, start-up included. */
export async function killedUnderLoad(world: World, kills: number): Promise<readonly Expected[]> {
  await world.start();
  const caller = new Caller(world);
  await caller.meet();
  const all = await underLoad(world, caller, async () => {
    for (let kill = 0; kill < kills; kill += 1) {
      // Most kills meet a service at work, some one that has only just begun, a few one that is still starting.
      if (world.draw() < 0.9) await world.ready();
      await sleep(20 + world.draw() ** 2 * 2_000);
      const { deaths } = world;
      world.newest?.killGroup();
      while (world.deaths === deaths) await sleep(5);
    }
    await world.ready();
  });
  await settle(world, caller, { withinMs: 120_000 });
  return finish(world, caller, delivered(all));
}

/** Two processes on one data directory under load; one of them sleeps past its leases, again and again. */
export async function stoppedUnderLoad(world: World, stops: number): Promise<readonly Expected[]> {
  await world.start();
  const caller = new Caller(world);
  await caller.meet();
  await world.startAnother();
  const all = await underLoad(world, caller, async () => {
    for (let stop = 0; stop < stops; stop += 1) {
      await sleep(100 + world.draw() * 400);
      const { living } = world;
      const sleeper = living[Math.floor(world.draw() * living.length)];
      sleeper?.stop();
      await sleep(timing.leaseMs + 200 + world.draw() * 1_500);
      sleeper?.go();
    }
  });
  await settle(world, caller, { withinMs: 120_000 });
  return finish(world, caller, delivered(all));
}

/** Callers that ask for one message after another for as long as `meanwhile` takes; answers all that was asked for. */
async function underLoad(world: World, caller: Caller, meanwhile: () => Promise<void>): Promise<Asked[]> {
  const all: Asked[] = [];
  let going = true;
  const ask = async (): Promise<void> => {
    while (going) {
      const priority = priorities[Math.floor(world.draw() * priorities.length)] ?? 'routine';
      all.push(await caller.message({ priority }));
      await sleep(PAUSE_MS);
    }
  };
  const callers = Array.from({ length: IN_FLIGHT }, ask);
  try {
    await meanwhile();
  } finally {
    going = false;
    await Promise.allSettled(callers);
  }
  await Promise.all(callers);
  return all;
}
