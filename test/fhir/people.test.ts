import type { Consent, Patient } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleRequest } from '../../src/catalogue/examples.ts';
import { type Herald, startHerald } from '../support/herald.ts';
import { anObjection } from '../support/people.ts';

const hospital = (value: string) => ({ system: 'https://trust.nhs.example/id/hospital-number', value });
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

  /** A new patient with a mobile; answers the reference. */
  async function written(more: Partial<Patient>): Promise<string> {
    const answer = await herald.post('/fhir/Patient', {
      resourceType: 'Patient',
      active: true,
      name: [{ family: 'Example', given: ['Jo'] }],
      birthDate: '1990-01-01',
      telecom: [{ system: 'phone', value: '07700 900204', use: 'mobile' }],
      ...more,
    });
    expect(answer.status, answer.text).toBe(201);
    return `Patient/${answer.body.id}`;
  }

  /** Why a text to them would be refused; nothing where it would go. */
  async function reasonsFor(reference: string): Promise<string[]> {
    const answer = await herald.post('/fhir/CommunicationRequest/$evaluate', {
      ...exampleRequest('people-evaluated'),
      subject: { reference },
      medium: [{ coding: [{ system: 'https://herald.example/fhir/CodeSystem/channel', code: 'sms' }] }],
    });
    const parameters: { name: string; part?: { name: string; valueCode?: string }[] }[] = answer.body.parameter;
    return parameters
      .filter((one) => one.name === 'reason')
      .flatMap((one) => one.part?.find((part) => part.name === 'code')?.valueCode ?? []);
  }

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

  it.each([
    ['nobody, by a name alone', { display: 'Robin Example' }],
    ['a hospital number that nobody has', { identifier: hospital('H-none') }],
    ['somebody in another system', { reference: 'https://elsewhere.example/fhir/Patient/1' }],
  ])('OBJ-1: an objection of %s is refused: nobody would heed it', async (_name, patient) => {
    const answer = await herald.post('/fhir/Consent', { ...anObjection(robin), patient });
    expect([answer.status, answer.body.issue?.[0]?.expression]).toEqual([422, ['Consent.patient']]);
    const ended = await herald.post('/fhir/Consent', { ...anObjection(robin), patient, status: 'inactive' });
    expect(ended.status, ended.text).toBe(201);
  });

  it('OBJ-1: an objection recorded under the hospital number alone is heeded', async () => {
    const jo = await written({ identifier: [nhs('9990000123'), hospital('H-1')] });
    const objection = await herald.post('/fhir/Consent', {
      ...anObjection(jo),
      patient: { identifier: hospital('H-1') },
    });
    expect([objection.status, objection.body.patient?.reference]).toEqual([201, jo]);
    expect(await reasonsFor(jo)).toContain('objection');
  });

  it('OBJ-1: a version beside the number is no other person, and a number as people write it is the same', async () => {
    const jo = await written({ identifier: [nhs('999 000 0131')] });
    const versioned = { reference: `${jo}/_history/1`, identifier: nhs('9990000131') };
    const objection = await herald.post('/fhir/Consent', { ...anObjection(jo), patient: versioned });
    expect(objection.status, objection.text).toBe(201);
    const byNumber = await herald.post('/fhir/Consent', {
      ...anObjection(jo),
      patient: { identifier: nhs('9990000131') },
    });
    expect(byNumber.status, byNumber.text).toBe(201);
    expect(await reasonsFor(jo)).toContain('objection');
  });

  it('VER-3: a record that another one replaces by its number alone gets no message, and its objection counts', async () => {
    const old = await written({ identifier: [nhs('9990000158')] });
    const links = [{ type: 'replaces', other: { identifier: nhs('9990000158') } }] as const;
    const survivor = await written({ identifier: [nhs('9990000166')], link: [...links] });
    expect(await reasonsFor(old)).toContain('inactive-record');
    expect(await reasonsFor(survivor)).toEqual([]);
    await herald.post('/fhir/Consent', anObjection(old));
    expect(await reasonsFor(survivor)).toContain('objection');
  });

  it('contract 4: an objection under a number that a merged record kept is the survivor’s', async () => {
    const old = await written({ identifier: [nhs('9990000174')] });
    const link: Patient['link'] = [{ type: 'replaces', other: { reference: old } }];
    const survivor = await written({ identifier: [nhs('9990000174')], link });
    const objection = { ...anObjection(survivor), patient: { identifier: nhs('9990000174') } };
    const answer = await herald.post('/fhir/Consent', objection);
    expect([answer.status, answer.body.patient?.reference]).toEqual([201, survivor]);
    expect(await reasonsFor(survivor)).toContain('objection');
  });

  it('a link to a record that is kept elsewhere is kept as it is', async () => {
    const link: Patient['link'] = [{ type: 'seealso', other: { identifier: nhs('9990000182') } }];
    expect(await reasonsFor(await written({ identifier: [nhs('9990000190')], link }))).toEqual([]);
  });

  it('VER-1: a link whose reference and number are of two people is refused', async () => {
    const other = { reference: 'Patient/example-maya', identifier: nhs('9990000107') };
    const answer = await herald.post('/fhir/Patient', {
      resourceType: 'Patient',
      link: [{ type: 'replaces', other }],
    });
    expect([answer.status, answer.body.issue?.[0]?.expression]).toEqual([422, ['Patient.link[0].other']]);
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
