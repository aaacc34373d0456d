import type { HealthcareService } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { defaultPolicy } from '../../src/policy-file.ts';
import { openingText } from '../../src/send/hours.ts';
import { closedAt, endOfNextOpenDay, openingOfPolicy, openingOfServices } from '../../src/send/opening.ts';

const { teamHours } = defaultPolicy;
const general = openingOfPolicy(teamHours);
const at = (text: string): Date => new Date(text);
const period = (closed: ReturnType<typeof closedAt>): string[] | undefined =>
  closed && [new Date(closed.from).toISOString(), new Date(closed.until).toISOString()];

const service = (change: Partial<HealthcareService>): HealthcareService => ({
  resourceType: 'HealthcareService',
  ...change,
});

describe('when a team is there', () => {
  it.each([
    ['a Wednesday at ten', '2027-01-13T10:00:00Z', undefined],
    ['the first minute', '2027-01-13T09:00:00Z', undefined],
    ['the minute after the last', '2027-01-13T17:00:00Z', ['2027-01-13T17:00:00.000Z', '2027-01-14T09:00:00.000Z']],
    ['three on a Sunday morning', '2027-01-17T03:00:00Z', ['2027-01-15T17:00:00.000Z', '2027-01-18T09:00:00.000Z']],
    ['Good Friday', '2027-03-26T11:00:00Z', ['2027-03-25T17:00:00.000Z', '2027-03-30T08:00:00.000Z']],
    ['Christmas, with its weekend', '2026-12-26T11:00:00Z', ['2026-12-24T17:00:00.000Z', '2026-12-29T09:00:00.000Z']],
    ['summer, in British Summer Time', '2027-07-14T08:30:00Z', undefined],
    [
      'the night in which the clocks go forward',
      '2027-03-28T00:30:00Z',
      ['2027-03-25T17:00:00.000Z', '2027-03-30T08:00:00.000Z'],
    ],
  ])('TWO-2: %s', (_name, instant, closed) => {
    expect(period(closedAt(general, at(instant)))).toEqual(closed);
  });

  it('TWO-2: availableTime goes before the policy; all day is all day, on bank holidays too', () => {
    const evening = openingOfServices(
      [
        service({
          availableTime: [
            { daysOfWeek: ['mon', 'tue'], availableStartTime: '18:00:00', availableEndTime: '20:30:00' },
            { daysOfWeek: ['sat'], allDay: true },
          ],
        }),
      ],
      teamHours,
    );
    if (evening === undefined) throw new Error('it states its hours');
    expect(closedAt(evening, at('2027-01-11T19:00:00Z'))).toBeUndefined();
    expect(closedAt(evening, at('2027-01-16T23:59:00Z'))).toBeUndefined();
    expect(closedAt(evening, at('2026-12-26T11:00:00Z'))).toBeUndefined();
    expect(period(closedAt(evening, at('2027-01-11T10:00:00Z')))?.[1]).toBe('2027-01-11T18:00:00.000Z');
    expect(openingText(evening)).toBe('Monday and Tuesday, 6pm to 8:30pm; Saturday, all day');
  });

  it('TWO-2: a time away is closed, whatever the hours say', () => {
    const away = openingOfServices(
      [
        service({
          availableTime: [{ daysOfWeek: ['wed'], availableStartTime: '09:00:00', availableEndTime: '17:00:00' }],
          notAvailable: [
            { description: 'Training', during: { start: '2027-01-13T12:00:00Z', end: '2027-01-13T14:00:00Z' } },
          ],
        }),
      ],
      teamHours,
    );
    if (away === undefined) throw new Error('it states its hours');
    expect(closedAt(away, at('2027-01-13T11:00:00Z'))).toBeUndefined();
    expect(closedAt(away, at('2027-01-13T13:00:00Z'))).toBeDefined();
    expect(closedAt(away, at('2027-01-13T15:00:00Z'))).toBeUndefined();
  });

  it('TWO-2: a service that states no hours leaves it to the policy; a team that is never there is closed', () => {
    expect(openingOfServices([service({})], teamHours)).toBeUndefined();
    expect(
      openingOfServices([service({ active: false, availableTime: [{ allDay: true }] })], teamHours),
    ).toBeUndefined();
    const never = openingOfPolicy({ ...teamHours, days: [] });
    expect(closedAt(never, at('2027-01-13T10:00:00Z'))).toBeDefined();
    expect(endOfNextOpenDay(never, at('2027-01-13T10:00:00Z'))).toEqual(at('2027-01-16T10:00:00Z'));
  });

  it('TWO-3: an ordinary text is due at the end of the next day on which somebody is there', () => {
    expect(endOfNextOpenDay(general, at('2027-01-13T10:00:00Z'))).toEqual(at('2027-01-14T17:00:00Z'));
    expect(endOfNextOpenDay(general, at('2027-01-15T18:00:00Z'))).toEqual(at('2027-01-18T17:00:00Z'));
    expect(endOfNextOpenDay(general, at('2026-12-24T12:00:00Z'))).toEqual(at('2026-12-29T17:00:00Z'));
  });
});
