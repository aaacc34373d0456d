import type { Resource } from '@medplum/fhirtypes';
import { demoStaff } from '../../src/auth/demo.ts';
import { codeSystem, MSG, structureDefinition, system } from '../../src/canonical.ts';
import { exampleRequest } from '../../src/catalogue/examples.ts';
import { anObjection } from '../support/people.ts';
import type { ExpectedType } from './expectations.ts';

/** A resource of the type that a caller with the right token may create, new each time; nothing it names is missing. */
export function aWritable(type: ExpectedType): Resource {
  made += 1;
  const build = writable[type];
  return build === undefined ? ({ resourceType: type } as Resource) : build(`writable-${made}`);
}

let made = 0;
/** Of the example cast: without contact details, so that no message to anybody else is touched. */
const patient = { reference: 'Patient/example-edith' };
const coded = (name: string, code: string) => ({ coding: [{ system: codeSystem(name), code }] });

const writable: Readonly<Partial<Record<ExpectedType, (key: string) => Resource>>> = {
  CommunicationRequest: (key) => ({ ...exampleRequest(key), status: 'draft' }),
  Communication: () => ({
    resourceType: 'Communication',
    status: 'completed',
    subject: patient,
    sender: { reference: `Practitioner/${demoStaff.epr.id}` },
    sent: '2026-06-01T09:00:00Z',
    payload: [
      { extension: [{ url: structureDefinition('content-fidelity'), valueCode: 'exact' }], contentString: 'Hello' },
    ],
  }),
  RelatedPerson: () => ({ resourceType: 'RelatedPerson', patient, name: [{ family: 'Example' }] }),
  Consent: () => anObjection(patient.reference),
  Flag: () => ({ resourceType: 'Flag', status: 'active', code: { text: 'Large print' }, subject: patient }),
  Task: () => ({
    resourceType: 'Task',
    status: 'requested',
    intent: 'order',
    code: coded('task-code', 'check-contact'),
    for: patient,
    focus: patient,
  }),
  Group: () => ({ resourceType: 'Group', type: 'person', actual: true }),
  List: () => ({ resourceType: 'List', status: 'current', mode: 'working' }),
  Organization: () => ({ resourceType: 'Organization', name: 'Example Clinic' }),
  HealthcareService: () => ({ resourceType: 'HealthcareService', name: 'Dermatology' }),
  Appointment: () => ({
    resourceType: 'Appointment',
    status: 'proposed',
    participant: [{ actor: patient, status: 'needs-action' }],
  }),
  Encounter: () => ({ resourceType: 'Encounter', status: 'planned', class: { system: system.actCode, code: 'AMB' } }),
  DocumentReference: () => ({
    resourceType: 'DocumentReference',
    status: 'current',
    content: [{ attachment: { contentType: 'text/plain', title: 'Form' } }],
  }),
  ActivityDefinition: (key) => ({
    resourceType: 'ActivityDefinition',
    url: `${MSG}/ActivityDefinition/${key}`,
    version: '1',
    name: 'ExampleType',
    status: 'draft',
    kind: 'CommunicationRequest',
    topic: [coded('message-type', 'care-message')],
    extension: [
      {
        url: structureDefinition('channel-template'),
        extension: [
          { url: 'channel', valueCoding: { system: codeSystem('channel'), code: 'sms' } },
          { url: 'kind', valueCode: 'full' },
          { url: 'text', valueString: 'An example.' },
        ],
      },
    ],
  }),
  Endpoint: (key) => ({
    resourceType: 'Endpoint',
    status: 'off',
    connectionType: { system: codeSystem('channel'), code: 'secure-email' },
    name: key,
    payloadType: [{ text: 'any' }],
    address: 'https://channels.example.org',
  }),
};
