import fc from 'fast-check';
import { type Channel, channels } from '../../src/policy/channel.ts';
import { proxyBases } from '../../src/policy/consent-facts.ts';
import type { Clearance } from '../../src/policy/facts.ts';
import { always } from '../../src/policy/london.ts';
import type { Kind } from '../../src/policy/message-facts.ts';
import type { ContactFact, NeedFact, PatientFact } from '../../src/policy/person-facts.ts';
import { daysOn, monthsOn, onTheWall } from './calendar.ts';
import { MESSAGE_TYPES, SERVICES } from './clerk.ts';
import { birthDates, idleTerms, intervals, mostly, oftenCalm, runningTerms } from './corners.ts';
import type { ActingPerson, AuthorityPaper, Named, ObjectionPaper, Reach, Scope, Story, Subject } from './story.ts';

export const channel = fc.constantFrom(...channels);
export const someChannels = fc.uniqueArray(channel, { minLength: 1, maxLength: 3 });

/** What an objection or an authority may name, and what the types of these worlds are. */
export const kind: fc.Arbitrary<Kind> = fc.constantFrom(
  { system: MESSAGE_TYPES, code: 'appointment-reminder' },
  { system: MESSAGE_TYPES, code: 'results-routine' },
  { system: SERVICES, code: 'screening' },
);
const someKinds = fc.uniqueArray(kind, { minLength: 1, maxLength: 2, selector: ({ code }) => code });

const contact = (by: Channel, to: string, confirmedOn: string | undefined): ContactFact => ({
  channel: by,
  contactPoint: { value: to },
  form: { kind: 'usable', to },
  old: false,
  valid: always,
  rank: undefined,
  confirmedOn,
});

/** A mobile, an email address, a home, and ways that an organisation may not have. */
function ordinaryReach(now: number, who: string): Reach {
  const lately = daysOn(onTheWall(now).day, -30);
  return {
    contacts: [
      contact('sms', `${who}-mobile`, lately),
      contact('email', `${who}@example.org`, lately),
      contact('letter', `${who}'s home`, lately),
      contact('nhsapp', `${who}'s account`, lately),
      contact('secure-email', `${who}@secure.example.org`, lately),
    ],
    preferred: undefined,
    needs: [],
  };
}

function contactOf(now: number): fc.Arbitrary<ContactFact> {
  const { day } = onTheWall(now);
  const year = monthsOn(day, -12);
  return fc
    .record({
      channel,
      to: fc.constantFrom('one', 'two', 'three'),
      form: mostly<ContactFact['form']['kind']>('usable', 'malformed', 'not-mobile', 'foreign', 'unaddressable'),
      old: mostly(false, true),
      valid: mostly(always, intervals(now)),
      rank: fc.constantFrom(undefined, undefined, 1, 2, 3),
      confirmedOn: fc.constantFrom(day, year, daysOn(year, -1), daysOn(year, 1), undefined),
      closed: mostly<ContactFact['closed']>(undefined, 'wrong-number', 'stop'),
    })
    .map(({ channel: by, to: name, form: is, closed, ...more }): ContactFact => {
      const to = `${by}-${name}`;
      const form: ContactFact['form'] =
        is === 'usable' || is === 'foreign'
          ? { kind: is, to }
          : is === 'unaddressable'
            ? { kind: is, fault: 'no-postcode' }
            : { kind: is };
      return {
        ...more,
        channel: by,
        contactPoint: { value: to },
        form,
        ...(closed === undefined || by !== 'sms' ? {} : { closed }),
      };
    });
}

const need: fc.Arbitrary<NeedFact> = fc
  .record({ name: fc.constantFrom('large print', 'easy read'), metBy: someChannels, near: someChannels })
  .map((one) => ({ ...one, near: one.near.filter((by) => !one.metBy.includes(by)) }));

const reachOf = (now: number, who: string): fc.Arbitrary<Reach> =>
  oftenCalm<Reach>(
    ordinaryReach(now, who),
    fc.record({
      contacts: fc
        .uniqueArray(contactOf(now), { maxLength: 7, selector: ({ contactPoint }) => contactPoint })
        .map((all) => [
          ...new Map(all.map((one) => ['to' in one.form ? one.form.to : JSON.stringify(one), one])).values(),
        ]),
      preferred: fc.option(someChannels, { nil: undefined }),
      needs: fc.oneof(fc.constant<Reach['needs']>([]), fc.array<NeedFact>(need, { minLength: 1, maxLength: 2 })),
    }),
  );

const soundNumber = '9990000018';

/** Whom it is about. */
export function subjectAt(now: number): fc.Arbitrary<Subject> {
  const calm: Omit<PatientFact, 'person' | 'reference' | 'birthDate'> = {
    nhsNumbers: [soundNumber],
    hasLocalNumber: false,
    hasName: true,
    numberShared: false,
    deceased: false,
    active: true,
    replaced: false,
    replacedBy: [],
    restricted: false,
  };
  const identity = oftenCalm<typeof calm>(
    calm,
    fc.record({
      nhsNumbers: mostly<readonly string[]>(calm.nhsNumbers, [], [], ['9990000019'], [soundNumber, '9990000026']),
      hasLocalNumber: fc.boolean(),
      hasName: mostly(true, false),
      numberShared: mostly(false, true),
      deceased: mostly(false, true),
      active: mostly(true, false),
      replaced: mostly(false, true),
      replacedBy: fc.constantFrom<readonly string[]>([], ['Patient/survivor']),
      restricted: mostly(false, true, true),
    }),
  );
  const found = fc
    .record({ identity, birthDate: birthDates(now), reach: reachOf(now, 'maya') })
    .map(({ identity: who, birthDate, reach }): Subject => ({ is: 'found', patient: { ...who, birthDate }, reach }));
  const lost = fc
    .constantFrom('none', 'dangling', 'unknown-number', 'invalid-number', 'several', 'mismatch', 'not-a-patient')
    .map((is): Subject => ({ is: is as 'none' }));
  return fc.oneof({ withCrossShrink: true }, { weight: 40, arbitrary: found }, { weight: 1, arbitrary: lost });
}

export const recipients: fc.Arbitrary<readonly Named[]> = fc.oneof(
  { weight: 14, arbitrary: fc.constant<readonly Named[]>([]) },
  { weight: 3, arbitrary: fc.constant<readonly Named[]>([{ is: 'subject' }]) },
  { weight: 16, arbitrary: fc.constant<readonly Named[]>([{ is: 'proxy' }]) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<readonly Named[]>(
      [{ is: 'another-patient' }],
      [{ is: 'colleague' }],
      [{ is: 'not-a-person' }],
      [{ is: 'nobody' }],
      [{ is: 'mismatch' }],
      [{ is: 'proxy' }, { is: 'subject' }],
      [{ is: 'proxy' }, { is: 'proxy' }],
    ),
  },
);

export const proxyAt = (now: number): fc.Arbitrary<ActingPerson> =>
  fc.record({
    isOfSubject: mostly(true, false),
    active: mostly(true, false),
    term: mostly({}, fc.constantFrom(...runningTerms(now)), fc.constantFrom(...idleTerms(now))),
    deceased: mostly(false, true),
    reach: reachOf(now, 'mother'),
  });

/** Papers that let the proxy receive messages. */
export function authoritiesAt(now: number): fc.Arbitrary<readonly AuthorityPaper[]> {
  const { day } = onTheWall(now);
  const years = [monthsOn(day, -12), daysOn(monthsOn(day, -12), 1), monthsOn(day, -3)];
  const checks = [day, daysOn(day, 1), daysOn(day, -9)];
  const paper = fc.record({
    status: mostly('active', 'inactive', 'rejected', 'entered-in-error', 'proposed', 'draft'),
    isOfSubject: mostly(true, false),
    namesProxy: mostly(true, false),
    basis: fc.oneof(
      { weight: 8, arbitrary: fc.constant<AuthorityPaper['basis']>('consent') },
      { weight: 8, arbitrary: fc.constantFrom<AuthorityPaper['basis']>(...proxyBases) },
      { weight: 1, arbitrary: fc.constant<AuthorityPaper['basis']>('unknown') },
    ),
    term: fc.oneof(
      { weight: 4, arbitrary: fc.constant({ start: { day: daysOn(day, -20) } }) },
      { weight: 2, arbitrary: fc.constantFrom(...runningTerms(now)) },
      { weight: 1, arbitrary: fc.constantFrom(...idleTerms(now), {}) },
      { weight: 1, arbitrary: fc.constantFrom(...years).map((one) => ({ start: { day: one } })) },
    ),
    dated: mostly(true, false),
    signed: mostly(true, false),
    document: mostly(true, false, false),
    check: fc.oneof(fc.constant(undefined), fc.record({ held: mostly(true, false), on: fc.constantFrom(...checks) })),
    denies: mostly(false, true),
    channels: mostly<readonly Channel[]>([], someChannels),
    kinds: mostly<readonly Kind[]>([], someKinds),
    keptFrom: mostly<readonly string[]>([], ['MH'], ['GDIS', 'SEX']),
  });
  return fc
    .oneof(
      { weight: 1, arbitrary: fc.array(paper, { maxLength: 2 }) },
      { weight: 6, arbitrary: fc.array(paper, { minLength: 1, maxLength: 2 }) },
    )
    .map((all) => all.map((one, index) => ({ ...one, id: `authority-${index}` })));
}

/** What people object to, if they do. */
export const objectionsAt = (now: number): fc.Arbitrary<readonly ObjectionPaper[]> =>
  oftenCalm<readonly ObjectionPaper[]>([], someObjectionsAt(now));

export function someObjectionsAt(now: number): fc.Arbitrary<readonly ObjectionPaper[]> {
  const scopes: readonly (readonly Scope[])[] = [
    ['channel'],
    ['channel'],
    ['channel'],
    ['service-or-type'],
    ['service-or-type', 'channel'],
    ['all-messages'],
    ['care-processing'],
  ];
  const paper = fc
    .record({
      status: mostly('active', 'proposed', 'proposed', 'inactive', 'rejected', 'entered-in-error'),
      by: mostly<ObjectionPaper['by']>('patient', 'proxy', 'proxy', 'another-proxy'),
      scopes: fc.constantFrom(...scopes),
      channels: fc.oneof(someChannels, fc.constant<readonly (Channel | 'all')[]>(['all'])),
      named: someKinds,
      narrowed: fc.boolean(),
      term: mostly({}, fc.constantFrom(...runningTerms(now)), fc.constantFrom(...idleTerms(now))),
      harm: mostly<ObjectionPaper['harm']>('none', 'undecided', 'remove', 'keep'),
    })
    .map(({ named, narrowed, channels: by, ...more }): Omit<ObjectionPaper, 'id'> => {
      const ofService = more.scopes.includes('service-or-type');
      const ofChannel = more.scopes.includes('channel');
      return {
        ...more,
        channels: ofChannel || (ofService && narrowed) ? by : ['all'],
        kinds: ofService ? named : [],
      };
    });
  return fc
    .array(paper, { minLength: 1, maxLength: 3 })
    .map((all) => all.map((one, index) => ({ ...one, id: `objection-${index}` })));
}

/** What people answered who were asked about this request. */
export const answersAt = (now: number): fc.Arbitrary<Story['answers']> =>
  fc
    .array(
      fc.record({
        code: fc.constantFrom<Clearance['code']>(
          'check-with-person',
          'check-with-person',
          'restricted-record',
          'second-reader',
        ),
        agreed: mostly(true, false),
        roles: fc.constantFrom<Clearance['roles']>(['clinic'], ['caldicott-guardian']),
      }),
      { maxLength: 2 },
    )
    .map((all) =>
      all.map((one, index) => ({ ...one, reference: `Task/${index}`, by: 'Practitioner/nurse', at: new Date(now) })),
    );
