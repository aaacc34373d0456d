import { describe, expect, it } from 'vitest';
import { isBankHoliday } from '../../src/policy/bank-holidays.ts';

/** As https://www.gov.uk/bank-holidays lists them for England and Wales. */
const published: Readonly<Record<number, readonly string[]>> = {
  2022: ['01-03', '04-15', '04-18', '05-02', '06-02', '06-03', '08-29', '09-19', '12-26', '12-27'],
  2023: ['01-02', '04-07', '04-10', '05-01', '05-08', '05-29', '08-28', '12-25', '12-26'],
  2024: ['01-01', '03-29', '04-01', '05-06', '05-27', '08-26', '12-25', '12-26'],
  2025: ['01-01', '04-18', '04-21', '05-05', '05-26', '08-25', '12-25', '12-26'],
  2026: ['01-01', '04-03', '04-06', '05-04', '05-25', '08-31', '12-25', '12-28'],
  2027: ['01-01', '03-26', '03-29', '05-03', '05-31', '08-30', '12-27', '12-28'],
};

function weekdaysOf(year: number): string[] {
  const days = Array.from({ length: 366 }, (_, at) => new Date(Date.UTC(year, 0, 1 + at)));
  return days
    .filter((one) => one.getUTCFullYear() === year && one.getUTCDay() % 6 !== 0)
    .map((one) => one.toISOString().slice(0, 10));
}

describe('bank holidays in England', () => {
  it.each(Object.entries(published))(
    'TWO-2, SAR-3: %s has those that were published, on working days',
    (year, days) => {
      const found = weekdaysOf(Number(year)).filter(isBankHoliday);
      expect(found).toEqual(days.map((day) => `${year}-${day}`));
    },
  );

  it('TWO-2: the library knows the days of the next six months and of the two years after them', () => {
    const years = [0, 1, 2, 3].map((more) => new Date(Date.now() + 183 * 86_400_000).getUTCFullYear() + more - 1);
    // Eight in every year, and no fewer: a year without data would have none.
    for (const year of years) expect(weekdaysOf(year).filter(isBankHoliday).length).toBeGreaterThanOrEqual(8);
  });

  it('refuses what is no day', () => {
    expect(() => isBankHoliday('25 December')).toThrow(RangeError);
  });
});
