import { codeSystem, structureDefinition } from '../../src/canonical.ts';
import type { JsonObject } from '../../src/fhir/validate/run.ts';

const decidedBy = { url: 'decidedBy', valueReference: { reference: 'Practitioner/duty-doctor' } };
/** A complete `emergency` extension. */
export const emergency = {
  url: structureDefinition('emergency'),
  extension: [decidedBy, { url: 'noSeniorBecause', valueString: 'Alone on the ward' }],
};
/** The category that the profile requires. */
export const kind = {
  coding: [{ system: codeSystem('message-category'), code: 'appointment', display: 'Appointment' }],
};

/** The resource without fault that they are made from. */
export const valid: JsonObject = {
  resourceType: 'CommunicationRequest',
  extension: [emergency],
  identifier: [{ system: 'https://epr.example.org/messages', value: 'a-1' }],
  status: 'active',
  category: [{ text: 'other' }, kind],
  medium: [{ coding: [{ system: codeSystem('channel'), code: 'sms' }] }],
  subject: { reference: 'Patient/edith' },
  recipient: [{ reference: 'Patient/edith' }],
  occurrenceDateTime: '2026-11-25T09:00:00Z',
  payload: [{ contentString: 'Please call us' }],
};

/** What breaks, how, and every fault that is to be found: nothing more, nothing less. */
export type Defect = readonly [name: string, change: Record<string, unknown>, faults: string[]];

/** Nine that break R4 itself. */
export const base: readonly Defect[] = [
  ['an element that R4 does not have', { colour: 'red' }, ['structure structure CommunicationRequest.colour']],
  [
    'a required element is missing',
    { payload: [{ id: 'p', extension: [{ url: 'urn:x', valueCode: 'y' }] }] },
    ['structure required CommunicationRequest.payload[0].content'],
  ],
  [
    'a code outside a required binding',
    { priority: 'soonish' },
    ['structure code-invalid CommunicationRequest.priority'],
  ],
  [
    'two types of one choice',
    { occurrencePeriod: { start: '2026-11-25' } },
    ['structure structure CommunicationRequest.occurrence'],
  ],
  [
    'a day that does not exist',
    { occurrenceDateTime: '2026-02-29' },
    ['structure value CommunicationRequest.occurrence'],
  ],
  ['a time without zone', { authoredOn: '2026-11-25T09:00:00' }, ['structure value CommunicationRequest.authoredOn']],
  [
    'a reference to a type that the element does not take',
    { requester: { reference: 'Appointment/a-1' } },
    ['structure structure CommunicationRequest.requester.reference'],
  ],
  [
    'one value where R4 has a list',
    { recipient: { reference: 'Patient/edith' } },
    ['structure structure CommunicationRequest.recipient'],
  ],
  ['an empty object', { encounter: {} }, ['structure structure CommunicationRequest.encounter']],
];

/** Ten that break the profile alone. */
export const profiled: readonly Defect[] = [
  ['a required extension is missing', { extension: undefined }, ['profile required CommunicationRequest.extension']],
  [
    'an extension comes twice that may once',
    { extension: [emergency, emergency] },
    ['profile structure CommunicationRequest.extension'],
  ],
  [
    'a part of an extension has the wrong type',
    { extension: [{ ...emergency, extension: [{ url: 'decidedBy', valueString: 'Doctor' }, emergency.extension[1]] }] },
    ['profile structure CommunicationRequest.extension[0].extension[0].value'],
  ],
  [
    'an invariant of an extension is broken',
    { extension: [{ ...emergency, extension: [decidedBy] }] },
    ['profile invariant CommunicationRequest.extension[0]'],
  ],
  [
    'a type that the profile takes out of a choice',
    { payload: [{ contentString: 'Short' }, { contentReference: { reference: 'DocumentReference/d' } }] },
    ['profile structure CommunicationRequest.payload[1].content'],
  ],
  [
    'a slice by pattern on a repeating element is missing',
    { category: [{ coding: [{ system: codeSystem('message-category'), code: 'billing' }] }] },
    ['profile required CommunicationRequest.category'],
  ],
  [
    "a code outside the profile's required binding",
    { medium: [{ coding: [{ system: codeSystem('channel'), code: 'pigeon' }] }] },
    ['profile code-invalid CommunicationRequest.medium[0]'],
  ],
  ['a value other than the fixed one', { status: 'draft' }, ['profile value CommunicationRequest.status']],
  [
    'a reference that R4 allows and the profile does not',
    { subject: { reference: 'Group/all' } },
    ['profile value CommunicationRequest.subject.reference'],
  ],
  [
    'an invariant of the profile is broken',
    { recipient: [{ reference: 'Patient/edith' }, { reference: 'RelatedPerson/noor' }] },
    ['profile invariant CommunicationRequest'],
  ],
];
