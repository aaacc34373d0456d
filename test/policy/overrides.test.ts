import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/policy/decide.ts';
import type { ContactAttempt, Override } from '../../src/policy/override-facts.ts';
import { overrideGrounds } from '../../src/policy/override-facts.ts';
import { decided, ofType, override, overrideRefusals } from './override-rows.ts';
import {
  about,
  contact,
  DAY,
  email,
  known,
  mobile,
  now,
  objection,
  person,
  reachedBy,
  request,
  world,
} from './world.ts';

const time = now.getTime();
const sentWith = (change: Parameters<typeof world>[0]) => {
  const decision = decide(world(change));
  if (decision.kind !== 'send') throw new Error(JSON.stringify(decision));
  return decision;
};

describe('a decision to send despite an objection', () => {
  it.each(overrideRefusals)('%s: it does not count, and the objection stands', (_demand, change, code, clause) => {
    const decision = decide(world(change));
    const reasons = decision.kind === 'refuse' ? decision.reasons : [];
    expect(reasons[0]).toMatchObject({ code: 'objection' });
    expect(reasons.map((one) => [one.code, one.clause])).toContainEqual([code, clause]);
  });

  it('OBJ-6: lets this one message go, and says which objection it set aside, on whose word', () => {
    const decision = sentWith(decided());
    expect(decision.delivery.channel).toBe('sms');
    expect(decision.overrides).toEqual([
      {
        objection: 'Consent/1',
        task: 'Task/override',
        ground: 'imminent-appointment-change',
        decidedBy: 'Practitioner/consultant',
      },
    ]);
    expect(decision.setAside?.map((one) => [one.code, one.clause])).toEqual([['objection', 'OBJ-5']]);
    expect(decision.emergency).toBeUndefined();
  });

  it('OBJ-6: every fault of it is named', () => {
    const decision = decide(
      world(
        decided({
          isOfSubject: false,
          hasRationale: false,
          reasonConsidered: false,
          guardianConsulted: undefined,
          decidedBy: undefined,
          late: true,
          ground: 'communicable-disease',
        }),
      ),
    );
    const texts = decision.kind === 'refuse' ? decision.reasons.map((one) => one.text) : [];
    for (const said of [
      'another person',
      'rationale',
      'was considered',
      'Guardian was consulted',
      'owner',
      'draft',
      'public-health-alert',
    ]) {
      expect(
        texts.filter((one) => one.includes(said) && one.includes('Task/override')),
        said,
      ).toHaveLength(1);
    }
  });

  it('contract 8: one valid Task is enough for its objection, whatever else was decided', () => {
    const wrong = override({ reference: 'Task/a', ground: undefined, hasRationale: false });
    expect(sentWith(decided([wrong, override({ reference: 'Task/b' })])).overrides?.[0]?.task).toBe('Task/b');
  });

  it('contract 8: each objection needs a Task of its own', () => {
    const two = { objections: [objection(), objection({ reference: 'Consent/2' })] };
    const second = override({ reference: 'Task/second', objection: 'Consent/2' });
    expect(sentWith(decided([override(), second], two)).overrides).toHaveLength(2);
    expect(decide(world(decided([second], two))).kind).toBe('refuse');
  });

  it('OBJ-2: of everything, of care as such and of a kind, with the Caldicott Guardian', () => {
    for (const change of [{ everything: true, ownDevicesOnly: false }, { ownDevicesOnly: false }]) {
      const more = { objections: [objection(change)] };
      expect(sentWith(decided({ guardianConsulted: true }, more)).delivery.channel).toBe('sms');
    }
  });

  it('OBJ-7: every ground lets its own type go', () => {
    const types = {
      'communicable-disease': 'public-health-alert',
      'waiting-list-validation': 'waiting-list-validation',
      'extreme-event-vulnerable': 'welfare-check',
      'virtual-consultation-link': 'virtual-consultation-invite',
      'credible-threat': 'credible-threat-contact',
      'prescribing-error': 'prescribing-error',
      'urgent-treatment-offer': 'urgent-appointment-offer',
      'imminent-appointment-change': 'appointment-cancelled',
      'primary-contact-failed': 'care-message',
      other: 'care-message',
    } as const;
    const attempts = [{ channel: 'email' as const, at: time - DAY, failed: true }];
    for (const ground of overrideGrounds) {
      const change = decided(
        { ground, guardianConsulted: ground === 'other' },
        { grounds: { attempts }, facts: ofType(types[ground]) },
      );
      expect(sentWith(change).overrides?.[0]?.ground).toBe(ground);
    }
  });

  it.each<[string, number[], boolean]>([
    ['48 hours from now', [time + 2 * DAY], true],
    ['now', [time], true],
    ['in an earlier version', [time + 30 * DAY, time + DAY], true],
    ['a moment later than 48 hours', [time + 2 * DAY + 1], false],
    ['past', [time - DAY], false],
  ])('OBJ-7: an appointment %s', (_when, appointmentStarts, isNear) => {
    expect(decide(world(decided({}, { grounds: { appointmentStarts } }))).kind).toBe(isNear ? 'send' : 'refuse');
  });

  const failed = (change: Partial<ContactAttempt> = {}): ContactAttempt => ({
    channel: 'email',
    at: time - DAY,
    failed: true,
    ...change,
  });
  const letter = contact('letter', 'Robin Example\n1 Example Street\nLS1 1AA');
  it.each<[string, readonly ContactAttempt[], boolean, Parameters<typeof world>[0]?]>([
    ['an email that bounced', [failed()], true],
    ['an email that bounced long ago', [failed({ at: time - 28 * DAY - 1 })], false],
    ['an email that arrived since', [failed(), failed({ at: time - 1, failed: false })], false],
    ['an email that bounced after one that arrived', [failed({ at: time - 1 }), failed({ failed: false })], true],
    ['a text, which they object to', [failed({ channel: 'sms' })], false],
    ['none', [], false],
    [
      'an email that bounced, with a letter left',
      [failed()],
      false,
      { ...reachedBy({ contacts: [mobile, email, letter] }), providerChannels: ['sms', 'email', 'letter'] },
    ],
    [
      'an email that bounced, with a letter that nobody here can send',
      [failed()],
      true,
      reachedBy({ contacts: [mobile, email, letter] }),
    ],
  ])('OBJ-7: the allowed contact failed: %s', (_what, attempts, counts, facts) => {
    const change = decided({ ground: 'primary-contact-failed' }, { grounds: { attempts }, ...(facts && { facts }) });
    expect(decide(world(change)).kind).toBe(counts ? 'send' : 'refuse');
  });

  it('PRF-2: what failed is not tried again in place of what the decision was about', () => {
    const preferring = about({ person: person({ preferred: ['email'] }) });
    const change = decided(
      { ground: 'primary-contact-failed' },
      { grounds: { attempts: [failed()] }, facts: { request: request(), ...preferring } },
    );
    expect(sentWith(change).delivery.channel).toBe('sms');
  });

  it('OBJ-6: a decision that is not needed is not said to have been used, and goes on counting', () => {
    const preferring = about({ person: person({ preferred: ['email'] }) });
    const decision = sentWith(decided({}, { facts: { request: request(), ...preferring } }));
    expect([decision.delivery.channel, decision.overrides, decision.setAside]).toEqual(['email', undefined, undefined]);
    expect(decision.spareOverrides).toEqual(['Task/override']);
  });

  it('OBJ-5: a decision that is wrong refuses nothing that an accepted way can carry', () => {
    const change = decided({ isOfSubject: false }, { facts: { request: request() } });
    const decision = sentWith(change);
    expect([decision.delivery.channel, decision.overrides, decision.setAside]).toEqual(['email', undefined, undefined]);
  });

  it('OBJ-6: it lifts an objection and nothing else', () => {
    for (const [change, code] of [
      [about({ deceased: true }), 'deceased'],
      [{ request: request({ medium: ['sms'], expires: now }) }, 'expired'],
      [{ endpoints: known([]) }, 'channel-not-approved'],
    ] as const) {
      const decision = decide(world(decided({}, { facts: change })));
      expect(decision.kind === 'refuse' && decision.reasons.map((one) => one.code)).toContain(code);
    }
  });

  it('OBJ-6: whatever else is so, one part that is missing is enough for it not to count', () => {
    const missing = fc.constantFrom<Partial<Override>[]>(
      { isOfRequest: false },
      { isOfSubject: false },
      { objection: 'Consent/other' },
      { approved: false },
      { late: true },
      { hasRationale: false },
      { decidedBy: undefined },
      { reasonConsidered: false },
      { guardianConsulted: undefined },
      { ground: undefined },
      { period: { from: 0, until: time } },
    );
    const any = fc.record({
      reference: fc.constantFrom('Task/a', 'Task/b'),
      ground: fc.constantFrom(...overrideGrounds),
      guardianConsulted: fc.boolean(),
    });
    const attempts = [failed()];
    fc.assert(
      fc.property(fc.array(fc.tuple(any, missing), { maxLength: 4 }), (made) => {
        const all = made.map(([one, lack]) => override({ ...one, ...lack }));
        expect(decide(world(decided(all, { grounds: { attempts } }))).kind).toBe('refuse');
      }),
      { numRuns: 300 },
    );
  });
});
