/**
 * Runs something again and again, `everyMs` after it last ended, so that it never runs twice at once. `first`: after how
 * long the first time. It keeps no process alive. Errors of a run go to `failed`, and it is run again all the same.
 */
export function repeat(
  everyMs: number,
  run: () => Promise<unknown>,
  { first = everyMs, failed }: { readonly first?: number; readonly failed: (error: unknown) => void },
): {
  /** No more runs; resolves once the one in hand has ended. */
  stop(): Promise<void>;
} {
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout;
  const wait = (ms: number): void => {
    timer = setTimeout(() => {
      running = (async () => {
        try {
          await run();
        } catch (error) {
          failed(error);
        }
        if (!stopped) wait(everyMs);
      })();
    }, ms);
    timer.unref();
  };
  wait(first);
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
      return running;
    },
  };
}
