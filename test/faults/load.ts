import { setTimeout as sleep } from 'node:timers/promises';
import { type Asked, Caller } from './caller.ts';
import type { Expected } from './compare.ts';
import { delivered, finish } from './givens.ts';
import { timing } from './plan.ts';
import type { RecordServer } from './server.ts';
import { settle } from './settle.ts';
import { RunFailed, until, type World } from './world.ts';

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
  const all = await underLoad(world, caller, async (acknowledged) => {
    for (let kill = 0; kill < kills; kill += 1) {
      const when = world.draw();
      // A few kills meet a service that is still starting, some one that has only just begun, most one at work.
      if (when > 0.1) await world.ready();
      const before = acknowledged();
      if (when > 0.3) await until(async () => acknowledged() > before, 'a message to be acknowledged', 60_000);
      await sleep(world.draw() * 600);
      const { deaths } = world;
      world.newest?.killGroup();
      await until(async () => world.deaths > deaths, 'the death of what was killed', 30_000);
    }
    await world.ready();
  });
  await settle(world, caller, { withinMs: 120_000 });
  return finish(world, caller, delivered(all));
}

/** The server of the record dies at random moments under continuous load, and is started again on its data. */
export async function serverKilledUnderLoad(world: World, kills: number): Promise<readonly Expected[]> {
  return serverTroubled(world, kills, async (server) => {
    await server.kill();
    await sleep(world.draw() * 1_000);
    await server.restart();
  });
}

/** The server of the record is out of reach again and again, for a moment or for some seconds. */
export async function serverDownUnderLoad(world: World, times: number): Promise<readonly Expected[]> {
  return serverTroubled(world, times, async (server) => {
    const ms = 200 + Math.floor(world.draw() * 2_000);
    await server.down(ms);
    await sleep(ms);
  });
}

async function serverTroubled(
  world: World,
  times: number,
  trouble: (server: RecordServer) => Promise<void>,
): Promise<readonly Expected[]> {
  const { server } = world;
  if (server === undefined) throw new RunFailed('the record is not on a server');
  await world.start();
  const caller = new Caller(world);
  await caller.meet();
  const all = await underLoad(world, caller, async (acknowledged) => {
    for (let round = 0; round < times; round += 1) {
      const before = acknowledged();
      await until(async () => acknowledged() > before, 'a message to be acknowledged', 60_000);
      await sleep(world.draw() * 600);
      await trouble(server);
    }
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

/**
 * Callers that ask for one message after another for as long as `meanwhile` takes, which may ask how many were
 * acknowledged so far; answers all that was asked for.
 */
async function underLoad(
  world: World,
  caller: Caller,
  meanwhile: (acknowledged: () => number) => Promise<void>,
): Promise<Asked[]> {
  const all: Asked[] = [];
  let going = true;
  const ask = async (): Promise<void> => {
    while (going) {
      const priority = priorities[Math.floor(world.draw() * priorities.length)] ?? 'routine';
      all.push(await caller.message({ priority }));
      await sleep(PAUSE_MS);
    }
  };
  const callers = Promise.all(Array.from({ length: IN_FLIGHT }, ask));
  const over = meanwhile(() => all.length).finally(() => {
    going = false;
  });
  // Whichever fails first says why.
  await Promise.all([callers, over]);
  return all;
}
