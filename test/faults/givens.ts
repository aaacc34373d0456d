import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../../src/store/database.ts';
import { type Asked, Caller, person } from './caller.ts';
import { type Expected, recorded } from './compare.ts';
import { ask } from './http.ts';
import type { Strike } from './plan.ts';
import { settle } from './settle.ts';
import { RunFailed, until, type World } from './world.ts';

/** Messages of an ordinary run. */
export const MESSAGES = 3;

const MINUTE = 60_000;

/** What has to be done for a step to be reached; the strike is armed in the process that gets there. */
export type Given = (world: World, strike: Strike | undefined) => Promise<readonly Expected[]>;

export type GivenName =
  | 'ordinary'
  | 'slow'
  | 'at-once'
  | 'asked-once'
  | 'uncertain'
  | 'changed'
  | 'withheld'
  | 'refused'
  | 'revoked'
  | 'text-twice'
  | 'no-receipt'
  | 'letter'
  | 'letter-back'
  | 'no-job';

export const givens = {
  /** Asked for, sent, delivered. */
  async ordinary(world, strike) {
    await world.start({ strike });
    const caller = new Caller(world);
    await caller.meet();
    return finish(world, caller, delivered(await caller.messages(MESSAGES)));
  },

  /** Several callers ask for each message at the same moment, with the same key. */
  async 'at-once'(world, strike) {
    await world.start({ strike });
    const caller = new Caller(world);
    await caller.meet();
    return finish(world, caller, delivered(await caller.messages(MESSAGES, { copies: 4 })));
  },

  /** Nobody asks again: what was not acknowledged must never go. */
  async 'asked-once'(world, strike) {
    await world.start({ strike });
    const caller = new Caller(world);
    await caller.meet();
    const all = await Promise.all(Array.from({ length: MESSAGES }, () => caller.once()));
    return finish(
      world,
      caller,
      all.map((asked) => ({ asked, end: asked.id === undefined ? 'unkept' : 'delivered' })),
    );
  },

  /** The provider's answer takes longer than a lease. */
  async slow(world, strike) {
    await world.start({ strike, slowSendMs: 2_000 });
    const caller = new Caller(world);
    await caller.meet();
    return finish(world, caller, delivered(await caller.messages(MESSAGES)));
  },

  /** The provider took some of the messages, or none of them, and did not say so. */
  async uncertain(world, strike) {
    const fault = world.draw() < 0.5 ? 'accept-drop' : 'reset';
    await world.simulator.control.addFault({ fault, count: MESSAGES });
    await world.start({ strike });
    const caller = new Caller(world);
    await caller.meet();
    return finish(world, caller, delivered(await caller.messages(MESSAGES)));
  },

  /** The people move to another number and address between acceptance and dispatch (contract 4). */
  async changed(world, strike) {
    const { caller, all } = await scheduled(world);
    await caller.write(person('sms', { telecom: [{ system: 'phone', value: '+447700900162', use: 'mobile' }] }));
    await caller.write(person('email', { telecom: [{ system: 'email', value: 'alex.new@example.org' }] }));
    await due(world, { strike });
    const to: Partial<Record<Asked['channel'], string>> = { sms: '+447700900162', email: 'alex.new@example.org' };
    return finish(
      world,
      caller,
      all.map((asked) => ({ asked, end: 'delivered', to: to[asked.channel] ?? 'nobody' })),
    );
  },

  /** The people die between acceptance and dispatch (VER-3). */
  async withheld(world, strike) {
    const { caller, all } = await scheduled(world);
    await caller.meet({ deceasedBoolean: true });
    await due(world, { strike });
    return finish(
      world,
      caller,
      all.map((asked) => ({ asked, end: 'withheld' })),
    );
  },

  /** Refused when asked for. */
  async refused(world, strike) {
    await world.start({ strike });
    const caller = new Caller(world);
    await caller.meet({ deceasedBoolean: true });
    const all = await caller.messages(MESSAGES);
    return finish(
      world,
      caller,
      all.map((asked) => ({ asked, end: 'refused' })),
    );
  },

  /** Taken back long before, or at about the moment at which they are due: the caller is told so, or the message goes. */
  async revoked(world, strike) {
    await world.start({ strike });
    const caller = new Caller(world);
    await caller.meet();
    // Where the server does not confirm that it was revoked, the job stays until it is due, and finds nothing to do.
    const far = await caller.messages(1, { dueInMs: world.server === undefined ? 10 * MINUTE : 15_000 });
    const near = await caller.messages(MESSAGES - 1, { dueInMs: 300 });
    const takeBack = async (asked: Asked): Promise<Expected> => ({
      asked,
      end: (await caller.revoke(asked)) ? 'withheld' : 'delivered',
    });
    const ends = near.map(async (asked) => {
      await sleep(world.draw() * 400);
      return takeBack(asked);
    });
    return finish(world, caller, await Promise.all([...far.map(takeBack), ...ends]));
  },

  /** Each text that comes in is handed over a second time once the first was kept. */
  async 'text-twice'(world, strike) {
    await world.start({ strike });
    const caller = new Caller(world);
    await caller.meet();
    const texts = ['3b0c7a52-0d1e-4c8b-9a38-4be0a3b6d201', '3b0c7a52-0d1e-4c8b-9a38-4be0a3b6d202'];
    for (const round of [1, 2]) {
      for (const id of texts) await handOver(world, id);
      if (round === 1) await settle(world, caller);
    }
    const ends = await finish(world, caller, []);
    const { tasks } = await recorded(world);
    const focus = tasks.map((one) => one.focus?.reference).sort();
    const wanted = texts.map((id) => `Communication/${id}`);
    if (focus.join() !== wanted.join()) throw new RunFailed(`triage of ${focus.join()} instead of ${wanted.join()}`);
    return ends;
  },

  /** No receipt comes, so that the provider is asked a minute later. */
  async 'no-receipt'(world, strike) {
    await world.simulator.control.addFault({ fault: 'callback-missing' });
    await world.start();
    const caller = new Caller(world);
    await caller.meet();
    const all = await caller.messages(MESSAGES);
    await underWay(world, caller, all);
    await due(world, { strike, clockOffsetMs: 1.2 * MINUTE });
    return finish(world, caller, delivered(all));
  },

  /** Letters have no receipts: that they were posted, and how they look, is asked for minutes later. */
  async letter(world, strike) {
    await world.start();
    const caller = new Caller(world);
    await caller.meet();
    const all = await caller.messages(MESSAGES, { channel: 'letter' });
    return postedLetters(world, caller, all, { strike });
  },

  /** The post brings letters back before anybody has heard that they were posted. */
  async 'letter-back'(world, strike) {
    await world.start({ strike });
    const caller = new Caller(world);
    await caller.meet();
    const all = await caller.messages(MESSAGES, { channel: 'letter' });
    await underWay(world, caller, all);
    for (const { id } of world.simulator.control.ledger().messages) await world.simulator.control.returnLetter(id);
    await until(
      async () => (await total(caller, 'Communication?status=stopped')) === all.length,
      'letters that came back',
      45_000,
    );
    await due(world, { clockOffsetMs: 6 * MINUTE });
    return finish(
      world,
      caller,
      all.map((asked) => ({ asked, end: 'returned' })),
    );
  },

  /** The queue was lost, and the records stand alone. */
  async 'no-job'(world, strike) {
    const { caller, all } = await scheduled(world);
    await world.end();
    const database = openDatabase(join(world.dataDir, world.server === undefined ? 'herald.sqlite' : 'queue.sqlite'));
    await database.write(() => database.sql.exec('DELETE FROM job'));
    database.close();
    await due(world, { strike, sweepMs: 300 });
    return finish(world, caller, delivered(all));
  },
} as const satisfies Record<GivenName, Given>;

/** Messages for later, all accepted. */
async function scheduled(world: World): Promise<{ caller: Caller; all: readonly Asked[] }> {
  await world.start();
  const caller = new Caller(world);
  await caller.meet();
  return { caller, all: await caller.messages(MESSAGES, { dueInMs: 10 * MINUTE }) };
}

/** Starts again at a later time of day, so that nothing has to be waited for. */
async function due(world: World, options: Parameters<World['start']>[0]): Promise<void> {
  await world.end();
  await world.start({ clockOffsetMs: 11 * MINUTE, ...options });
}

/** Waits until the provider has brought all messages to their end, and the service has yet to hear of it. */
async function underWay(world: World, caller: Caller, all: readonly Asked[]): Promise<void> {
  await until(
    async () => {
      const { messages } = world.simulator.control.ledger();
      return (
        messages.length === all.length &&
        messages.every((one) => one.status === 'delivered') &&
        (await total(caller, 'Communication?status=in-progress')) === all.length
      );
    },
    'messages under way without a receipt',
    20_000,
  );
}

async function total(caller: Caller, search: string): Promise<number> {
  const answer = await caller.get(`/fhir/${search}&_summary=count`);
  return Number(/"total":\s*(\d+)/.exec(answer?.text ?? '')?.[1]);
}

/** Letters that were asked for, until everything is known of them. */
export async function postedLetters(
  world: World,
  caller: Caller,
  all: readonly Asked[],
  options: Parameters<World['start']>[0] = {},
): Promise<readonly Expected[]> {
  await underWay(world, caller, all);
  await due(world, { clockOffsetMs: 6 * MINUTE, ...options });
  return finish(world, caller, delivered(all));
}

/** Waits for the end of everything, and ends the service. */
export async function finish<T extends readonly Expected[]>(world: World, caller: Caller, expected: T): Promise<T> {
  if (world.sleepsLong) {
    await settle(world, caller, { whileStopped: true });
    world.wake();
  }
  await settle(world, caller);
  await world.end();
  return expected;
}

export const delivered = (all: readonly Asked[]): Expected[] => all.map((asked) => ({ asked, end: 'delivered' }));

/** Brings a received text to the service as the provider does, until it is taken. */
async function handOver(world: World, id: string): Promise<void> {
  const text = {
    id,
    source_number: '447700900123',
    destination_number: '447700900801',
    message: 'May I come an hour later?',
    date_received: new Date().toISOString(),
  };
  await until(
    async () => {
      const authorization = `Bearer ${world.callbackToken}`;
      const options = { authorization, type: 'application/json', body: JSON.stringify(text), timeoutMs: 4_000 };
      const answer = await ask('POST', `${world.callbackUrl}/received-text`, options);
      return answer.status === 204;
    },
    'a received text to be taken',
    30_000,
  );
}
