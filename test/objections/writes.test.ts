import type { Communication, Consent, OperationOutcome, Patient, Provenance, Task } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoStaff } from '../../src/auth/demo.ts';
import { structureDefinition, system } from '../../src/canonical.ts';
import { searchAll } from '../../src/store/fhir-store.ts';
import { aPatient, startApp, type TestApp } from '../support/app.ts';
import { atRisk, concept, explained, objection, reason, removing } from '../support/objections.ts';

let herald: TestApp;
let patient: string;
beforeEach(async () => {
  herald = startApp();
  await herald.given({ resourceType: 'Practitioner', id: demoStaff.epr.id });
  const { body } = await herald.as('epr', 'post', '/fhir/Patient').send(aPatient());
  patient = `Patient/${body.id}`;
});
afterEach(() => herald.close());

const anotherNumber = { system: system.nhsNumber, value: '9990000026' };
/** The clerk of `recorded-by` is nobody here: the token's person records. */
const own = (change: Parameters<typeof objection>[1] = {}): Consent => {
  const { extension = [], ...rest } = objection(patient, change);
  return { ...rest, extension: extension.slice(0, 1) };
};
const record = async (consent: Consent): Promise<Consent & { id: string }> => {
  const answer = await herald.as('epr', 'post', '/fhir/Consent').send(consent);
  expect(answer.status, answer.text).toBe(201);
  return answer.body;
};
const taskOf = async (id: string, code: string): Promise<Task | undefined> =>
  (await searchAll(herald.store, 'Task', [['focus', `Consent/${id}`]])).find((one) =>
    one.code?.coding?.some((coding) => coding.code === code),
  );
const complete = (task: Task | undefined, decision: string) =>
  herald.as('epr', 'put', `/fhir/Task/${task?.id}`).send({
    ...task,
    status: 'completed',
    owner: { reference: `Practitioner/${demoStaff.epr.id}` },
    note: [{ text: 'Done at the desk.' }],
    output: [{ type: concept('task-parameter', 'decision'), valueCodeableConcept: concept('decision', decision) }],
  });
const remove = [reason, explained, atRisk, removing];
const expressions = ({ issue }: OperationOutcome) => issue.map((one) => one.expression?.[0]);

describe('OBJ-8: while others write', () => {
  it('no refresh of demographics that began before the removal puts a detail in behind it', async () => {
    const { telecom: _telecom, ...bare } = aPatient();
    await herald.as('epr', 'put', `/fhir/${patient}`).send({ ...bare, id: patient.slice(8) });
    const refresh = (at: number) =>
      herald.as('epr', 'put', `/fhir/${patient}`).send({
        ...aPatient({ telecom: [{ system: 'phone', value: `07700 90012${at % 10}`, use: 'mobile' }] }),
        id: patient.slice(8),
      });
    const writes = [...Array(6).keys()].map((at) => refresh(at).then(({ status }) => status));
    const made = herald.as('epr', 'post', '/fhir/Consent').send(own({ parts: remove }));
    const more = [...Array(6).keys()].map((at) => refresh(at).then(({ status }) => status));
    const statuses = await Promise.all([...writes, made.then(({ status }) => status), ...more]);
    expect([statuses.includes(201), statuses.filter((one) => one !== 200 && one !== 201 && one !== 409)]).toEqual([
      true,
      [],
    ]);
    expect((await herald.store.read('Patient', patient.slice(8)))?.telecom).toBeUndefined();
    const { matches } = await herald.store.history('Patient', { id: patient.slice(8), count: 100 });
    expect(matches.filter((one) => one.telecom !== undefined)).toEqual([]);
  });

  it('the person’s record gets a version of its own at the removal, once', async () => {
    const consent = await record(own({ parts: remove }));
    const versions = async () => (await herald.store.history('Patient', { id: patient.slice(8) })).matches.length;
    expect(await versions()).toBe(2);
    await herald.as('epr', 'put', `/fhir/Consent/${consent.id}`).send(consent);
    expect(await versions()).toBe(2);
  });
});

describe('OBJ-8: a message outside Herald that is recorded afterwards', () => {
  const recorded = (value: string): Communication => ({
    resourceType: 'Communication',
    status: 'completed',
    extension: [
      { url: structureDefinition('contact-point-used'), valueContactPoint: { system: 'phone', value, use: 'mobile' } },
    ],
    subject: { reference: patient },
    sender: { reference: `Practitioner/${demoStaff.epr.id}` },
    recipient: [{ reference: patient }],
    sent: '2026-05-01T09:00:00Z',
    medium: [concept('channel', 'sms')],
    payload: [
      {
        extension: [{ url: structureDefinition('content-fidelity'), valueCode: 'summary' }],
        contentString: 'Please come at ten.',
      },
    ],
  });
  const sent = async (value: string) => {
    const answer = await herald.as('epr', 'post', '/fhir/Communication').send(recorded(value));
    expect(answer.status, answer.text).toBe(201);
    return answer;
  };

  it('does not show a removed detail either, not even to whoever recorded it', async () => {
    expect((await sent('07700 900123')).text).toContain('900123');
    await record(own({ parts: remove }));
    const answer = await sent('+447700900123');
    expect([answer.text.includes('900123'), answer.text.includes('masked')]).toEqual([false, true]);
    expect(answer.body.meta.security.map((one: { code: string }) => one.code)).toEqual(['R', 'SDV']);
    const seen = await herald.as('ig', 'get', `/fhir/Communication/${answer.body.id}`);
    expect(seen.body.extension[0].valueContactPoint).toEqual({
      system: 'phone',
      value: '+447700900123',
      use: 'mobile',
    });
  });

  it('shows one of another channel', async () => {
    await record(own({ parts: remove, channels: ['email'] }));
    expect((await sent('07700 900123')).text).toContain('900123');
  });
});

describe('OBJ-5: an objection that nobody could heed is not taken', () => {
  const withActions = (...action: NonNullable<NonNullable<Consent['provision']>['action']>): Consent => {
    const consent = own();
    return { ...consent, provision: { ...consent.provision, action } };
  };

  it.each(['SMS', 'text', 'telephone'])('one to a channel "%s", which is none of ours, is 422', async (code) => {
    const consent = withActions(concept('channel', 'email'), concept('channel', code));
    const answer = await herald.as('epr', 'post', '/fhir/Consent').send(consent);
    expect([answer.status, expressions(answer.body)]).toEqual([422, ['Consent.provision.action[1]']]);
  });

  it('one that has ended is taken as it was', async () => {
    const answer = await herald
      .as('epr', 'post', '/fhir/Consent')
      .send({ ...withActions(concept('channel', 'SMS')), status: 'inactive' });
    expect(answer.status, answer.text).toBe(201);
  });

  it('every channel of ours, all, and codes of others beside them are taken', async () => {
    const known = ['nhsapp', 'sms', 'email', 'secure-email', 'letter', 'all'].map((one) => concept('channel', one));
    await record(withActions(...known, { coding: [{ system: 'https://example.org/ways', code: 'pigeon' }] }));
  });
});

describe('contract 3.2: what only Herald says of an objection', () => {
  it('a fingerprint that a caller makes up is not kept, and those that are there stay', async () => {
    const made = { url: 'removed', valueString: 'made-up' };
    const plain = await record(own({ parts: [reason, explained, made] }));
    expect(JSON.stringify(plain)).not.toContain('made-up');
    const removed = await record(own({ parts: [...remove, made] }));
    expect(JSON.stringify(removed)).not.toContain('made-up');
    const prints = (one: Consent) =>
      JSON.stringify(one.extension?.[0]?.extension?.filter(({ url }) => url === 'removed'));
    expect(prints(removed)).toContain('valueString');
    const again = await herald
      .as('epr', 'put', `/fhir/Consent/${removed.id}`)
      .send({ ...own({ parts: remove }), id: removed.id });
    expect(prints(again.body)).toBe(prints(removed));
  });
});

describe('contract 8: the Tasks of an objection', () => {
  it('one that has ended cannot be upheld, and is not ended twice', async () => {
    const consent = await record(own({ status: 'proposed' }));
    const task = await taskOf(consent.id, 'discuss-objection');
    await herald.store.commit([{ op: 'update', resource: { ...consent, status: 'rejected' } }]);
    const upheld = await complete(task, 'upheld');
    expect([upheld.status, expressions(upheld.body)]).toEqual([422, ['Task.output']]);
    expect((await complete(task, 'withdrawn')).status).toBe(200);
    expect((await herald.store.read('Consent', consent.id))?.status).toBe('rejected');
  });

  it.each([
    ['discuss-objection', 'withdrawn'],
    ['discuss-removal', 'remove'],
    ['explain-impact', 'done'],
  ])('VER-1: a %s for somebody else changes nothing of it', async (code, decision) => {
    const consent = await record(own({ parts: [reason, atRisk] }));
    const other = await herald.as('epr', 'post', '/fhir/Patient').send(aPatient({ identifier: [anotherNumber] }));
    const asked = (reference: string) =>
      herald.as('epr', 'post', '/fhir/Task').send({
        resourceType: 'Task',
        status: 'requested',
        intent: 'order',
        code: concept('task-code', code),
        focus: { reference: `Consent/${consent.id}` },
        for: { reference },
      });
    const wrong = await complete((await asked(`Patient/${other.body.id}`)).body, decision);
    expect([wrong.status, expressions(wrong.body)]).toEqual([422, ['Task.for']]);
    expect((await herald.store.read('Consent', consent.id))?.meta.versionId).toBe('1');
    // The record that has replaced hers since is hers.
    const link = [{ type: 'replaces' as const, other: { reference: patient } }];
    await herald.as('epr', 'put', `/fhir/Patient/${other.body.id}`).send({ ...other.body, link });
    expect((await complete((await asked(`Patient/${other.body.id}`)).body, decision)).status).toBe(200);
    expect((await herald.store.read('Consent', consent.id))?.meta.versionId).toBe('2');
  });

  it('ACC-1: whoever completes the Task answers for the change of the objection', async () => {
    const consent = await record(own({ parts: [reason] }));
    expect((await complete(await taskOf(consent.id, 'explain-impact'), 'done')).status).toBe(200);
    const records: Provenance[] = await searchAll(herald.store, 'Provenance', [['target', `Consent/${consent.id}`]]);
    const authors = records.map((one) => one.agent[0]?.who.reference);
    expect(authors).toContain(`Practitioner/${demoStaff.epr.id}`);
  });

  it('a reminder is not needed for what an ended or a finished objection was about', async () => {
    const consent = await record(own({ status: 'inactive' }));
    expect(await searchAll(herald.store, 'Task', [['focus', `Consent/${consent.id}`]])).toEqual([]);
    expect(await searchAll(herald.store, 'Flag', [['patient', patient]])).toEqual([]);
  });

  it('OBJ-8: a decision to keep can be changed to removal later, on the objection itself', async () => {
    const consent = await record(own({ parts: [reason, explained, atRisk] }));
    expect((await complete(await taskOf(consent.id, 'discuss-removal'), 'keep')).status).toBe(200);
    expect((await herald.store.read('Patient', patient.slice(8)))?.telecom).toHaveLength(1);
    const changed = { ...own({ parts: remove }), id: consent.id };
    expect((await herald.as('epr', 'put', `/fhir/Consent/${consent.id}`).send(changed)).status).toBe(200);
    expect((await herald.store.read('Patient', patient.slice(8)))?.telecom).toBeUndefined();
    expect(await searchAll(herald.store, 'Patient', [['phone', '07700 900123']])).toEqual([]);
  });

  it('in a transaction the decision to remove and a write of the person leave nothing behind', async () => {
    const consent = await record(own({ parts: [reason, explained, atRisk] }));
    const task = await taskOf(consent.id, 'discuss-removal');
    const decided = {
      ...task,
      status: 'completed',
      output: [{ type: concept('task-parameter', 'decision'), valueCodeableConcept: concept('decision', 'remove') }],
    };
    const person: Patient = { ...aPatient(), id: patient.slice(8) };
    const answer = await herald.as('epr', 'post', '/fhir').send({
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        { resource: decided, request: { method: 'PUT', url: `Task/${task?.id}` } },
        { resource: person, request: { method: 'PUT', url: patient } },
      ],
    });
    expect(answer.status, answer.text).toBe(200);
    expect((await herald.store.read('Patient', patient.slice(8)))?.telecom).toBeUndefined();
    const { matches } = await herald.store.history('Patient', { id: patient.slice(8) });
    expect(JSON.stringify(matches)).not.toContain('900123');
  });
});
