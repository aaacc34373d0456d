import type { ClauseId } from '../../src/policy/clauses.ts';
import type { BlockReason } from '../../src/policy/codes.ts';
import type { Objection } from '../../src/policy/consent-facts.ts';
import type { EmergencyClaim } from '../../src/policy/emergency-facts.ts';
import type { PolicyFacts } from '../../src/policy/facts.ts';
import { always } from '../../src/policy/london.ts';
import type { Override, OverrideFacts } from '../../src/policy/override-facts.ts';
import { DAY, known, messageType, now, objection, request } from './world.ts';

type Row = [demand: string, change: Partial<PolicyFacts>, code: BlockReason, clause: ClauseId];

const time = now.getTime();
const HOUR = DAY / 24;

/** A decision to send despite the objection `Consent/1`, as it should be. */
export const override = (change: Partial<Override> = {}): Override => ({
  reference: 'Task/override',
  approved: true,
  isOfRequest: true,
  isOfSubject: true,
  objection: 'Consent/1',
  ground: 'imminent-appointment-change',
  hasRationale: true,
  decidedBy: 'Practitioner/consultant',
  reasonConsidered: true,
  guardianConsulted: false,
  period: always,
  late: false,
  ...change,
});

/** A text only, to somebody who objects to texts, with an appointment tomorrow and this decision. */
export const decided = (
  change: Partial<Override> | readonly Override[] = {},
  more: {
    readonly objections?: readonly Objection[];
    readonly grounds?: Partial<OverrideFacts>;
    readonly facts?: Partial<PolicyFacts>;
  } = {},
): Partial<PolicyFacts> => ({
  request: request({ medium: ['sms'] }),
  objections: known(more.objections ?? [objection()]),
  overrides: known({
    overrides: Array.isArray(change) ? change : [override(change as Partial<Override>)],
    appointmentStarts: [time + DAY],
    attempts: [],
    ...more.grounds,
  }),
  ...more.facts,
});

/** A type of the catalogue by its code, that is sent in any way. */
export const ofType = (code: string): Partial<PolicyFacts> => ({ messageType: known(messageType({ code })) });

export const claim = (change: Partial<EmergencyClaim> = {}): EmergencyClaim => ({
  isStat: true,
  hasPurpose: true,
  hasReason: true,
  hasExtension: true,
  hasDecider: true,
  seniorConsulted: true,
  noSeniorBecause: false,
  personNotAsked: false,
  ...change,
});

const everything = objection({ everything: true, ownDevicesOnly: false });
const invalid = (demand: string, change: Partial<PolicyFacts>, clause: ClauseId = 'OBJ-6'): Row => [
  demand,
  change,
  'override-invalid',
  clause,
];

/** What keeps a decision to override from counting: one row for each demand of contract 8. */
export const overrideRefusals: readonly Row[] = [
  invalid('OBJ-6: for another request', decided({ isOfRequest: false })),
  invalid('OBJ-6: for another person', decided({ isOfSubject: false })),
  invalid('OBJ-6: of another objection', decided({ objection: 'Consent/9' })),
  invalid('OBJ-6: of no objection', decided({ objection: undefined })),
  invalid('OBJ-6: declined', decided({ approved: false })),
  invalid('OBJ-6: made when its request was no draft any more', decided({ late: true })),
  invalid('OBJ-6: not yet', decided({ period: { from: time + 1, until: time + DAY } })),
  invalid('OBJ-6: no longer', decided({ period: { from: 0, until: time } })),
  invalid('OBJ-6: in a period that cannot be read', decided({ period: undefined })),
  invalid('OBJ-6: on no ground', decided({ ground: undefined })),
  invalid('OBJ-6: without a rationale', decided({ hasRationale: false })),
  invalid('OBJ-6: of nobody', decided({ decidedBy: undefined })),
  invalid('OBJ-6: without a look at the reason', decided({ reasonConsidered: false })),
  invalid('OBJ-6: silent about the Caldicott Guardian', decided({ guardianConsulted: undefined })),
  invalid('OBJ-7: on another ground, without the Caldicott Guardian', decided({ ground: 'other' })),
  invalid('OBJ-6: of everything, without the Caldicott Guardian', decided({}, { objections: [everything] })),
  invalid(
    'OBJ-6: of a kind of message, without the Caldicott Guardian',
    decided({}, { objections: [objection({ ownDevicesOnly: false })] }),
  ),
  invalid(
    'OBJ-8: where a risk of serious harm is',
    decided({}, { objections: [objection({ removed: true })] }),
    'OBJ-8',
  ),
  invalid(
    'OBJ-6: of one objection of two',
    decided({}, { objections: [objection(), objection({ reference: 'Consent/2' })] }),
  ),
  invalid('OBJ-7: no appointment', decided({}, { grounds: { appointmentStarts: [] } }), 'OBJ-7'),
  invalid(
    'OBJ-7: an appointment after 48 hours',
    decided({}, { grounds: { appointmentStarts: [time + 48 * HOUR + 1] } }),
    'OBJ-7',
  ),
  invalid('OBJ-7: an appointment that has begun', decided({}, { grounds: { appointmentStarts: [time - 1] } }), 'OBJ-7'),
  invalid('OBJ-7: an urgent slot by another type', decided({ ground: 'urgent-treatment-offer' }), 'OBJ-7'),
  invalid(
    'OBJ-7: an urgent slot that is not near',
    decided(
      { ground: 'urgent-treatment-offer' },
      { grounds: { appointmentStarts: [] }, facts: ofType('urgent-appointment-offer') },
    ),
    'OBJ-7',
  ),
  ...(
    [
      'communicable-disease',
      'waiting-list-validation',
      'extreme-event-vulnerable',
      'virtual-consultation-link',
      'credible-threat',
      'prescribing-error',
    ] as const
  ).map((ground) => invalid(`OBJ-7: ${ground} by another type`, decided({ ground }), 'OBJ-7')),
  invalid('OBJ-7: nothing failed', decided({ ground: 'primary-contact-failed' }), 'OBJ-7'),
];

const incomplete = (lack: string, change: Partial<EmergencyClaim>): Row => [
  `EMG-1: an emergency without ${lack}`,
  { request: request({ emergency: claim(change) }) },
  'emergency-incomplete',
  'EMG-1',
];

/** What a request lacks to be an emergency. */
export const emergencyRefusals: readonly Row[] = [
  incomplete('the priority', { isStat: false }),
  incomplete('the purpose', { hasPurpose: false }),
  incomplete('a reason', { hasReason: false }),
  incomplete('the extension', { hasExtension: false }),
  incomplete('one who decided', { hasDecider: false }),
  incomplete('a word about anybody senior', { seniorConsulted: false }),
  incomplete('one word about anybody senior', { noSeniorBecause: true }),
  [
    'EMG-1: an emergency that a system asks for',
    { request: request({ emergency: claim(), requester: 'system' }) },
    'emergency-incomplete',
    'EMG-1',
  ],
];
