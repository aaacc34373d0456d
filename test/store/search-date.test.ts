import { describe, expect, it } from 'vitest';
import { spanOf } from '../../src/store/search-date.ts';

describe('the time that a FHIR date covers (R4 search, date)', () => {
  it.each([
    ['2026', '2026-01-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
    ['2026-02', '2026-02-01T00:00:00.000Z', '2026-03-01T00:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z', '2024-03-01T00:00:00.000Z'],
    // Summer time: the trust's day begins an hour before UTC's; the day of the change has 23 hours.
    ['2026-06-01', '2026-05-31T23:00:00.000Z', '2026-06-01T23:00:00.000Z'],
    ['2026-03-29', '2026-03-29T00:00:00.000Z', '2026-03-29T23:00:00.000Z'],
    ['2026-06-01T09:30', '2026-06-01T08:30:00.000Z', '2026-06-01T08:31:00.000Z'],
    ['2026-06-01T09:30:15Z', '2026-06-01T09:30:15.000Z', '2026-06-01T09:30:16.000Z'],
    ['2026-06-01T09:30:15.5+01:00', '2026-06-01T08:30:15.500Z', '2026-06-01T08:30:15.600Z'],
    ['2026-06-01T09:30:15.123456Z', '2026-06-01T09:30:15.123Z', '2026-06-01T09:30:15.124Z'],
  ])('%s', (text, start, end) => {
    expect(spanOf(text)).toEqual({ start: Date.parse(start), end: Date.parse(end) });
  });

  it.each(['', '26', '2026-13', '2026-02-29', '2026-06-01T25:00:00Z', '2026-06-01T09:30:15+1', '2026-6-1', 'today'])(
    '%j is none',
    (text) => expect(spanOf(text)).toBeUndefined(),
  );
});
