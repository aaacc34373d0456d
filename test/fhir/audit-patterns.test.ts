import type { AuditEvent, AuditEventEntity, Coding } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { validator } from '../profiles/support.ts';
import { aPatient, audited, startApp, type TestApp } from '../support/app.ts';

let herald: TestApp;
beforeEach(() => {
  herald = startApp();
});
afterEach(() => herald.close());

const dicom = 'http://dicom.nema.org/resources/ontology/DCM';
const [source, destination] = [`${dicom}|110153`, `${dicom}|110152`];
const participation = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType';
const interaction = 'http://hl7.org/fhir/restful-interaction';
const writers = ['AUT', 'INF', 'CST'].map((code) => `${participation}|${code}`);
const readers = [`${participation}|IRCP`];
const objects = ['4', '3', '20'];

/** What IHE's Basic Audit Log Patterns 1.1.4 ask of the events of a RESTful interaction. */
const patterns = {
  Create: { subtypes: ['create'], action: 'C', client: source, server: destination, users: writers, roles: objects },
  Update: {
    subtypes: ['update', 'patch'],
    action: 'U',
    client: source,
    server: destination,
    users: writers,
    roles: objects,
  },
  Read: {
    subtypes: ['read', 'vread'],
    action: 'R',
    client: destination,
    server: source,
    users: readers,
    roles: objects,
  },
  Query: {
    subtypes: ['search', 'search-type', 'search-system'],
    action: 'E',
    client: source,
    server: destination,
    users: readers,
    roles: ['24'],
  },
} as const;
type Pattern = keyof typeof patterns;

const text = (coding: Coding | undefined): string => `${coding?.system}|${coding?.code}`;
const ofType = (event: AuditEvent, type: string): AuditEventEntity[] =>
  (event.entity ?? []).filter((one) => text(one.type) === type);

/** The parts of a pattern that an event does not have; `patient` for its variant about one patient. */
function missing(event: AuditEvent, name: Pattern, patient: boolean): string[] {
  const asked = patterns[name];
  const { agent, entity = [] } = event;
  const agents = (...types: string[]) => agent.filter((one) => types.includes(text(one.type?.coding?.[0])));
  const [client, server, users] = [agents(asked.client), agents(asked.server), agents(...asked.users)];
  const [user] = users;
  const type = (code: string) => `http://terminology.hl7.org/CodeSystem/audit-entity-type|${code}`;
  const role = (one: AuditEventEntity | undefined) => text(one?.role).split('object-role|')[1] ?? '';
  const persons = ofType(event, type('1'));
  const [object, ...others] = ofType(event, type('2'));
  const ids = ofType(event, 'https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType|XrequestId');
  const parts: Record<string, boolean> = {
    type: text(event.type) === 'http://terminology.hl7.org/CodeSystem/audit-event-type|rest',
    subtype:
      (event.subtype ?? []).filter((one) => asked.subtypes.some((code) => text(one) === `${interaction}|${code}`))
        .length === 1,
    action: event.action === asked.action,
    outcome: event.outcome === '0',
    'one client, by network': client.length === 1 && client[0]?.who !== undefined && !!client[0].network?.address,
    'one server, by network': server.length === 1 && server[0]?.who !== undefined && !!server[0].network?.address,
    'no media': agent.every((one) => one.media === undefined),
    'one user at most': users.length <= 1,
    'the user asks, and is no network': !user || (user.requestor && !!user.who && user.network === undefined),
    'one object': object !== undefined && others.length === 0,
    'role of the object': asked.roles.some((one) => one === role(object)),
    'what or query':
      name === 'Query'
        ? object?.what === undefined && object?.query !== undefined && object.detail === undefined
        : object?.what?.reference !== undefined,
    'one request id': ids.length <= 1 && ids.every((one) => !!one.what?.identifier?.value),
    'the patient':
      !patient ||
      (persons.length === 1 && role(persons[0]) === '1' && /^Patient\//.test(persons[0]?.what?.reference ?? '')),
    'who observed': event.source.observer !== undefined,
    entity: entity.length >= (patient ? 2 : 1),
  };
  return Object.entries(parts).flatMap(([part, has]) => (has ? [] : [part]));
}

describe('ACC-2: events of the interface are as IHE BALP asks', () => {
  const appointment = {
    resourceType: 'Appointment',
    status: 'booked',
    start: '2026-12-01T10:30:00Z',
    end: '2026-12-01T11:00:00Z',
    participant: [{ status: 'accepted', actor: { reference: 'Patient/one' } }],
  };
  const practitioner = { resourceType: 'Practitioner', name: [{ family: 'Example' }] };

  it.each<[string, Pattern, boolean, (as: TestApp['as']) => Promise<unknown>]>([
    ['a Patient is made', 'Create', true, async (as) => as('epr', 'post', '/fhir/Patient').send(aPatient())],
    [
      'what is about one is made',
      'Create',
      true,
      async (as) => as('epr', 'post', '/fhir/Appointment').send(appointment),
    ],
    [
      'what is about nobody is made',
      'Create',
      false,
      async (as) => as('epr', 'post', '/fhir/Practitioner').send(practitioner),
    ],
    [
      'a Patient is changed',
      'Update',
      true,
      async (as) => as('epr', 'put', '/fhir/Patient/one').send(aPatient({ id: 'one' })),
    ],
    [
      'what is about nobody is changed',
      'Update',
      false,
      async (as) => as('epr', 'put', '/fhir/Practitioner/dr').send({ ...practitioner, id: 'dr' }),
    ],
    ['a Patient is read', 'Read', true, async (as) => as('sar', 'get', '/fhir/Patient/one')],
    ['a version is read', 'Read', true, async (as) => as('sar', 'get', '/fhir/Patient/one/_history/1')],
    ['what is about nobody is read', 'Read', false, async (as) => as('sar', 'get', '/fhir/Practitioner/dr')],
    ['a Group is read', 'Read', false, async (as) => as('ig', 'get', '/fhir/Group/clinic')],
    ['a search finds a Patient', 'Query', true, async (as) => as('epr', 'get', '/fhir/Patient?family=Marlowe')],
    [
      'a search by POST',
      'Query',
      true,
      async (as) => as('epr', 'post', '/fhir/Patient/_search').type('form').send('family=Marlowe'),
    ],
    ['a search finds nobody', 'Query', false, async (as) => as('epr', 'get', '/fhir/Patient?family=Nobody')],
    [
      'in a batch',
      'Read',
      true,
      async (as) =>
        as('epr', 'post', '/fhir').send({
          resourceType: 'Bundle',
          type: 'batch',
          entry: [{ request: { method: 'GET', url: 'Patient/one' } }],
        }),
    ],
    [
      'in a transaction',
      'Create',
      true,
      async (as) =>
        as('epr', 'post', '/fhir').send({
          resourceType: 'Bundle',
          type: 'transaction',
          entry: [{ resource: appointment, request: { method: 'POST', url: 'Appointment' } }],
        }),
    ],
  ])('%s: %s, of one patient: %s', async (_what, pattern, patient, ask) => {
    await herald.given({ ...aPatient(), id: 'one' });
    await herald.given({ ...practitioner, resourceType: 'Practitioner', id: 'dr' });
    await herald.given({
      resourceType: 'Group',
      id: 'clinic',
      type: 'person',
      actual: true,
      member: [{ entity: { reference: 'Patient/one' } }, { entity: { reference: 'Patient/two' } }],
    });
    await ask(herald.as);
    const [event, ...more] = await audited(herald.store);
    expect(event && missing(event, pattern, patient)).toEqual([]);
    expect(more).toEqual([]);
    // IHE's profiles are not ours to publish, and a server without them may refuse what names them.
    expect(event?.meta?.profile).toBeUndefined();
    expect(validator.validate(event)).toEqual({ structure: [], profile: [] });
  });
});
