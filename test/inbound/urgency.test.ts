import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  blind,
  everyday,
  fresh,
  hedged,
  heldBack,
  measured,
  page,
  second,
  tuning,
} from '../../scripts/build-urgency.ts';
import { createMeaning } from '../../src/inbound/meaning.ts';

const count = (lists: Readonly<Record<string, readonly string[]>>): number => Object.values(lists).flat().length;

describe('words of urgency', () => {
  it('TWO-3: the labelled texts are many, and none stands in two sets', () => {
    const all = [tuning(), hedged(), second(), everyday(), blind(), heldBack(), fresh()].map((set) =>
      Object.values(set)
        .flat()
        .map((one) => one.toLowerCase()),
    );
    expect(count(tuning())).toBeGreaterThanOrEqual(1000);
    expect(count(blind())).toBeGreaterThanOrEqual(250);
    expect(new Set(all.flatMap((one) => [...new Set(one)])).size).toBe(
      all.reduce((sum, one) => sum + new Set(one).size, 0),
    );
  });

  it('TWO-3: hardly an urgent text of those with which the lists were made is missed', () => {
    const { missed, raised } = measured(tuning());
    expect(missed.length).toBeLessThanOrEqual(2);
    expect(raised.length / (tuning().routine ?? []).length).toBeLessThan(0.05);
  });

  it.each([
    ['the second set', second],
    ['the texts of everyday', everyday],
  ])(
    'TWO-3: of %s, which were written to be hard and since tuned with, 98 in 100 urgent texts are noticed',
    (_name, set) => {
      const { routine: _routine, ...urgent } = set();
      expect(1 - measured(set()).missed.length / count(urgent)).toBeGreaterThanOrEqual(0.98);
    },
  );

  it('TWO-3: of the fresh set 92 in 100 urgent texts are noticed, and at most 8 in 100 ordinary ones', () => {
    const { missed, raised } = measured(fresh());
    const { routine = [], ...urgent } = fresh();
    expect(1 - missed.length / count(urgent)).toBeGreaterThanOrEqual(0.92);
    expect(raised.length / routine.length).toBeLessThanOrEqual(0.08);
  });

  it('TWO-3: of the urgent texts tried for totals alone 95 in 100 are noticed, and at most 12 in 100 ordinary ones', () => {
    const { missed, raised } = measured(blind());
    const { routine = [], ...urgent } = blind();
    // Totals alone, so that a failure shows no text.
    expect(1 - missed.length / count(urgent)).toBeGreaterThanOrEqual(0.95);
    expect(raised.length / routine.length).toBeLessThanOrEqual(0.12);
  });

  it('TWO-3: of the urgent texts held back 9 in 10 are noticed, and at most 12 in 100 ordinary ones', () => {
    const { missed, raised } = measured(heldBack());
    const { routine = [], ...urgent } = heldBack();
    expect(1 - missed.length / count(urgent)).toBeGreaterThanOrEqual(0.9);
    expect(raised.length / routine.length).toBeLessThanOrEqual(0.12);
  });

  it('TWO-3: docs/urgency.md is what the words and the texts make', () => {
    expect(readFileSync(new URL('../../docs/urgency.md', import.meta.url), 'utf8')).toBe(page());
  });

  it("contract 1: the organisation's own words stand in place of the shipped ones", () => {
    const meaningOf = createMeaning(['code purple']);
    expect([meaningOf('This is a Code Purple!').urgent, meaningOf('I am bleeding').urgent]).toEqual([true, false]);
  });
});

/** The worst that can be missed. */
const worst = ['self-harm', 'bleeding', 'breathing', 'overdose'];

describe('what a text says beside a word of urgency', () => {
  const meaningOf = createMeaning();

  it.each([
    ['Do I stop my blood thinners before the scan', 'I stopped my insulin for 3 days and I am shaking'],
    ['Where is the emergency department entrance', 'Should I go to A&E'],
    ['The swelling has gone down', 'The swelling has gone down but I cannot breathe'],
    ['Temp 36.8', 'Temp 38.4'],
    ['Sugars 6 and 7 all week', 'Sugar 2.1'],
  ])('TWO-3: "%s" is ordinary, "%s" is urgent', (ordinary, urgent) => {
    expect([ordinary, urgent].map((text) => meaningOf(text).urgent)).toEqual([false, true]);
  });
});

describe('words of urgency beside a denial, a laugh or an excuse', () => {
  const meaningOf = createMeaning();
  const { routine = [], ...urgent } = hedged();
  const texts = Object.entries(urgent).flatMap(([kind, all]) => all.map((text) => [kind, text] as const));

  it.each(texts.filter(([kind]) => worst.includes(kind)))('TWO-3: %s: %s', (_kind, text) => {
    expect(meaningOf(text).urgent).toBe(true);
  });

  it('TWO-3: of all kinds, hardly one is missed', () => {
    expect(texts.length).toBeGreaterThanOrEqual(40);
    expect(new Set(texts.map(([kind]) => kind))).toEqual(new Set([...worst, 'other']));
    expect(texts.filter(([, text]) => !meaningOf(text).urgent).length).toBeLessThanOrEqual(2);
  });

  it('TWO-3: a denial alone, a joke or a question beforehand is an ordinary text', () => {
    expect(routine.length).toBeGreaterThanOrEqual(140);
    expect(routine.filter((text) => meaningOf(text).urgent).length / routine.length).toBeLessThan(0.05);
  });
});
