import { describe, expect, it } from 'vitest';
import type { BlockReason } from '../../src/policy/codes.ts';
import { decide } from '../../src/policy/decide.ts';
import type { PolicyFacts } from '../../src/policy/facts.ts';
import { claim, emergencyRefusals } from './override-rows.ts';
import {
  about,
  endpoint,
  known,
  labelled,
  messageType,
  mobile,
  now,
  objection,
  person,
  proxy,
  reachedBy,
  request,
  text,
  toProxy,
  world,
} from './world.ts';

type Change = Partial<PolicyFacts>;
const urgent = (change: Change = {}, claimed: Parameters<typeof claim>[0] = {}): Change => ({
  ...change,
  request: { ...(change.request ?? request()), emergency: claim(claimed) },
});
const smsOnly = request({ medium: ['sms'] });
const confidential = messageType({ confidentiality: 'R' }, [
  text('sms'),
  text('sms', { kind: 'nudge' }),
  text('email'),
]);
const placeholder = messageType({}, [text('sms', { faults: [{ kind: 'placeholder', form: '((x))' }] })]);

describe('an emergency', () => {
  it.each(emergencyRefusals)('%s is none, and is refused', (_demand, change, code, clause) => {
    const decision = decide(world(change));
    expect(decision.kind === 'refuse' && decision.reasons.map((one) => [one.code, one.clause])).toContainEqual([
      code,
      clause,
    ]);
  });

  it('EMG-1: every part that is missing is named, with its place', () => {
    const nothing = claim({
      isStat: false,
      hasPurpose: false,
      hasReason: false,
      hasDecider: false,
      seniorConsulted: false,
    });
    const decision = decide(world({ request: request({ emergency: nothing, requester: 'none' }) }));
    const places = decision.kind === 'refuse' ? decision.reasons.map((one) => one.expression) : [];
    for (const element of ['priority', 'reasonCode', 'note', 'requester', 'extension']) {
      expect(places).toContain(`CommunicationRequest.${element}`);
    }
    expect(places.filter((one) => one === 'CommunicationRequest.extension')).toHaveLength(2);
  });

  it.each<[string, Change, readonly BlockReason[]]>([
    ['an objection to a channel', { request: smsOnly, objections: known([objection()]) }, ['objection']],
    [
      'an objection to everything',
      { objections: known([objection({ everything: true, ownDevicesOnly: false })]) },
      ['objection'],
    ],
    [
      'a channel that nobody approved',
      { request: smsOnly, endpoints: known([endpoint('sms', { active: false })]) },
      ['channel-not-approved'],
    ],
    ['a restricted record', about({ restricted: true }), ['restricted-record']],
    ['confidential words', { request: smsOnly, messageType: known(confidential) }, ['too-confidential']],
    ['wording', { messageType: known(placeholder) }, ['wording']],
    [
      'several of them',
      { request: smsOnly, ...about({ restricted: true }), objections: known([objection()]) },
      ['restricted-record', 'objection'],
    ],
    ['nothing', {}, []],
  ])('EMG-1: lifts %s, and says so', (_what, change, codes) => {
    const decision = decide(world(urgent(change)));
    if (decision.kind !== 'send') throw new Error(JSON.stringify(decision));
    expect([decision.delivery.channel, decision.emergency]).toEqual(['sms', true]);
    expect((decision.setAside ?? []).map((one) => one.code)).toEqual(codes);
    expect(decision.delivery.text).toBe('full words by sms');
    if (codes.length > 0 && codes[0] !== 'too-confidential') expect(decide(world(change)).kind).not.toBe('send');
  });

  it('EMG-1: goes by the most practical way, whatever is preferred, and says what was passed over', () => {
    const decision = decide(world(urgent(about({ person: person({ preferred: ['email'] }) }))));
    expect(decision).toMatchObject({
      kind: 'send',
      delivery: { channel: 'sms' },
      preferencePassedOver: expect.stringContaining('emergency'),
    });
  });

  it('EMG-1: what was not in the way of the chosen channel is not listed', () => {
    const decision = decide(world(urgent({ objections: known([objection({ channels: ['email'] })]) })));
    expect(decision).toMatchObject({ kind: 'send', delivery: { channel: 'sms' } });
    expect('setAside' in decision).toBe(false);
  });

  it.each<[string, Change, BlockReason]>([
    ['death', about({ deceased: true }), 'deceased'],
    ['a record that is out of use', about({ active: false }), 'inactive-record'],
    ['a number that two records have', about({ numberShared: true }), 'identity-unusable'],
    ['a proxy without authority', { recipients: known([proxy()]) }, 'proxy-not-authorised'],
    ['another patient', { recipients: known([{ kind: 'patient', isSubject: false }]) }, 'not-a-proxy'],
    ['marketing', { request: request({ reasons: ['ETREAT', 'HMARKT'] }) }, 'out-of-scope'],
    [
      'a risk of serious harm (OBJ-8)',
      { request: smsOnly, objections: known([objection({ removed: true })]) },
      'objection',
    ],
    ['a missing contact detail', reachedBy({ contacts: [] }), 'no-contact'],
    ['a channel that nobody can carry', { request: smsOnly, providerChannels: ['email'] }, 'channel-not-approved'],
    ['a message that has expired', { request: request({ expires: now }) }, 'expired'],
  ])('EMG-1: never lifts %s', (_what, change, code) => {
    const decision = decide(world(urgent(change)));
    expect(decision.kind === 'refuse' && decision.reasons.map((one) => one.code)).toContain(code);
  });

  it('OBJ-8: a way that could bring harm stays closed, and another is taken', () => {
    const decision = decide(world(urgent({ objections: known([objection({ removed: true })]) })));
    expect(decision).toMatchObject({ kind: 'send', delivery: { channel: 'email' } });
  });

  it('EMG-1, PRX-7: something sensitive goes to a proxy unasked only where it says why the person was not asked', () => {
    const change = toProxy({}, { sensitivity: known(labelled('SDV')) });
    expect(decide(world(urgent(change)))).toMatchObject({ kind: 'hold', reasons: [{ code: 'sensitive-proxy' }] });
    const decision = decide(world(urgent(change, { personNotAsked: true })));
    expect(decision).toMatchObject({ kind: 'send', setAside: [{ code: 'sensitive-proxy', clause: 'PRX-7' }] });
  });

  it('SUS-1: words of the caller that would be lost are not lost', () => {
    const found = messageType();
    const lost =
      found.kind === 'found' ? { ...found, content: { ...found.content, freeText: 'not-taken' as const } } : found;
    expect(decide(world(urgent({ messageType: known(lost) }))).kind).toBe('refuse');
  });

  it('contract 4: a fact that could not be read sends nothing, however urgent', () => {
    const unread = { known: false, cause: 'the objections of the person' } as const;
    expect(decide(world(urgent({ objections: unread }))).kind).toBe('unknown');
  });

  it('ACC-4: no reason tells a contact detail', () => {
    const decision = decide(world(urgent({ request: smsOnly, ...reachedBy({ contacts: [mobile] }) })));
    expect(JSON.stringify('setAside' in decision ? decision.setAside : [])).not.toMatch(/7700900/);
  });
});
