import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Channel, channels } from '../../src/policy/channel.ts';
import { type Objection, type ProxyBasis, type ProxyConsent, proxyBases } from '../../src/policy/consent-facts.ts';
import { decide, decideBy } from '../../src/policy/decide.ts';
import { allKnown, type Clearance, type Fact, type PolicyFacts } from '../../src/policy/facts.ts';
import { always } from '../../src/policy/london.ts';
import { type Confidentiality, confidentialities, type MessageTypeFact } from '../../src/policy/message-facts.ts';
import { noOverrides } from '../../src/policy/override-facts.ts';
import type { ContactFact, RecipientFact, SubjectFact } from '../../src/policy/person-facts.ts';
import { allRules } from '../../src/policy/rules/all.ts';
import { claim, override } from './override-rows.ts';
import {
  authority,
  clearance,
  contact,
  DAY,
  endpoint,
  labelled,
  messageType,
  now,
  patient,
  person,
  request,
  text,
  world,
} from './world.ts';

const RUNS = { numRuns: 500 };

const channel = fc.constantFrom(...channels);
const time = now.getTime();
const messageTypes = 'https://herald.example/fhir/CodeSystem/message-type';
const interval = fc.constantFrom(
  always,
  { from: 0, until: time },
  { from: 0, until: time + 1 },
  { from: time, until: time + 1 },
  { from: time + 1, until: time + 2 },
);
/** Mostly what it should be, so that a fair share of the worlds can send. */
const mostly = <T>(usual: T, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 15, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other });

const contactFact: fc.Arbitrary<ContactFact> = fc
  .record({
    channel,
    to: fc.constantFrom('+447700900123', '+447700900124', 'a@example.org'),
    old: mostly(false, fc.boolean()),
    valid: mostly(always, interval),
    rank: fc.constantFrom(undefined, 1, 2),
    kind: mostly<Exclude<ContactFact['form']['kind'], 'unaddressable'>>(
      'usable',
      fc.constantFrom('malformed', 'not-mobile', 'foreign'),
    ),
    use: fc.constantFrom(undefined, 'mobile' as const, 'work' as const),
  })
  .map(({ channel: by, to, kind, use, ...change }) =>
    contact(by, to, {
      ...change,
      contactPoint: { value: to, ...(use === undefined ? {} : { use }) },
      form: kind === 'usable' || kind === 'foreign' ? { kind, to } : { kind },
    }),
  );

const personFact = fc.record({
  contacts: fc.array(contactFact, { minLength: 1, maxLength: 8 }),
  preferred: mostly(undefined, fc.array(channel, { maxLength: 2 })),
  language: fc.constant(undefined),
});

const subjectFact: fc.Arbitrary<SubjectFact> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .record({
        nhsNumbers: mostly<string[]>(['9990000018'], fc.constantFrom([], ['9990000019'], ['9990000018', '9990000026'])),
        hasLocalNumber: fc.boolean(),
        hasName: fc.boolean(),
        birthDate: fc.constantFrom(undefined, '1984', '1984-06-14', '2012-03-04'),
        numberShared: mostly(false, fc.boolean()),
        deceased: mostly(false, fc.boolean()),
        active: mostly(true, fc.boolean()),
        replaced: mostly(false, fc.boolean()),
        replacedBy: fc.subarray(['Patient/a', 'Patient/b']),
        restricted: mostly(false, fc.boolean()),
        person: personFact.map(person),
      })
      .map((change): SubjectFact => ({ kind: 'found', patient: patient(change) })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<Exclude<SubjectFact['kind'], 'found'>[]>('none', 'dangling', 'several', 'mismatch', 'group')
      .map((kind): SubjectFact => ({ kind })),
  },
);

const recipientFact: fc.Arbitrary<RecipientFact> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<RecipientFact>({ kind: 'patient', isSubject: true }) },
  fc.constantFrom<RecipientFact[]>(
    { kind: 'patient', isSubject: false },
    { kind: 'colleague' },
    { kind: 'not-a-person' },
    { kind: 'nobody' },
    { kind: 'mismatch' },
  ),
  { weight: 5, arbitrary: fc.constant(undefined).chain(() => relatedPerson) },
);

const relatedPerson: fc.Arbitrary<RecipientFact> = fc.record({
  kind: fc.constant('related-person' as const),
  isOfSubject: mostly(true, fc.boolean()),
  person: personFact.map((one) => person({ ...one, reference: 'RelatedPerson/mother' })),
  active: mostly(true, fc.boolean()),
  valid: mostly(always, interval),
  deceased: mostly(false, fc.boolean()),
});

const proxyConsent: fc.Arbitrary<ProxyConsent> = fc
  .record({
    reference: fc.constantFrom('Consent/a', 'Consent/b', 'Consent/c'),
    status: mostly('active', fc.constantFrom('proposed', 'inactive', 'entered-in-error')),
    isOfSubject: mostly(true, fc.boolean()),
    proxy: mostly<string | undefined>('RelatedPerson/mother', fc.constantFrom(undefined, 'RelatedPerson/father')),
    basis: fc.constantFrom(undefined, ...proxyBases),
    period: mostly<ProxyConsent['period']>(always, fc.option(interval, { nil: undefined })),
    missing: mostly<string[]>([], fc.constant(['Consent.dateTime'])),
    evidencedFrom: mostly<number | undefined>(0, fc.constantFrom(undefined, time + 1)),
    verifiedFrom: fc.constantFrom(undefined, 0, time + 1),
    refuted: mostly(false, fc.boolean()),
    clear: mostly(true, fc.boolean()),
    channels: mostly<ProxyConsent['channels']>('all', fc.subarray([...channels])),
    kinds: mostly<ProxyConsent['kinds']>(
      'all',
      fc.constantFrom([], [{ system: messageTypes, code: 'appointment-reminder' }], [{ system: 'urn:x', code: 'y' }]),
    ),
    denied: mostly<ProxyConsent['denied']>([], fc.constant(labelled('SEX').labels)),
  })
  .map(authority);

const clearanceFact: fc.Arbitrary<Clearance> = fc
  .record({
    code: mostly<Clearance['code']>('check-with-person', fc.constantFrom('restricted-record', 'second-reader')),
    agreed: mostly(true, fc.boolean()),
    roles: fc.constantFrom([], ['clinic'], ['caldicott-guardian']),
  })
  .map(clearance);

const objectionFact: fc.Arbitrary<Objection> = fc.record({
  reference: fc.constantFrom('Consent/1', 'Consent/2'),
  status: fc.constantFrom('active', 'proposed', 'inactive'),
  period: interval,
  ofProxy: mostly<string | undefined>(undefined, fc.constant('RelatedPerson/mother')),
  everything: mostly(false, fc.boolean()),
  ownDevicesOnly: fc.boolean(),
  channels: fc.oneof(fc.constant('all' as const), fc.subarray([...channels])),
  kinds: fc.oneof(
    fc.constant('all' as const),
    fc.array(fc.constantFrom({ system: undefined, code: 'appointment-reminder' }, { system: 'urn:x', code: 'y' }), {
      maxLength: 2,
    }),
  ),
  removed: mostly(false, fc.boolean()),
});

const typeFact: fc.Arbitrary<MessageTypeFact> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .record({
        by: fc.uniqueArray(channel, { minLength: 1, maxLength: 5 }),
        confidentiality: mostly('N' as const, fc.constantFrom(...confidentialities)),
        automatic: fc.boolean(),
        purposes: mostly<string[]>(['TREAT'], fc.constant(['HMARKT'])),
        nudge: fc.boolean(),
        rank: fc.constantFrom(undefined, 1, 2),
        tooLong: mostly(false, fc.boolean()),
        missing: mostly<string[]>([], fc.constant(['date'])),
        freeText: mostly('none' as const, fc.constantFrom('missing' as const, 'not-taken' as const)),
      })
      .map(({ by, nudge, rank, tooLong, missing, freeText, ...type }): MessageTypeFact => {
        const faults = tooLong ? [{ kind: 'too-long' as const, characters: 919, limit: 918 }] : [];
        const texts = by.flatMap((one) => [
          text(one, { rank, faults }),
          ...(nudge ? [text(one, { kind: 'nudge', rank })] : []),
        ]);
        const found = messageType(type, texts);
        return found.kind === 'found' ? { ...found, content: { ...found.content, missing, freeText } } : found;
      }),
  },
  fc.constantFrom<MessageTypeFact[]>({ kind: 'absent' }, { kind: 'unknown' }, { kind: 'invalid', faults: ['a', 'b'] }),
);

const endpointFact = fc
  .record({
    channel,
    active: mostly(true, fc.boolean()),
    assured: mostly(true, fc.boolean()),
    period: mostly(always, interval),
    ceiling: mostly<Confidentiality>('N', fc.constantFrom(...confidentialities)),
  })
  .map(({ channel: by, ...change }) => endpoint(by, change));

const moment = fc.constantFrom(undefined, new Date(time - 1), now, new Date(time + 1));
const fact = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Fact<T>> =>
  value.map((one): Fact<T> => ({ known: true, value: one }));

const facts: fc.Arbitrary<PolicyFacts> = fc
  .record({
    request: fc
      .record({
        requester: mostly('person' as const, fc.constantFrom('system' as const, 'none' as const, 'other' as const)),
        reasons: mostly<string[]>([], fc.constantFrom(['TREAT'], ['HRESCH', 'TREAT'])),
        medium: mostly<Channel[] | undefined>(undefined, fc.subarray([...channels])),
        unknownMedium: mostly<number[]>([], fc.constant([1])),
        occurrence: moment,
        expires: mostly<Date | undefined>(undefined, moment),
        timesUnclear: mostly(false, fc.boolean()),
        tried: mostly([], fc.subarray([...channels])),
      })
      .map(request),
    subject: fact(subjectFact),
    recipients: fact(
      fc.oneof(
        fc.constant([]),
        relatedPerson.map((one) => [one]),
        mostly<RecipientFact[]>([], fc.array(recipientFact, { maxLength: 2 })),
      ),
    ),
    proxyConsents: fact(fc.array(proxyConsent, { maxLength: 3 })),
    sensitivity: fact(
      mostly(
        labelled(),
        fc.record({
          labels: fc.constantFrom([], labelled('SEX').labels),
          unread: mostly(false, fc.boolean()),
          ofAnother: mostly(false, fc.boolean()),
        }),
      ),
    ),
    clearances: fact(mostly<Clearance[]>([], fc.array(clearanceFact, { maxLength: 2 }))),
    messageType: fact(typeFact),
    objections: fact(mostly<Objection[]>([], fc.array(objectionFact, { maxLength: 3 }))),
    endpoints: fact(fc.array(endpointFact, { minLength: 3, maxLength: 8 })),
    providerChannels: mostly([...channels], fc.subarray([...channels])),
  })
  .map(world);

const factNames = [
  ...(['subject', 'recipients', 'messageType', 'objections', 'endpoints'] as const),
  ...(['sensitivity', 'proxyConsents', 'clearances', 'overrides'] as const),
];

describe('decide, whatever the facts', () => {
  it('the worlds tried here are worth trying: many send, many are refused, some are held', () => {
    const kinds = fc.sample(facts, { numRuns: 2_000, seed: 1 }).map((one) => decide(one).kind);
    const count = (kind: string) => kinds.filter((one) => one === kind).length;
    expect(count('send')).toBeGreaterThan(200);
    expect(count('refuse')).toBeGreaterThan(200);
    expect(count('hold')).toBeGreaterThan(10);
  });

  it('contract 4: known facts always end in a decision, with a reason for every no', () => {
    fc.assert(
      fc.property(facts, (one) => {
        const decision = decide(one);
        expect(['send', 'hold', 'refuse']).toContain(decision.kind);
        if (decision.kind === 'refuse') expect(decision.reasons.length).toBeGreaterThan(0);
        if (decision.kind === 'hold') expect(decision.tasks.length).toBeGreaterThan(0);
      }),
      RUNS,
    );
  });

  it('contract 4: a fact that could not be read never sends', () => {
    fc.assert(
      fc.property(facts, fc.subarray([...factNames], { minLength: 1 }), (one, lost) => {
        const holes = Object.fromEntries(lost.map((name) => [name, { known: false, cause: `no ${name}` }]));
        const decision = decide({ ...one, ...holes });
        expect(decision).toEqual({ kind: 'unknown', causes: lost.map((name) => `no ${name}`).sort() });
      }),
      RUNS,
    );
  });

  it('contract 4: every fact is one that can be missing, and is looked for', () => {
    const names = Object.entries(world()).flatMap(([name, value]) =>
      typeof value === 'object' && value !== null && 'known' in value ? [name] : [],
    );
    expect(names.sort()).toEqual([...factNames].sort());
    expect(allKnown(world()).known).toBe(true);
  });

  it('contract 4: the order of rules and of lists never shows', () => {
    const order = fc.infiniteStream(fc.nat());
    fc.assert(
      fc.property(facts, order, (one, numbers) => {
        const shuffle = <T>(items: readonly T[]): T[] =>
          items
            .map((item) => ({ item, at: numbers.next().value }))
            .sort((a, b) => a.at - b.at)
            .map(({ item }) => item);
        expect(decideBy(shuffle(allRules))(reordered(one, shuffle))).toEqual(decide(one));
      }),
      RUNS,
    );
  });

  it('OBJ-5: an objection in force never leads to a message that it covers', () => {
    fc.assert(
      fc.property(facts, objectionFact, (one, added) => {
        if (!one.objections.known) return;
        const inForce = { ...added, status: 'active', period: always, ofProxy: undefined, kinds: 'all' as const };
        const objections = { known: true as const, value: [...one.objections.value, inForce] };
        const [before, after] = [decide(one), decide({ ...one, objections })];
        const toProxy = after.kind === 'send' && after.delivery.recipient.reference === 'RelatedPerson/mother';
        if (after.kind === 'send') expect(inForce.everything).toBe(false);
        if (after.kind === 'send' && !(toProxy && inForce.ownDevicesOnly)) {
          expect(inForce.channels === 'all' || inForce.channels.includes(after.delivery.channel)).toBe(false);
        }
        // It never opens what was closed: with one channel to choose from, a no stays a no.
        const only = one.request.medium ?? [];
        if (before.kind !== 'send' && only.length === 1) expect(after.kind).not.toBe('send');
      }),
      RUNS,
    );
  });

  it('VER, PRX, CON: nothing goes to the dead, to a replaced record, to a stranger or to a colleague', () => {
    fc.assert(
      fc.property(facts, (one) => {
        const decision = decide(one);
        if (decision.kind !== 'send' || !one.subject.known || one.subject.value.kind !== 'found') {
          expect(decision.kind).not.toBe('send');
          return;
        }
        const who = one.subject.value.patient;
        expect([who.deceased, who.active, who.replaced, who.restricted, who.numberShared]).toEqual([
          false,
          true,
          false,
          false,
          false,
        ]);
        const [recipient] = one.recipients.known ? one.recipients.value : [];
        const to = recipient?.kind === 'related-person' ? recipient.person : who.person;
        expect(decision.delivery.recipient.reference).toBe(to.reference);
        const used = to.contacts.filter((each) => each.contactPoint === decision.delivery.contactPoint);
        expect(used.some((each) => !each.old && each.channel === decision.delivery.channel)).toBe(true);
      }),
      RUNS,
    );
  });
});

describe('an emergency, whatever the facts', () => {
  const inEmergency = (one: PolicyFacts, personNotAsked = false): PolicyFacts => ({
    ...one,
    request: { ...one.request, requester: 'person', emergency: claim({ personNotAsked }) },
  });

  it('EMG-1: whatever would go in any case goes', () => {
    fc.assert(
      fc.property(facts, (one) => {
        const ordinary = decide({ ...one, request: { ...one.request, requester: 'person' } });
        if (ordinary.kind === 'send') expect(decide(inEmergency(one)).kind).toBe('send');
      }),
      RUNS,
    );
  });

  it('EMG-1: never to the dead, to a stranger, without authority, or unasked about something sensitive', () => {
    fc.assert(
      fc.property(facts, fc.boolean(), (one, personNotAsked) => {
        const decision = decide(inEmergency(one, personNotAsked));
        if (decision.kind !== 'send' || !one.subject.known || one.subject.value.kind !== 'found') {
          expect(decision.kind).not.toBe('send');
          return;
        }
        const { deceased, active, replaced, numberShared } = one.subject.value.patient;
        expect([deceased, active, replaced, numberShared]).toEqual([false, true, false, false]);
        const toProxy = decision.delivery.recipient.reference?.startsWith('RelatedPerson/') === true;
        expect((decision.delivery.authority ?? []).length > 0).toBe(toProxy);
        const unasked = decision.setAside?.some(({ code }) => code === 'sensitive-proxy') ?? false;
        if (unasked) expect([toProxy, personNotAsked]).toEqual([true, true]);
      }),
      RUNS,
    );
  });

  it('OBJ-8: neither an emergency nor a decision reaches a way that could bring serious harm', () => {
    fc.assert(
      fc.property(facts, objectionFact, fc.boolean(), (one, added, isEmergency) => {
        if (!one.objections.known) return;
        const risk = {
          ...added,
          status: 'active',
          period: always,
          ofProxy: undefined,
          kinds: 'all',
          removed: true,
        } as const;
        const risky = { ...one, objections: { known: true as const, value: [...one.objections.value, risk] } };
        const decided = override({ objection: risk.reference, ground: 'other', guardianConsulted: true });
        const overrides = { known: true, value: { ...noOverrides, overrides: [decided] } } as const;
        const decision = decide(isEmergency ? inEmergency(risky) : { ...risky, overrides });
        if (decision.kind !== 'send') return;
        expect(risk.everything).toBe(false);
        const toProxy = decision.delivery.recipient.reference === 'RelatedPerson/mother';
        if (toProxy && risk.ownDevicesOnly) return;
        expect(risk.channels === 'all' || risk.channels.includes(decision.delivery.channel)).toBe(false);
      }),
      RUNS,
    );
  });
});

describe('messages to a proxy, whatever the facts', () => {
  /** What the contract asks of an authority, said once more and otherwise than the rules do. */
  function counts(consent: ProxyConsent, facts: PolicyFacts): boolean {
    const { basis, period } = consent;
    const born = facts.subject.known && facts.subject.value.kind === 'found' && facts.subject.value.patient.birthDate;
    const isChild = typeof born === 'string' && born.length === 10 && Number(born.slice(0, 4)) > 2008;
    const isActivated = consent.verifiedFrom !== undefined && consent.verifiedFrom <= time;
    const year = 365 * DAY;
    const isRecent = period !== undefined && (Number.isFinite(period.until) || time - period.from < year);
    const asked: Readonly<Record<ProxyBasis, boolean>> = {
      'parental-responsibility': isChild,
      'health-and-welfare-lasting-power-of-attorney': isActivated,
      'court-appointed-personal-welfare-deputy': true,
      'best-interest': isRecent,
      consent: true,
    };
    return [
      consent.status === 'active',
      consent.isOfSubject,
      consent.proxy === 'RelatedPerson/mother',
      basis !== undefined && asked[basis],
      period !== undefined && period.from <= time && time < period.until,
      consent.missing.length === 0,
      consent.evidencedFrom !== undefined && consent.evidencedFrom <= time,
      !consent.refuted,
      consent.clear,
      consent.kinds === 'all' || consent.kinds.some((kind) => kind.system === messageTypes),
    ].every(Boolean);
  }

  const toMother = fc
    .record({
      recipients: fact(relatedPerson.map((one) => [one])),
      proxyConsents: fact(fc.array(proxyConsent, { minLength: 1, maxLength: 3 })),
      sensitivity: fact(fc.constantFrom(labelled(), labelled(), labelled('SEX'))),
    })
    .chain((change) => facts.map((one): PolicyFacts => ({ ...one, ...change })));

  it('the worlds tried here are worth trying: many send, many are refused, some are held', () => {
    const kinds = fc.sample(toMother, { numRuns: 500, seed: 1 }).map((one) => decide(one).kind);
    const count = (kind: string) => kinds.filter((one) => one === kind).length;
    expect(count('send')).toBeGreaterThan(25);
    expect(count('refuse')).toBeGreaterThan(100);
    expect(count('hold')).toBeGreaterThan(5);
  });

  it('PRX-2: none goes without an authority in force of exactly this proxy, for exactly this patient', () => {
    fc.assert(
      fc.property(toMother, (one) => {
        const decision = decide(one);
        if (decision.kind !== 'send' || !one.proxyConsents.known || !one.recipients.known) return;
        const [mother] = one.recipients.value;
        expect(mother).toMatchObject({ isOfSubject: true, active: true, deceased: false });
        const { authority: named = [], channel: by } = decision.delivery;
        expect(named.length).toBeGreaterThan(0);
        const open = one.proxyConsents.value.filter(
          (each) => counts(each, one) && (each.channels === 'all' || each.channels.includes(by)),
        );
        for (const reference of named) expect(open.map((each) => each.reference)).toContain(reference);
      }),
      RUNS,
    );
  });

  it('PRX-7: none about something sensitive goes unless somebody agreed, and nobody refused', () => {
    fc.assert(
      fc.property(toMother, (one) => {
        const sensitive = { known: true as const, value: labelled('SEX') };
        const decision = decide({ ...one, sensitivity: sensitive });
        if (decision.kind !== 'send' || !one.clearances.known) return;
        const answers = one.clearances.value.filter((each) => each.code === 'check-with-person');
        expect(answers.length).toBeGreaterThan(0);
        expect(answers.every((each) => each.agreed)).toBe(true);
      }),
      RUNS,
    );
  });

  it('PRX-9: what goes to a proxy goes to a contact detail of their own', () => {
    fc.assert(
      fc.property(toMother, (one) => {
        const decision = decide(one);
        if (decision.kind !== 'send' || !one.recipients.known) return;
        const [mother] = one.recipients.value;
        const own = mother?.kind === 'related-person' ? mother.person.contacts : [];
        expect(own.map((each) => each.contactPoint)).toContain(decision.delivery.contactPoint);
        expect(decision.delivery.channel).not.toBe('nhsapp');
      }),
      RUNS,
    );
  });
});

function reordered(one: PolicyFacts, shuffle: <T>(items: readonly T[]) => T[]): PolicyFacts {
  const each = <T>(of: Fact<readonly T[]>): Fact<readonly T[]> => (of.known ? { ...of, value: shuffle(of.value) } : of);
  const { subject, messageType: type } = one;
  return {
    ...one,
    request: { ...one.request, ...(one.request.medium && { medium: shuffle(one.request.medium) }) },
    providerChannels: shuffle(one.providerChannels),
    recipients: one.recipients,
    objections: each(one.objections),
    proxyConsents: each(one.proxyConsents),
    clearances: each(one.clearances),
    endpoints: each(one.endpoints),
    subject:
      subject.known && subject.value.kind === 'found'
        ? {
            known: true,
            value: {
              kind: 'found',
              patient: {
                ...subject.value.patient,
                replacedBy: shuffle(subject.value.patient.replacedBy),
                person: {
                  ...subject.value.patient.person,
                  contacts: shuffle(subject.value.patient.person.contacts),
                },
              },
            },
          }
        : subject,
    messageType:
      type.known && type.value.kind === 'found'
        ? {
            known: true,
            value: {
              ...type.value,
              texts: shuffle(type.value.texts),
              type: { ...type.value.type, templates: shuffle(type.value.type.templates) },
            },
          }
        : type,
  };
}
