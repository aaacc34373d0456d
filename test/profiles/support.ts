import type {
  ActivityDefinition,
  Communication,
  CommunicationRequest,
  Consent,
  Endpoint,
  Extension,
  Flag,
  Resource,
  Task,
} from '@medplum/fhirtypes';
import { codeSystem, MSG, structureDefinition, system } from '../../src/canonical.ts';
import { shippedEndpoints } from '../../src/catalogue/channels.ts';
import { shippedMessageTypes } from '../../src/catalogue/message-types.ts';
import { profileChecks } from '../../src/fhir/conformance/checks.ts';
import { loadDefinitions, loadValueSets } from '../../src/fhir/definitions/load.ts';
import { createValidator } from '../../src/fhir/validate/validator.ts';

const ours = profileChecks();

/** The validator of the service. */
export const validator = createValidator({
  structures: loadDefinitions().structures,
  ...ours,
  valueSets: [...loadValueSets(), ...ours.valueSets],
});

/** Every sentence about a resource, structural ones first. */
export function saidOf(resource: unknown): string[] {
  const { structure, profile } = validator.validate(resource);
  return [...structure, ...profile].map((one) => one.text);
}

/** A copy with some elements replaced; `undefined` takes one away. */
export function but<T extends Resource>(resource: T, change: Record<string, unknown>): T {
  return JSON.parse(JSON.stringify({ ...resource, ...change })) as T;
}

export const concept = (name: string, code: string) => ({ coding: [{ system: codeSystem(name), code }] });
export const extension = (name: string, value: object): Extension => ({ url: structureDefinition(name), ...value });

export const request: CommunicationRequest = {
  resourceType: 'CommunicationRequest',
  status: 'active',
  extension: [{ url: system.instantiatesCanonical, valueCanonical: `${MSG}/ActivityDefinition/contact-us` }],
  subject: { reference: 'Patient/one' },
  requester: { reference: 'Practitioner/one' },
};

export const communication: Communication = {
  resourceType: 'Communication',
  status: 'completed',
  subject: { reference: 'Patient/one' },
  recipient: [{ reference: 'Patient/one' }],
  sent: '2026-06-01T09:00:12Z',
  payload: [{ extension: [extension('content-fidelity', { valueCode: 'exact' })], contentString: 'Please call us.' }],
};

const privacy = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] };
const legalBasis = (code: string) => ({
  system: 'https://fhir.nhs.uk/England/CodeSystem/England-NHSProxyLegalBasis',
  code,
});

export const proxyConsent: Consent = {
  resourceType: 'Consent',
  status: 'active',
  scope: privacy,
  category: [concept('consent-category', 'proxy-messaging')],
  patient: { reference: 'Patient/one' },
  dateTime: '2026-05-02T10:30:00+01:00',
  performer: [{ reference: 'RelatedPerson/two' }],
  sourceReference: { reference: 'DocumentReference/three' },
  policyRule: { coding: [legalBasis('parental-responsibility')] },
  provision: {
    type: 'permit',
    period: { start: '2026-05-02' },
    actor: [
      {
        role: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] },
        reference: { reference: 'RelatedPerson/two' },
      },
    ],
  },
};

export const attorneyConsent: Consent = {
  ...proxyConsent,
  policyRule: { coding: [legalBasis('health-and-welfare-lasting-power-of-attorney')] },
  verification: [{ verified: true, verificationDate: '2026-05-02' }],
};

export const objection: Consent = {
  resourceType: 'Consent',
  status: 'active',
  extension: [
    extension('objection-detail', {
      extension: [{ url: 'reason', valueCodeableConcept: { text: 'Others read the texts' } }],
    }),
  ],
  scope: privacy,
  category: [concept('consent-category', 'messaging-objection'), concept('objection-scope', 'channel')],
  patient: { reference: 'Patient/one' },
  policyRule: { coding: [{ system: system.actCode, code: 'OPTOUT' }] },
  provision: { type: 'deny', action: [concept('channel', 'sms')] },
};

/** A Task that was completed with this decision. */
export function completed(code: string, decision: string, change: Partial<Task> = {}): Task {
  return {
    resourceType: 'Task',
    status: 'completed',
    intent: 'order',
    code: concept('task-code', code),
    note: [{ text: 'Done in the morning' }],
    output: [
      { type: concept('task-parameter', 'decision'), valueCodeableConcept: concept('decision', decision) },
      ...(decision === 'identified'
        ? [{ type: concept('task-parameter', 'person'), valueReference: { reference: 'Patient/one' } }]
        : []),
    ],
    ...change,
  };
}

export const override: Task = completed('override-objection', 'override-approved', {
  focus: { reference: 'CommunicationRequest/one' },
  owner: { reference: 'Practitioner/one' },
  reasonCode: concept('override-ground', 'other'),
  reasonReference: { reference: 'Consent/one' },
  input: [{ type: concept('task-parameter', 'caldicott-consulted'), valueBoolean: true }],
});

export const flag: Flag = {
  resourceType: 'Flag',
  status: 'active',
  code: { ...concept('flag-code', 'limited-sender'), text: 'Abusive texts, agreed with the team' },
  subject: { reference: 'Patient/one' },
};

export const messageType = shippedMessageTypes[0] as ActivityDefinition;
export const channel = shippedEndpoints[0] as Endpoint;
