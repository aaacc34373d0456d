import type { Resource, ResourceType } from '@medplum/fhirtypes';
import type { SearchParams } from '../../src/store/fhir-store.ts';

const CODES = 'https://example.org/CodeSystem';
const NHS = 'https://fhir.nhs.uk/Id/nhs-number';

/** A few linked records that only this run uses. Short names stand for ids: `pat-1` in a query becomes its id. */
export interface Fixture {
  readonly resources: readonly (Resource & { id: string })[];
  readonly tag: string;
  id(name: string): string;
  nameOf(id: string): string;
  reference(type: ResourceType, name: string): string;
  params(query: string): SearchParams;
}

interface Case {
  readonly type: ResourceType;
  readonly query: string;
  readonly expected: readonly string[];
}

/** `{name}` is the id of a record of the fixture; `+` stands for itself. */
export const searchTable: readonly Case[] = [
  // token
  ...cases('Patient', [
    [`identifier=${NHS}|9990000018-{run}`, 'pat-1'],
    [`identifier=9990000018-{run}`, 'pat-1'],
    [`identifier=${NHS}|`, 'pat-1 pat-2'],
    [`identifier=${NHS}|9990000026-{run},${NHS}|9990000018-{run}`, 'pat-1 pat-2'],
    [`identifier=${CODES}|9990000018-{run}`, ''],
    [`identifier=|local-{run}`, 'pat-3'],
    [`identifier=|9990000018-{run}`, ''],
    ['phone=+447700900101', 'pat-1'],
    ['phone=+447700900102', ''],
    ['phone=pat.one@example.org', ''],
    ['email=pat.one@example.org', 'pat-1'],
    ['gender=female', 'pat-1 pat-3'],
    ['gender:not=female', 'pat-2'],
    // An element of type code has a system too, though it does not say so.
    ['gender=http://hl7.org/fhir/administrative-gender|female', 'pat-1 pat-3'],
    ['gender=http://hl7.org/fhir/administrative-gender|other', ''],
    ['gender=http://hl7.org/fhir/event-status|female', ''],
    ['gender:not=http://hl7.org/fhir/administrative-gender|female', 'pat-2'],
    ['active=true', 'pat-1'],
    ['deceased=true', 'pat-2'],
    // string
    ['family=okonkwo', 'pat-1'],
    ['family=Okon', 'pat-1'],
    ['family=konkwo', ''],
    ['family:contains=konkwo', 'pat-1'],
    ['family:exact=Okonkwo', 'pat-1'],
    ['family:exact=okonkwo', ''],
    ['given=zoe', 'pat-2'],
    ['name=zoe', 'pat-2'],
    ['name=brontë', 'pat-2'],
    ['name=bronte,okonkwo', 'pat-1 pat-2'],
    ['address-postalcode=LS1', 'pat-1'],
    ['family=Smith\\, Jones', 'pat-3'],
    ['family=Smith, Jones', 'pat-3'],
    // date
    ['birthdate=1980-05-05', 'pat-1'],
    ['birthdate=1980-05', 'pat-1'],
    ['birthdate=1980', 'pat-1'],
    ['birthdate=1980-05-06', ''],
    ['birthdate=lt1980-05-05', 'pat-3'],
    ['birthdate=le1980-05-05', 'pat-1 pat-3'],
    ['birthdate=gt1980-05-05', 'pat-2'],
    ['birthdate=ge1980-05-05', 'pat-1 pat-2'],
    ['birthdate=ge1980-05-05&birthdate=lt1990-01-01', 'pat-1'],
    ['birthdate=ne1980-05-05', 'pat-2 pat-3'],
    // reference
    ['link=Patient/{pat-1}', 'pat-2'],
    ['link:Patient.family=okonkwo', 'pat-2'],
    ['link:Patient.family=bronte', ''],
    // reverse chains
    ['_has:Consent:patient:status=active', 'pat-1'],
    ['_has:Consent:patient:status=inactive,active', 'pat-1 pat-2'],
    ['_has:Consent:patient:status=active&_has:Consent:patient:status=inactive', ''],
    [`_has:Communication:subject:category=${CODES}/direction|inbound`, 'pat-1'],
    ['_has:Communication:subject:_has:Provenance:target:agent=Practitioner/{prac-1}', 'pat-1'],
    ['_has:Communication:subject:_has:Provenance:target:agent=Practitioner/nobody', ''],
    ['_id={pat-1},{pat-3}', 'pat-1 pat-3'],
    ['_id=nobody', ''],
    ['_lastUpdated=ge2020-01-01', 'pat-1 pat-2 pat-3'],
    ['_lastUpdated=lt2020-01-01', ''],
  ]),
  ...cases('RelatedPerson', [
    ['patient=Patient/{pat-1}', 'rel-1'],
    ['patient={pat-1}', 'rel-1'],
    ['patient=Patient/{pat-2}', ''],
    ['phone=+447700900201', 'rel-1'],
    [`identifier=${NHS}|9990000034-{run}`, 'rel-1'],
  ]),
  ...cases('CommunicationRequest', [
    ['status=active', 'req-1'],
    ['status=active,on-hold', 'req-1 req-2'],
    ['status=on-hold,revoked', 'req-2'],
    ['occurrence=le2026-06-01T12:00:00Z', 'req-1'],
    ['status=active&occurrence=gt2026-06-01T12:00:00Z', ''],
    ['subject=Patient/{pat-1}', 'req-1 req-2'],
    ['patient=Patient/{pat-1}', 'req-1 req-2'],
    ['patient=Patient/{pat-2}', ''],
    [`identifier=${CODES}/key|one-{run}`, 'req-1'],
    [`group-identifier=${CODES}/batch|b1-{run}`, 'req-1 req-2'],
    ['recipient=RelatedPerson/{rel-1}', 'req-2'],
    ['based-on=CommunicationRequest/{req-1}', 'req-2'],
  ]),
  ...cases('Communication', [
    ['subject=Patient/{pat-1}', 'com-1 com-2 com-3'],
    ['subject=Patient/{pat-1}&status=completed', 'com-1'],
    ['patient=Patient/{pat-1}', 'com-1 com-2 com-3'],
    ['patient=Patient/{pat-2}', ''],
    ['subject=Patient/{pat-2}', ''],
    [`subject:identifier=${NHS}|9990000026-{run}`, 'com-4'],
    [`subject:identifier=${NHS}|9990000018-{run}`, ''],
    ['recipient=RelatedPerson/{rel-1}', 'com-2'],
    ['recipient:RelatedPerson={rel-1}', 'com-2'],
    ['recipient:Patient={rel-1}', ''],
    ['sender=Organization/{org-1}', 'com-1'],
    ['based-on=CommunicationRequest/{req-1}', 'com-1 com-3'],
    [`identifier=${CODES}/attempt|a1-{run}`, 'com-1'],
    ['status=stopped,not-done', 'com-2 com-4'],
    ['status:not=stopped,not-done', 'com-1 com-3'],
    [`medium=${CODES}/channel|sms`, 'com-1'],
    [`category=${CODES}/direction|inbound`, 'com-3'],
    [`category:not=${CODES}/direction|inbound`, 'com-1 com-2 com-4'],
    ['category:text=reponse', 'com-3'],
    ['category:text=RÉPONSE par', 'com-3'],
    ['category:text=message from', 'com-3'],
    ['category:text=inbound', ''],
    ['category:text=nothing,reponse', 'com-3'],
    ['status=http://hl7.org/fhir/event-status|stopped,http://hl7.org/fhir/event-status|not-done', 'com-2 com-4'],
    // chains
    ['subject:Patient.family=okonkwo', 'com-1 com-2 com-3'],
    [`subject:Patient.identifier=${NHS}|9990000018-{run}&status=completed`, 'com-1'],
    ['subject:Patient.family=bronte', ''],
    ['recipient:RelatedPerson.patient:Patient.family=okonkwo', 'com-2'],
    ['recipient:RelatedPerson.patient:Patient.family=bronte', ''],
    ['based-on:CommunicationRequest._has:Task:focus:status=completed', 'com-1 com-3'],
    ['based-on:CommunicationRequest._has:Task:focus:status=requested', ''],
    ['_security=http://terminology.hl7.org/CodeSystem/v3-ActCode|SDV', 'com-2'],
    ['_security=http://terminology.hl7.org/CodeSystem/v3-ActCode|HIV', ''],
    ['sent=ge2026-06-02T00:00:00Z', 'com-2 com-3'],
    ['sent=2026-06-01T09:00:00.000Z', 'com-1'],
    ['sent=2026-06-01T10:00:00.000+01:00', 'com-1'],
    ['sent=gt2026-06-01T09:00:00.000Z&sent=lt2026-06-20T00:00:00Z', 'com-2'],
    ['sent=sa2026-06-15', 'com-3'],
    ['sent=eb2026-06-10', 'com-1'],
    ['received=ge2026-06-01T00:00:00Z', 'com-1'],
    ['status=completed&sent=lt2026-06-01T00:00:00Z', ''],
  ]),
  ...cases('Consent', [
    ['patient=Patient/{pat-1}', 'con-1 con-2'],
    [`patient=Patient/{pat-1}&category=${CODES}/consent-category|objection&status=active,proposed`, 'con-2'],
    ['actor=RelatedPerson/{rel-1}', 'con-1'],
    [`action=${CODES}/channel|sms`, 'con-2'],
    // A Period: closed, without end, and before it begins.
    ['period=le2026-06-01&period=ge2026-06-01', 'con-1 con-2'],
    ['period=le2026-12-31&period=ge2026-12-31', 'con-1 con-2'],
    ['period=le2027-06-01&period=ge2027-06-01', 'con-2'],
    ['period=eb2027-06-01', 'con-1 con-3'],
    ['period=eb2026-06-01', 'con-3'],
    ['period=sa2025-06-01', 'con-1 con-2'],
    ['period=le2024-06-01', 'con-3'],
  ]),
  ...cases('Task', [
    ['focus=CommunicationRequest/{req-1}', 'task-1'],
    [`focus=CommunicationRequest/{req-1}&code=${CODES}/task-code|override-objection&status=completed`, 'task-1'],
    ['status=requested,in-progress', 'task-2'],
    ['patient=Patient/{pat-1}', 'task-1'],
    ['subject=Patient/{pat-1}', 'task-1'],
    ['owner=Practitioner/{prac-1}', 'task-1'],
    [`performer=${CODES}/staff-role|dpo`, 'task-2'],
    ['authored-on=ge2026-06-02', 'task-2'],
  ]),
  ...cases('ActivityDefinition', [
    [`url=${CODES}/ActivityDefinition/{run}`, 'act-1'],
    [`url=${CODES}/ActivityDefinition`, ''],
    [`url=${CODES}/ActivityDefinition/{run}&version=3`, 'act-1'],
    [`url=${CODES}/ActivityDefinition/{run}&version=4`, ''],
    [`topic=${CODES}/message-type|reminder&status=active`, 'act-1'],
  ]),
  ...cases('Endpoint', [
    [`organization=Organization/{org-1}&status=active&connection-type=${CODES}/channel|sms`, 'end-1'],
    ['status=off', ''],
  ]),
  ...cases('Flag', [['patient=Patient/{pat-1}', 'flag-1']]),
  ...cases('Provenance', [
    ['target=Communication/{com-1}', 'prov-1'],
    ['target=Communication/{com-2}', ''],
    ['target:Communication.subject:Patient.family=okonkwo', 'prov-1'],
    ['target:Communication.subject:Patient.family=bronte', ''],
  ]),
  ...cases('AuditEvent', [
    ['entity=Communication/{com-1}', 'audit-1'],
    ['patient=Patient/{pat-1}&date=ge2026-06-01', 'audit-1'],
    ['patient=Patient/{pat-1}&date=ge2026-07-01', ''],
    ['agent=Practitioner/{prac-1}', 'audit-1'],
    ['policy=https://example.org/policy/7', 'audit-1'],
    ['policy=https://example.org/policy/8', ''],
  ]),
];

function cases(type: ResourceType, rows: readonly (readonly [query: string, expected: string])[]): Case[] {
  return rows.map(([query, names]) => ({ type, query, expected: names === '' ? [] : names.split(' ') }));
}

export function fixtureOf(run: string): Fixture {
  const id = (name: string): string => `${name}-${run}`;
  const at = (type: ResourceType, name: string): { reference: string } => ({ reference: `${type}/${id(name)}` });
  const code = (system: string, value: string) => ({ coding: [{ system: `${CODES}/${system}`, code: value }] });
  const resources = recordsOf(run, at, code).map((resource) => {
    const meta = { ...resource.meta, tag: [{ system: 'urn:example:run', code: run }] };
    return { ...resource, id: id(resource.id), meta };
  });
  return {
    resources,
    tag: `urn:example:run|${run}`,
    id,
    nameOf: (full) => full.replace(`-${run}`, ''),
    reference: (type, name) => `${type}/${id(name)}`,
    params: (query) =>
      query.split('&').map((pair) => {
        const [name = '', ...value] = pair.split('=');
        return [
          name,
          value
            .join('=')
            .replaceAll('{run}', run)
            .replace(/\{([a-z]+-\d)\}/g, (_, short) => id(short)),
        ];
      }),
  };
}

function recordsOf(
  run: string,
  at: (type: ResourceType, name: string) => { reference: string },
  code: (system: string, value: string) => { coding: { system: string; code: string }[] },
): (Resource & { id: string })[] {
  const nhs = (value: string) => ({ system: NHS, value: `${value}-${run}` });
  return [
    { resourceType: 'Organization', id: 'org-1', name: 'Example NHS Trust' },
    { resourceType: 'Practitioner', id: 'prac-1', active: true },
    {
      resourceType: 'Patient',
      id: 'pat-1',
      active: true,
      identifier: [nhs('9990000018')],
      name: [{ family: 'Okonkwo', given: ['Ada', 'Ngozi'] }],
      gender: 'female',
      birthDate: '1980-05-05',
      telecom: [
        { system: 'phone', use: 'mobile', value: '+447700900101' },
        { system: 'sms', value: '+447700900102' },
        { system: 'email', value: 'pat.one@example.org' },
      ],
      address: [{ line: ['1 High Street'], city: 'Leeds', postalCode: 'LS1 4AB' }],
    },
    {
      resourceType: 'Patient',
      id: 'pat-2',
      identifier: [nhs('9990000026')],
      name: [{ family: 'Brontë', given: ['Zoë'] }],
      gender: 'male',
      birthDate: '1990-12-31',
      deceasedBoolean: true,
      link: [{ type: 'replaced-by', other: at('Patient', 'pat-1') }],
    },
    {
      resourceType: 'Patient',
      id: 'pat-3',
      identifier: [{ value: `local-${run}` }],
      name: [{ family: 'Smith, Jones' }],
      gender: 'female',
      birthDate: '1979-02-28',
    },
    {
      resourceType: 'RelatedPerson',
      id: 'rel-1',
      identifier: [nhs('9990000034')],
      patient: at('Patient', 'pat-1'),
      telecom: [{ system: 'phone', value: '+447700900201' }],
    },
    {
      resourceType: 'CommunicationRequest',
      id: 'req-1',
      identifier: [{ system: `${CODES}/key`, value: `one-${run}` }],
      groupIdentifier: { system: `${CODES}/batch`, value: `b1-${run}` },
      status: 'active',
      subject: at('Patient', 'pat-1'),
      occurrenceDateTime: '2026-06-01T09:00:00Z',
    },
    {
      resourceType: 'CommunicationRequest',
      id: 'req-2',
      basedOn: [at('CommunicationRequest', 'req-1')],
      groupIdentifier: { system: `${CODES}/batch`, value: `b1-${run}` },
      status: 'on-hold',
      subject: at('Patient', 'pat-1'),
      recipient: [at('RelatedPerson', 'rel-1')],
    },
    {
      resourceType: 'Communication',
      id: 'com-1',
      identifier: [{ system: `${CODES}/attempt`, value: `a1-${run}` }],
      basedOn: [at('CommunicationRequest', 'req-1')],
      status: 'completed',
      medium: [code('channel', 'sms')],
      subject: at('Patient', 'pat-1'),
      recipient: [at('Patient', 'pat-1')],
      sender: at('Organization', 'org-1'),
      sent: '2026-06-01T09:00:00.000Z',
      received: '2026-06-01T09:00:05.000Z',
    },
    {
      resourceType: 'Communication',
      id: 'com-2',
      meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'SDV' }] },
      status: 'stopped',
      subject: at('Patient', 'pat-1'),
      recipient: [at('RelatedPerson', 'rel-1')],
      sent: '2026-06-10T09:00:00.000Z',
    },
    {
      resourceType: 'Communication',
      id: 'com-3',
      basedOn: [at('CommunicationRequest', 'req-1')],
      status: 'unknown',
      category: [
        {
          coding: [{ system: `${CODES}/direction`, code: 'inbound', display: 'Message from a person' }],
          text: 'Réponse par texto',
        },
      ],
      subject: at('Patient', 'pat-1'),
      sent: '2026-06-20T09:00:00.000Z',
    },
    { resourceType: 'Communication', id: 'com-4', status: 'not-done', subject: { identifier: nhs('9990000026') } },
    {
      resourceType: 'Consent',
      id: 'con-1',
      status: 'active',
      scope: code('scope', 'privacy'),
      category: [code('consent-category', 'proxy')],
      patient: at('Patient', 'pat-1'),
      policyRule: code('basis', 'consent'),
      provision: {
        period: { start: '2026-01-01', end: '2026-12-31' },
        actor: [{ role: code('role', 'IRCP'), reference: at('RelatedPerson', 'rel-1') }],
      },
    },
    {
      resourceType: 'Consent',
      id: 'con-2',
      status: 'proposed',
      scope: code('scope', 'privacy'),
      category: [code('consent-category', 'objection'), code('objection-scope', 'channel')],
      patient: at('Patient', 'pat-1'),
      policyRule: code('basis', 'objection'),
      provision: { type: 'deny', period: { start: '2026-05-01' }, action: [code('channel', 'sms')] },
    },
    {
      resourceType: 'Consent',
      id: 'con-3',
      status: 'inactive',
      scope: code('scope', 'privacy'),
      category: [code('consent-category', 'proxy')],
      patient: at('Patient', 'pat-2'),
      policyRule: code('basis', 'consent'),
      provision: { period: { end: '2025-03-31' } },
    },
    {
      resourceType: 'Task',
      id: 'task-1',
      status: 'completed',
      intent: 'order',
      code: code('task-code', 'override-objection'),
      focus: at('CommunicationRequest', 'req-1'),
      for: at('Patient', 'pat-1'),
      owner: at('Practitioner', 'prac-1'),
      authoredOn: '2026-06-01T08:00:00Z',
    },
    {
      resourceType: 'Task',
      id: 'task-2',
      status: 'requested',
      intent: 'order',
      code: code('task-code', 'triage-inbound'),
      performerType: [code('staff-role', 'dpo')],
      authoredOn: '2026-06-03T08:00:00Z',
    },
    {
      resourceType: 'ActivityDefinition',
      id: 'act-1',
      url: `${CODES}/ActivityDefinition/${run}`,
      version: '3',
      status: 'active',
      topic: [code('message-type', 'reminder')],
    },
    {
      resourceType: 'Endpoint',
      id: 'end-1',
      status: 'active',
      connectionType: { system: `${CODES}/channel`, code: 'sms' },
      managingOrganization: at('Organization', 'org-1'),
      payloadType: [code('payload', 'text')],
      address: 'https://example.org/sms',
    },
    {
      resourceType: 'Flag',
      id: 'flag-1',
      status: 'active',
      code: code('flag-code', 'large-print'),
      subject: at('Patient', 'pat-1'),
    },
    {
      resourceType: 'Provenance',
      id: 'prov-1',
      target: [at('Communication', 'com-1')],
      recorded: '2026-06-01T09:00:00.000Z',
      agent: [{ who: at('Practitioner', 'prac-1') }],
    },
    {
      resourceType: 'AuditEvent',
      id: 'audit-1',
      type: { system: 'http://dicom.nema.org/resources/ontology/DCM', code: '110110' },
      recorded: '2026-06-01T09:00:00.000Z',
      agent: [{ requestor: true, who: at('Practitioner', 'prac-1'), policy: ['https://example.org/policy/7'] }],
      source: { observer: at('Organization', 'org-1') },
      entity: [{ what: at('Communication', 'com-1') }, { what: at('Patient', 'pat-1') }],
    },
  ];
}
