import type { Consent, Patient } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleRequest } from '../../src/catalogue/examples.ts';
import { type Herald, startHerald } from '../support/herald.ts';
import { anObjection } from '../support/people.ts';

const nhs = (value: string) => ({ system: 'https://fhir.nhs.uk/Id/nhs-number', value });

describe('people are one person, however they are named', () => {
  let herald: Herald;
  let robin: string;
  beforeAll(async () => {
    herald = await startHerald();
    const patient: Patient = {
      resourceType: 'Patient',
      identifier: [nhs('9990000107')],
      active: true,
      name: [{ family: 'Example', given: ['Robin'] }],
      telecom: [{ system: 'phone', value: '07700 900203', use: 'mobile' }],
    };
    robin = `Patient/${(await herald.post('/fhir/Patient', patient)).body.id}`;
  });
  afterAll(() => herald.close());

  it('OBJ-1: an objection recorded under the NHS number alone is heeded', async () => {
    const objection: Consent = { ...anObjection(robin), patient: { identifier: nhs('999 000 0107') } };
    const written = await herald.post('/fhir/Consent', objection);
    expect(written.status, written.text).toBe(201);
    expect(written.body.patient.reference).toBe(robin);
    const refused = await herald.post('/fhir/CommunicationRequest', {
      ...exampleRequest('people-objection'),
      subject: { reference: robin },
    });
    expect(refused.status).toBe(422);
    expect(
      refused.body.issue.map((one: { details: { coding: { code: string }[] } }) => one.details.coding[0]?.code),
    ).toContain('objection');
  });

  it.each([
    ['a number that fails its check digit', { identifier: nhs('9990000108') }],
    ['a number that nobody has', { identifier: nhs('9990000115') }],
    ['a number of somebody else', { reference: 'Patient/example-maya', identifier: nhs('9990000107') }],
  ])('VER-1: an objection under %s is refused, not lost', async (_name, patient) => {
    const answer = await herald.post('/fhir/Consent', { ...anObjection(robin), patient });
    expect(answer.status).toBe(422);
    expect(answer.body.issue[0].expression).toEqual(['Consent.patient']);
  });

  it('a reference to this server’s own address is kept as the relative one', async () => {
    const objection = { ...anObjection(robin), patient: { reference: `${herald.url}/fhir/${robin}` } };
    const written = await herald.post('/fhir/Consent', objection);
    expect(written.status, written.text).toBe(201);
    expect(written.body.patient.reference).toBe(robin);
  });

  it('contract 9: a message to a Group is 422 not-supported in this release', async () => {
    const answer = await herald.post('/fhir/CommunicationRequest', {
      ...exampleRequest('people-group'),
      subject: { reference: 'Group/g' },
    });
    expect([answer.status, answer.body.issue[0].code]).toEqual([422, 'not-supported']);
  });
});
