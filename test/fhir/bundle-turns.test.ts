import { describe, expect, it } from 'vitest';
import { AT_ONCE, createTurns, inGroups } from '../../src/fhir/bundle-turns.ts';

/** How often other work of the process has its turn while something goes on. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let done = false;
  const count = (): void => {
    turns += 1;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  await work();
  done = true;
  return turns;
}

describe('a Bundle of many entries does not hold up other callers', () => {
  it('a loop in order has a turn for others every so many rounds', async () => {
    const turns = await turnsDuring(async () => {
      const turn = createTurns();
      for (let round = 0; round < 10 * AT_ONCE; round += 1) await turn();
    });
    expect(turns).toBeGreaterThanOrEqual(9);
  });

  it('groups have one after each; answers come in the order of the items', async () => {
    const items = Array.from({ length: 10 * AT_ONCE + 1 }, (_, n) => n);
    let inHand = 0;
    let most = 0;
    let answers: number[] = [];
    const turns = await turnsDuring(async () => {
      answers = await inGroups(items, async (n) => {
        inHand += 1;
        most = Math.max(most, inHand);
        if (n % 3 === 0) await Promise.resolve();
        inHand -= 1;
        return n;
      });
    });
    expect(answers).toEqual(items);
    expect([turns >= 10, most <= AT_ONCE]).toEqual([true, true]);
  });
});
