import { Temporal } from 'temporal-polyfill';

/** Days and birthdays are those of England, whatever the machine's clock is set to (contract 4). */
const LONDON = 'Europe/London';

/** A stretch of time in milliseconds since the epoch; `until` is the first instant after it. */
export interface Interval {
  readonly from: number;
  readonly until: number;
}

/** It holds at no time. */
export const never: Interval = { from: Number.POSITIVE_INFINITY, until: Number.NEGATIVE_INFINITY };

/** A Period without start or end: it always holds. */
export const always: Interval = { from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY };

/** Whether an instant lies in the interval. */
export function holdsAt(interval: Interval, instant: Date): boolean {
  const at = instant.getTime();
  return at >= interval.from && at < interval.until;
}

/** The calendar day in England at an instant, as `YYYY-MM-DD`. */
export function londonDay(instant: Date): string {
  return Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(LONDON).toPlainDate().toString();
}

/**
 * The time that a FHIR date or dateTime covers: a whole London year, month or day, or the second or millisecond that
 * is written. `undefined` for a text that is neither (R4 asks for a zone with every time).
 */
export function spanOf(value: string): Interval | undefined {
  const [, year, month, day] = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/.exec(value) ?? [];
  if (year !== undefined) return spanOfDate(year, month, day);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(value)) return undefined;
  const from = Date.parse(value);
  if (Number.isNaN(from)) return undefined;
  return { from, until: from + (value.includes('.') ? 1 : 1000) };
}

/**
 * What a FHIR Period covers, both ends included. An end that cannot be read is taken as open: for an objection that
 * is the safe side, and for all else the profile has refused it when it was written.
 */
export function intervalOf(period: { readonly start?: string; readonly end?: string } | undefined): Interval {
  if (period === undefined) return always;
  return {
    from: (period.start === undefined ? undefined : spanOf(period.start))?.from ?? always.from,
    until: (period.end === undefined ? undefined : spanOf(period.end))?.until ?? always.until,
  };
}

/**
 * What a FHIR Period covers, for what permits something: `undefined` where an end that is given cannot be read, so that
 * nothing is permitted by mistake.
 */
export function readableIntervalOf(period: { readonly start?: string; readonly end?: string }): Interval | undefined {
  const isReadable = (value: string | undefined): boolean => value === undefined || spanOf(value) !== undefined;
  return isReadable(period.start) && isReadable(period.end) ? intervalOf(period) : undefined;
}

/** The same day of the month so many months later, or the last day of that month. */
export function dayAfterMonths(day: string, months: number): string {
  return Temporal.PlainDate.from(day).add({ months }, { overflow: 'constrain' }).toString();
}

/**
 * The day on which somebody reaches an age, as `YYYY-MM-DD`; born on 29 February counts as 28 February in other years.
 * `undefined` where the birth date is not a whole date: an age cannot be worked out from a year.
 */
export function birthday(birthDate: string, age: number): string | undefined {
  const date = plainDate(birthDate);
  return date?.add({ years: age }, { overflow: 'constrain' }).toString();
}

/** Whole years of age on a London day; `undefined` where the birth date is not a whole date. */
export function ageOn(birthDate: string, day: string): number | undefined {
  const born = plainDate(birthDate);
  const on = plainDate(day);
  if (born === undefined || on === undefined) return undefined;
  const years = on.year - born.year;
  const reached = birthday(birthDate, years);
  return reached !== undefined && reached <= day ? years : years - 1;
}

function spanOfDate(year: string, month: string | undefined, day: string | undefined): Interval | undefined {
  const first = plainDate(`${year}-${month ?? '01'}-${day ?? '01'}`);
  if (first === undefined) return undefined;
  const unit = day !== undefined ? { days: 1 } : month !== undefined ? { months: 1 } : { years: 1 };
  return { from: midnight(first), until: midnight(first.add(unit)) };
}

function midnight(date: Temporal.PlainDate): number {
  return date.toZonedDateTime(LONDON).epochMilliseconds;
}

function plainDate(text: string): Temporal.PlainDate | undefined {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? [];
  if (year === undefined) return undefined;
  try {
    return Temporal.PlainDate.from(
      { year: Number(year), month: Number(month), day: Number(day) },
      { overflow: 'reject' },
    );
  } catch {
    return undefined;
  }
}
