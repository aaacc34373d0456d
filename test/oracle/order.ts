import type { PolicyFacts } from '../../src/policy/facts.ts';

/** The same things, each list in another order; what an organisation put in order stays so. */
export const inAnotherOrder = (facts: PolicyFacts, seed: number): PolicyFacts => ({
  ...(shuffledIn(facts, dice(seed)) as PolicyFacts),
  policy: facts.policy,
});

export const shuffled = <T>(all: readonly T[], seed: number): readonly T[] => deal(all, dice(seed));

/** A text that is the same for answers that differ only in the order of their lists. */
export function regardlessOfOrder(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(regardlessOfOrder).sort().join()}]`;
  if (value === null || typeof value !== 'object' || value instanceof Date) return String(JSON.stringify(value));
  const parts = Object.entries(value).map(([key, part]) => `${key}:${regardlessOfOrder(part)}`);
  return `{${parts.sort().join()}}`;
}

/** Names that one reader lists in the order of its own questions, for a sentence. */
const asRead: ReadonlySet<string> = new Set(['missing']);

function shuffledIn(value: unknown, roll: () => number): unknown {
  if (Array.isArray(value)) return deal(value, roll).map((one) => shuffledIn(one, roll));
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, asRead.has(key) ? part : shuffledIn(part, roll)]),
  );
}

const deal = <T>(all: readonly T[], roll: () => number): T[] =>
  all
    .map((one) => ({ one, at: roll() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);

/** Numbers that look random and are the same for the same seed. */
function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
}
