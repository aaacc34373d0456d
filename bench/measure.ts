/** The middle of several figures: one that another program on the machine spoilt does not count. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Does something `count` times, `width` at once. Errors: the first of them. */
export async function inFlight(count: number, width: number, one: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const at = next;
      next += 1;
      await one(at);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
}

/** Milliseconds of some clock. */
export type Stopwatch = () => number;

export const wallClock: Stopwatch = () => performance.now();

/** Processor time of this thread: what other programs do meanwhile is not in it, and neither is waiting for a disk. */
export const processorClock: Stopwatch = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};

/** How often a second something can be done one after the other, looked at for `forMs` of that clock. */
export async function perSecond(forMs: number, once: () => unknown, clock = wallClock): Promise<number> {
  const began = clock();
  let done = 0;
  let spent = 0;
  while (spent < forMs) {
    await once();
    done += 1;
    spent = clock() - began;
  }
  return (done * 1_000) / spent;
}

/** The middle of the ratios of figures that were taken side by side. */
export function paired(over: readonly number[], under: readonly number[]): number {
  return median(over.map((one, at) => one / (under[at] ?? Number.NaN)));
}
