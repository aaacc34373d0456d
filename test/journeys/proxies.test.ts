import type { Communication, Consent, Flag, OperationOutcome, Patient, Provenance, Task } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeSystem, MSG, structureDefinition, system } from '../../src/canonical.ts';
import { exampleRequest } from '../../src/catalogue/examples.ts';
import type { ProxyBasis } from '../../src/policy/consent-facts.ts';
import { aRequest, type Herald, startHerald, until } from '../support/herald.ts';
import {
  anAuthority,
  anObjection,
  aPatient,
  aRelatedPerson,
  attemptsOf,
  authorityOver,
  endOf,
  posted,
  requestOf,
} from '../support/people.ts';

/** Those who act for somebody, the whole way through the service, at times that the test decides. */
describe('proxies', () => {
  let herald: Herald;
  let ahead = 0;
  const clock = { now: () => new Date(Date.now() + ahead) };
  const moveTo = (at: string): void => {
    ahead = Date.parse(at) - Date.now();
  };

  beforeAll(async () => {
    moveTo('2026-06-14T20:00:00Z');
    herald = await startHerald({ clock, timing: { sweepMs: 100 } });
  });
  afterAll(() => herald.close());

  const family = async (nhsNumber: string, basis: ProxyBasis, change: Partial<Consent> = {}) => {
    const patient = await posted(herald, {
      resourceType: 'Patient',
      identifier: [{ system: system.nhsNumber, value: nhsNumber }],
      active: true,
      name: [{ family: 'Example', given: ['Ada'] }],
      birthDate: '2008-06-15',
      telecom: [{ system: 'phone', value: '07700 900123', use: 'mobile' }],
    } satisfies Patient);
    const telecom = [
      { system: 'phone' as const, value: '07700 900456', use: 'mobile' as const },
      { system: 'email' as const, value: 'kim@example.org' },
    ];
    const proxy = await posted(herald, aRelatedPerson(patient, { telecom }));
    const consent = await posted(herald, anAuthority(patient, proxy, basis, change));
    return { patient, proxy, consent };
  };
  const ask = (patient: string, proxy: string, change: object = {}) =>
    herald.post(
      '/fhir/CommunicationRequest',
      aRequest('care-message', patient, {
        recipient: [{ reference: proxy }] as never,
        payload: [{ contentString: 'Please ring us on 0113 496 0123.' }],
        ...change,
      }),
    );
  const asked = async (patient: string, proxy: string, change: object = {}): Promise<string> => {
    const answer = await ask(patient, proxy, change);
    expect(answer.status, answer.text).toBe(201);
    return answer.body.id;
  };
  const sentTo = async (reference: string | undefined) =>
    (await herald.ledger()).filter((one) => one.reference === reference).map((one) => one.recipient);
  const reasonOf = (one: { statusReason?: { coding?: { code?: string }[] } }) =>
    one.statusReason?.coding?.map((coding) => coding.code);
  const rewrite = async (reference: string, change: object) => {
    const { body } = await herald.get(`/fhir/${reference}`);
    const answer = await herald.put(`/fhir/${reference}`, { ...body, ...change });
    expect(answer.status, answer.text).toBe(200);
  };
  const noteOf = async (patient: string) => (await herald.all<Flag>(`/fhir/Flag?patient=${patient}`))[0];

  it('PRX-5, REC-3: a parent is written to until the 18th birthday, and what went stays to be found', async () => {
    const { patient, proxy, consent } = await family('9991230009', 'parental-responsibility');
    expect(await noteOf(patient)).toMatchObject({ status: 'active', period: { end: '2026-06-14' } });

    const first = await endOf(herald, await asked(patient, proxy));
    expect([first.status, await sentTo(first.id)]).toEqual(['completed', ['+447700900456']]);
    expect(first).toMatchObject({ subject: { reference: patient }, recipient: [{ reference: proxy }] });
    expect(first.extension).toContainEqual({
      url: structureDefinition('contact-point-used'),
      valueContactPoint: { system: 'phone', value: '07700 900456', use: 'mobile' },
    });
    const records = await herald.all<Provenance>(`/fhir/Provenance?target=Communication/${first.id}`);
    expect(records.map((one) => one.entity?.map((entity) => [entity.role, entity.what.reference]))).toEqual([
      [['source', consent]],
    ]);

    // Accepted before midnight in London, due after it.
    const late = await asked(patient, proxy, { occurrenceDateTime: '2026-06-14T23:00:00Z' });
    moveTo('2026-06-14T23:00:01Z');
    const second = await endOf(herald, late);
    expect([second.status, reasonOf(second), await sentTo(second.id)]).toEqual([
      'not-done',
      ['proxy-not-authorised', 'PRX-5'],
      [],
    ]);
    const request = await requestOf(herald, late);
    expect([request.status, reasonOf(request)]).toEqual(['revoked', ['proxy-not-authorised', 'PRX-5']]);
    const refused = await ask(patient, proxy);
    expect([refused.status, codesOf(refused.body)]).toEqual([422, [['proxy-not-authorised', 'PRX-5']]]);

    await until(async () => (await noteOf(patient))?.status === 'inactive', 'the end of the note');
    expect((await noteOf(patient))?.period?.end).toBe('2026-06-14');
    await rewrite(proxy, { active: false });
    for (const query of [`subject=${patient}`, `patient=${patient}`, `recipient=${proxy}`]) {
      const found = await herald.all<Communication>(`/fhir/Communication?${query}`);
      expect(found.map((one) => one.status).sort(), query).toEqual(['completed', 'not-done', 'not-done']);
    }
  });

  it('PRX-6: an attorney is written to once the power is activated', async () => {
    const { patient, proxy, consent } = await family('9991230017', 'health-and-welfare-lasting-power-of-attorney');
    const before = await ask(patient, proxy);
    expect([before.status, codesOf(before.body)]).toEqual([422, [['proxy-not-authorised', 'PRX-6']]]);
    expect(await noteOf(patient)).toBeUndefined();
    await rewrite(consent, { verification: [{ verified: true, verificationDate: '2026-06-14' }] });
    const record = await endOf(herald, await asked(patient, proxy));
    expect([record.status, await sentTo(record.id)]).toEqual(['completed', ['+447700900456']]);
    expect((await noteOf(patient))?.status).toBe('active');
  });

  it('PRX-4: an authority that is narrowed, replaced or withdrawn between acceptance and sending is heeded', async () => {
    const { patient, proxy, consent } = await family('9991230025', 'consent');
    const soon = () => ({ occurrenceDateTime: new Date(clock.now().getTime() + 60_000).toISOString() });
    const dueNow = (): void => {
      ahead += 61_000;
    };

    const narrowed = await asked(patient, proxy, soon());
    await rewrite(consent, {
      provision: authorityOver(proxy, { action: [{ coding: [{ system: codeSystem('channel'), code: 'email' }] }] }),
    });
    dueNow();
    const byEmail = await endOf(herald, narrowed);
    expect([byEmail.medium?.[0]?.coding?.[0]?.code, await sentTo(byEmail.id)]).toEqual(['email', ['kim@example.org']]);

    const replaced = await asked(patient, proxy, soon());
    const other = await posted(herald, anAuthority(patient, proxy, 'best-interest'));
    await rewrite(consent, { status: 'inactive' });
    dueNow();
    const onOther = await endOf(herald, replaced);
    expect(onOther.status).toBe('completed');
    const records = await herald.all<Provenance>(`/fhir/Provenance?target=Communication/${onOther.id}`);
    const relied = records.flatMap((one) => one.entity?.map((entity) => entity.what.reference) ?? []);
    expect(relied.sort()).toEqual([consent, other].sort());

    const withdrawn = await asked(patient, proxy, soon());
    await rewrite(other, { status: 'inactive' });
    dueNow();
    const never = await endOf(herald, withdrawn);
    expect([never.status, reasonOf(never), await sentTo(never.id)]).toEqual([
      'not-done',
      ['proxy-not-authorised', 'PRX-4'],
      [],
    ]);
  });

  it('PRX-7: something sensitive waits until the person was asked, and its record says that it is', async () => {
    const { patient, proxy } = await family('9991230033', 'consent');
    const label = { system: system.actCode, code: 'SEX' };
    const restricted = { system: system.confidentiality, code: 'R' };
    const id = await asked(patient, proxy, { meta: { security: [restricted, label] } });
    const held = await requestOf(herald, id);
    expect([held.status, reasonOf(held)]).toEqual(['on-hold', ['sensitive-proxy', 'PRX-7']]);
    expect(await attemptsOf(herald, id)).toEqual([]);
    const [task] = await herald.all<Task>(`/fhir/Task?focus=CommunicationRequest/${id}`);
    expect(task).toMatchObject({
      status: 'requested',
      for: { reference: patient },
      code: { coding: [{ code: 'check-with-person' }] },
      performerType: [{ coding: [{ code: 'clinic' }] }],
    });

    // Asked again before anybody answered, it goes on waiting.
    await herald.put(`/fhir/CommunicationRequest/${id}`, { ...held, status: 'active' });
    expect((await requestOf(herald, id)).status).toBe('on-hold');
    const decision = { coding: [{ system: codeSystem('decision'), code: 'agreed' }] };
    const type = { coding: [{ system: codeSystem('task-parameter'), code: 'decision' }] };
    await rewrite(`Task/${task?.id}`, { status: 'completed', output: [{ type, valueCodeableConcept: decision }] });
    const answered = await requestOf(herald, id);
    if (answered.status === 'on-hold') await rewrite(`CommunicationRequest/${id}`, { status: 'active' });
    const record = await endOf(herald, id);
    expect([record.status, await sentTo(record.id)]).toEqual(['completed', ['+447700900456']]);
    // Labels are a set, and a server may keep them in another order.
    expect(record.meta?.security).toHaveLength(2);
    expect(record.meta?.security).toEqual(expect.arrayContaining([restricted, label]));

    const own = await asked(patient, proxy, { meta: { security: [label] }, recipient: undefined });
    expect((await endOf(herald, own)).status).toBe('completed');
  });

  it('contract 6: an authority in another patient’s record is 422 when written', async () => {
    const { proxy } = await family('9991230041', 'consent');
    const other = await aPatient(herald, '07700 900124', '9991230068');
    const answer = await herald.post('/fhir/Consent', anAuthority(other, proxy));
    expect([answer.status, answer.body.issue[0].expression]).toEqual([422, ['Consent.provision.actor[0].reference']]);
  });

  it('REC-3, VER-1: a proxy who is named by number is found by reference in the record of a refusal', async () => {
    const { patient, proxy, consent } = await family('9991230076', 'consent');
    await rewrite(proxy, { identifier: [{ system: system.nhsNumber, value: '9991230084' }] });
    await rewrite(consent, { status: 'inactive' });
    const recipient = [{ type: 'RelatedPerson', identifier: { system: system.nhsNumber, value: '9991230084' } }];
    expect((await ask(patient, proxy, { recipient })).status).toBe(422);
    const [withheld] = await herald.all<Communication>(`/fhir/Communication?recipient=${proxy}`);
    expect(withheld?.status).toBe('not-done');
  });

  it('OBJ-12, VER-3: an objection in the other half of a merged record stops the message to the proxy too', async () => {
    const { patient, proxy } = await family('9991230092', 'consent');
    const old = await aPatient(herald, '07700 900125', '9991230106');
    await rewrite(old, { active: false, link: [{ type: 'replaced-by', other: { reference: patient } }] });
    expect((await endOf(herald, await asked(patient, proxy))).status).toBe('completed');
    const everything = { coding: [{ system: codeSystem('objection-scope'), code: 'all-messages' }] };
    const { category: [kind] = [], ...objection } = anObjection(old);
    await posted(herald, { ...objection, category: [kind ?? {}, everything] });
    for (const recipient of [[{ reference: proxy }], undefined]) {
      const answer = await ask(patient, proxy, { recipient });
      const clause = recipient === undefined ? 'OBJ-5' : 'OBJ-12';
      expect([answer.status, codesOf(answer.body)]).toEqual([422, [['objection', clause]]]);
    }
    const onOld = await herald.post('/fhir/CommunicationRequest', {
      ...exampleRequest('on-old'),
      subject: { reference: old },
      extension: [{ url: system.instantiatesCanonical, valueCanonical: `${MSG}/ActivityDefinition/care-message` }],
    });
    expect(onOld.body.issue[0].details.text).toContain(`replaced by ${patient}.`);
  });

  const codesOf = (outcome: OperationOutcome) =>
    outcome.issue.map((issue) => issue.details?.coding?.map((one) => one.code));
});
