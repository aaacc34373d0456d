import type {
  AuditEvent,
  Communication,
  CommunicationRequest,
  OperationOutcome,
  Parameters,
  Provenance,
} from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeSystem, identifierSystem } from '../../src/canonical.ts';
import { examplePeople, exampleRequest } from '../../src/catalogue/examples.ts';
import { aRequest, type Herald, personalisation, startHerald, until } from '../support/herald.ts';
import { anObjection, aPatient, attemptsOf, endOf, requestOf } from '../support/people.ts';

const adult = `Patient/${examplePeople.adult}`;
const reminder = () =>
  personalisation({ date: 'Tuesday 1 December', time: '10:30am', place: 'Outpatients, Leeds', phone: '0113 496 0123' });

describe('one message, the whole way', () => {
  let herald: Herald;
  beforeAll(async () => {
    herald = await startHerald();
  });
  afterAll(() => herald.close());

  const attempts = (id: string) => attemptsOf(herald, id);
  const finished = (id: string) => endOf(herald, id);
  const request = (id: string) => requestOf(herald, id);

  it('REC-1, REC-2: a text is decided, recorded, sent and delivered, and the record holds what the phone shows', async () => {
    const answer = await herald.post('/fhir/CommunicationRequest', exampleRequest('journey-text'));
    expect(answer.status).toBe(201);
    expect(answer.headers.location).toMatch(/\/fhir\/CommunicationRequest\/[^/]+\/_history\/[^/]+$/);
    expect(answer.body.status).toBe('active');
    const record = await finished(answer.body.id);

    expect(record.status).toBe('completed');
    expect(record.subject?.reference).toBe(adult);
    expect(record.recipient?.[0]?.reference).toBe(adult);
    expect(record.received).toBeDefined();
    const [sent] = (await herald.ledger()).filter((one) => one.reference === record.id);
    expect(record.payload?.[0]?.contentString).toBe(sent?.body);
    expect(sent?.body).toContain('Example NHS Trust');
    expect(record.identifier).toContainEqual({ system: identifierSystem.notifyNotification, value: sent?.id });
    expect((await request(answer.body.id)).status).toBe('completed');
  });

  it('REC-1: an email is kept with its subject line', async () => {
    const asked = aRequest('appointment-reminder', adult, {
      medium: [{ coding: [{ system: codeSystem('channel'), code: 'email' }] }],
      payload: [reminder()],
    });
    const answer = await herald.post('/fhir/CommunicationRequest', asked);
    expect(answer.status, answer.text).toBe(201);
    const record = await finished(answer.body.id);
    expect(record.status).toBe('completed');
    expect(record.medium?.[0]?.coding?.map((one) => one.code)).toEqual(['email', 'EMAILWRIT']);
    expect(record.topic?.text).toBeTruthy();
    const [sent] = (await herald.ledger()).filter((one) => one.reference === record.id);
    expect(record.payload?.[0]?.contentString).toBe(sent?.body);
  });

  it('contract 2: If-None-Exist keeps simultaneous requests without a key of their own to one message', async () => {
    const value = `round-${Date.now()}`;
    const asked = { ...exampleRequest('journey-once'), groupIdentifier: { system: 'urn:example:round', value } };
    const { identifier: _key, ...keyless } = asked;
    const ask = () =>
      fetch(`${herald.url}/fhir/CommunicationRequest`, {
        method: 'POST',
        headers: {
          Authorization: 'Bearer demo-epr',
          'Content-Type': 'application/fhir+json',
          'If-None-Exist': `group-identifier=urn:example:round|${value}`,
        },
        body: JSON.stringify(keyless),
      });
    const answers = await Promise.all([ask(), ask(), ask(), ask()]);
    expect(answers.map((one) => one.status).sort()).toEqual([200, 200, 200, 201]);
    const ids = await Promise.all(answers.map(async (one) => ((await one.json()) as CommunicationRequest).id));
    expect(new Set(ids).size).toBe(1);
    const record = await finished(String(ids[0]));
    expect((await herald.ledger()).filter((one) => one.reference === record.id)).toHaveLength(1);
    expect(await attempts(String(ids[0]))).toHaveLength(1);
  });

  it('contract 3: a scheduled message waits for its time', async () => {
    const at = new Date(Date.now() + 1_500).toISOString();
    const answer = await herald.post('/fhir/CommunicationRequest', {
      ...exampleRequest('journey-later'),
      occurrenceDateTime: at,
    });
    expect(answer.status).toBe(201);
    const [waiting] = await attempts(answer.body.id);
    expect(waiting?.status).toBe('preparation');
    const record = await finished(answer.body.id);
    expect(record.status).toBe('completed');
    expect(String(record.sent) >= at.slice(0, 19)).toBe(true);
  });

  it('VER-3, REC-5: a message to somebody who died is refused, and the refusal is on record', async () => {
    const asked = { ...exampleRequest('journey-died'), subject: { reference: `Patient/${examplePeople.deceased}` } };
    const answer = await herald.post('/fhir/CommunicationRequest', asked);
    expect(answer.status).toBe(422);
    const outcome = answer.body as OperationOutcome;
    expect(outcome.issue[0]?.details?.coding).toEqual([
      { system: codeSystem('block-reason'), code: 'deceased' },
      { system: codeSystem('guidance-clause'), code: 'VER-3' },
    ]);
    const [withheld] = await herald.all<Communication>(`/fhir/Communication?subject=${asked.subject.reference}`);
    expect(withheld?.status).toBe('not-done');
    expect(withheld?.statusReason?.coding?.[0]?.code).toBe('deceased');
    expect(withheld?.basedOn?.[0]?.identifier?.value).toBe('journey-died');
    expect(await herald.all('/fhir/CommunicationRequest?identifier=journey-died')).toEqual([]);
  });

  it('contract 3: the same key with the same content is the same message, with other content a conflict', async () => {
    const asked = exampleRequest('journey-twice');
    const first = await herald.post('/fhir/CommunicationRequest', asked);
    await finished(first.body.id);
    const again = await herald.post('/fhir/CommunicationRequest', { ...asked, id: 'mine', meta: { versionId: '7' } });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body.id).toBe(first.body.id);
    expect(again.body.status).toBe('completed');
    const other = await herald.post('/fhir/CommunicationRequest', { ...asked, payload: [{ contentString: 'Other.' }] });
    expect(other.status).toBe(409);
    expect(await attempts(first.body.id)).toHaveLength(1);
  });

  it('contract 3: a digest or a decision that a caller puts on a request is not taken for ours', async () => {
    const asked = exampleRequest('journey-forged');
    const url = 'https://herald.example/fhir/StructureDefinition/submission-digest';
    const forged = { ...asked, extension: [...(asked.extension ?? []), { url, valueString: 'f'.repeat(64) }] };
    const first = await herald.post('/fhir/CommunicationRequest', forged);
    expect(first.status, first.text).toBe(201);
    const digests = first.body.extension.filter((one: { url: string }) => one.url === url);
    expect(digests).toHaveLength(1);
    expect(digests[0].valueString).not.toBe('f'.repeat(64));
    expect((await herald.post('/fhir/CommunicationRequest', forged)).status).toBe(200);
  });

  it('contract 3: simultaneous repeats are one message', async () => {
    const asked = exampleRequest('journey-at-once');
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => herald.post('/fhir/CommunicationRequest', asked)),
    );
    expect(answers.map((one) => one.status).sort()).toEqual([...Array(11).fill(200), 201]);
    expect(new Set(answers.map((one) => one.body.id)).size).toBe(1);
    const record = await finished(answers[0]?.body.id);
    expect((await herald.ledger()).filter((one) => one.reference === record.id)).toHaveLength(1);
  });

  it('OBJ-5: an objection to texts leaves the other channels open', async () => {
    const asked = {
      ...exampleRequest('journey-objector'),
      subject: { reference: `Patient/${examplePeople.objector}` },
    };
    const answer = await herald.post('/fhir/CommunicationRequest', asked);
    expect(answer.status).toBe(201);
    const record = await finished(answer.body.id);
    expect(record.medium?.[0]?.coding?.[0]?.code).toBe('email');
  });

  it('OBJ-1: an objection recorded after acceptance stops the message', async () => {
    const patient = await aPatient(herald, '07700 900201', '9990000069');
    const answer = await herald.post('/fhir/CommunicationRequest', {
      ...exampleRequest('journey-objects'),
      subject: { reference: patient },
      occurrenceDateTime: new Date(Date.now() + 1_000).toISOString(),
    });
    expect(answer.status).toBe(201);
    const objection = await herald.post('/fhir/Consent', anObjection(patient));
    expect(objection.status, objection.text).toBe(201);
    const record = await finished(answer.body.id);
    expect(record.status).toBe('not-done');
    expect(record.statusReason?.coding?.[0]?.code).toBe('objection');
    const ended = await request(answer.body.id);
    expect([ended.status, ended.statusReason?.coding?.[0]?.code]).toEqual(['revoked', 'objection']);
    expect((await herald.ledger()).filter((one) => one.reference === record.id)).toEqual([]);
  });

  it('contract 3: a waiting message can be taken back, and then never goes', async () => {
    const answer = await herald.post('/fhir/CommunicationRequest', {
      ...exampleRequest('journey-back'),
      occurrenceDateTime: new Date(Date.now() + 60_000).toISOString(),
    });
    const revoked = await herald.put(`/fhir/CommunicationRequest/${answer.body.id}`, {
      ...answer.body,
      status: 'revoked',
    });
    expect(revoked.status, revoked.text).toBe(200);
    expect(revoked.body.status).toBe('revoked');
    const [attempt] = await attempts(answer.body.id);
    expect(attempt?.status).toBe('not-done');
  });

  it('contract 3: a message that is with the provider can no longer be taken back', async () => {
    const answer = await herald.post('/fhir/CommunicationRequest', exampleRequest('journey-gone'));
    await until(async () => (await attempts(answer.body.id))[0]?.status !== 'preparation', 'the call');
    const current = await request(answer.body.id);
    const revoked = await herald.put(`/fhir/CommunicationRequest/${answer.body.id}`, { ...current, status: 'revoked' });
    expect([409, 422]).toContain(revoked.status);
    expect((await finished(answer.body.id)).status).toBe('completed');
  });

  it('contract 3: a draft waits, and goes once it is active; only its status may change', async () => {
    const draft = await herald.post('/fhir/CommunicationRequest', {
      ...exampleRequest('journey-draft'),
      status: 'draft',
    });
    expect([draft.status, draft.body.status]).toEqual([201, 'draft']);
    expect(await attempts(draft.body.id)).toEqual([]);
    const path = `/fhir/CommunicationRequest/${draft.body.id}`;
    const changed = await herald.put(path, { ...draft.body, status: 'active', payload: [{ contentString: 'Other.' }] });
    expect(changed.status).toBe(422);
    const security = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'SEX' }];
    const labelled = await herald.put(path, { ...draft.body, status: 'active', meta: { security } });
    expect(labelled.status, 'a label is no change of status (PRX-7)').toBe(422);
    const stale = await herald.put(path, { ...draft.body, status: 'active' }, { 'If-Match': 'W/"9"' });
    expect(stale.status).toBe(412);
    const active = await herald.put(
      path,
      { ...draft.body, status: 'active' },
      { 'If-Match': String(draft.headers.etag) },
    );
    expect(active.status, active.text).toBe(200);
    expect((await finished(draft.body.id)).status).toBe('completed');
  });

  it('$evaluate says what would happen, word for word, and sends nothing', async () => {
    const before = (await herald.ledger()).length;
    const answer = await herald.post('/fhir/CommunicationRequest/$evaluate', exampleRequest('journey-evaluate'));
    expect(answer.status, answer.text).toBe(200);
    const value = (name: string) => (answer.body as Parameters).parameter?.find((one) => one.name === name);
    expect(value('decision')?.valueCode).toBe('send');
    expect(value('channel')?.valueCode).toBe('sms');
    expect(value('fragments')?.valueInteger).toBeGreaterThan(0);
    const sent = await herald.post('/fhir/CommunicationRequest', exampleRequest('journey-evaluated'));
    const record = await finished(sent.body.id);
    expect(record.payload?.[0]?.contentString).toBe(value('text')?.valueString);
    expect((await herald.ledger()).length).toBe(before + 1);
  });

  it('CON-2, ACC-1: the record states its lawful bases and who asked', async () => {
    const answer = await herald.post('/fhir/CommunicationRequest', exampleRequest('journey-provenance'));
    const record = await finished(answer.body.id);
    const [provenance] = await herald.all<Provenance>(`/fhir/Provenance?target=Communication/${record.id}`);
    expect(provenance?.policy?.some((one) => one.endsWith('/article/6'))).toBe(true);
    expect(provenance?.agent.some((one) => one.who.reference === exampleRequest('x').requester?.reference)).toBe(true);
    const audits = await herald.all<AuditEvent>(`/fhir/AuditEvent?entity=Communication/${record.id}`);
    expect(audits.length).toBeGreaterThanOrEqual(2);
  });

  it('REC-3: everything about a person is found by subject', async () => {
    const patient = await aPatient(herald, '07700 900202', '9990000077');
    const answer = await herald.post('/fhir/CommunicationRequest', {
      ...exampleRequest('journey-subject'),
      subject: { identifier: { system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990000077' } },
    });
    expect(answer.status, answer.text).toBe(201);
    await finished(answer.body.id);
    expect(await herald.all(`/fhir/Communication?subject=${patient}`)).toHaveLength(1);
    expect(await herald.all(`/fhir/CommunicationRequest?subject=${patient}`)).toHaveLength(1);
  });

  it('contract 5: what is under way goes on after a restart', async () => {
    const answer = await herald.post('/fhir/CommunicationRequest', {
      ...exampleRequest('journey-restart'),
      occurrenceDateTime: new Date(Date.now() + 500).toISOString(),
    });
    await herald.restart();
    expect((await finished(answer.body.id)).status).toBe('completed');
  });
});
