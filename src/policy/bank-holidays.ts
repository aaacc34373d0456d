import { createRequire } from 'node:module';
import type Holidays from 'date-holidays';
import { Temporal } from 'temporal-polyfill';

let calendar: Holidays | undefined;

/**
 * Day by day, with what was proclaimed for single years; new proclamations come with new versions of the library. It
 * brings the whole world's, an eighth of a second at a start, so it is loaded when a day is first asked for.
 */
function england(): Holidays {
  if (calendar !== undefined) return calendar;
  const Calendar: typeof Holidays = createRequire(import.meta.url)('date-holidays');
  calendar = new Calendar('GB', 'ENG');
  return calendar;
}

const byYear = new Map<number, ReadonlySet<string>>();

/**
 * Whether a day, `YYYY-MM-DD`, is a bank holiday in England (https://www.gov.uk/bank-holidays). Errors: RangeError for
 * what is no day.
 */
export function isBankHoliday(day: string): boolean {
  const year = Number(day.slice(0, 4));
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(Date.parse(day))) throw new RangeError('not a day');
  const known = byYear.get(year) ?? daysOf(year);
  byYear.set(year, known);
  return known.has(day);
}

/**
 * The same time of the day in England so many working days later: Monday to Friday but for bank holidays. What begins
 * on a day that is none counts from the next that is.
 */
export function afterWorkingDays(from: Date, count: number): Date {
  let day = Temporal.Instant.fromEpochMilliseconds(from.getTime()).toZonedDateTimeISO('Europe/London');
  for (let left = count; left > 0; ) {
    day = day.add({ days: 1 });
    if (day.dayOfWeek < 6 && !isBankHoliday(day.toPlainDate().toString())) left -= 1;
  }
  return new Date(day.epochMilliseconds);
}

/** Easter Sunday and the like are holidays that close nothing; one at a weekend has its substitute beside it. */
function daysOf(year: number): ReadonlySet<string> {
  const days = england()
    .getHolidays(year)
    .flatMap(({ type, date }) => (type === 'public' ? [date.slice(0, 10)] : []));
  return new Set(days.filter((day) => new Date(day).getUTCDay() % 6 !== 0));
}
