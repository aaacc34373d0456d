import { describe, expect, it } from 'vitest';
import { ageOn, birthday, holdsAt, intervalOf, londonDay, spanOf } from '../../src/policy/london.ts';

const at = (text: string) => new Date(text);
const iso = (value: number | undefined) => (value === undefined ? undefined : new Date(value).toISOString());

describe('days of England (contract 4)', () => {
  it.each([
    ['2026-06-30T22:59:59Z', '2026-06-30'],
    ['2026-06-30T23:00:00Z', '2026-07-01'],
    ['2026-01-31T23:59:59Z', '2026-01-31'],
    ['2026-02-01T00:00:00Z', '2026-02-01'],
  ])('%s is on %s', (instant, day) => {
    expect(londonDay(at(instant))).toBe(day);
  });

  it.each([
    ['2026-06-01', '2026-05-31T23:00:00.000Z', '2026-06-01T23:00:00.000Z'],
    ['2026-01-01', '2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'],
    // The clocks go forward: a day of 23 hours. They go back: one of 25.
    ['2026-03-29', '2026-03-29T00:00:00.000Z', '2026-03-29T23:00:00.000Z'],
    ['2026-10-25', '2026-10-24T23:00:00.000Z', '2026-10-26T00:00:00.000Z'],
    ['2026-06', '2026-05-31T23:00:00.000Z', '2026-06-30T23:00:00.000Z'],
    ['2026', '2026-01-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
    ['2026-06-01T12:00:00+01:00', '2026-06-01T11:00:00.000Z', '2026-06-01T11:00:01.000Z'],
    ['2026-06-01T12:00:00.500Z', '2026-06-01T12:00:00.500Z', '2026-06-01T12:00:00.501Z'],
  ])('%s runs from %s until before %s', (value, from, until) => {
    const span = spanOf(value);
    expect([iso(span?.from), iso(span?.until)]).toEqual([from, until]);
  });

  it.each(['2026-02-30', '2026-13', '2026-06-01T12:00:00', 'soon', ''])('"%s" is no FHIR time', (value) => {
    expect(spanOf(value)).toBeUndefined();
  });

  it('a Period includes the whole of its first and last day', () => {
    const june = intervalOf({ start: '2026-06-01', end: '2026-06-30' });
    expect(holdsAt(june, at('2026-05-31T22:59:59Z'))).toBe(false);
    expect(holdsAt(june, at('2026-05-31T23:00:00Z'))).toBe(true);
    expect(holdsAt(june, at('2026-06-30T22:59:59Z'))).toBe(true);
    expect(holdsAt(june, at('2026-06-30T23:00:00Z'))).toBe(false);
  });

  it('a Period without an end has none, and one that cannot be read is open', () => {
    expect(holdsAt(intervalOf(undefined), at('1900-01-01T00:00:00Z'))).toBe(true);
    expect(holdsAt(intervalOf({ start: '2026-01-01' }), at('2999-01-01T00:00:00Z'))).toBe(true);
    expect(holdsAt(intervalOf({ end: '2026-01-01T10:00' }), at('2999-01-01T00:00:00Z'))).toBe(true);
  });
});

describe('birthdays (contract 4, PRX-5)', () => {
  it.each([
    ['2010-10-22', 18, '2028-10-22'],
    ['2012-02-29', 18, '2030-02-28'],
    ['2012-02-29', 20, '2032-02-29'],
  ])('born %s, %i on %s', (born, age, day) => {
    expect(birthday(born, age)).toBe(day);
  });

  it.each([
    ['2012-02-29', '2030-02-27', 17],
    ['2012-02-29', '2030-02-28', 18],
    ['2010-10-22', '2028-10-21', 17],
    ['2010-10-22', '2028-10-22', 18],
  ])('born %s is on %s %i years old', (born, day, age) => {
    expect(ageOn(born, day)).toBe(age);
  });

  it('an age cannot be worked out from a year alone', () => {
    expect(birthday('2010', 18)).toBeUndefined();
    expect(ageOn('2010-10', '2028-10-22')).toBeUndefined();
  });
});
