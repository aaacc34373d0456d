import { describe, expect, it } from 'vitest';
import { type ProxyBasis, type ProxyConsent, proxyBases } from '../../src/policy/consent-facts.ts';
import { decide, decideBy } from '../../src/policy/decide.ts';
import type { Decision } from '../../src/policy/decision.ts';
import type { PolicyFacts } from '../../src/policy/facts.ts';
import { always, spanOf } from '../../src/policy/london.ts';
import { endOf, faultsOf } from '../../src/policy/proxy.ts';
import { allRules } from '../../src/policy/rules/all.ts';
import { proxyRefusals } from './proxy-rows.ts';
import {
  about,
  authority,
  clearance,
  contact,
  email,
  known,
  labelled,
  messageType,
  mobile,
  mothersMobile,
  now,
  objection,
  proxy,
  reachedBy,
  request,
  toProxy,
  world,
} from './world.ts';

const child = about({ birthDate: '2012-06-02' });
const attorney = { basis: 'health-and-welfare-lasting-power-of-attorney', verifiedFrom: 0 } as const;
const good: Record<ProxyBasis, Partial<ProxyConsent>> = {
  'parental-responsibility': { basis: 'parental-responsibility' },
  'health-and-welfare-lasting-power-of-attorney': attorney,
  'court-appointed-personal-welfare-deputy': { basis: 'court-appointed-personal-welfare-deputy' },
  'best-interest': { basis: 'best-interest' },
  consent: { basis: 'consent' },
};
const sexual = { sensitivity: known(labelled('SEX')) };

const sent = (decision: Decision) => {
  if (decision.kind !== 'send') throw new Error(`not sent: ${JSON.stringify(decision)}`);
  return decision;
};
const held = (decision: Decision) => {
  if (decision.kind !== 'hold') throw new Error(`not held: ${JSON.stringify(decision)}`);
  return decision;
};
const decided = (change: Partial<ProxyConsent> = {}, more: Partial<PolicyFacts> = {}) =>
  decide(world(toProxy(change, more)));

describe('who may receive messages for somebody (PRX-2)', () => {
  it.each(proxyBases)('%s: the message goes to the proxy, at their own number, on that authority', (basis) => {
    const { delivery } = sent(decided(good[basis], child));
    expect(delivery).toMatchObject({
      recipient: { reference: 'RelatedPerson/mother' },
      to: '+447700900456',
      authority: ['Consent/authority'],
    });
  });

  it('contract 4: should no rule ask for the authority, nothing goes without it all the same', () => {
    const careless = decideBy(allRules.filter((one) => one.id !== 'proxy-authorised'));
    expect(careless(world({ recipients: known([proxy()]) })).kind).toBe('unknown');
    expect(careless(world(toProxy())).kind).toBe('send');
  });

  it('PRX-10: having a proxy redirects nothing: no recipient named is the patient', () => {
    const { delivery } = sent(decide(world({ proxyConsents: known([authority()]) })));
    expect([delivery.recipient.reference, delivery.to]).toEqual(['Patient/maya', '+447700900123']);
    expect(delivery).not.toHaveProperty('authority');
  });

  it.each(proxyRefusals)('%s, said without a name, a number or an id', (_demand, change) => {
    const decision = decide(world(change));
    expect(decision.kind).toBe('refuse');
    const said = JSON.stringify(decision.kind === 'refuse' ? decision.reasons.map((one) => one.text) : []);
    expect(said).not.toMatch(/7700900|example\.org|mother|maya|Consent\/|RelatedPerson\//);
  });

  it('one authority that counts is enough, whatever else is on record', () => {
    const others = [
      authority({ reference: 'Consent/old', status: 'inactive' }),
      authority({ reference: 'Consent/unclear', clear: false }),
      authority({ reference: 'Consent/elsewhere', isOfSubject: false }),
    ];
    const { delivery } = sent(decided({}, { proxyConsents: known([...others, authority()]) }));
    expect(delivery.authority).toEqual(['Consent/authority']);
  });

  it('what was withdrawn long ago is not given as the reason where something newer is the matter', () => {
    const decision = decided(
      {},
      {
        proxyConsents: known([
          authority({ reference: 'Consent/old', status: 'inactive' }),
          authority({ reference: 'Consent/new', evidencedFrom: undefined }),
        ]),
      },
    );
    expect(decision.kind === 'refuse' && decision.reasons.map((one) => one.clause)).toEqual(['PRX-3']);
  });

  it('contract 4: everything that stands against an authority is reported', () => {
    const faults = faultsOf(
      authority({
        status: 'inactive',
        basis: 'parental-responsibility',
        period: { from: 0, until: 1 },
        missing: ['Consent.dateTime'],
        evidencedFrom: undefined,
      }),
      now,
      { birthDate: undefined, bestInterestMonths: 12 },
    );
    expect(faults).toEqual([
      { kind: 'status', status: 'inactive' },
      { kind: 'incomplete', missing: ['Consent.dateTime', 'Consent.source'] },
      { kind: 'ended' },
      { kind: 'no-birth-date' },
    ]);
  });
});

describe('what an authority includes', () => {
  it('contract 6: channels that it does not name are closed to the proxy', () => {
    expect(sent(decided({ channels: ['email'] })).delivery.channel).toBe('email');
    expect(sent(decided({ channels: 'all' })).delivery.channel).toBe('sms');
  });

  it('contract 6: two authorities together include what either does, and only those that include it are relied on', () => {
    const two = known([
      authority({ reference: 'Consent/a', channels: ['letter'] }),
      authority({ reference: 'Consent/b', channels: ['email'] }),
    ]);
    const { delivery } = sent(decided({}, { proxyConsents: two }));
    expect([delivery.channel, delivery.authority]).toEqual(['email', ['Consent/b']]);
  });

  it('contract 6: a type that it names goes', () => {
    const kinds = [{ system: 'https://herald.example/fhir/CodeSystem/message-type', code: 'appointment-reminder' }];
    expect(sent(decided({ kinds })).delivery.channel).toBe('sms');
  });

  it('an authority for other kinds is not given as the reason where the type itself is unknown', () => {
    const decision = decided({ kinds: [] }, { messageType: known({ kind: 'unknown' }) });
    expect(decision.kind === 'refuse' && decision.reasons.map((one) => one.code)).toEqual(['message-type-unknown']);
  });
});

describe('until when (PRX-4, PRX-5), in days of England', () => {
  const limits = { birthDate: '2008-06-15', bestInterestMonths: 12 };
  const period = (start: string, end?: string) => ({
    from: spanOf(start)?.from ?? Number.NaN,
    until: end === undefined ? Number.POSITIVE_INFINITY : (spanOf(end)?.until ?? Number.NaN),
  });
  const parent = authority({ basis: 'parental-responsibility', period: period('2020-01-01') });
  const decision = authority({ basis: 'best-interest', period: period('2025-06-02') });

  it.each<[string, ProxyConsent, Partial<typeof limits>, string, string | undefined]>([
    ['the last second of 17, in summer time', parent, {}, '2026-06-14T22:59:59.999Z', undefined],
    ['midnight of the birthday in London, in summer time', parent, {}, '2026-06-14T23:00:00Z', 'of-age'],
    ['the last second of 17, in winter', parent, { birthDate: '2008-01-15' }, '2026-01-14T23:59:59.999Z', undefined],
    ['midnight of the birthday, in winter', parent, { birthDate: '2008-01-15' }, '2026-01-15T00:00:00Z', 'of-age'],
    ['born on 29 February: the 27th', parent, { birthDate: '2008-02-29' }, '2026-02-27T23:59:59Z', undefined],
    ['born on 29 February: the 28th', parent, { birthDate: '2008-02-29' }, '2026-02-28T00:00:00Z', 'of-age'],
    [
      'born on 29 February, 18 in a leap year that 2000 + 18 is not: the day before',
      parent,
      { birthDate: '2000-02-29' },
      '2018-02-27T23:59:59Z',
      'not-begun',
    ],
    [
      'the last day of a period is in it',
      authority({ period: period('2026-05-01', '2026-05-31') }),
      {},
      '2026-05-31T22:59:59Z',
      undefined,
    ],
    [
      'and ends at midnight in London',
      authority({ period: period('2026-05-01', '2026-05-31') }),
      {},
      '2026-05-31T23:00:00Z',
      'ended',
    ],
    [
      'the first day begins at midnight in London',
      authority({ period: period('2026-05-01') }),
      {},
      '2026-04-30T23:00:00Z',
      undefined,
    ],
    [
      'and not a moment before',
      authority({ period: period('2026-05-01') }),
      {},
      '2026-04-30T22:59:59.999Z',
      'not-begun',
    ],
    [
      'a last day that is an hour shorter, as summer time begins',
      authority({ period: period('2026-03-01', '2026-03-29') }),
      {},
      '2026-03-29T22:59:59.999Z',
      undefined,
    ],
    ['and its end', authority({ period: period('2026-03-01', '2026-03-29') }), {}, '2026-03-29T23:00:00Z', 'ended'],
    [
      'a last day that is an hour longer, as summer time ends',
      authority({ period: period('2026-10-01', '2026-10-25') }),
      {},
      '2026-10-25T23:59:59.999Z',
      undefined,
    ],
    [
      'and its end at midnight in winter time',
      authority({ period: period('2026-10-01', '2026-10-25') }),
      {},
      '2026-10-26T00:00:00Z',
      'ended',
    ],
    ['the birthday as summer time begins', parent, { birthDate: '2008-03-29' }, '2026-03-29T00:00:00Z', 'of-age'],
    ['the last second before it', parent, { birthDate: '2008-03-29' }, '2026-03-28T23:59:59.999Z', undefined],
    [
      'a best-interests decision of 29 February lasts until the 28th',
      authority({ basis: 'best-interest', period: period('2024-02-29') }),
      {},
      '2025-02-27T23:59:59.999Z',
      undefined,
    ],
    [
      'and no longer',
      authority({ basis: 'best-interest', period: period('2024-02-29') }),
      {},
      '2025-02-28T00:00:00Z',
      'review-due',
    ],
    [
      'the second that an instant names is in it',
      authority({ period: period('2026-05-01', '2026-05-31T10:00:00Z') }),
      {},
      '2026-05-31T10:00:00.999Z',
      undefined,
    ],
    [
      'the next is not',
      authority({ period: period('2026-05-01', '2026-05-31T10:00:00Z') }),
      {},
      '2026-05-31T10:00:01Z',
      'ended',
    ],
    ['a best-interests decision, the last day of its year', decision, {}, '2026-06-01T22:59:59Z', undefined],
    ['a year later it has to be made anew', decision, {}, '2026-06-01T23:00:00Z', 'review-due'],
    ['or as the organisation says', decision, { bestInterestMonths: 6 }, '2025-12-02T00:00:00Z', 'review-due'],
    [
      'one that names its end holds until then',
      authority({ basis: 'best-interest', period: period('2024-06-02', '2026-12-31') }),
      {},
      '2026-06-02T00:00:00Z',
      undefined,
    ],
  ])('%s', (_when, consent, change, at, fault) => {
    const found = faultsOf(consent, new Date(at), { ...limits, ...change });
    expect(found.map((one) => one.kind)).toEqual(fault === undefined ? [] : [fault]);
  });

  it('contract 6: an end that is later than the birthday does not outlast it', () => {
    const late = authority({ basis: 'parental-responsibility', period: period('2020-01-01', '2030-01-01') });
    expect(new Date(endOf(late, limits)).toISOString()).toBe('2026-06-14T23:00:00.000Z');
    const early = authority({ basis: 'parental-responsibility', period: period('2020-01-01', '2022-01-01') });
    expect(new Date(endOf(early, limits)).toISOString()).toBe('2022-01-02T00:00:00.000Z');
    expect(endOf(authority({ period: always }), limits)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('matters that somebody may not want told (PRX-7, PRX-8)', () => {
  it.each(proxyBases)('%s: a sensitive message waits, and whoever has to be asked is', (basis) => {
    const { reasons, tasks } = held(decided(good[basis], { ...child, ...sexual }));
    expect(reasons).toMatchObject([{ code: 'sensitive-proxy', clause: 'PRX-7', rule: 'sensitive-checked' }]);
    const who = basis === 'consent' || basis === 'parental-responsibility' ? 'clinic' : 'caldicott-guardian';
    expect(tasks).toMatchObject([{ code: 'check-with-person', performerType: who }]);
    expect(tasks[0]?.text).toContain(who === 'clinic' ? 'Ask the patient alone' : 'with the Caldicott Guardian');
  });

  it.each<[string, PolicyFacts['sensitivity']]>([
    ['a label that the list of ours does not have', known(labelled('TBOO'))],
    [
      'restricted, without saying why',
      known({
        labels: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }],
        unread: false,
        ofAnother: false,
      }),
    ],
    [
      'an old name of a matter',
      known({
        labels: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'SDV' }],
        unread: false,
        ofAnother: false,
      }),
    ],
    ['something that could not be looked at', known({ labels: [], unread: true, ofAnother: false })],
  ])('%s waits too', (_what, sensitivity) => {
    expect(held(decided({}, { sensitivity })).tasks).toHaveLength(1);
  });

  it.each(['N', 'M', 'L', 'U'])('an ordinary record (%s) does not', (code) => {
    const labels = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code }];
    expect(decided({}, { sensitivity: known({ labels, unread: false, ofAnother: false }) }).kind).toBe('send');
  });

  it('contract 6: a label that the authority denies holds, whatever it means elsewhere', () => {
    const local = { system: 'https://trust.nhs.example/labels', code: 'fertility' };
    const sensitivity = known({ labels: [local], unread: false, ofAnother: false });
    expect(decided({}, { sensitivity }).kind).toBe('send');
    expect(decided({ denied: [{ ...local, system: 'urn:x' }] }, { sensitivity }).kind).toBe('send');
    expect(held(decided({ denied: [local] }, { sensitivity })).tasks[0]?.text).toContain('fertility');
  });

  it('contract 6: the Task quotes what the authority keeps from the proxy', () => {
    const [task] = held(decided({ denied: [...labelled('SDV', 'SEX').labels] }, sexual)).tasks;
    expect(task?.text).toContain(
      'this is not for the proxy: abuse or domestic violence (SDV), sexuality and reproduction (SEX).',
    );
  });

  it("PRX-7: the patient's own copy is never disturbed by it", () => {
    expect(decide(world({ ...sexual, proxyConsents: known([authority()]) })).kind).toBe('send');
  });

  it('PRX-8: where one of two authorities rests on somebody’s not being able to decide, the Guardian is asked', () => {
    const two = known([authority(), authority({ ...attorney, reference: 'Consent/attorney' })]);
    expect(held(decided({}, { proxyConsents: two, ...sexual })).tasks[0]?.performerType).toBe('caldicott-guardian');
  });

  it.each<[string, Partial<ProxyConsent>, PolicyFacts['clearances'], Decision['kind']]>([
    ['agreed', {}, known([clearance()]), 'send'],
    ['refused', {}, known([clearance({ agreed: false })]), 'hold'],
    ['agreed by one and refused by another', {}, known([clearance(), clearance({ agreed: false })]), 'hold'],
    ['agreed to something else', {}, known([clearance({ code: 'restricted-record' })]), 'hold'],
    ['agreed by the clinic where it is the Guardian’s', attorney, known([clearance()]), 'hold'],
    ['agreed by the Guardian', attorney, known([clearance({ roles: ['caldicott-guardian'] })]), 'send'],
  ])('contract 8: a check that was %s', (_answer, change, clearances, kind) => {
    expect(decided(change, { ...sexual, clearances }).kind).toBe(kind);
  });

  it('contract 8: a restricted record that was agreed to goes, and no other answer counts for it', () => {
    const restricted = about({ restricted: true });
    const by = (code: 'restricted-record' | 'check-with-person') =>
      decide(world({ ...restricted, clearances: known([clearance({ code })]) })).kind;
    expect([by('restricted-record'), by('check-with-person')]).toEqual(['send', 'hold']);
  });

  it('contract 4: refuse beats hold, so that nobody is asked in vain', () => {
    expect(decided({ status: 'inactive' }, sexual).kind).toBe('refuse');
  });
});

describe('the proxy stands in for the person (PRX-9)', () => {
  it('their own preference and ranks count, never the patient’s', () => {
    const prefersEmail = proxy({ person: { ...proxy().person, preferred: ['email'] } });
    expect(sent(decided({}, { recipients: known([prefersEmail]) })).delivery.to).toBe('mother@example.org');
    expect(sent(decided({}, reachedBy({ preferred: ['email'], contacts: [mobile, email] }))).delivery.to).toBe(
      '+447700900456',
    );
  });

  it('a preference of theirs that is passed over is said to be theirs', () => {
    const prefersLetters = proxy({ person: { ...proxy().person, preferred: ['letter'] } });
    const decision = sent(decided({}, { recipients: known([prefersLetters]) }));
    expect(decision.preferencePassedOver).toContain('The proxy prefers letter');
  });

  it('a preference for a way that the authority does not include is said to be closed by it', () => {
    const prefersEmail = proxy({ person: { ...proxy().person, preferred: ['email'] } });
    const decision = sent(decided({ channels: ['sms'] }, { recipients: known([prefersEmail]) }));
    expect(decision.preferencePassedOver).toContain("the proxy's authority does not include that way");
  });

  it('a missing detail is to be asked of them', () => {
    const decision = decided({}, { recipients: known([proxy({ person: { ...proxy().person, contacts: [] } })]) });
    expect(decision.kind === 'refuse' && decision.reasons[0]?.text).toContain('Ask the proxy for a current one');
  });
});

describe('objections and proxies (OBJ-12, contract 7)', () => {
  const kind = [{ system: undefined, code: 'appointment-reminder' }];
  const sms = { request: request({ medium: ['sms'] }) };

  it.each<[string, Parameters<typeof objection>[0], string]>([
    ['the patient’s to everything', { everything: true, ownDevicesOnly: false }, 'objection OBJ-12'],
    ['the patient’s to this kind', { kinds: kind, channels: 'all', ownDevicesOnly: false }, 'objection OBJ-12'],
    ['the patient’s to this kind by text', { kinds: kind, ownDevicesOnly: false }, 'objection OBJ-12'],
    ['the patient’s that does not say what it is about', { ownDevicesOnly: false }, 'objection OBJ-12'],
    ['the patient’s to texts', {}, 'send'],
    ['the patient’s to every way', { channels: 'all' }, 'send'],
    ['the proxy’s own to texts', { ofProxy: 'RelatedPerson/mother' }, 'objection OBJ-5'],
    ['the proxy’s own to everything', { ofProxy: 'RelatedPerson/mother', everything: true }, 'objection OBJ-5'],
    ['another proxy’s own', { ofProxy: 'RelatedPerson/father', everything: true }, 'send'],
  ])('%s', (_whose, change, outcome) => {
    const decision = decided({}, { ...sms, objections: known([objection(change)]) });
    const first = decision.kind === 'refuse' ? decision.reasons[0] : undefined;
    expect(first === undefined ? decision.kind : `${first.code} ${first.clause}`).toBe(outcome);
  });

  it('contract 7: the proxy’s own objection does not close the patient', () => {
    const own = objection({ ofProxy: 'RelatedPerson/mother', everything: true });
    expect(decide(world({ objections: known([own]) })).kind).toBe('send');
  });

  it.each([
    ['patient', objection({ everything: true }), 'The patient objects'],
    ['proxy', objection({ everything: true, ofProxy: 'RelatedPerson/mother' }), 'The proxy objects'],
  ])('says whose objection it is: the %s’s', (_whose, one, words) => {
    const decision = decided({}, { objections: known([one]) });
    expect(decision.kind === 'refuse' && decision.reasons[0]?.text).toContain(words);
  });
});

it('PRX-9: a number that both have is the proxy’s when it goes to the proxy', () => {
  const shared = contact('sms', mothersMobile.form.kind === 'usable' ? mothersMobile.form.to : '');
  const { delivery } = sent(decided({}, { ...reachedBy({ contacts: [shared] }), messageType: known(messageType()) }));
  expect(delivery.recipient.reference).toBe('RelatedPerson/mother');
});
