/**
 * England's clock and calendar for the oracle, worked out by comparing written days instead of instants: another way
 * than the rules take, so that both would have to be wrong alike.
 */
const clock = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Europe/London',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

/** What a clock and a calendar on a wall in London show: `2026-03-29` and `02:00`. */
export function onTheWall(instant: number): { readonly day: string; readonly time: string } {
  const shown = Object.fromEntries(clock.formatToParts(instant).map(({ type, value }) => [type, value]));
  return { day: `${shown.year}-${shown.month}-${shown.day}`, time: `${shown.hour}:${shown.minute}` };
}

/** The same day of the month so many months on, or the last that this month has: 29 February becomes the 28th. */
export function monthsOn(day: string, months: number): string {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number);
  const count = year * 12 + (month - 1) + months;
  const last = new Date(Date.UTC(Math.floor(count / 12), (count % 12) + 1, 0)).getUTCDate();
  return [Math.floor(count / 12), (count % 12) + 1, Math.min(date, last)]
    .map((part) => String(part).padStart(2, '0'))
    .join('-');
}

/** So many days on. */
export const daysOn = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T12:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);

/** A moment as a paper states it: a whole day in England, or an instant in milliseconds since the epoch. */
export type Moment = { readonly day: string } | { readonly instant: number };

/** From when until when a paper holds, both ends included; none is open. */
export interface Term {
  readonly start?: Moment;
  readonly end?: Moment;
}

export function hasBegun(moment: Moment | undefined, now: number): boolean {
  if (moment === undefined) return true;
  return 'day' in moment ? onTheWall(now).day >= moment.day : now >= moment.instant;
}

export function isOver(moment: Moment | undefined, now: number): boolean {
  if (moment === undefined) return false;
  return 'day' in moment ? onTheWall(now).day > moment.day : now > moment.instant;
}

export const isRunning = ({ start, end }: Term, now: number): boolean => hasBegun(start, now) && !isOver(end, now);

/** As FHIR writes it. */
export const written = (moment: Moment): string =>
  'day' in moment ? moment.day : new Date(moment.instant).toISOString();
