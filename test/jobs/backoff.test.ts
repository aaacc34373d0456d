import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../src/jobs/backoff.ts';

const bounds = { baseMs: 500, capMs: 60_000 };
const highest = (attempts: number): number => backoffMs(attempts, bounds, () => 1);

describe('backoff with full jitter', () => {
  it.each([
    [0, 500],
    [1, 500],
    [2, 1_000],
    [5, 8_000],
    [7, 32_000],
    [8, 60_000],
    [1_000_000, 60_000],
  ])('try %i waits at most %i ms', (attempts, most) => {
    expect(highest(attempts)).toBe(most);
  });

  it('is anything from nothing to the bound, and never more', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.double({ min: 0, max: 1, noNaN: true }), (attempts, drawn) => {
        const wait = backoffMs(attempts, bounds, () => drawn);
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBe(Math.round(highest(attempts) * drawn));
      }),
    );
  });
});
