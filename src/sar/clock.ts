import { Temporal } from 'temporal-polyfill';
import { isBankHoliday } from '../policy/bank-holidays.ts';

/**
 * The time that the law gives (UK GDPR article 12(3); Data Protection Act 2018; SAR-3), as the Information Commissioner
 * counts it in "A guide to subject access", "How long do we have to comply?": one calendar month from the day of receipt,
 * whether or not that is a working day; the last day of the month where it has no such date; the next working day where
 * that is a weekend or a public holiday. Days are `YYYY-MM-DD` in England.
 */
export interface AccessClock {
  readonly received: string;
  /** When it was proven who asks, where that came later: the month begins then. */
  readonly identified?: string | undefined;
  /** Days on which the clock stood still, both ends counted; without an end it stands still to this day. */
  readonly pauses: readonly { readonly start: string; readonly end?: string | undefined }[];
  /** By two months, for a complex request or several at once: three from the beginning. */
  readonly extended: boolean;
}

/** The last day on which the answer is in time. `today`: how far a pause without an end has gone. */
export function dueDay({ received, identified, pauses, extended }: AccessClock, today: string): string {
  const from = identified !== undefined && identified > received ? identified : received;
  let due = Temporal.PlainDate.from(from).add({ months: extended ? 3 : 1 });
  for (const pause of merged(pauses, from, today)) {
    // What began after the answer was due stopped nothing.
    if (Temporal.PlainDate.compare(pause.start, nextWorkingDay(due)) > 0) break;
    due = due.add({ days: pause.start.until(pause.end).days + 1 });
  }
  return nextWorkingDay(due).toString();
}

/** Whether the clock stands still on a day. */
export function isPaused({ pauses }: Pick<AccessClock, 'pauses'>, day: string): boolean {
  return pauses.some(({ start, end }) => start <= day && (end === undefined || end >= day));
}

/** Whole days from one day to another; negative when the other has passed. */
export function daysBetween(from: string, to: string): number {
  return Temporal.PlainDate.from(from).until(Temporal.PlainDate.from(to)).days;
}

/** The day itself, or the first after it on which people work in England. */
function nextWorkingDay(day: Temporal.PlainDate): Temporal.PlainDate {
  let open = day;
  while (open.dayOfWeek > 5 || isBankHoliday(open.toString())) open = open.add({ days: 1 });
  return open;
}

interface Pause {
  readonly start: Temporal.PlainDate;
  readonly end: Temporal.PlainDate;
}

/** In order, no day twice, none before the clock began. */
function merged(pauses: AccessClock['pauses'], from: string, today: string): Pause[] {
  const began = Temporal.PlainDate.from(from);
  const open = pauses
    .map(({ start, end = today < start ? start : today }): Pause => {
      const first = Temporal.PlainDate.from(start);
      const later = Temporal.PlainDate.compare(first, began) < 0 ? began : first;
      return { start: later, end: Temporal.PlainDate.from(end) };
    })
    .filter(({ start, end }) => Temporal.PlainDate.compare(start, end) <= 0)
    .sort((a, b) => Temporal.PlainDate.compare(a.start, b.start));
  const found: Pause[] = [];
  for (const pause of open) {
    const last = found.at(-1);
    if (last === undefined || Temporal.PlainDate.compare(pause.start, last.end) > 0) found.push(pause);
    else if (Temporal.PlainDate.compare(pause.end, last.end) > 0) found[found.length - 1] = { ...last, end: pause.end };
  }
  return found;
}
