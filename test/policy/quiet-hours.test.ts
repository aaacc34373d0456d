import { describe, expect, it } from 'vitest';
import { decide } from '../../src/policy/decide.ts';
import type { PolicyFacts } from '../../src/policy/facts.ts';
import { quietUntil } from '../../src/policy/quiet-hours.ts';
import { defaultPolicy } from '../../src/policy-file.ts';
import { now, request, world } from './world.ts';

const night = { from: '21:00', to: '08:00' };
const until = (hours: { from: string; to: string }, instant: string) =>
  quietUntil(hours, new Date(instant))?.toISOString();

describe('contract 1: quiet hours of England', () => {
  it.each<[string, { from: string; to: string }, string, string | undefined]>([
    ['before they begin, in summer', night, '2026-06-01T19:59:59Z', undefined],
    ['the minute they begin', night, '2026-06-01T20:00:00Z', '2026-06-02T07:00:00.000Z'],
    ['after midnight', night, '2026-06-02T00:30:00Z', '2026-06-02T07:00:00.000Z'],
    ['the last second', night, '2026-06-02T06:59:59Z', '2026-06-02T07:00:00.000Z'],
    ['the minute they end', night, '2026-06-02T07:00:00Z', undefined],
    ['in winter', night, '2026-01-10T21:00:00Z', '2026-01-11T08:00:00.000Z'],
    ['within one day', { from: '12:00', to: '14:00' }, '2026-06-01T11:30:00Z', '2026-06-01T13:00:00.000Z'],
    ['within one day, outside', { from: '12:00', to: '14:00' }, '2026-06-01T13:00:00Z', undefined],
    ['to midnight', { from: '22:00', to: '00:00' }, '2026-01-10T23:59:59Z', '2026-01-11T00:00:00.000Z'],
    // 29 March 2026: 01:00 GMT becomes 02:00 BST.
    ['the night that the clock goes forward', night, '2026-03-28T21:00:00Z', '2026-03-29T07:00:00.000Z'],
    ['an end that is left out', { from: '22:00', to: '01:30' }, '2026-03-29T00:59:59Z', '2026-03-29T01:00:00.000Z'],
    ['after an end that is left out', { from: '22:00', to: '01:30' }, '2026-03-29T01:00:00Z', undefined],
    [
      'a beginning that is left out',
      { from: '01:30', to: '06:00' },
      '2026-03-29T01:00:00Z',
      '2026-03-29T05:00:00.000Z',
    ],
    ['before a beginning that is left out', { from: '01:30', to: '06:00' }, '2026-03-29T00:59:59Z', undefined],
    // 25 October 2026: 02:00 BST becomes 01:00 GMT.
    ['the night that the clock goes back', night, '2026-10-24T20:00:00Z', '2026-10-25T08:00:00.000Z'],
    ['an end that comes twice', { from: '22:00', to: '01:30' }, '2026-10-25T00:45:00Z', '2026-10-25T01:30:00.000Z'],
    [
      'a beginning that comes twice',
      { from: '01:30', to: '06:00' },
      '2026-10-25T00:30:00Z',
      '2026-10-25T06:00:00.000Z',
    ],
  ])('%s', (_when, hours, instant, expected) => {
    expect(until(hours, instant)).toBe(expected);
  });

  it('none are configured: no time is quiet', () => {
    expect(quietUntil(undefined, new Date('2026-06-01T23:00:00Z'))).toBeUndefined();
  });
});

describe('contract 1: what waits for their end is sent, with a warning', () => {
  const policy = { ...defaultPolicy, quietHours: { from: '10:00', to: '12:30' } };
  const warned = (change: Partial<PolicyFacts>) => {
    const decision = decide(world({ policy, ...change }));
    return decision.kind === 'send' ? decision.warnings.map((one) => one.code) : decision.kind;
  };
  const later = (hours: number) => new Date(now.getTime() + hours * 3_600_000);
  it.each<[string, Partial<PolicyFacts>, string[]]>([
    ['what can wait', {}, ['quiet-hours']],
    ['what cannot', { request: request({ mayWait: false }) }, []],
    ['what is due after them', { request: request({ occurrence: later(4) }) }, []],
    ['what is due in those of tomorrow', { request: request({ occurrence: later(24) }) }, ['quiet-hours']],
    ['none are configured', { policy: defaultPolicy }, []],
  ])('%s', (_what, change, expected) => {
    expect(warned(change)).toEqual(expected);
  });

  it('says when it goes', () => {
    const decision = decide(world({ policy }));
    expect(decision.kind === 'send' && decision.warnings[0]?.text).toContain('at 12:30');
  });
});
