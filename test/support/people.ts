import type { Communication, CommunicationRequest, Consent, Patient } from '@medplum/fhirtypes';
import { codeSystem, structureDefinition } from '../../src/canonical.ts';
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
