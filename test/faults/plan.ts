import type { Timing } from '../../src/service.ts';
import type { Limits } from '../../src/store/remote/calls.ts';

/** What is done to the service at a step. */
export const faults = ['kill', 'unavailable', 'broken', 'hang', 'stop'] as const;
/**
 * `kill`: SIGKILL to the whole process group. `unavailable`: the port's own error for "no answer". `broken`: an error
 * that nobody foresaw. `hang`: the call takes longer than a lease. `stop`: SIGSTOP, while another process works on.
 */
export type Fault = (typeof faults)[number];

export const moments = ['before', 'after'] as const;
/** Before the port is called, or once it has done its work and before its caller hears of it. */
export type Moment = (typeof moments)[number];

/** One fault, at one step, in one process. */
export interface Strike {
  /** A row of `steps.ts`. */
  readonly step: string;
  readonly moment: Moment;
  readonly fault: Fault;
  /** Which of the matching calls is hit first, from 1. */
  readonly nth: number;
  /** How many in a row are hit: more than one only for errors. */
  readonly times: number;
  readonly hangMs: number;
}

/** All that a service process is told beside its environment. */
export interface ServiceDescription {
  readonly timing: Timing;
  /** How far its clock is ahead: what is due in an hour is due now. */
  readonly clockOffsetMs: number;
  readonly strike?: Strike;
  /** A shorter patience with the provider than the adapter's own. */
  readonly clientTimeoutMs?: number;
  /** Every answer of the provider to a send is this late, so that a job is held across several heartbeats. */
  readonly slowSendMs?: number;
  /** A shorter patience with the server of the record than the client's own. */
  readonly serverLimits?: Partial<Limits>;
  /** Where the process writes each kind of port call that it makes, once. */
  readonly seenFile: string;
  readonly logFile: string;
}

/** What a service process says on its standard output, a line of JSON each. */
export type Note =
  | { readonly kind: 'ready'; readonly url: string }
  | { readonly kind: 'struck' }
  /** A hang or a stop is over. */
  | { readonly kind: 'resumed' };

/** Short enough that a run takes seconds. */
export const timing: Timing = { leaseMs: 1_500, pollMs: 50, sweepMs: 60_000, doubtsMs: 500 };

/** How long a service waits for the server of its record: less than a caller for the service. */
export const serverLimits: Partial<Limits> = { readMs: 1_000, writeMs: 1_500 };

/** Longer than a lease, so that what hangs has lost its job unless its heart went on beating. */
export const HANG_MS = 2_400;

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A seed of its own for each run, from the one that was given and the run's name. */
export function seedOf(seed: number, name: string): number {
  let hash = seed;
  for (const character of name) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return hash >>> 0;
}
