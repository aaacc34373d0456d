import { Temporal } from 'temporal-polyfill';
import type { Policy } from './policy.ts';

type QuietHours = NonNullable<Policy['quietHours']>;

const LONDON = 'Europe/London';

/**
 * The end of the quiet hours that an instant lies in (contract 1), as clocks in England show them; `undefined` outside.
 * Where the clock goes back they begin at the first of two equal times and end at the second; where it goes forward, a
 * time that is left out is the moment of the change.
 */
export function quietUntil(hours: QuietHours | undefined, instant: Date): Date | undefined {
  if (hours === undefined) return undefined;
  const at = instant.getTime();
  const today = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(LONDON).toPlainDate();
  const overMidnight = hours.to < hours.from;
  for (const day of [today.subtract({ days: 1 }), today]) {
    const from = instantOf(day, hours.from, 'earlier');
    const until = instantOf(overMidnight ? day.add({ days: 1 }) : day, hours.to, 'later');
    if (at >= from && at < until) return new Date(until);
  }
  return undefined;
}

function instantOf(day: Temporal.PlainDate, time: string, which: 'earlier' | 'later'): number {
  const wall = day.toPlainDateTime(Temporal.PlainTime.from(time));
  const earlier = wall.toZonedDateTime(LONDON, { disambiguation: 'earlier' });
  if (earlier.toPlainDateTime().equals(wall)) {
    return wall.toZonedDateTime(LONDON, { disambiguation: which }).epochMilliseconds;
  }
  const change = earlier.getTimeZoneTransition('next');
  return (change ?? earlier).epochMilliseconds;
}

/** A time of day in England: `08:00`. */
export function londonTime(instant: Date): string {
  const { hour, minute } = Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(LONDON);
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}
