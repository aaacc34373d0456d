import type {
  Communication,
  CommunicationRequest,
  Consent,
  Patient,
  RelatedPerson,
  Resource,
} from '@medplum/fhirtypes';
import { demoStaff } from '../../src/auth/demo.ts';
import { codeSystem, structureDefinition, system } from '../../src/canonical.ts';
import type { ProxyBasis } from '../../src/policy/consent-facts.ts';
import { type Herald, until } from './herald.ts';

/** The attempts of a request. */
export const attemptsOf = (herald: Herald, id: string): Promise<Communication[]> =>
  herald.all<Communication>(`/fhir/Communication?based-on=CommunicationRequest/${id}`);

/** The request as it is now. */
export const requestOf = async (herald: Herald, id: string): Promise<CommunicationRequest> =>
  (await herald.get(`/fhir/CommunicationRequest/${id}`)).body as CommunicationRequest;

/** The first attempt of a request, once nothing more is expected of it. */
export const endOf = (herald: Herald, id: string, withinMs?: number): Promise<Communication> =>
  until(
    async () => {
      const [attempt] = await attemptsOf(herald, id);
      return attempt && attempt.status !== 'preparation' && attempt.status !== 'in-progress' ? attempt : undefined;
    },
    `the end of the message of ${id}`,
    withinMs,
  );

/** A new patient with this mobile; answers the reference. */
export async function aPatient(herald: Herald, mobile: string, nhsNumber: string): Promise<string> {
  const patient: Patient = {
    resourceType: 'Patient',
    identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: nhsNumber }],
    active: true,
    name: [{ family: 'Example', given: ['Robin'] }],
    birthDate: '1990-01-01',
    telecom: [{ system: 'phone', value: mobile, use: 'mobile' }],
  };
  const answer = await herald.post('/fhir/Patient', patient);
  if (answer.status !== 201) throw new Error(answer.text);
  return `Patient/${answer.body.id}`;
}

/** An objection of theirs to texts. */
export function anObjection(patient: string): Consent {
  const concept = (name: string, code: string) => ({ coding: [{ system: codeSystem(name), code }] });
  return {
    resourceType: 'Consent',
    extension: [
      {
        url: structureDefinition('objection-detail'),
        extension: [{ url: 'reason', valueCodeableConcept: { text: 'Does not want texts' } }],
      },
      recordedByClerk,
    ],
    status: 'active',
    scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
    category: [concept('consent-category', 'messaging-objection'), concept('objection-scope', 'channel')],
    patient: { reference: patient },
    dateTime: '2026-05-12T11:00:00+01:00',
    policyRule: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'OPTOUT' }] },
    provision: { type: 'deny', period: { start: '2026-05-12' }, action: [concept('channel', 'sms')] },
  };
}

/** Where the token names nobody, somebody has to be named. */
const recordedByClerk = {
  url: structureDefinition('recorded-by'),
  valueReference: { reference: `Practitioner/${demoStaff.epr.id}` },
};

/** Writes something that is new; answers its reference. */
export async function posted(herald: Herald, resource: Resource): Promise<string> {
  const answer = await herald.post(`/fhir/${resource.resourceType}`, resource);
  if (answer.status !== 201) throw new Error(answer.text);
  return `${resource.resourceType}/${answer.body.id}`;
}

/** Somebody who may act for a patient, with a mobile of their own. */
export function aRelatedPerson(patient: string, change: Partial<RelatedPerson> = {}): RelatedPerson {
  return {
    resourceType: 'RelatedPerson',
    active: true,
    patient: { reference: patient },
    relationship: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-RoleCode', code: 'MTH' }] }],
    name: [{ family: 'Example', given: ['Kim'] }],
    telecom: [{ system: 'phone', value: '07700 900456', use: 'mobile' }],
    ...change,
  };
}

/** Their authority to receive messages (contract 6), complete. */
export function anAuthority(
  patient: string,
  proxy: string,
  basis: ProxyBasis = 'consent',
  change: Partial<Consent> = {},
): Consent {
  return {
    resourceType: 'Consent',
    extension: [recordedByClerk],
    status: 'active',
    scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
    category: [{ coding: [{ system: codeSystem('consent-category'), code: 'proxy-messaging' }] }],
    patient: { reference: patient },
    dateTime: '2026-05-02T10:30:00+01:00',
    performer: [{ reference: patient }],
    sourceAttachment: { contentType: 'application/pdf', title: 'Form, signed at the desk' },
    policyRule: {
      coding: [
        { system: 'https://fhir.nhs.uk/England/CodeSystem/England-NHSProxyLegalBasis', code: basis },
        { system: system.actCode, code: 'OPTIN' },
      ],
    },
    provision: authorityOver(proxy),
    ...change,
  };
}

/** What an authority permits, to whom and from when. */
export function authorityOver(
  proxy: string,
  change: Partial<NonNullable<Consent['provision']>> = {},
): NonNullable<Consent['provision']> {
  return {
    type: 'permit',
    period: { start: '2026-05-02' },
    actor: [
      {
        role: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] },
        reference: { reference: proxy },
      },
    ],
    ...change,
  };
}
