/** What goes wrong with a call. Whatever is not said to be done is not done: nothing is written. */
export type Trouble =
  /** The connection breaks before anything is done. */
  | { readonly kind: 'cut' }
  /** Done, and the connection breaks instead of an answer. */
  | { readonly kind: 'lose-answer' }
  /** Nothing happens for `ms` (without it: ever); then the call is done and answered, if somebody still waits. */
  | { readonly kind: 'hang'; readonly ms?: number }
  /** Done at once; the answer comes after `ms` (without it: never). */
  | { readonly kind: 'hang-after'; readonly ms?: number }
  /** Never answered, and done after `ms`, whether anybody still waits or not. */
  | { readonly kind: 'late'; readonly ms: number }
  /** `retryAfter` in seconds. With `done` the call is done all the same. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: number; readonly done?: boolean }
  /** A page for people, with 200. */
  | { readonly kind: 'html'; readonly done?: boolean }
  /** 307 to an address. */
  | { readonly kind: 'redirect'; readonly to: string }
  /** Done; half of the JSON comes, as if it were all. */
  | { readonly kind: 'truncated' }
  /** Done; the connection breaks in the middle of the answer. */
  | { readonly kind: 'cut-body' }
  /** Done; the answer's `next` link leads to `to`. */
  | { readonly kind: 'next-elsewhere'; readonly to: string }
  /** Done; the answer comes in pieces of `bytes`, one every `everyMs`. */
  | { readonly kind: 'slow'; readonly bytes: number; readonly everyMs: number }
  /** Done; the answer is blown up to so many bytes. */
  | { readonly kind: 'huge'; readonly bytes: number }
  /** The server goes down for `ms`. With `done` the call is done first. */
  | { readonly kind: 'down'; readonly ms: number; readonly done?: boolean };

/** Trouble for the calls that it names. */
export interface Fault {
  /** Default: all methods. */
  readonly method?: string;
  /** A regular expression on the path below the base, without query: `^/Patient/_search$`; `/` for a Bundle. */
  readonly path?: string;
  /** A resource type that the body, or an entry of the Bundle in it, writes. */
  readonly writes?: string;
  /** So many calls of these pass first. Default 0. */
  readonly skip?: number;
  /** So many calls meet it. Default 1. */
  readonly times?: number | 'always';
  readonly trouble: Trouble;
}

/** A fault, and how often it struck. */
export interface ArmedFault {
  readonly fault: Fault;
  readonly struck: number;
}

/** What faults look at. */
export interface Target {
  readonly method: string;
  readonly path: string;
  readonly writes: readonly string[];
}

interface Armed {
  readonly fault: Fault;
  skipped: number;
  struck: number;
}

/** The faults in waiting. A call meets the one that was armed first; the others do not count it. */
export class Faults {
  #armed: Armed[] = [];

  arm(faults: readonly Fault[]): void {
    this.#armed.push(...faults.map((fault) => ({ fault, skipped: 0, struck: 0 })));
  }

  disarm(): void {
    this.#armed = [];
  }

  /** Spent ones included. */
  list(): ArmedFault[] {
    return this.#armed.map(({ fault, struck }) => ({ fault, struck }));
  }

  /** The trouble that this call meets, if any. */
  strike(target: Target): Trouble | undefined {
    for (const armed of this.#armed) {
      const { skip = 0, times = 1, trouble } = armed.fault;
      if (!fits(armed.fault, target) || (times !== 'always' && armed.struck >= times)) continue;
      if (armed.skipped < skip) {
        armed.skipped += 1;
        continue;
      }
      armed.struck += 1;
      return trouble;
    }
    return undefined;
  }
}

function fits({ method, path, writes }: Fault, target: Target): boolean {
  return (
    (method === undefined || method === target.method) &&
    (path === undefined || new RegExp(path).test(target.path)) &&
    (writes === undefined || target.writes.includes(writes))
  );
}
