import type {
  Bundle,
  Communication,
  Consent,
  OperationOutcome,
  Patient,
  RelatedPerson,
  Task,
} from '@medplum/fhirtypes';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { structureDefinition, system } from '../../src/canonical.ts';
import { aRequest, type Herald, startHerald, until } from '../support/herald.ts';
import {
  atRisk,
  behind,
  completed,
  concept,
  explained,
  flagsOf,
  objection,
  ofProxy,
  REASON,
  reachable,
  reason,
  removing,
  rewritten,
  tasksAbout,
} from '../support/objections.ts';
import { anAuthority, aRelatedPerson, endOf, posted } from '../support/people.ts';

/** The strict server can do neither; HAPI takes earlier versions away. */
const isStrict = process.env.HERALD_TEST_STORE === 'strict';

/** OBJ-8: a way of being contacted that puts somebody at risk leaves the record, and nothing brings it back. */
describe('serious harm', () => {
  let herald: Herald;
  let ahead = 0;
  const clock = { now: () => new Date(Date.now() + ahead) };
  beforeAll(async () => {
    herald = await startHerald({ clock, timing: { sweepMs: 100 } });
  });
  afterAll(() => herald.close());

  const mobile = (value: string) => ({ system: 'phone' as const, value, use: 'mobile' as const });
  const ask = (patient: string, change: object = {}) =>
    herald.post(
      '/fhir/CommunicationRequest',
      aRequest('care-message', patient, {
        payload: [{ contentString: 'Please ring us on 0113 496 0123.' }],
        ...change,
      }),
    );
  const byText = { medium: [concept('channel', 'sms')] };
  const remove = [reason, explained, atRisk, removing];
  const numberOf = (nhsNumber: string) => [{ system: system.nhsNumber, value: nhsNumber }];
  /** What anybody but information governance is shown, whatever they ask for. */
  const shown = async (paths: readonly string[], token = 'demo-epr') => {
    const answers = await Promise.all(paths.map((path) => herald.get(path, token)));
    for (const one of answers) expect(one.status, one.text).toBe(200);
    return answers.map((one) => one.text).join('\n');
  };

  it('OBJ-8: the details leave the record, its copies and its earlier versions, in the same commit', async () => {
    const patient = await reachable(herald, '9991232001', '07700 900150');
    await rewritten(herald, patient, {
      telecom: [mobile('07700 900151'), mobile('+447700900150'), { system: 'email', value: 'robin@example.org' }],
      contact: [{ name: { family: 'Example' }, telecom: [mobile('07700900151')] }],
    });
    const partner = await posted(
      herald,
      aRelatedPerson(patient, { telecom: [mobile('+44 7700 900151'), mobile('07700 900152')] }),
    );
    const merged = await reachable(herald, '9991232028', '07700 900153', {
      active: false,
      link: [{ type: 'replaced-by', other: { reference: patient } }],
    });
    const consent = await posted(herald, objection(patient, { parts: remove }));

    const { body } = await herald.get(`/fhir/${patient}`);
    expect([body.telecom, body.contact]).toEqual([
      [{ system: 'email', value: 'robin@example.org' }],
      [{ name: { family: 'Example' } }],
    ]);
    expect((await herald.get(`/fhir/${partner}`)).body.telecom).toEqual([mobile('07700 900152')]);
    expect((await herald.get(`/fhir/${merged}`)).body.telecom).toHaveLength(1);
    expect(await herald.all(`/fhir/Patient?phone=${encodeURIComponent('+447700900150')}`)).toEqual([]);

    const { text: first } = await herald.get(`/fhir/${patient}/_history/1`);
    const history = first + (await shown([`/fhir/${patient}/_history`, `/fhir/${partner}/_history`]));
    const tasks = (
      await herald.all<Task>(`/fhir/Task?code=${concept('task-code', 'purge-history').coding[0]?.system}|purge-history`)
    )
      .map((one) => one.focus?.reference)
      .sort();
    if (isStrict) expect(tasks).toEqual([merged, patient, partner].sort());
    else expect([/90015[01]/.test(history), tasks]).toEqual([false, []]);
    expect(JSON.stringify((await herald.get(`/fhir/${consent}`, 'demo-ig')).body)).not.toMatch(/90015\d/);
  });

  describe('later writes', () => {
    const nhsNumber = '9991232036';
    let patient: string;
    let partner: string;
    beforeAll(async () => {
      patient = await reachable(herald, nhsNumber, '07700 900160');
      partner = await posted(herald, aRelatedPerson(patient, { telecom: [mobile('07700 900160')] }));
      await posted(herald, objection(patient, { parts: remove }));
    });
    const refreshed = (change: Partial<Patient> = {}): Patient => ({
      resourceType: 'Patient',
      identifier: numberOf(nhsNumber),
      name: [{ family: 'Example', given: ['Robin'] }],
      telecom: [mobile('07700 900160'), mobile('07700 900161'), { system: 'email', value: 'robin@example.org' }],
      ...change,
    });
    const put = (prefer: string) =>
      supertest(herald.url)
        .put(`/fhir/${patient}`)
        .set('Authorization', 'Bearer demo-epr')
        .set('Content-Type', 'application/fhir+json')
        .set('Prefer', `return=${prefer}`)
        .send({ ...refreshed(), id: patient.slice('Patient/'.length) });
    const email = [{ system: 'email', value: 'robin@example.org' }];

    it.each(['representation', 'minimal', 'OperationOutcome'])(
      'an update is kept without them and says so (%s)',
      async (prefer) => {
        const answer = await put(prefer);
        expect([answer.status, answer.headers['x-herald-warnings']]).toEqual([200, 'detail-removed OBJ-8']);
        expect(answer.text).not.toMatch(/90016\d/);
        if (prefer === 'OperationOutcome') {
          const { issue } = answer.body as OperationOutcome;
          expect(issue.map((one) => [one.severity, one.details?.coding?.map(({ code }) => code)])).toContainEqual([
            'warning',
            ['detail-removed', 'OBJ-8'],
          ]);
        }
        expect((await herald.get(`/fhir/${patient}`)).body.telecom).toEqual(email);
      },
    );

    it('so is another record of the same person, made by a conditional create', async () => {
      const answer = await supertest(herald.url)
        .post('/fhir/Patient')
        .set('Authorization', 'Bearer demo-epr')
        .set('Content-Type', 'application/fhir+json')
        .set('If-None-Exist', 'identifier=urn:example:pas|refreshed')
        .send(refreshed());
      expect([answer.status, answer.headers['x-herald-warnings']]).toEqual([201, 'detail-removed OBJ-8']);
      expect(answer.body.telecom).toEqual(email);
      await rewritten(herald, `Patient/${answer.body.id}`, {
        identifier: [{ system: 'urn:example:pas', value: 'refreshed' }],
        active: false,
      });
    });

    it('so is a copy in another record, and no other number there', async () => {
      const answer = await herald.put(`/fhir/${partner}`, {
        ...aRelatedPerson(patient, { telecom: [mobile('+447700900160'), mobile('07700 900162')] }),
        id: partner.slice('RelatedPerson/'.length),
      });
      expect([answer.status, answer.headers['x-herald-warnings']]).toEqual([200, 'detail-removed OBJ-8']);
      expect(answer.body.telecom).toEqual([mobile('07700 900162')]);
    });

    it.each(isStrict ? ['batch'] : ['batch', 'transaction'])(
      'so is an entry of a %s, whose outcome says so',
      async (type) => {
        const answer = await herald.post('/fhir', {
          resourceType: 'Bundle',
          type,
          entry: [
            {
              resource: { ...refreshed(), id: patient.slice('Patient/'.length) },
              request: { method: 'PUT', url: patient },
            },
          ],
        });
        const [entry] = (answer.body as Bundle).entry ?? [];
        expect(entry?.response?.status).toBe('200 OK');
        expect(JSON.stringify(entry?.response?.outcome)).toContain('detail-removed');
        expect(answer.text).not.toMatch(/90016\d/);
        expect((await herald.get(`/fhir/${patient}`)).body.telecom).toEqual(email);
      },
    );

    it('an update without such details is kept as it came, and once the objection has ended so is any', async () => {
      const body = { ...refreshed({ telecom: email as never }), id: patient.slice('Patient/'.length) };
      const answer = await herald.put(`/fhir/${patient}`, body);
      expect([answer.status, answer.headers['x-herald-warnings']]).toEqual([200, undefined]);
    });
  });

  it.skipIf(isStrict)('OBJ-8: a person and their objection in one transaction leave nothing behind', async () => {
    const fullUrl = 'urn:uuid:8b7c4f2e-3b1d-4d55-9a53-2f6d7f3b9a01';
    const person: Patient = {
      resourceType: 'Patient',
      identifier: numberOf('9991232044'),
      telecom: [mobile('07700 900170')],
    };
    const answer = await herald.post('/fhir', {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        { fullUrl, resource: person, request: { method: 'POST', url: 'Patient' } },
        { resource: objection(fullUrl, { parts: remove }), request: { method: 'POST', url: 'Consent' } },
      ],
    });
    expect(answer.status, answer.text).toBe(200);
    const reference = answer.body.entry[0].response.location.match(/Patient\/[^/]+/)[0];
    expect(await shown([`/fhir/${reference}`, `/fhir/${reference}/_history`])).not.toContain('900170');
    const copy = await herald.post(
      '/fhir/RelatedPerson',
      aRelatedPerson(reference, { telecom: [mobile('07700 900170')] }),
    );
    expect([copy.status, copy.body.telecom]).toEqual([201, undefined]);
  });

  it('OBJ-8: a number put back past Herald is not used, and goes again', async () => {
    const patient = await reachable(herald, '9991232052', '07700 900171');
    await posted(herald, objection(patient, { parts: remove }));
    await behind(herald, { ...(await herald.get(`/fhir/${patient}`)).body, telecom: [mobile('07700 900171')] });
    expect((await herald.get(`/fhir/${patient}`)).body.telecom).toHaveLength(1);
    const refused = await ask(patient, byText);
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([422, expect.stringContaining('"objection"')]);
    ahead += 61 * 60_000;
    await until(
      async () => (await herald.get(`/fhir/${patient}`)).body.telecom === undefined,
      'the number to leave again',
      15_000,
    );
    expect((await herald.ledger()).filter((one) => one.recipient.endsWith('900171'))).toEqual([]);
  });

  it('OBJ-8: a copy that is put back past Herald into the record of a proxy is not used either', async () => {
    const patient = await reachable(herald, '9991232133', '07700 900181');
    const telecom = [mobile('07700 900181'), { system: 'email' as const, value: 'kim.copy@example.org' }];
    const proxy = await posted(herald, aRelatedPerson(patient, { telecom }));
    await posted(herald, anAuthority(patient, proxy));
    await posted(herald, objection(patient, { parts: remove }));
    await behind(herald, { ...(await herald.get(`/fhir/${proxy}`)).body, telecom });
    const recipient = [{ reference: proxy }];
    const refused = await ask(patient, { ...byText, recipient });
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([422, expect.stringContaining('"no-contact"')]);
    const asked = await ask(patient, { recipient });
    expect(asked.status, asked.text).toBe(201);
    expect((await endOf(herald, asked.body.id)).medium?.[0]?.coding?.[0]?.code).toBe('email');
  });

  it('OBJ-8: past messages are labelled, and show where they went to nobody but information governance', async () => {
    const patient = await reachable(herald, '9991232060', '07700 900172');
    const asked = await ask(patient, byText);
    const { id } = await endOf(herald, asked.body.id);
    const other = await ask(patient, { medium: [concept('channel', 'email')] });
    const email = await endOf(herald, other.body.id);
    const before = (await herald.get(`/fhir/Communication/${id}`)).body as Communication;
    expect(JSON.stringify(before)).toContain('900172');
    await posted(herald, objection(patient, { parts: remove }));

    const request = `CommunicationRequest/${asked.body.id}`;
    const everywhere = [
      `/fhir/Communication/${id}`,
      `/fhir/Communication/${id}/_history`,
      `/fhir/Communication/${id}/_history/${before.meta?.versionId}`,
      '/fhir/Communication/_history?_count=500',
      `/fhir/Communication?patient=${patient}`,
      `/fhir/Communication?based-on=${request}&_elements=extension`,
      `/fhir/CommunicationRequest?_id=${asked.body.id}&_revinclude=Communication:based-on`,
    ];
    for (const token of ['demo-epr', 'demo-sar']) expect(await shown(everywhere, token)).not.toContain('900172');
    const batch = await herald.post('/fhir', {
      resourceType: 'Bundle',
      type: 'batch',
      entry: everywhere.map((url) => ({ request: { method: 'GET', url: url.slice('/fhir/'.length) } })),
    });
    expect([batch.status, batch.text.includes('900172')]).toEqual([200, false]);

    const after = (await herald.get(`/fhir/Communication/${id}`)).body as Communication;
    expect(after.meta?.security?.map((one) => one.code)).toEqual(expect.arrayContaining(['R', 'SDV']));
    expect(after.extension).toContainEqual({
      url: structureDefinition('contact-point-used'),
      valueContactPoint: {
        extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'masked' }],
      },
    });
    expect((await herald.get(`/fhir/Communication/${email.id}`)).text).toContain('robin.9991232060@example.org');
    for (const path of everywhere.slice(0, 3)) {
      const { text } = await herald.get(path, 'demo-ig');
      expect([text.includes('900172'), text.includes('masked')], path).toEqual([true, false]);
    }
  });

  it('OBJ-8: a risk without a decision closes the channel and asks at once; the decision then removes, or keeps', async () => {
    const patient = await reachable(herald, '9991232079', '07700 900173');
    const type = [{ coding: [{ system: concept('message-type', '').coding[0]?.system ?? '', code: 'check-in' }] }];
    const parts = [reason, explained, atRisk];
    const consent = await posted(herald, objection(patient, { parts, scope: 'service-or-type', code: type }));
    // It speaks of one kind of message; the way itself is closed all the same.
    expect((await ask(patient, byText)).status).toBe(422);
    const { 'discuss-removal': talk } = await tasksAbout(herald, consent);
    expect(talk).toMatchObject({ status: 'requested', priority: 'urgent', for: { reference: patient } });
    expect((await herald.get(`/fhir/${patient}`)).body.telecom).toHaveLength(2);

    const answer = await completed(herald, talk, 'remove');
    expect(answer.status, answer.text).toBe(200);
    expect((await herald.get(`/fhir/${patient}`)).body.telecom).toHaveLength(1);
    expect(JSON.stringify((await herald.get(`/fhir/${consent}`, 'demo-ig')).body.extension)).toContain('"remove"');
    if (!isStrict) expect(await shown([`/fhir/${patient}/_history`])).not.toContain('900173');

    const other = await reachable(herald, '9991232087', '07700 900174');
    const kept = await posted(herald, objection(other, { parts, scope: 'service-or-type', code: type }));
    await completed(herald, (await tasksAbout(herald, kept))['discuss-removal'], 'keep');
    expect((await herald.get(`/fhir/${other}`)).body.telecom).toHaveLength(2);
    expect((await ask(other, byText)).status).toBe(201);
  });

  it('OBJ-8: a removal without a risk is refused, and says what is missing', async () => {
    const patient = await reachable(herald, '9991232095', '07700 900175');
    const answer = await herald.post('/fhir/Consent', objection(patient, { parts: [reason, removing] }));
    expect([answer.status, answer.body.issue[0].expression]).toEqual([422, ['Consent.extension']]);
  });

  it('OBJ-8: a proxy’s own risk takes the proxy’s details, not the patient’s', async () => {
    const patient = await reachable(herald, '9991232109', '07700 900176');
    const proxy = await posted(herald, aRelatedPerson(patient, { telecom: [mobile('07700 900177')] }));
    const own = ofProxy(patient, proxy);
    await posted(herald, { ...own, extension: objection(patient, { parts: remove }).extension } as Consent);
    expect((await herald.get(`/fhir/${proxy}`)).body.telecom).toBeUndefined();
    expect((await herald.get(`/fhir/${patient}`)).body.telecom).toHaveLength(2);
    const again = await herald.put(`/fhir/${proxy}`, {
      ...aRelatedPerson(patient, { telecom: [mobile('07700 900178')] }),
      id: proxy.slice('RelatedPerson/'.length),
    } satisfies RelatedPerson);
    expect([again.body.telecom, again.headers['x-herald-warnings']]).toEqual([undefined, 'detail-removed OBJ-8']);
  });

  it('contract 7: once the objection has ended, details are kept again', async () => {
    const patient = await reachable(herald, '9991232117', '07700 900179');
    const consent = await posted(herald, objection(patient, { parts: remove }));
    await rewritten(herald, consent, { status: 'inactive' });
    await rewritten(herald, patient, { telecom: [mobile('07700 900179')] });
    expect((await herald.get(`/fhir/${patient}`)).body.telecom).toHaveLength(1);
    expect(JSON.stringify((await herald.get(`/fhir/${consent}`, 'demo-ig')).body)).not.toContain('"removed"');
  });

  it('contract 7: no answer, log, Flag, Task or AuditEvent tells a reason or a removed detail', async () => {
    const patient = await reachable(herald, '9991232125', '07700 900180');
    const sent = await ask(patient, byText);
    await endOf(herald, sent.body.id);
    const consent = await posted(herald, objection(patient, { parts: remove }));
    await ask(patient, byText);
    await herald.put(`/fhir/${patient}`, {
      resourceType: 'Patient',
      id: patient.slice('Patient/'.length),
      identifier: numberOf('9991232125'),
      telecom: [mobile('07700 900180')],
    });
    const types = ['Patient', 'Flag', 'Task', 'Communication', 'CommunicationRequest', 'Provenance', 'RelatedPerson'];
    const seen = await shown(types.map((type) => `/fhir/${type}?_count=500`));
    const audit = await shown(['/fhir/AuditEvent?_count=500'], 'demo-ig');
    const histories = !isStrict ? await shown([`/fhir/${patient}/_history`, `/fhir/${consent}/_history`]) : '';
    for (const [text, what] of [
      [seen, 'answers'],
      [audit, 'audit'],
      [herald.logged(), 'logs'],
      [histories, 'histories'],
    ] as const) {
      expect([what, text.includes('900180')]).toEqual([what, false]);
      if (what !== 'histories') expect([what, text.includes(REASON)]).toEqual([what, false]);
    }
    expect((await flagsOf(herald, patient)).map((one) => one.code.text).join()).not.toContain(REASON);
  });
});
