import type { ActivityDefinition, Appointment, CommunicationRequest, Patient, Task } from '@medplum/fhirtypes';
import { demoStaff } from '../../src/auth/demo.ts';
import { codeSystem, MSG, structureDefinition, system } from '../../src/canonical.ts';
import { shippedMessageTypes } from '../../src/catalogue/message-types.ts';
import type { OverrideGround } from '../../src/policy/override-facts.ts';
import { aRequest, type Herald } from './herald.ts';
import { posted } from './people.ts';

export const consultant = { reference: `Practitioner/${demoStaff.ig.id}` };
const HOUR = 60 * 60_000;

/** A decision to send despite an objection, complete (contract 8). */
export function anOverride(
  request: string,
  patient: string,
  objection: string,
  ground: OverrideGround,
  change: Partial<Task> = {},
): Task {
  return {
    resourceType: 'Task',
    status: 'completed',
    intent: 'order',
    code: concept('task-code', 'override-objection'),
    focus: { reference: request },
    for: { reference: patient },
    owner: consultant,
    reasonCode: concept('override-ground', ground),
    reasonReference: { reference: objection },
    note: [{ text: 'A letter would come too late, and the landline does not answer.' }],
    input: [
      { type: concept('task-parameter', 'reason-considered'), valueBoolean: true },
      { type: concept('task-parameter', 'caldicott-consulted'), valueBoolean: ground === 'other' },
    ],
    output: decided('override-approved'),
    ...change,
  };
}

export const decided = (code: string): NonNullable<Task['output']> => [
  { type: concept('task-parameter', 'decision'), valueCodeableConcept: concept('decision', code) },
];

export const concept = (name: string, code: string) => ({ coding: [{ system: codeSystem(name), code }] });

/** Some words by text, unless the test says otherwise. */
export const words = (
  type: string,
  patient: string,
  change: Partial<CommunicationRequest> = {},
): CommunicationRequest =>
  aRequest(type, patient, {
    medium: [concept('channel', 'sms')],
    payload: [{ contentString: 'Please ring us on 0113 496 0123.' }],
    ...change,
  });

/** Types whose words are the caller's own, under the codes that grounds speak of: they count before the shipped ones. */
export async function storeTypes(herald: Herald, codes: readonly string[]): Promise<void> {
  const model = shippedMessageTypes.find((one) => one.url === `${MSG}/ActivityDefinition/care-message`);
  if (model === undefined) throw new Error('care-message is not shipped');
  for (const code of codes) {
    const { id: _id, ...rest } = model;
    const definition: ActivityDefinition = {
      ...rest,
      url: `${MSG}/ActivityDefinition/${code}`,
      version: '99',
      code: concept('message-type', code),
      topic: [concept('message-type', code)],
    };
    const answer = await herald.post('/fhir/ActivityDefinition', definition, 'demo-admin');
    if (answer.status !== 201) throw new Error(answer.text);
  }
}

let born = 0;
/** Somebody new, known by a hospital number, with a mobile. */
export function aPerson(herald: Herald, change: Partial<Patient> = {}): Promise<string> {
  born += 1;
  return posted(herald, {
    resourceType: 'Patient',
    identifier: [{ system: 'https://hospital.example/number', value: `override-${process.pid}-${born}` }],
    active: true,
    name: [{ family: 'Example', given: ['Robin'] }],
    birthDate: '1990-01-01',
    telecom: [{ system: 'phone', value: '07700 900123', use: 'mobile' }],
    ...change,
  });
}

/** An appointment of theirs, so many hours from now. */
export function anAppointment(patient: string, hours: number, change: Partial<Appointment> = {}): Appointment {
  const start = Date.now() + hours * HOUR;
  return {
    resourceType: 'Appointment',
    status: 'booked',
    start: new Date(start).toISOString(),
    end: new Date(start + HOUR / 2).toISOString(),
    participant: [{ actor: { reference: patient }, status: 'accepted' }],
    ...change,
  };
}

/** `extension[emergency]`, complete. */
export const anEmergency = (more: Record<string, string> = {}) => ({
  url: structureDefinition('emergency'),
  extension: [
    { url: 'decidedBy', valueReference: consultant },
    ...Object.entries({ seniorConsulted: 'The site manager, by telephone', ...more }).map(([url, valueString]) => ({
      url,
      valueString,
    })),
  ],
});

/** A request that is an emergency, complete. */
export function urgently(request: CommunicationRequest, extension = anEmergency()): CommunicationRequest {
  return {
    ...request,
    priority: 'stat',
    reasonCode: [{ coding: [{ system: system.actReason, code: 'ETREAT' }] }],
    note: [{ text: 'The ward was evacuated.' }],
    extension: [...(request.extension ?? []), extension as never],
  };
}

/** What a release of a draft answers. */
export async function activated(herald: Herald, request: string) {
  const { body } = await herald.get(`/fhir/${request}`);
  return herald.put(`/fhir/${request}`, { ...body, status: 'active' });
}

/** Every reason of a refusal, as code and clause. */
export const reasonsIn = (outcome: { issue: { details?: { coding?: { code?: string }[] } }[] }) =>
  outcome.issue.map((one) => one.details?.coding?.map(({ code }) => code));
