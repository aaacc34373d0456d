import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { createPace, type Pace } from '../../src/send/pace.ts';

const limits = { perMinute: 600, perNumberAndHour: 4, sameTextPerNumberAndHour: 2 };
const MINUTE = 60_000;

describe('the pace towards the provider', () => {
  let time: number;
  let pace: Pace;
  const wait = (ms: number): void => {
    time += ms;
  };
  const start = (over: Partial<typeof limits> = {}): Pace =>
    createPace(
      { now: () => new Date(time) },
      { ...limits, ...over },
      {
        monotonic: () => time,
        sleep: async (ms) => wait(ms),
      },
    );
  const call = { channel: 'sms', urgent: false } as const;

  beforeEach(() => {
    time = Date.parse('2026-11-23T10:00:00Z');
    pace = start();
  });

  /** Milliseconds that one call waits for its turn. */
  const waited = async (one: Parameters<Pace['turn']>[0] = call): Promise<number> => {
    const from = time;
    expect(await pace.turn(one)).toBeUndefined();
    return time - from;
  };

  test('after a rest a burst goes at once, and then no more than the limit allows', async () => {
    for (let n = 0; n < 80; n += 1) expect(await waited()).toBe(0);
    const from = time;
    for (let n = 0; n < 600; n += 1) await waited();
    expect(time - from).toBe(MINUTE);
  });

  test('what is urgent does not wait behind a crowd', async () => {
    for (let n = 0; n < 200; n += 1) await waited();
    expect(await waited()).toBeGreaterThan(0);
    for (let n = 0; n < 19; n += 1) expect(await waited({ channel: 'sms', urgent: true })).toBe(0);
  });

  test('a letter counts twice, as the provider counts it', async () => {
    for (let n = 0; n < 200; n += 1) await waited();
    const text = await waited();
    expect(await waited({ channel: 'letter', urgent: false })).toBe(2 * text);
  });

  test('in no minute more calls are let through than the limit and one burst', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ gap: fc.nat(5_000), urgent: fc.boolean() }), { maxLength: 400 }),
        async (calls) => {
          time = 0;
          pace = start();
          const at: number[] = [];
          for (const { gap, urgent } of calls) {
            wait(gap % 7 === 0 ? gap : 0);
            await waited({ channel: 'sms', urgent });
            at.push(time);
          }
          for (const from of at)
            expect(at.filter((one) => one >= from && one < from + MINUTE).length).toBeLessThanOrEqual(701);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('when the provider says no everybody stops, longer each time, until it takes one again', async () => {
    const first = pace.slowDown();
    expect(first.getTime() - time).toBe(2_000);
    const held = await pace.turn({ channel: 'sms', urgent: true });
    expect(held?.getTime()).toBeGreaterThanOrEqual(first.getTime());
    // Calls that were under way together hear the same no.
    expect(pace.slowDown()).toEqual(first);
    wait(2_000);
    expect(await waited()).toBe(0);
    expect(pace.slowDown().getTime() - time).toBe(4_000);
    wait(4_000);
    pace.goOn();
    expect(pace.slowDown().getTime() - time).toBe(2_000);
  });

  test('a number gets so many texts in an hour, and the same text less often', () => {
    const to = '447700900123';
    pace.note(to, 'one');
    expect(pace.numberFreeAt(to, 'one')).toBeUndefined();
    wait(10 * MINUTE);
    pace.note(to, 'one');
    expect(pace.numberFreeAt(to, 'one')?.getTime()).toBe(time + 50 * MINUTE);
    expect(pace.numberFreeAt(to, 'another')).toBeUndefined();
    pace.note(to, 'two');
    pace.note(to, 'three');
    expect(pace.numberFreeAt(to, 'four')?.getTime()).toBe(time + 50 * MINUTE);
    expect(pace.numberFreeAt('447700900124', 'one')).toBeUndefined();
    wait(50 * MINUTE);
    expect(pace.numberFreeAt(to, 'one')).toBeUndefined();
  });
});
