import type { HealthcareService } from '@medplum/fhirtypes';
import { Temporal } from 'temporal-polyfill';
import { isBankHoliday } from '../policy/bank-holidays.ts';
import { type Interval, intervalOf } from '../policy/london.ts';
import { type TeamHours, type Weekday, weekdays } from '../policy/policy.ts';

/** When a team is there (TWO-2). Times of day are London's. */
export interface Opening {
  readonly times: readonly OpenTime[];
  /** Days on which the team is away, whatever its times. */
  readonly away: readonly Interval[];
}

interface OpenTime {
  readonly days: readonly Weekday[];
  /** `HH:MM`. `until` `24:00`: to the end of the day. */
  readonly from: string;
  readonly until: string;
  readonly onBankHolidays: boolean;
}

/** The hours of the policy, for every team that says none of its own. */
export function openingOfPolicy({ days, from, to, bankHolidaysClosed }: TeamHours): Opening {
  return { times: [{ days, from, until: to, onBankHolidays: !bankHolidaysClosed }], away: [] };
}

/**
 * The hours of those services that state some, together: one that is open is enough. `undefined`: none states any. A
 * service that is there all day is so on bank holidays too; of others the policy says it.
 */
export function openingOfServices(services: readonly HealthcareService[], policy: TeamHours): Opening | undefined {
  const stating = services.filter((one) => one.active !== false && (one.availableTime ?? []).length > 0);
  if (stating.length === 0) return undefined;
  const times = stating.flatMap(({ availableTime = [] }) =>
    availableTime.map(
      ({ daysOfWeek, allDay, availableStartTime, availableEndTime }): OpenTime => ({
        days: daysOfWeek ?? weekdays,
        from: allDay === true ? '00:00' : (availableStartTime ?? '00:00').slice(0, 5),
        until: allDay === true ? '24:00' : (availableEndTime ?? '24:00').slice(0, 5),
        onBankHolidays: allDay === true || !policy.bankHolidaysClosed,
      }),
    ),
  );
  // Days away of one team say nothing about another.
  const [only, second] = stating;
  const away = second === undefined ? (only?.notAvailable ?? []) : [];
  return { times, away: away.flatMap(({ during }) => (during === undefined ? [] : [intervalOf(during)])) };
}

/** How far back and ahead an opening is looked for: longer than Christmas with its weekend. */
const DAYS = 21;

/**
 * The stretch of time around an instant in which nobody is there, in milliseconds since the epoch; `undefined` while
 * somebody is. It ends after three weeks at the latest.
 */
export function closedAt(opening: Opening, instant: Date): Interval | undefined {
  const at = instant.getTime();
  const open = openTimes(opening, instant);
  if (open.some(({ from, until }) => from <= at && at < until)) return undefined;
  const ended = open.map((one) => one.until).filter((one) => one <= at);
  const begins = open.map((one) => one.from).filter((one) => one > at);
  const span = DAYS * 24 * 60 * 60_000;
  // Where nothing is near, the day tells one stretch from the next.
  const today = londonDate(instant).toZonedDateTime('Europe/London').epochMilliseconds;
  return {
    from: ended.length === 0 ? today : Math.max(...ended),
    until: begins.length === 0 ? at + span : Math.min(...begins),
  };
}

/** The end of the first day, after this one, on which the team is there: by then an ordinary text is looked after. */
export function endOfNextOpenDay(opening: Opening, instant: Date): Date {
  const today = londonDate(instant).toString();
  const later = openTimes(opening, instant).filter(({ from }) => londonDate(new Date(from)).toString() > today);
  const [first] = later;
  if (first === undefined) return new Date(instant.getTime() + 3 * 24 * 60 * 60_000);
  const day = londonDate(new Date(first.from)).toString();
  const ends = later.filter(({ from }) => londonDate(new Date(from)).toString() === day).map((one) => one.until);
  return new Date(Math.max(...ends));
}

/** Every stretch around an instant in which somebody is there, in order. */
function openTimes({ times, away }: Opening, around: Date): Interval[] {
  const start = londonDate(around).subtract({ days: DAYS });
  const all: Interval[] = [];
  for (let ahead = 0; ahead <= 2 * DAYS; ahead += 1) {
    const date = start.add({ days: ahead });
    const day = weekdays[date.dayOfWeek - 1];
    for (const one of times) {
      if (day === undefined || !one.days.includes(day)) continue;
      if (!one.onBankHolidays && isBankHoliday(date.toString())) continue;
      const from = instantOf(date, one.from);
      const until = instantOf(date, one.until);
      if (from < until) all.push(...without({ from, until }, away));
    }
  }
  return all.sort((a, b) => a.from - b.from);
}

function without(time: Interval, away: readonly Interval[]): Interval[] {
  return away.reduce<Interval[]>(
    (left, gone) =>
      left.flatMap(({ from, until }) => {
        if (gone.until <= from || until <= gone.from) return [{ from, until }];
        return [
          { from, until: Math.min(until, gone.from) },
          { from: Math.max(from, gone.until), until },
        ].filter((one) => one.from < one.until);
      }),
    [time],
  );
}

const londonDate = (instant: Date): Temporal.PlainDate =>
  Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO('Europe/London').toPlainDate();

function instantOf(date: Temporal.PlainDate, time: string): number {
  if (time === '24:00') return date.add({ days: 1 }).toZonedDateTime('Europe/London').epochMilliseconds;
  return date.toZonedDateTime({ timeZone: 'Europe/London', plainTime: time }).epochMilliseconds;
}
