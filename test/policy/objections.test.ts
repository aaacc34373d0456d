import { describe, expect, it } from 'vitest';
import type { Objection } from '../../src/policy/consent-facts.ts';
import { decide } from '../../src/policy/decide.ts';
import type { PolicyFacts } from '../../src/policy/facts.ts';
import { known, now, objection, proxy, request, toProxy, world } from './world.ts';

const HOUR = 3_600_000;
const at = (hours: number): number => now.getTime() + hours * HOUR;
const reminders = [{ system: 'https://herald.example/fhir/CodeSystem/message-type', code: 'appointment-reminder' }];
const results = [{ system: 'https://herald.example/fhir/CodeSystem/message-type', code: 'results-available' }];

const against = (...all: Partial<Objection>[]): Partial<PolicyFacts> => ({
  objections: known(all.map((one, index) => objection({ reference: `Consent/${index}`, ...one }))),
});

/** The channel by which it goes, or the severest reason why it does not. */
function outcome(change: Partial<PolicyFacts>): string {
  const decision = decide(world(change));
  if (decision.kind === 'send') return decision.delivery.channel;
  if (decision.kind === 'unknown') return 'unknown';
  const [severest] = decision.reasons;
  return `${decision.kind} ${severest?.code} ${severest?.clause}`;
}

const warnings = (change: Partial<PolicyFacts>): string[] => {
  const decision = decide(world(change));
  return 'warnings' in decision ? decision.warnings.map((one) => `${one.code} ${one.clause}`) : [];
};

describe('OBJ-2, OBJ-5: what an objection of each scope closes', () => {
  it.each([
    ['nothing', [], 'sms'],
    ['texts', [{}], 'email'],
    ['texts, provisionally (OBJ-11)', [{ status: 'proposed' }], 'email'],
    ['email', [{ channels: ['email'] }], 'sms'],
    ['texts and email in two', [{}, { channels: ['email'] }], 'refuse objection OBJ-5'],
    ['everything', [{ everything: true, channels: 'all' }], 'refuse objection OBJ-5'],
    ['everything, whatever channels it names', [{ everything: true, channels: ['letter'] }], 'refuse objection OBJ-5'],
    ['this kind', [{ channels: 'all', kinds: reminders }], 'refuse objection OBJ-5'],
    ['this kind by text', [{ kinds: reminders }], 'email'],
    ['another kind', [{ channels: 'all', kinds: results }], 'sms'],
    ['the same code of another system', [{ kinds: [{ system: 'urn:other', code: 'appointment-reminder' }] }], 'sms'],
    [
      'this kind, by a code without system',
      [{ kinds: [{ system: undefined, code: 'appointment-reminder' }] }],
      'email',
    ],
    ['texts, and email about this', [{}, { channels: ['email'], kinds: reminders }], 'refuse objection OBJ-5'],
    ['texts, ended', [{ status: 'inactive' }], 'sms'],
    ['texts, found to be none', [{ status: 'rejected' }], 'sms'],
    ['texts, recorded by mistake', [{ status: 'entered-in-error' }], 'sms'],
  ] satisfies [string, Partial<Objection>[], string][])('%s', (_what, all, expected) => {
    expect(outcome(against(...all))).toBe(expected);
  });
});

describe('OBJ-2: its period counts, both ends included', () => {
  it.each([
    ['from now', { from: at(0), until: at(1) }, 'email', []],
    ['until this instant', { from: at(-1), until: at(0) }, 'sms', ['objection-period OBJ-9']],
    ['not begun', { from: at(1), until: at(2) }, 'sms', ['objection-period OBJ-1']],
    ['over', { from: at(-2), until: at(-1) }, 'sms', ['objection-period OBJ-9']],
    ['turned round', { from: at(2), until: at(-1) }, 'sms', ['objection-period OBJ-9']],
  ] as const)('%s', (_when, period, expected, warned) => {
    const facts = against({ period });
    expect([outcome(facts), warnings(facts)]).toEqual([expected, warned]);
  });

  it('says nothing of one that has ended, or that speaks of other messages or other people', () => {
    const period = { from: at(-2), until: at(-1) };
    expect(warnings(against({ period, status: 'inactive' }))).toEqual([]);
    expect(warnings(against({ period, kinds: results }))).toEqual([]);
    expect(warnings(against({ period, ofProxy: 'RelatedPerson/mother' }))).toEqual([]);
  });
});

describe('OBJ-8: where a way of being contacted puts the person at risk', () => {
  it.each([
    ['it is closed', [{ removed: true }], 'email'],
    ['it is closed whatever the message is about', [{ removed: true, kinds: results }], 'email'],
    ['all of them are closed', [{ removed: true, channels: 'all', kinds: results }], 'refuse objection OBJ-5'],
    ['not before its period', [{ removed: true, period: { from: at(1), until: at(2) } }], 'sms'],
  ] satisfies [string, Partial<Objection>[], string][])('%s', (_what, all, expected) => {
    expect(outcome(against(...all))).toBe(expected);
  });

  it('OBJ-12: it closes the person’s own devices, and what they do not want told is not told to a proxy', () => {
    const to = (one: Partial<Objection>) => outcome(toProxy({}, against(one)));
    expect(to({ removed: true })).toBe('sms');
    expect(to({ removed: true, kinds: results, ownDevicesOnly: false })).toBe('sms');
    expect(to({ removed: true, kinds: reminders, ownDevicesOnly: false })).toBe('email');
  });

  it('both it and an objection to everything are given as reasons, so that neither is lifted with the other', () => {
    const decision = decide(
      world({
        request: request({ medium: ['sms'] }),
        ...against({ everything: true, channels: 'all' }, { removed: true }),
      }),
    );
    expect(decision.kind === 'refuse' && decision.reasons.filter((one) => one.code === 'objection')).toHaveLength(2);
  });
});

describe('contract 7: a proxy’s own objection', () => {
  const own = { ofProxy: 'RelatedPerson/mother' } as const;
  it.each([
    ['closes that proxy’s way', toProxy({}, against(own)), 'email'],
    ['closes that proxy', toProxy({}, against({ ...own, everything: true })), 'refuse objection OBJ-5'],
    ['does not close the patient', against({ ...own, everything: true }), 'sms'],
    [
      'does not close another proxy',
      toProxy({}, against({ ofProxy: 'RelatedPerson/father', everything: true })),
      'sms',
    ],
    [
      'of serious harm closes the way whatever it is about',
      toProxy({}, against({ ...own, removed: true, kinds: results })),
      'email',
    ],
  ])('%s', (_what, facts, expected) => {
    expect(proxy().person.reference).toBe(own.ofProxy);
    expect(outcome(facts)).toBe(expected);
  });
});
