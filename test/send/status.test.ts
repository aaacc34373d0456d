import { describe, expect, it } from 'vitest';
import { attemptStatuses, isFinal, mayMove } from '../../src/send/status.ts';
import { holdDue } from '../../src/send/tasks.ts';

describe('contract 5: an attempt moves forward only', () => {
  const allowed = new Set([
    'preparation>in-progress',
    'preparation>completed',
    'preparation>stopped',
    'preparation>not-done',
    'preparation>unknown',
    'in-progress>completed',
    'in-progress>stopped',
    'in-progress>unknown',
  ]);
  for (const from of attemptStatuses) {
    for (const to of attemptStatuses) {
      const may = allowed.has(`${from}>${to}`);
      it(`${from} ${may ? 'may' : 'may not'} become ${to}`, () => expect(mayMove(from, to)).toBe(may));
    }
  }

  it('what the provider took on is never called not-done', () =>
    expect(mayMove('in-progress', 'not-done')).toBe(false));

  it.each(['completed', 'stopped', 'not-done', 'unknown'] as const)('%s is final', (status) =>
    expect(isFinal(status)).toBe(true),
  );
});

describe('contract 3: a hold never sleeps', () => {
  const friday = new Date('2026-11-20T10:00:00Z');
  it.each([
    ['stat', '2026-11-20T10:15:00.000Z'],
    ['asap', '2026-11-20T11:00:00.000Z'],
    ['urgent', '2026-11-20T14:00:00.000Z'],
    ['routine', '2026-11-24T10:00:00.000Z'],
    [undefined, '2026-11-24T10:00:00.000Z'],
  ] as const)('%s is due at %s', (priority, due) =>
    expect(holdDue(priority, friday, undefined).toISOString()).toBe(due),
  );

  it.each([
    ['on a Saturday: its first working day is Monday', '2026-11-21T10:00:00Z', '2026-11-24T10:00:00.000Z'],
    ['before Christmas, with Boxing Day on the 28th', '2026-12-23T10:00:00Z', '2026-12-29T10:00:00.000Z'],
    ['before Good Friday and Easter Monday', '2026-04-02T10:00:00Z', '2026-04-08T10:00:00.000Z'],
    ['before the end of August, in London', '2026-08-28T22:30:00Z', '2026-09-02T22:30:00.000Z'],
    ['as summer time begins: the same time of the day', '2026-03-27T17:00:00Z', '2026-03-31T16:00:00.000Z'],
    ['as it ends', '2026-10-23T16:00:00Z', '2026-10-27T17:00:00.000Z'],
    ['a minute after midnight in London', '2026-06-30T23:01:00Z', '2026-07-02T23:01:00.000Z'],
  ])('routine, asked for %s', (_when, from, due) =>
    expect(holdDue('routine', new Date(from), undefined).toISOString()).toBe(due),
  );

  it('and never after the message itself expires', () => {
    const expires = new Date('2026-11-20T10:05:00Z');
    expect(holdDue('stat', friday, expires)).toEqual(expires);
  });
});
