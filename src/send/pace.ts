import type { Clock } from '../clock.ts';

/** How fast messages may go to the provider, as far as its own answers tell. */
export interface Pace {
  /** From when the next call may be made; `undefined`: now. */
  pausedUntil(): Date | undefined;
  /** The provider said: too many in this minute. */
  slowDown(): void;
  /** The provider took one. */
  goOn(): void;
}

const SHORTEST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * One pause for all messages when the provider says that they come too fast. Notify takes a token even for a call that
 * it refuses, so that whoever goes on knocking is never let in again: everybody stops, longer each time it says so.
 */
export function createPace(clock: Clock): Pace {
  let until = 0;
  let pauseMs = SHORTEST_PAUSE_MS;
  return {
    pausedUntil: () => (until > clock.now().getTime() ? new Date(until) : undefined),
    slowDown() {
      const now = clock.now().getTime();
      // Calls that were under way together hear the same no: it counts once.
      if (until > now) return;
      until = now + pauseMs;
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    },
    goOn() {
      pauseMs = SHORTEST_PAUSE_MS;
    },
  };
}
