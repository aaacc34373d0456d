import { setImmediate as nextTurn } from 'node:timers/promises';

/** Entries of a Bundle that are in hand at once, and after how many other work of the process has its turn. */
export const AT_ONCE = 16;

/**
 * Does something for each, some at once, in an order that must not matter. Answers in the order of the items. Errors: the
 * first of its group.
 */
export async function inGroups<A, B>(items: readonly A[], one: (item: A) => Promise<B>): Promise<B[]> {
  const done: B[] = [];
  while (done.length < items.length) {
    done.push(...(await Promise.all(items.slice(done.length, done.length + AT_ONCE).map(one))));
    await nextTurn();
  }
  return done;
}

/**
 * For a loop that goes through a Bundle in order: awaited in each round, it lets other work have its turn now and then.
 * A store that answers at once never would, and a thousand entries would hold up every other caller.
 */
export function createTurns(): () => Promise<void> {
  let rounds = 0;
  return async () => {
    rounds += 1;
    if (rounds % AT_ONCE === 0) await nextTurn();
  };
}
