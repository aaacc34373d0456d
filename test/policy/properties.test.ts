import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Channel, channels } from '../../src/policy/channel.ts';
import { decide, decideBy } from '../../src/policy/decide.ts';
import {
  allKnown,
  type Confidentiality,
  type ContactFact,
  confidentialities,
  type Fact,
  type MessageTypeFact,
  type Objection,
  type PolicyFacts,
  type RecipientFact,
  type SubjectFact,
} from '../../src/policy/facts.ts';
import { always } from '../../src/policy/london.ts';
import { allRules } from '../../src/policy/rules/all.ts';
import { contact, endpoint, messageType, now, patient, person, request, text, world } from './world.ts';

const RUNS = { numRuns: 500 };

const channel = fc.constantFrom(...channels);
const time = now.getTime();
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
    kind: mostly<ContactFact['form']['kind']>('usable', fc.constantFrom('malformed', 'not-mobile', 'foreign')),
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
        birthDate: fc.constantFrom(undefined, '1984', '1984-06-14'),
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
  fc.record({
    kind: fc.constant('related-person' as const),
    isOfSubject: fc.boolean(),
    person: personFact.map((one) => person({ ...one, reference: 'RelatedPerson/mother' })),
  }),
);

const objectionFact: fc.Arbitrary<Objection> = fc.record({
  reference: fc.constantFrom('Consent/1', 'Consent/2'),
  status: fc.constantFrom('active', 'proposed', 'inactive'),
  period: interval,
  ofProxy: mostly<string | undefined>(undefined, fc.constant('RelatedPerson/mother')),
  everything: mostly(false, fc.boolean()),
  channels: fc.oneof(fc.constant('all' as const), fc.subarray([...channels])),
  kinds: fc.oneof(
    fc.constant('all' as const),
    fc.array(fc.constantFrom({ system: undefined, code: 'appointment-reminder' }, { system: 'urn:x', code: 'y' }), {
      maxLength: 2,
    }),
  ),
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
      })
      .map(request),
    subject: fact(subjectFact),
    recipients: fact(mostly<RecipientFact[]>([], fc.array(recipientFact, { maxLength: 2 }))),
    messageType: fact(typeFact),
    objections: fact(mostly<Objection[]>([], fc.array(objectionFact, { maxLength: 3 }))),
    endpoints: fact(fc.array(endpointFact, { minLength: 3, maxLength: 8 })),
    providerChannels: mostly([...channels], fc.subarray([...channels])),
  })
  .map(world);

const factNames = ['subject', 'recipients', 'messageType', 'objections', 'endpoints', 'sensitivity'] as const;

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
        if (after.kind === 'send') {
          expect(inForce.everything).toBe(false);
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
        expect(decision.delivery.recipient.reference).toBe(who.reference);
        const used = who.person.contacts.filter((each) => each.contactPoint === decision.delivery.contactPoint);
        expect(used.some((each) => !each.old && each.channel === decision.delivery.channel)).toBe(true);
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
