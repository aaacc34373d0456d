import { Temporal } from 'temporal-polyfill';

/** Milliseconds since 1970; from `start` on, and before `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export const BEGINNING = -8.64e15;
export const END = 8.64e15;

/** FHIR says that a server's own zone counts where neither side gives one; ours is that of the trust. */
const ZONE = 'Europe/London';
const FORM = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/;

/**
 * The time that a FHIR date, dateTime or instant covers: `2026-06` is the whole month. `undefined` when the text is
 * none (R4 search, section 3.1.1.4.7).
 */
export function spanOf(text: string): Span | undefined {
  const [match, year, month, day, hour, minute, second, fraction, zone] = FORM.exec(text) ?? [];
  if (match === undefined || !isCalendarDate(Number(year), Number(month ?? 1), Number(day ?? 1))) return undefined;
  if (hour === undefined) return daysOf(match);
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second ?? 0) > 59) return undefined;
  const clock = `${year}-${month}-${day}T${hour}:${minute}:${second ?? '00'}${fraction ?? ''}`;
  const start = zone === undefined ? inZone(clock) : Date.parse(clock + zone);
  if (Number.isNaN(start)) return undefined;
  return { start, end: start + widthOf(second, fraction) };
}

function widthOf(second: string | undefined, fraction: string | undefined): number {
  if (second === undefined) return 60_000;
  if (fraction === undefined) return 1_000;
  return Math.max(1, 10 ** (4 - fraction.length));
}

function isCalendarDate(year: number, month: number, day: number): boolean {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** Working out a zone is slow beside all else that indexing does, and the same days come again and again. */
const days = new Map<string, Span>();

function daysOf(text: string): Span {
  const known = days.get(text);
  if (known) return known;
  const [year, month, day] = text.split('-').map(Number);
  const first = Temporal.PlainDate.from({ year: year ?? 0, month: month ?? 1, day: day ?? 1 });
  const next = first.add(day !== undefined ? { days: 1 } : month !== undefined ? { months: 1 } : { years: 1 });
  const span = { start: midnight(first), end: midnight(next) };
  if (days.size >= 20_000) days.clear();
  days.set(text, span);
  return span;
}

function midnight(date: Temporal.PlainDate): number {
  return date.toZonedDateTime(ZONE).epochMilliseconds;
}

function inZone(clock: string): number {
  return Temporal.PlainDateTime.from(clock).toZonedDateTime(ZONE).epochMilliseconds;
}
