import { Temporal } from 'temporal-polyfill';

/** How a letter travels. */
export type Postage = 'first' | 'second' | 'economy' | 'europe' | 'rest-of-world';

const LONDON = 'Europe/London';

/** Letters of the day are closed at 17:30 in London, and go to the printer twenty minutes later. */
const CLOSES = { hour: 17, minute: 30 } as const;
const COLLECTED = { hour: 17, minute: 50 } as const;
const PRINTED_BY = { hour: 15 } as const;
const DELIVERED_BY = { hour: 16, minute: 0 } as const;

/** Working days between the printer and the door, at the most. */
const daysAtMost: Readonly<Record<Postage, number>> = {
  first: 1,
  second: 5,
  economy: 7,
  europe: 6,
  'rest-of-world': 8,
};

/** When a letter accepted then goes to the printer, in milliseconds since 1970: every day has a run. */
export function printRunMs(acceptedMs: number): number {
  const accepted = londonTime(acceptedMs);
  const today = accepted.with({ ...CLOSES, second: 0, millisecond: 0, microsecond: 0, nanosecond: 0 });
  const closes = Temporal.ZonedDateTime.compare(accepted, today) <= 0 ? today : today.add({ days: 1 });
  return closes.with(COLLECTED).epochMilliseconds;
}

/** When a letter handed to the printer then is with the post: the next working day, in the afternoon. */
export function dispatchMs(printRun: number): number {
  const day = nextDay(londonTime(printRun).toPlainDate(), isWorkday);
  return day.toZonedDateTime({ timeZone: LONDON, plainTime: Temporal.PlainTime.from(PRINTED_BY) }).epochMilliseconds;
}

/** When a letter accepted then should be at the door at the latest, in microseconds since 1970, as Notify estimates it. */
export function estimatedDeliveryUs(acceptedUs: number, postage: Postage): number {
  const accepted = londonTime(acceptedUs / 1000).add({ microseconds: acceptedUs % 1000 });
  // Six and a half hours take what comes after half past five into the next day.
  const processed = accepted.add({ hours: 6, minutes: 30 });
  let day = nextDay(processed.toPlainDate(), isWorkday);
  for (let left = daysAtMost[postage]; left > 0; left -= 1) {
    day = nextDay(day, postage === 'first' ? isSaturdayOrWorkday : isWorkday);
  }
  // Notify changes hour and minute alone, so that the seconds of the acceptance stay.
  const time = processed.toPlainTime().with(DELIVERED_BY);
  const at = day.toZonedDateTime({ timeZone: LONDON, plainTime: time });
  return Number(at.epochNanoseconds / 1000n);
}

function londonTime(ms: number): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(ms)).toZonedDateTimeISO(LONDON);
}

type Day = Temporal.PlainDate;

function nextDay(after: Day, works: (day: Day) => boolean): Day {
  let day = after.add({ days: 1 });
  while (!works(day)) day = day.add({ days: 1 });
  return day;
}

function isWorkday(day: Day): boolean {
  return day.dayOfWeek <= 5 && !bankHolidays(day.year).has(day.toString());
}

/** First class letters are brought on Saturdays too. */
function isSaturdayOrWorkday(day: Day): boolean {
  return day.dayOfWeek <= 6 && !bankHolidays(day.year).has(day.toString());
}

const byYear = new Map<number, ReadonlySet<string>>();

/** England's and Wales's regular bank holidays of a year; a single one that is proclaimed is not known. */
function bankHolidays(year: number): ReadonlySet<string> {
  const known = byYear.get(year);
  if (known !== undefined) return known;
  const easter = easterSunday(year);
  const date = (month: number, day: number): Day => Temporal.PlainDate.from({ year, month, day });
  const fixed = [date(1, 1), date(12, 25), date(12, 26)];
  const days = [
    easter.subtract({ days: 2 }),
    easter.add({ days: 1 }),
    mondayFrom(date(5, 1)),
    mondayFrom(date(5, 25)),
    mondayFrom(date(8, 25)),
  ];
  // A weekend's holiday moves to the next weekday that is none.
  for (const day of fixed) {
    let moved = day;
    while (moved.dayOfWeek > 5 || days.some((one) => one.equals(moved))) moved = moved.add({ days: 1 });
    days.push(moved);
  }
  const found = new Set(days.map((day) => day.toString()));
  byYear.set(year, found);
  return found;
}

function mondayFrom(day: Day): Day {
  return day.add({ days: (8 - day.dayOfWeek) % 7 });
}

/** Gauss's reckoning of the Gregorian Easter, in the form of Meeus, Jones and Butcher. */
function easterSunday(year: number): Day {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const h = (19 * a + b - Math.floor(b / 4) - Math.floor((b - Math.floor((b + 8) / 25) + 1) / 3) + 15) % 30;
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - (c % 4)) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const n = h + l - 7 * m + 114;
  return Temporal.PlainDate.from({ year, month: Math.floor(n / 31), day: (n % 31) + 1 });
}
