/**
 * How long to wait before the next try, in milliseconds: between nothing and a bound that doubles with each attempt
 * up to `capMs` ("full jitter"), so that many jobs that failed together do not come back together.
 */
export function backoffMs(
  attempts: number,
  bounds: { readonly baseMs: number; readonly capMs: number },
  random: () => number = Math.random,
): number {
  const bound = Math.min(bounds.capMs, bounds.baseMs * 2 ** Math.min(Math.max(attempts - 1, 0), 30));
  return Math.round(random() * bound);
}
