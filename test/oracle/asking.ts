import fc from 'fast-check';
import type { Channel } from '../../src/policy/channel.ts';
import type { EmergencyClaim } from '../../src/policy/emergency-facts.ts';
import type { RequestFacts } from '../../src/policy/facts.ts';
import { always } from '../../src/policy/london.ts';
import { type Override, type OverrideFacts, overrideGrounds } from '../../src/policy/override-facts.ts';
import { intervals, mostly, oftenCalm } from './corners.ts';
import { channel, someChannels } from './people.ts';

const HOUR = 3_600_000;

const claim: fc.Arbitrary<EmergencyClaim> = fc.record({
  isStat: mostly(true, false),
  hasPurpose: mostly(true, false),
  hasReason: mostly(true, false),
  hasExtension: mostly(true, false),
  hasDecider: mostly(true, false),
  seniorConsulted: mostly(true, false),
  noSeniorBecause: mostly(false, true),
  personNotAsked: fc.boolean(),
});

/** What is asked for: emergencies among them, whole and with parts missing. */
export function requestAt(now: number): fc.Arbitrary<RequestFacts> {
  const calm: RequestFacts = {
    requester: 'person',
    reasons: [],
    medium: undefined,
    unknownMedium: [],
    occurrence: undefined,
    expires: undefined,
    timesUnclear: false,
    tried: [],
    necessity: undefined,
    resultsStatement: 'routine',
    mayWait: true,
    emergency: undefined,
  };
  const odd = fc.record({
    requester: mostly<RequestFacts['requester']>('person', 'system', 'other', 'none'),
    reasons: mostly<readonly string[]>([], ['TREAT'], ['PUBHLTH', 'PATADMIN'], ['HMARKT'], ['TREAT', 'HRESCH']),
    medium: fc.option(someChannels, { nil: undefined }),
    unknownMedium: mostly<readonly number[]>([], [1]),
    occurrence: mostly<Date | undefined>(undefined, new Date(now + HOUR)),
    expires: mostly<Date | undefined>(undefined, new Date(now), new Date(now - 1), new Date(now + HOUR * 30)),
    timesUnclear: mostly(false, true),
    tried: mostly<readonly Channel[]>([], someChannels),
    necessity: fc.option(fc.constant('needed now'), { nil: undefined, freq: 3 }),
    resultsStatement: mostly<RequestFacts['resultsStatement']>('routine', 'none', 'not-routine'),
    mayWait: mostly(true, false),
    emergency: fc.constant(undefined),
  });
  const plain = oftenCalm(calm, odd);
  const emergency = fc
    .record({ asked: plain, claim })
    .map(({ asked, claim: emergency }) => ({ ...asked, emergency, mayWait: asked.mayWait && !emergency.isStat }));
  return fc.oneof({ withCrossShrink: true }, { weight: 5, arbitrary: plain }, { weight: 1, arbitrary: emergency });
}

/** What people decided about sending despite objections, and what can be seen of their grounds. */
export function decisionsAt(now: number): fc.Arbitrary<OverrideFacts> {
  const calm: OverrideFacts = { overrides: [], appointmentStarts: [], attempts: [] };
  const attempt = fc.record({
    channel,
    at: fc.constantFrom(now - HOUR, now - 2 * HOUR, now - 28 * 24 * HOUR, now - 28 * 24 * HOUR - 1),
    failed: mostly(true, false),
  });
  return oftenCalm(
    calm,
    fc.record({
      overrides: fc
        .array(overrideAt(now), { minLength: 1, maxLength: 3 })
        .map((all) => all.map((one, index) => ({ ...one, reference: `Task/override-${index}` }))),
      appointmentStarts: fc.array(
        fc.constantFrom(now, now - 1, now + HOUR, now + 24 * HOUR, now + 48 * HOUR, now + 48 * HOUR + 1),
        { maxLength: 2 },
      ),
      attempts: fc.uniqueArray(attempt, { maxLength: 3, selector: ({ at }) => at }),
    }),
  );
}

/** One decision, whole most of the time. */
export const overrideAt = (now: number): fc.Arbitrary<Omit<Override, 'reference'>> =>
  fc.record({
    approved: mostly(true, false),
    isOfRequest: mostly(true, false),
    isOfSubject: mostly(true, false),
    objection: fc.constantFrom('Consent/objection-0', 'Consent/objection-0', 'Consent/objection-1', undefined),
    ground: fc.oneof(
      { weight: 6, arbitrary: fc.constant('imminent-appointment-change' as const) },
      { weight: 6, arbitrary: fc.constantFrom(...overrideGrounds) },
      { weight: 1, arbitrary: fc.constant(undefined) },
    ),
    hasRationale: mostly(true, false),
    decidedBy: mostly<string | undefined>('Practitioner/consultant', undefined),
    reasonConsidered: mostly(true, false),
    guardianConsulted: fc.oneof(fc.boolean(), fc.boolean(), mostly<boolean | undefined>(true, undefined)),
    period: mostly(always, intervals(now), undefined),
    late: mostly(false, true),
  });
