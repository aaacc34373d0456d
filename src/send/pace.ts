import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { ProviderLimits } from '../policy/policy.ts';

/** How fast messages may go to the provider. */
export interface Pace {
  /**
   * Waits for the turn to make one call, at most seconds. Answers from when to ask again where the provider has said
   * that it will take none for longer; otherwise the call may be made.
   */
  turn(call: { readonly channel: string | undefined; readonly urgent: boolean }): Promise<Date | undefined>;
  /** From when this text may go to this number; `undefined`: now. Telephone networks stop what comes too often. */
  numberFreeAt(to: string, text: string): Date | undefined;
  /** A text is about to go to this number. */
  note(to: string, text: string): void;
  /** The provider said: too many in this minute. Answers until when nobody calls. */
  slowDown(): Date;
  /** The provider took one. */
  goOn(): void;
}

const SHORTEST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 30_000;
const HOUR_MS = 60 * 60_000;

/** So many calls' worth of time may be made up at once after a rest; the last fifth of it is for what is urgent. */
const BURST = 100;
const BURST_OF_THE_REST = 80;

/**
 * One pace for all messages of an account.
 *
 * Notify's own bucket takes a token even for a call that it refuses, so that whoever goes on knocking is never let in
 * again: calls are spread so that it is not reached, and when it says no all the same, everybody stops, longer each
 * time it says so.
 */
export function createPace(
  clock: Clock,
  limits: ProviderLimits,
  { monotonic, sleep }: { readonly monotonic: () => number; readonly sleep: (ms: number) => Promise<unknown> } = timers,
): Pace {
  const apartMs = 60_000 / limits.perMinute;
  /** When the bucket will be empty again, on the clock that never jumps: behind it, there is something to make up. */
  let spentUntil = monotonic() - BURST * apartMs;
  let until = 0;
  let pauseMs = SHORTEST_PAUSE_MS;
  const texts = createCounts();
  const paused = (now: number): Date | undefined => (until > now ? new Date(until + Math.random() * 500) : undefined);

  return {
    async turn({ channel, urgent }) {
      const held = paused(clock.now().getTime());
      if (held !== undefined) return held;
      const now = monotonic();
      const burst = (urgent ? BURST : BURST_OF_THE_REST) * apartMs;
      // Notify counts a letter from a template twice.
      const cost = (channel === 'letter' ? 2 : 1) * apartMs;
      spentUntil = Math.max(spentUntil, now - BURST * apartMs) + cost;
      const waitMs = spentUntil - now + (BURST * apartMs - burst);
      if (waitMs > 0) await sleep(waitMs);
      return paused(clock.now().getTime());
    },
    numberFreeAt(to, text) {
      const now = clock.now().getTime();
      const free = Math.max(
        texts.freeAt(to, limits.perNumberAndHour, now),
        texts.freeAt(`${to}\n${text}`, limits.sameTextPerNumberAndHour, now),
      );
      return free > now ? new Date(free) : undefined;
    },
    note(to, text) {
      const now = clock.now().getTime();
      texts.add(to, now);
      texts.add(`${to}\n${text}`, now);
    },
    slowDown() {
      const now = clock.now().getTime();
      // Calls that were under way together hear the same no: it counts once.
      if (until <= now) {
        until = now + pauseMs;
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      }
      return new Date(until);
    },
    goOn() {
      pauseMs = SHORTEST_PAUSE_MS;
    },
  };
}

const timers = {
  monotonic: () => performance.now(),
  sleep: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** How often something was done in the last hour. Names are kept as digests, and no longer than they count. */
function createCounts() {
  const times = new Map<string, number[]>();
  let sweptAt = 0;
  const recent = (name: string, now: number): number[] =>
    (times.get(digest(name)) ?? []).filter((one) => one > now - HOUR_MS && one <= now);
  return {
    /** From when it may be done again; at once if that is not later than `now`. */
    freeAt(name: string, limit: number | undefined, now: number): number {
      if (limit === undefined) return now;
      const done = recent(name, now);
      return done.length < limit ? now : (done.at(-limit) ?? now) + HOUR_MS;
    },
    add(name: string, now: number): void {
      times.set(digest(name), [...recent(name, now), now]);
      if (now - sweptAt < HOUR_MS && now >= sweptAt) return;
      sweptAt = now;
      for (const [key, all] of times) if ((all.at(-1) ?? 0) <= now - HOUR_MS) times.delete(key);
    },
  };
}

const digest = (name: string): string => createHash('sha256').update(name).digest('base64');
