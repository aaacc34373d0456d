/** Calls at once to a server that has other work to do. */
const AT_ONCE = 4;

/** Does the same with each, a few at once; the answers are in the order of the values. Errors: the first there is. */
export async function inTurns<T, R>(values: readonly T[], work: (value: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const waiting = [...values.entries()];
  const turn = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [at, value] = next;
      results[at] = await work(value);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, turn));
  return results;
}
