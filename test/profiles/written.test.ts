import type { Bundle, Communication, CommunicationRequest, Resource, Task } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examplePeople } from '../../src/catalogue/examples.ts';
import { aRequest, type Herald, personalisation, startHerald, until } from '../support/herald.ts';
import { anObjection, endOf } from '../support/people.ts';
import { but, completed, objection, proxyConsent, request, saidOf } from './support.ts';

let herald: Herald;
beforeAll(async () => {
  herald = await startHerald();
});
afterAll(() => herald.close());

const phone = personalisation({ phone: '0113 496 0123' });
const post = (person: string, change: Partial<CommunicationRequest> = {}) =>
  herald.post(
    '/fhir/CommunicationRequest',
    aRequest('contact-us', `Patient/${person}`, { payload: [phone], ...change }),
  );

/** Everything of a type, page by page. */
async function everything(type: string): Promise<Resource[]> {
  const found: Resource[] = [];
  let path: string | undefined = `/fhir/${type}?_count=200`;
  while (path !== undefined) {
    const answer = await herald.get(path, 'demo-ig');
    expect(answer.status).toBe(200);
    const bundle: Bundle = answer.body;
    found.push(...(bundle.entry ?? []).flatMap((one) => one.resource ?? []));
    const next = bundle.link?.find((one) => one.relation === 'next')?.url;
    path = next?.slice(herald.url.length);
  }
  return found;
}

describe('what Herald itself writes is what its profiles ask', () => {
  it('a message that arrived, one withheld, one that failed, one by email, one revoked, a text that came in', async () => {
    const sent = await post(examplePeople.adult);
    expect(sent.status).toBe(201);
    expect((await endOf(herald, sent.body.id)).status).toBe('completed');
    expect((await post(examplePeople.deceased)).status).toBe(422);
    const byEmail = await post(examplePeople.objector);
    expect((await endOf(herald, byEmail.body.id)).medium?.[0]?.coding?.[0]?.code).toBe('email');

    const unlucky = await herald.post('/fhir/Patient', {
      resourceType: 'Patient',
      identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990000107' }],
      name: [{ family: 'Example' }],
      birthDate: '1990-01-01',
      telecom: [{ system: 'phone', value: '07700 900003', use: 'mobile' }],
    });
    const failing = await post(unlucky.body.id);
    expect(failing.status).toBe(201);
    expect((await endOf(herald, failing.body.id)).status).toBe('stopped');

    const later = await post(examplePeople.adult, { occurrenceDateTime: '2099-01-01T10:00:00Z' });
    const waiting = (await herald.get(`/fhir/CommunicationRequest/${later.body.id}`)).body;
    expect(
      (await herald.put(`/fhir/CommunicationRequest/${later.body.id}`, { ...waiting, status: 'revoked' })).status,
    ).toBe(200);
    expect((await post(examplePeople.adult, { occurrenceDateTime: '2099-01-01T10:00:00Z' })).status).toBe(201);
    expect((await post(examplePeople.adult, { status: 'draft' })).status).toBe(201);
    await herald.control('received-texts', { from: '447700900123', message: 'Thank you' });
    await until(
      async () => (await herald.all<Task>('/fhir/Task?code=triage-inbound'))[0],
      'the Task of a text that came in',
    );
    // The failing patient's number is theirs alone: a provisional objection, and a number to be checked.
    await herald.control('received-texts', { from: '447700900003', message: 'STOP' });
    await herald.control('received-texts', { from: '447700900003', message: 'Wrong number' });
    for (const code of ['discuss-objection', 'check-contact']) {
      await until(
        async () => (await herald.all<Task>(`/fhir/Task?code=${code}&patient=Patient/${unlucky.body.id}`))[0],
        `the Task ${code}`,
      );
    }

    const statement = (await herald.get('/fhir/metadata')).body;
    const types: string[] = statement.rest[0].resource.map((one: { type: string }) => one.type);
    let looked = 0;
    for (const type of types) {
      for (const resource of await everything(type)) {
        looked += 1;
        expect(saidOf(resource), `${type}/${resource.id}`).toEqual([]);
      }
    }
    expect(looked).toBeGreaterThan(150);
    const messages = (await everything('Communication')) as Communication[];
    expect(new Set(messages.map((one) => one.status))).toEqual(
      new Set(['completed', 'not-done', 'stopped', 'preparation']),
    );
  });

  it('what was read back can be sent again: a stored request, a Consent, a message type', async () => {
    const own = await herald.post('/fhir/Consent', anObjection(`Patient/${examplePeople.adult}`));
    expect(own.status).toBe(201);
    const again = await herald.put(`/fhir/Consent/${own.body.id}`, { ...own.body, status: 'inactive' });
    expect(again.status).toBe(200);
  });
});

describe('contract 2: a fault of the profile is 422, with its place, and nothing is written', () => {
  const patient = { reference: `Patient/${examplePeople.adult}` };
  it.each<[string, string, Resource, string, string]>([
    [
      'OBJ-3: an active objection without a reason',
      'Consent',
      but(objection, { patient, extension: undefined }),
      'Consent.extension',
      'herald-objection-reason',
    ],
    [
      'PRX-3: a proxy without evidence',
      'Consent',
      but(proxyConsent, { patient, sourceReference: undefined }),
      'Consent.source',
      'herald-proxy-evidence',
    ],
    [
      'PRX-3: a proxy without date',
      'Consent',
      but(proxyConsent, { patient, dateTime: undefined }),
      'Consent.dateTime',
      'is missing',
    ],
    [
      'contract 8: a Task completed without a decision',
      'Task',
      but(completed('check-contact', 'done'), { output: undefined }),
      'Task.output',
      'herald-task-done',
    ],
    [
      'a request that says doNotPerform',
      'CommunicationRequest',
      but(request, { subject: patient, doNotPerform: true }),
      'CommunicationRequest.doNotPerform',
      'herald-request-performed',
    ],
  ])('%s', async (_what, type, resource, expression, said) => {
    const before = (await everything(type)).length;
    const answer = await herald.post(`/fhir/${type}`, resource);
    expect(answer.status).toBe(422);
    const issues: { expression?: string[]; details?: { text?: string } }[] = answer.body.issue;
    const issue = issues.find((one) => one.details?.text?.includes(said));
    expect(issue?.expression).toEqual([expression]);
    expect((await everything(type)).length).toBe(before);
  });

  it('an unknown medium, several recipients and no requester are answered by the rules, with reason and clause', async () => {
    const { requester: _requester, ...bare } = aRequest('contact-us', patient.reference, {
      payload: [phone],
      medium: [{ text: 'by hand' }],
      recipient: [patient, { reference: 'RelatedPerson/example-seren-mother' }],
    });
    const answer = await herald.post('/fhir/CommunicationRequest', bare);
    expect(answer.status).toBe(422);
    const codes = answer.body.issue.map(
      (one: { details: { coding: { code: string }[] } }) => one.details.coding[0]?.code,
    );
    expect(codes).toEqual(expect.arrayContaining(['requester-missing', 'not-a-proxy', 'channel-not-approved']));
  });
});
