import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { blind, measured, page, tuning } from '../../scripts/build-urgency.ts';
import { createMeaning } from '../../src/inbound/meaning.ts';

const count = (lists: Readonly<Record<string, readonly string[]>>): number => Object.values(lists).flat().length;

describe('words of urgency', () => {
  it('TWO-3: the labelled texts are many, and none stands in both sets', () => {
    const all = [tuning(), blind()].map((set) =>
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

  it('TWO-3: of the urgent blind texts 95 in 100 are noticed, and at most 11 in 100 ordinary ones are', () => {
    const { missed, raised } = measured(blind());
    const { routine = [], ...urgent } = blind();
    // Totals alone, so that a failure shows no text.
    expect(1 - missed.length / count(urgent)).toBeGreaterThanOrEqual(0.95);
    expect(raised.length / routine.length).toBeLessThanOrEqual(0.11);
  });

  it('TWO-3: docs/urgency.md is what the words and the texts make', () => {
    expect(readFileSync(new URL('../../docs/urgency.md', import.meta.url), 'utf8')).toBe(page());
  });

  it("contract 1: the organisation's own words stand in place of the shipped ones", () => {
    const meaningOf = createMeaning(['code purple']);
    expect([meaningOf('This is a Code Purple!').urgent, meaningOf('I am bleeding').urgent]).toEqual([true, false]);
  });
});
