import { describe, expect, it } from 'vitest';
import type { Exchanged } from '../../../src/store/remote/exchange.ts';
import { retryDelay } from '../../../src/store/remote/retry.ts';

const status = (code: number, retryAfter?: string, date?: string): Exchanged => ({
  kind: 'answer',
  status: code,
  headers: new Headers({
    ...(retryAfter === undefined ? {} : { 'Retry-After': retryAfter }),
    ...(date === undefined ? {} : { Date: date }),
  }),
  text: '',
  elapsedMs: 1,
});
const failed = (code: 'refused' | 'cut' | 'timeout' | 'too-large', sent: 'no' | 'maybe'): Exchanged => ({
  kind: 'failed',
  sent,
  code,
});

describe('section 5: a call is made again only where that is certain to do no harm', () => {
  it.each<[string, Exchanged, boolean, boolean]>([
    ['the connection never stood', failed('refused', 'no'), true, true],
    ['the connection broke', failed('cut', 'maybe'), true, false],
    ['the time is over', failed('timeout', 'maybe'), false, false],
    ['the answer is too large', failed('too-large', 'maybe'), false, false],
    ['429', status(429), true, true],
    ['502', status(502), true, false],
    ['503', status(503), true, false],
    ['504', status(504), true, false],
    ['500', status(500), false, false],
    ['409', status(409), false, false],
    ['200', status(200), false, false],
  ])('%s', (_what, exchanged, read, write) => {
    expect(retryDelay('read', exchanged, 0) !== undefined).toBe(read);
    expect(retryDelay('write', exchanged, 0) !== undefined).toBe(write);
  });

  it('Retry-After decides when: seconds, or a date', () => {
    expect(retryDelay('read', status(503, '7'), 0)).toBe(7_000);
    const soon = new Date(Date.now() + 60_000).toUTCString();
    expect(retryDelay('read', status(503, soon), 0)).toBeGreaterThan(50_000);
    expect(retryDelay('read', status(503, new Date(0).toUTCString()), 0)).toBe(0);
    expect(retryDelay('read', status(503, 'soon'), 0)).toBeLessThan(1_000);
  });

  it('a date is what the clock of the server makes of it, however far ours is out', () => {
    const exchanged = status(503, 'Sun, 01 Jan 2040 00:00:07 GMT', 'Sun, 01 Jan 2040 00:00:00 GMT');
    expect(retryDelay('read', exchanged, 0)).toBe(7_000);
  });

  it('callers that met the same trouble come back at different moments', () => {
    const delays = Array.from({ length: 20 }, () => retryDelay('read', status(503), 1));
    expect(new Set(delays).size).toBeGreaterThan(10);
  });
});
