import fc from 'fast-check';
import type { Interval } from '../../src/policy/london.ts';
import { always, never } from '../../src/policy/london.ts';
import { daysOn, monthsOn, onTheWall, type Term } from './calendar.ts';

/** Instants at which a day, an hour or a year of age begins or ends in England, and ordinary ones. */
const MOMENTS = [
  '2026-06-01T10:00:00Z',
  '2026-01-14T10:00:00Z',
  // Midnight in summer is 23:00 UTC.
  '2026-06-30T22:59:59.999Z',
  '2026-06-30T23:00:00Z',
  '2026-12-31T23:59:59.999Z',
  '2027-01-01T00:00:00Z',
  // The clocks go forward, and back.
  '2026-03-29T00:59:59.999Z',
  '2026-03-29T01:00:00Z',
  '2026-10-24T23:30:00Z',
  '2026-10-25T00:30:00Z',
  '2026-10-25T01:30:00Z',
  // 29 February, and the days that stand for it.
  '2026-02-27T23:59:59.999Z',
  '2026-02-28T00:00:00Z',
  '2028-02-29T00:00:00Z',
  '2028-02-29T23:59:59.999Z',
  '2028-03-01T00:00:00Z',
  // Quiet hours begin and end: 21:00 and 8:00 on the wall.
  '2026-06-01T19:59:59.999Z',
  '2026-06-01T20:00:00Z',
  '2026-06-02T06:59:59.999Z',
  '2026-06-02T07:00:00Z',
  '2026-01-14T21:00:00Z',
  '2026-01-15T08:00:00Z',
].map((text) => Date.parse(text));

/** Worlds at one of those instants. */
export const atSomeMoment = <T>(worldAt: (now: number) => fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof(...MOMENTS.map(worldAt));

/** The usual answer most of the time, so that a fair share of the worlds can send; the usual one is the simplest. */
export const mostly = <T>(usual: T, ...others: readonly (T | fc.Arbitrary<T>)[]): fc.Arbitrary<T> =>
  fc.oneof(
    { withCrossShrink: true },
    { weight: 20 * others.length, arbitrary: fc.constant(usual) },
    ...others.map((one) => ({ weight: 1, arbitrary: isArbitrary(one) ? one : fc.constant(one) })),
  );

/** A part of the world that is as it should be, or in which several things may be odd. */
export const oftenCalm = <T>(calm: T, wild: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ withCrossShrink: true }, { weight: 5, arbitrary: fc.constant(calm) }, { weight: 2, arbitrary: wild });

function isArbitrary<T>(one: T | fc.Arbitrary<T>): one is fc.Arbitrary<T> {
  return one instanceof fc.Arbitrary;
}

/** Terms that run at this instant, by a day or a millisecond. */
export const runningTerms = (now: number): readonly Term[] => {
  const { day } = onTheWall(now);
  return [
    { start: { day: '2020-01-01' } },
    { start: { day } },
    { start: { day: daysOn(day, -400) }, end: { day } },
    { start: { instant: now } },
    { start: { day: '2020-01-01' }, end: { instant: now } },
  ];
};

/** Terms that do not, by as little. */
export const idleTerms = (now: number): readonly Term[] => {
  const { day } = onTheWall(now);
  return [
    { start: { day: daysOn(day, 1) } },
    { start: { day: '2020-01-01' }, end: { day: daysOn(day, -1) } },
    { start: { instant: now + 1 } },
    { start: { day: '2020-01-01' }, end: { instant: now - 1 } },
  ];
};

/** Stretches of time that hold at this instant and that do not; `until` is the first instant after. */
export const intervals = (now: number): fc.Arbitrary<Interval> =>
  fc.constantFrom(
    always,
    { from: now, until: now + 1 },
    { from: 0, until: now + 1 },
    { from: 0, until: now },
    { from: now + 1, until: Number.POSITIVE_INFINITY },
    never,
  );

/** Birth dates around the 18th birthday, leap days among them. */
export const birthDates = (now: number): fc.Arbitrary<string | undefined> => {
  const { day } = onTheWall(now);
  const eighteenth = monthsOn(day, -18 * 12);
  return fc.constantFrom(
    daysOn(eighteenth, 1),
    eighteenth,
    daysOn(eighteenth, -1),
    '2008-02-29',
    '2012-02-29',
    '2010-03-01',
    '2015-05-05',
    '1984-06-14',
    undefined,
  );
};
