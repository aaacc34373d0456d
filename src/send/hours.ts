import { type TeamHours, type Weekday, weekdays } from '../policy/policy.ts';
import type { Opening } from './opening.ts';

/** How emails and letters end: when the team is there, and what to do when it is urgent (TWO-8). */
export function hoursText(hours: TeamHours): string {
  const holidays = hours.bankHolidaysClosed ? ', except on bank holidays' : '';
  const open =
    hours.days.length === 0
      ? ''
      : `Our team is available ${timesText(hours.days, hours.from, hours.to)}${holidays}.\n\n`;
  return `${open}If you need medical help now but it is not an emergency, go to 111.nhs.uk or call 111. In an emergency, call 999.`;
}

/** When a team is there, as an automatic answer says it: "Monday to Friday, 9am to 5pm" (TWO-2). */
export const openingText = ({ times }: Opening): string =>
  [...new Set(times.map((one) => timesText(one.days, one.from, one.until)))].join('; ');

function timesText(days: readonly Weekday[], from: string, until: string): string {
  const time = from === '00:00' && until === '24:00' ? 'all day' : `${timeText(from)} to ${timeText(until)}`;
  return `${daysText(days)}, ${time}`;
}

/** Days that follow each other as "Monday to Friday", others as a list. */
function daysText(days: readonly Weekday[]): string {
  const open = weekdays.filter((day) => days.includes(day));
  const [first] = open;
  const last = open.at(-1);
  if (first === undefined || last === undefined) return '';
  const together = weekdays.indexOf(last) - weekdays.indexOf(first) === open.length - 1;
  if (open.length > 2 && together) return `${dayName[first]} to ${dayName[last]}`;
  const names = open.map((day) => dayName[day]);
  return names.length === 1 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** `HH:MM` as the NHS writes it: 9am, 5:30pm, midday, midnight. */
function timeText(time: string): string {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  if (minute === 0 && hour === 12) return 'midday';
  if (minute === 0 && hour % 24 === 0) return 'midnight';
  const minutes = minute === 0 ? '' : `:${String(minute).padStart(2, '0')}`;
  return `${hour % 12 === 0 ? 12 : hour % 12}${minutes}${hour < 12 ? 'am' : 'pm'}`;
}

const dayName = {
  mon: 'Monday',
  tue: 'Tuesday',
  wed: 'Wednesday',
  thu: 'Thursday',
  fri: 'Friday',
  sat: 'Saturday',
  sun: 'Sunday',
} as const satisfies Record<Weekday, string>;
