import type { Clock } from '../../src/clock.ts';
import type { NewJob } from '../../src/jobs/jobs.ts';
import type { Log, LogFields } from '../../src/log.ts';

/** A clock that moves when it is told to. */
export interface FakeClock extends Clock {
  advance(ms: number): void;
}

export function fakeClock(start = '2026-06-01T09:00:00.000Z'): FakeClock {
  let now = Date.parse(start);
  return {
    now: () => new Date(now),
    advance(ms) {
      now += ms;
    },
  };
}

/** A job for the dispatch queue, due at the start of the fake clock. */
export function aJob(key: string, change: Partial<NewJob> = {}): NewJob {
  return {
    queue: 'dispatch',
    key,
    priority: 3,
    runAt: new Date('2026-06-01T09:00:00.000Z'),
    data: { communication: `c-${key}` },
    ...change,
  };
}

export interface NotedLog extends Log {
  readonly lines: { level: keyof Log; event: string; fields: LogFields | undefined }[];
}

/** Keeps what was logged. */
export function notedLog(): NotedLog {
  const lines: NotedLog['lines'] = [];
  const note = (level: keyof Log) => (event: string, fields?: LogFields) => void lines.push({ level, event, fields });
  return {
    lines,
    debug: note('debug'),
    info: note('info'),
    warn: note('warn'),
    error: note('error'),
    fatal: note('fatal'),
  };
}

/** A promise that the test resolves. */
export function gate<T = void>(): { readonly opened: Promise<T>; open(value: T): void } {
  const { promise, resolve } = Promise.withResolvers<T>();
  return { opened: promise, open: resolve };
}

/** Waits for what happens in the background; the test's own time limit is the only one. */
export async function until(seen: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await seen())) await new Promise((resolve) => setTimeout(resolve, 2));
}
