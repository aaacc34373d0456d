import { describe, expect, it } from 'vitest';
import { isBankHoliday } from '../../src/policy/bank-holidays.ts';
import { daysBetween, dueDay, isPaused } from '../../src/sar/clock.ts';

const today = '2026-11-21';
const plain = { pauses: [], extended: false } as const;

/**
 * Source of the rule: Information Commissioner's Office, "A guide to subject access", "How long do we have to comply?", which
 * gives 3 September → 3 October, and 31 March → 30 April as there is no 31 April, and the next working day for a
 * weekend or a public holiday. Days of the week and holidays were looked up in a calendar, not worked out by the code.
 */
const receipts: readonly [received: string, due: string, because: string][] = [
  ['2024-09-03', '2024-10-03', "the ICO's first example, a Thursday"],
  ['2025-03-31', '2025-04-30', 'no 31 April'],
  ['2026-03-31', '2026-04-30', 'no 31 April'],
  ['2026-05-31', '2026-06-30', 'no 31 June; received on a Sunday'],
  ['2026-08-31', '2026-09-30', 'received on a bank holiday'],
  ['2026-10-31', '2026-11-30', 'no 31 November'],
  ['2026-01-28', '2026-03-02', '28 February 2026 is a Saturday'],
  ['2026-01-29', '2026-03-02', 'no 29 February; the 28th is a Saturday'],
  ['2026-01-30', '2026-03-02', 'no 30 February'],
  ['2026-01-31', '2026-03-02', 'no 31 February'],
  ['2024-01-29', '2024-02-29', 'a leap year has the date'],
  ['2024-01-30', '2024-02-29', 'last day of a leap February'],
  ['2024-01-31', '2024-02-29', 'last day of a leap February'],
  ['2023-01-31', '2023-02-28', 'last day of February'],
  ['2028-01-31', '2028-02-29', 'a leap year again'],
  ['2024-02-29', '2024-04-02', 'Good Friday, then the weekend and Easter Monday'],
  ['2026-02-28', '2026-03-30', 'the 28th is a Saturday: not the last day of March'],
  ['2026-02-05', '2026-03-05', 'an ordinary Thursday'],
  ['2026-03-03', '2026-04-07', 'Good Friday to Easter Monday'],
  ['2026-03-06', '2026-04-07', 'Easter Monday'],
  ['2025-03-18', '2025-04-22', 'Good Friday 2025'],
  ['2025-03-21', '2025-04-22', 'Easter Monday 2025'],
  ['2026-04-04', '2026-05-05', 'the early May bank holiday'],
  ['2026-04-25', '2026-05-26', 'the spring bank holiday'],
  ['2026-07-31', '2026-09-01', '31 August 2026 is the summer bank holiday'],
  ['2026-11-25', '2026-12-29', 'Christmas Day on a Friday, Boxing Day moved to Monday the 28th'],
  ['2026-11-26', '2026-12-29', 'Saturday, then the 28th is a bank holiday'],
  ['2026-11-28', '2026-12-29', 'the substitute of Boxing Day'],
  ['2026-12-01', '2027-01-04', "New Year's Day on a Friday"],
  ['2025-11-25', '2025-12-29', 'Christmas Day and Boxing Day, then a weekend'],
  ['2025-12-01', '2026-01-02', "New Year's Day on a Thursday"],
  ['2027-11-25', '2027-12-29', 'both substitutes: 27 and 28 December'],
  ['2021-12-01', '2022-01-04', 'Saturday; Monday 3 January is the substitute'],
  ['2021-11-26', '2021-12-29', 'Sunday; substitutes on Monday and Tuesday'],
  ['2022-11-25', '2022-12-28', 'Sunday; Boxing Day on Monday, the substitute on Tuesday'],
  ['2022-05-02', '2022-06-06', 'the Platinum Jubilee, Thursday and Friday'],
  ['2022-08-19', '2022-09-20', "the day of the Queen's funeral"],
  ['2023-04-08', '2023-05-09', 'the bank holiday of the Coronation'],
  ['2020-04-08', '2020-05-11', 'VE Day, moved to a Friday'],
  ['2020-04-04', '2020-05-04', 'so that the first Monday of May 2020 was a working day'],
  ['2026-06-13', '2026-07-13', 'received on a Saturday: the day of receipt counts all the same'],
  ['2026-06-04', '2026-07-06', 'a Saturday'],
  ['2026-06-05', '2026-07-06', 'a Sunday'],
  ['2026-06-06', '2026-07-06', 'a Monday'],
  ['2026-12-31', '2027-02-01', '31 January 2027 is a Sunday'],
  ['2027-02-26', '2027-03-30', 'Good Friday 26 March 2027, Easter Monday the 29th'],
];

describe('SAR-3: when a request must be answered', () => {
  it.each(receipts)('received on %s: due on %s (%s)', (received, due) => {
    expect(dueDay({ ...plain, received }, today)).toBe(due);
  });

  it('the table is long enough to be believed', () => {
    expect(receipts.length).toBeGreaterThanOrEqual(40);
  });

  const received = '2026-05-31';
  const paused = (...pauses: { start: string; end?: string }[]) => dueDay({ received, pauses, extended: false }, today);

  it.each<[due: string, because: string, pauses: { start: string; end?: string }[]]>([
    ['2026-07-03', 'three days, both ends counted', [{ start: '2026-06-03', end: '2026-06-05' }]],
    ['2026-07-01', 'one day', [{ start: '2026-06-03', end: '2026-06-03' }]],
    ['2026-07-06', 'four days end on a Saturday', [{ start: '2026-06-03', end: '2026-06-06' }]],
    [
      '2026-07-06',
      'overlapping pauses count each day once',
      [
        { start: '2026-06-03', end: '2026-06-05' },
        { start: '2026-06-04', end: '2026-06-06' },
      ],
    ],
    [
      '2026-07-06',
      'two that touch',
      [
        { start: '2026-06-05', end: '2026-06-06' },
        { start: '2026-06-03', end: '2026-06-04' },
      ],
    ],
    ['2026-07-02', 'what was before the receipt does not count', [{ start: '2026-05-20', end: '2026-06-01' }]],
    ['2026-06-30', 'a pause wholly before the receipt', [{ start: '2026-05-01', end: '2026-05-20' }]],
    ['2026-06-30', 'a pause after it was due stopped nothing', [{ start: '2026-08-01', end: '2026-08-20' }]],
    [
      '2026-07-20',
      'a pause within the time that another pause gave',
      [
        { start: '2026-06-20', end: '2026-06-29' },
        { start: '2026-07-06', end: '2026-07-14' },
      ],
    ],
  ])('paused: due on %s (%s)', (due, _because, pauses) => {
    expect(paused(...pauses)).toBe(due);
  });

  it('a pause without an end goes on to today, and the day it is due with it', () => {
    const clock = { received, pauses: [{ start: '2026-06-10' }], extended: false };
    expect(dueDay(clock, '2026-06-10')).toBe('2026-07-01');
    expect(dueDay(clock, '2026-06-19')).toBe('2026-07-10');
    expect([isPaused(clock, '2026-06-09'), isPaused(clock, '2026-06-10'), isPaused(clock, '2027-01-01')]).toEqual([
      false,
      true,
      true,
    ]);
  });

  it.each([
    ['2026-05-31', [], '2026-09-01', '31 August is a bank holiday'],
    ['2026-01-31', [], '2026-04-30', 'no 31 April'],
    ['2025-11-30', [], '2026-03-02', 'no 30 February, and the 28th is a Saturday'],
    ['2026-05-31', [{ start: '2026-06-03', end: '2026-06-05' }], '2026-09-03', 'pauses are added first'],
    ['2026-06-10', [{ start: '2026-08-20', end: '2026-08-21' }], '2026-09-14', 'the 12th is a Saturday'],
  ])('extended: received on %s, paused %j: due on %s (%s)', (start, pauses, due) => {
    expect(dueDay({ received: start, pauses, extended: true }, today)).toBe(due);
  });

  it('the month begins when it is proven who asks, where that came later', () => {
    expect(dueDay({ ...plain, received, identified: '2026-06-10' }, today)).toBe('2026-07-10');
    expect(dueDay({ ...plain, received, identified: '2026-05-01' }, today)).toBe('2026-06-30');
  });

  it('days left are whole days', () => {
    expect([daysBetween('2026-06-30', '2026-07-03'), daysBetween('2026-07-03', '2026-06-30')]).toEqual([3, -3]);
  });
});

/** As https://www.gov.uk/bank-holidays listed them for England and Wales. */
const listed: Readonly<Record<string, string>> = {
  2019: '01-01 04-19 04-22 05-06 05-27 08-26 12-25 12-26',
  2020: '01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-28',
  2021: '01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28',
  2022: '01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27',
  2023: '01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26',
  2024: '01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26',
  2025: '01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26',
  2026: '01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28',
  2027: '01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28',
  2028: '01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26',
};

describe("England's bank holidays", () => {
  it.each(Object.entries(listed))('%s: those that the government lists, and no other day', (year, days) => {
    const found: string[] = [];
    for (let at = Date.UTC(Number(year), 0, 1); at < Date.UTC(Number(year) + 1, 0, 1); at += 86_400_000) {
      const day = new Date(at).toISOString().slice(0, 10);
      if (isBankHoliday(day)) found.push(day.slice(5));
    }
    expect(found.join(' ')).toBe(days);
  });
});
