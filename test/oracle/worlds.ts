import fc from 'fast-check';
import { system } from '../../src/canonical.ts';
import { type Channel, channels } from '../../src/policy/channel.ts';
import type { Sensitivity } from '../../src/policy/facts.ts';
import { always } from '../../src/policy/london.ts';
import type { Confidentiality, EndpointFact } from '../../src/policy/message-facts.ts';
import type { OverrideGround } from '../../src/policy/override-facts.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { defaultPolicy } from '../../src/policy-file.ts';
import { decisionsAt, overrideAt, requestAt } from './asking.ts';
import { atSomeMoment, intervals, mostly, oftenCalm } from './corners.ts';
import {
  answersAt,
  authoritiesAt,
  channel,
  objectionsAt,
  proxyAt,
  recipients,
  someChannels,
  someObjectionsAt,
  subjectAt,
} from './people.ts';
import type { FactName, Story } from './story.ts';
import { messageType } from './types.ts';

const HOUR = 3_600_000;

const policy: fc.Arbitrary<Policy> = oftenCalm(
  defaultPolicy,
  fc
    .record({
      quietHours: fc.constantFrom<Policy['quietHours'] | undefined>(
        undefined,
        { from: '21:00', to: '08:00' },
        { from: '00:00', to: '02:00' },
        { from: '09:00', to: '10:00' },
      ),
      secondReader: fc.constantFrom<readonly string[]>([], ['care-message']),
      foreignNumbers: fc.boolean(),
      channelOrder: fc.constantFrom(defaultPolicy.channelOrder, ['letter', 'email', 'sms', 'nhsapp'] as const),
    })
    .map(({ quietHours, ...more }) => ({
      ...defaultPolicy,
      ...more,
      ...(quietHours === undefined ? {} : { quietHours }),
    })),
);

const ordinaryEndpoints: readonly EndpointFact[] = (['sms', 'email', 'letter'] as const).map((one) => endpointFor(one));

function endpointFor(of: Channel, change: Partial<EndpointFact> = {}): EndpointFact {
  const ceiling = of === 'sms' || of === 'email' ? 'N' : 'R';
  return { channel: of, active: true, period: always, assured: true, ceiling, ...change };
}

/** At most one for each channel that is open, and some that are closed beside it. */
function endpointsAt(now: number): fc.Arbitrary<readonly EndpointFact[]> {
  const one = fc
    .record({
      channel,
      active: mostly(true, false),
      assured: mostly(true, false),
      period: mostly(always, intervals(now)),
      ceiling: fc.constantFrom<Confidentiality | undefined>(undefined, undefined, 'N', 'R', 'V'),
    })
    .map(({ channel: of, ceiling, ...more }) =>
      endpointFor(of, { ...more, ...(ceiling === undefined ? {} : { ceiling }) }),
    );
  const closed = fc
    .uniqueArray(channel, { maxLength: 2 })
    .map((all) => all.map((of) => endpointFor(of, { active: false, ceiling: 'V' })));
  return fc
    .tuple(fc.uniqueArray(one, { selector: (each) => each.channel, maxLength: 5, minLength: 2 }), closed)
    .map(([some, more]) => [...more, ...some]);
}

const label = (code: string, of: string = system.actCode) => ({ system: of, code });

/** What the matter gives away. */
const matter: fc.Arbitrary<Sensitivity> = fc.record({
  labels: fc.oneof(
    { weight: 3, arbitrary: fc.constant<Sensitivity['labels']>([]) },
    {
      weight: 2,
      arbitrary: fc.constantFrom<Sensitivity['labels']>(
        [label('SEX')],
        [label('MH'), label('R', system.confidentiality)],
        [label('GDIS')],
        [label('ETHUD'), label('SDV')],
        [label('N', system.confidentiality)],
      ),
    },
  ),
  unread: mostly(false, true),
  ofAnother: mostly(false, true),
});

const unread: fc.Arbitrary<readonly FactName[]> = fc.oneof(
  { withCrossShrink: true },
  { weight: 40, arbitrary: fc.constant<readonly FactName[]>([]) },
  {
    weight: 1,
    arbitrary: fc.uniqueArray(
      fc.constantFrom<FactName>(
        'subject',
        'recipients',
        'messageType',
        'objections',
        'overrides',
        'endpoints',
        'sensitivity',
        'proxyConsents',
        'clearances',
      ),
      { minLength: 1, maxLength: 2 },
    ),
  },
);

const ordinary: fc.Arbitrary<Story> = atSomeMoment((now) =>
  fc.record({
    now: fc.constant(now),
    policy,
    request: requestAt(now),
    subject: subjectAt(now),
    recipients,
    proxy: proxyAt(now),
    authorities: authoritiesAt(now),
    objections: objectionsAt(now),
    decisions: decisionsAt(now),
    answers: answersAt(now),
    messageType,
    endpoints: fc.oneof(
      { weight: 6, arbitrary: oftenCalm(ordinaryEndpoints, endpointsAt(now)) },
      { weight: 1, arbitrary: fc.constant(channels.map((one) => endpointFor(one))) },
    ),
    providers: fc.oneof(
      { weight: 6, arbitrary: fc.constant<readonly Channel[]>(['sms', 'email', 'letter']) },
      { weight: 4, arbitrary: fc.constant(channels) },
      { weight: 1, arbitrary: someChannels },
    ),
    matter,
    unread,
  }),
);

/** The ground that speaks of a kind of message. */
const groundOf: Readonly<Record<string, OverrideGround>> = {
  'public-health-alert': 'communicable-disease',
  'welfare-check': 'extreme-event-vulnerable',
  'virtual-consultation-invite': 'virtual-consultation-link',
  'prescribing-error': 'prescribing-error',
  'waiting-list-validation': 'waiting-list-validation',
  'credible-threat-contact': 'credible-threat',
  'urgent-appointment-offer': 'urgent-treatment-offer',
};

/** Stories in which somebody decided about each thing that is objected to, on a ground that could be true. */
const decided = ordinary.chain((story) => {
  const code = story.messageType.kind === 'found' ? story.messageType.type.code : '';
  const fitting = groundOf[code] ?? 'imminent-appointment-change';
  return fc
    .record({
      objections: story.objections.length > 0 ? fc.constant(story.objections) : someObjectionsAt(story.now),
      each: fc.array(overrideAt(story.now), { minLength: 3, maxLength: 3 }),
      fits: fc.constantFrom('this', 'this', 'contact', 'as it is'),
      attempts: fc.constantFrom(
        [{ channel: 'sms' as const, at: story.now - 28 * 24 * HOUR, failed: true }],
        [{ channel: 'sms' as const, at: story.now - 28 * 24 * HOUR - 1, failed: true }],
        story.decisions.attempts,
      ),
      starts: fc.constantFrom([story.now + 48 * HOUR], [story.now], [story.now + 48 * HOUR + 1], []),
    })
    .map(({ objections, each, fits, starts, attempts }): Story => {
      const overrides = objections.map(({ id }, index) => {
        const one = each[index] as (typeof each)[number];
        const ground = fits === 'this' ? fitting : fits === 'contact' ? 'primary-contact-failed' : one.ground;
        return { ...one, ground, objection: `Consent/${id}`, reference: `Task/override-${index}` };
      });
      return { ...story, objections, decisions: { overrides, attempts, appointmentStarts: starts } };
    });
});

/** Worlds: people, papers and requests, each ordinary in most ways and odd in some. */
export const stories: fc.Arbitrary<Story> = fc.oneof(
  { withCrossShrink: true },
  { weight: 5, arbitrary: ordinary },
  { weight: 1, arbitrary: decided },
);
