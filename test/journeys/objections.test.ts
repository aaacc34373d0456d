import type { Communication, Consent, Flag, OperationOutcome, Patient, Provenance } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeSystem } from '../../src/canonical.ts';
import { aRequest, type Herald, personalisation, startHerald, until } from '../support/herald.ts';
import {
  completed,
  concept,
  explained,
  flagsOf,
  objection,
  ofProxy,
  REASON,
  reachable,
  reason,
  rewritten,
  tasksAbout,
} from '../support/objections.ts';
import { anAuthority, aRelatedPerson, endOf, posted, requestOf } from '../support/people.ts';

/** What people object to, the whole way through the service. */
describe('objections', () => {
  let herald: Herald;
  let ahead = 0;
  const clock = { now: () => new Date(Date.now() + ahead) };

  beforeAll(async () => {
    ahead = Date.parse('2026-06-14T10:00:00Z') - Date.now();
    herald = await startHerald({ clock, timing: { sweepMs: 100 } });
  });
  afterAll(() => herald.close());

  const ask = (patient: string, change: object = {}) =>
    herald.post(
      '/fhir/CommunicationRequest',
      aRequest('care-message', patient, {
        payload: [{ contentString: 'Please ring us on 0113 496 0123.' }],
        ...change,
      }),
    );
  const sentBy = async (patient: string, change: object = {}): Promise<string | undefined> => {
    const answer = await ask(patient, change);
    expect(answer.status, answer.text).toBe(201);
    return (await endOf(herald, answer.body.id)).medium?.[0]?.coding?.[0]?.code;
  };
  const codesOf = (outcome: OperationOutcome) =>
    outcome.issue.map((issue) => issue.details?.coding?.map((one) => one.code));
  const refusedFor = async (patient: string, change: object = {}) => {
    const answer = await ask(patient, change);
    return [answer.status, [...new Set(codesOf(answer.body).map((one) => one?.join(' ')))]];
  };

  it('OBJ-3: an active objection without its reason is refused; a proposed one binds until it has been talked about', async () => {
    const patient = await reachable(herald, '9991231005', '07700 900131');
    for (const parts of [[explained], [{ url: 'reason', valueCodeableConcept: { text: ' ' } }]]) {
      const refused = await herald.post('/fhir/Consent', objection(patient, { parts }));
      expect([refused.status, refused.text], refused.text).toEqual([422, expect.stringContaining('OBJ-3')]);
      expect(refused.body.issue[0].expression[0]).toMatch(/^Consent/);
    }
    const proposed = await posted(herald, objection(patient, { status: 'proposed', parts: [explained] }));
    expect(await sentBy(patient)).toBe('email');
    const { 'discuss-objection': talk } = await tasksAbout(herald, proposed);
    expect(talk).toMatchObject({ status: 'requested', performerType: [concept('staff-role', 'clinic')] });

    const without = await completed(herald, talk, 'upheld');
    expect([without.status, without.body.issue[0].expression]).toEqual([422, ['Task.output']]);
    const said = { type: concept('task-parameter', 'reason'), valueString: REASON };
    expect((await completed(herald, talk, 'upheld', [said])).status).toBe(200);
    const { body } = await herald.get(`/fhir/${proposed}`);
    expect(body).toMatchObject({ status: 'active' });
    expect(JSON.stringify(body.extension)).toContain(REASON);
  });

  it('OBJ-4: until the effect was explained a Task reminds, once, and its end says when', async () => {
    const patient = await reachable(herald, '9991231013', '07700 900132');
    const told = await posted(herald, objection(patient, { parts: [reason, explained] }));
    expect(Object.keys(await tasksAbout(herald, told))).toEqual([]);
    const first = await posted(herald, objection(patient));
    const { 'explain-impact': remind } = await tasksAbout(herald, first);
    expect(remind).toMatchObject({ status: 'requested', for: { reference: patient } });
    await rewritten(herald, first, { dateTime: '2026-05-13' });
    expect(await herald.all(`/fhir/Task?focus=${first}`)).toHaveLength(1);
    expect((await completed(herald, remind, 'done')).status).toBe(200);
    const { body } = await herald.get(`/fhir/${first}`);
    expect(JSON.stringify(body.extension)).toContain('impactExplained');

    const second = await posted(herald, objection(patient));
    const { extension } = objection(patient, { parts: [reason, explained] });
    await rewritten(herald, second, { extension });
    expect((await tasksAbout(herald, second))['explain-impact']?.status).toBe('completed');
  });

  it.each([
    ['all-messages', 'discuss' as const, []],
    ['care-processing', 'dpo' as const, ['dpo']],
  ])('OBJ-2: %s refuses every message', async (scope, _who, roles) => {
    const patient = await reachable(herald, scope === 'all-messages' ? '9991231021' : '9991231048', '07700 900133');
    const consent = await posted(herald, objection(patient, { scope, channels: ['all'] }));
    expect(await refusedFor(patient)).toEqual([422, ['objection OBJ-5']]);
    const { 'discuss-objection': talk } = await tasksAbout(herald, consent);
    expect(talk?.performerType?.flatMap((one) => one.coding?.map(({ code }) => code)) ?? []).toEqual(roles);
    expect((await flagsOf(herald, patient)).map((one) => one.code.coding?.[0]?.code)).toEqual(['do-not-message']);
  });

  it('OBJ-2, OBJ-5: several objections of several kinds each close what they speak of, and no more', async () => {
    const patient = await reachable(herald, '9991231056', '07700 900134');
    const texts = await posted(herald, objection(patient, { channels: ['sms'] }));
    const type = [{ coding: [{ system: codeSystem('message-type'), code: 'care-message' }] }];
    await posted(herald, objection(patient, { scope: 'service-or-type', channels: ['email'], code: type }));
    expect(await refusedFor(patient)).toEqual([422, expect.arrayContaining(['objection OBJ-5'])]);
    const other = await herald.post(
      '/fhir/CommunicationRequest',
      aRequest('contact-us', patient, { payload: [personalisation({ phone: '0113 496 0123' })] }),
    );
    expect(other.status, other.text).toBe(201);
    expect((await endOf(herald, other.body.id)).medium?.[0]?.coding?.[0]?.code).toBe('email');
    await rewritten(herald, texts, { status: 'inactive' });
    expect(await sentBy(patient)).toBe('sms');
  });

  it('OBJ-2: an objection binds within its period; one that is over or not begun is a warning', async () => {
    const patient = await reachable(herald, '9991231064', '07700 900135');
    const over = await posted(herald, objection(patient, { period: { start: '2026-05-12', end: '2026-06-01' } }));
    const answer = await ask(patient);
    expect(answer.status).toBe(201);
    expect((await endOf(herald, answer.body.id)).medium?.[0]?.coding?.[0]?.code).toBe('sms');
    expect(JSON.stringify((await requestOf(herald, answer.body.id)).extension) + answer.text).toContain(
      'objection-period',
    );
    expect(await flagsOf(herald, patient)).toEqual([]);
    await rewritten(herald, over, { status: 'inactive' });
    await posted(herald, objection(patient, { period: { start: '2026-06-01' } }));
    expect(await sentBy(patient)).toBe('email');
  });

  it('OBJ-1: an objection between acceptance and sending stops the message, or sends it another way', async () => {
    const patient = await reachable(herald, '9991231072', '07700 900136');
    const soon = { occurrenceDateTime: new Date(clock.now().getTime() + 60_000).toISOString() };
    const [text, any] = [
      await ask(patient, { ...soon, medium: [concept('channel', 'sms')] }),
      await ask(patient, soon),
    ];
    await posted(herald, objection(patient));
    ahead += 61_000;
    const stopped = await endOf(herald, text.body.id);
    expect([stopped.status, stopped.statusReason?.coding?.map((one) => one.code)]).toEqual([
      'not-done',
      ['objection', 'OBJ-5'],
    ]);
    expect((await requestOf(herald, text.body.id)).status).toBe('revoked');
    const went = await endOf(herald, any.body.id);
    expect([went.status, went.medium?.[0]?.coding?.[0]?.code]).toEqual(['completed', 'email']);
    const texted = (await herald.ledger()).filter((one) => one.reference === stopped.id);
    expect(texted).toEqual([]);
  });

  it('OBJ-9: one that is withdrawn binds no more and stays in the history, with when and by whom', async () => {
    const patient = await reachable(herald, '9991231080', '07700 900137');
    const consent = await posted(herald, objection(patient, { status: 'proposed' }));
    const { 'discuss-objection': talk } = await tasksAbout(herald, consent);
    expect((await completed(herald, talk, 'withdrawn')).status).toBe(200);
    const { body } = await herald.get(`/fhir/${consent}`);
    expect([body.status, body.provision.period.end]).toEqual(['inactive', expect.stringContaining('2026-06-14')]);
    expect(JSON.stringify(body.extension)).toContain('withdrawn');
    expect(await sentBy(patient)).toBe('sms');
    const [flag] = await flagsOf(herald, patient);
    expect(flag?.status).toBe('inactive');
    const history = await herald.get(`/fhir/${consent}/_history`, 'demo-ig');
    expect(history.body.entry.map((one: { resource: Consent }) => one.resource.status)).toEqual([
      'inactive',
      'proposed',
    ]);
    const records = await herald.all<Provenance>(`/fhir/Provenance?target=${consent}`);
    expect(records.length).toBeGreaterThan(0);
    expect(records.every((one) => one.agent.some(({ who }) => who.reference?.startsWith('Practitioner/')))).toBe(true);
    expect((await tasksAbout(herald, consent))['explain-impact']?.status).toBe('cancelled');
  });

  it('OBJ-13: what is known from elsewhere is handled discreetly, and not by the objected way', async () => {
    const patient = await reachable(herald, '9991231099', '07700 900138');
    const source = { url: 'reasonSource', valueCode: 'known-from-other-information' };
    const consent = await posted(herald, objection(patient, { parts: [reason, source] }));
    const { 'explain-impact': remind } = await tasksAbout(herald, consent);
    expect(remind?.businessStatus).toEqual(concept('handling', 'discreet'));
    expect(remind?.description).toContain('Do not use text');
  });

  it('contract 7: a need against an objection is for a person to settle, whichever came first', async () => {
    const patient = await reachable(herald, '9991231102', '07700 900139');
    const need = (code: string): Flag => ({
      resourceType: 'Flag',
      status: 'active',
      category: [concept('flag-category', 'accessible-information')],
      code: { coding: [{ system: 'http://snomed.info/sct', code }] },
      subject: { reference: patient },
    });
    const byText = await posted(herald, need('936701000000103'));
    const consent = await posted(
      herald,
      objection(patient, { channels: ['sms', 'email'], parts: [reason, explained] }),
    );
    const byEmail = await posted(herald, need('936741000000100'));
    const tasks = await herald.all<{ reasonReference: { reference: string } } & Consent>(`/fhir/Task?focus=${consent}`);
    expect(tasks.map((one) => one.reasonReference.reference).sort()).toEqual([byText, byEmail].sort());
  });

  it('contract 7: a proxy’s own objection closes that proxy, not the patient', async () => {
    const patient = await reachable(herald, '9991231110', '07700 900140');
    const other = await reachable(herald, '9991231129', '07700 900141');
    const proxy = await posted(herald, aRelatedPerson(patient));
    await posted(herald, anAuthority(patient, proxy));
    const elsewhere = await herald.post('/fhir/Consent', ofProxy(other, proxy));
    expect([elsewhere.status, elsewhere.body.issue[0].expression]).toEqual([422, ['Consent.provision.actor']]);
    await posted(herald, ofProxy(patient, proxy));
    expect(await refusedFor(patient, { recipient: [{ reference: proxy }] })).toEqual([
      422,
      expect.arrayContaining(['objection OBJ-5']),
    ]);
    expect(await sentBy(patient)).toBe('sms');
    const flags = await flagsOf(herald, patient);
    expect(flags.flatMap((one) => one.code.coding?.map(({ code }) => code) ?? [])).not.toContain('do-not-text');
  });

  it('OBJ-10: objectors are found one at a time and in groups, by standard searches', async () => {
    const objector = await reachable(herald, '9991231137', '07700 900142');
    const other = await reachable(herald, '9991231145', '07700 900143');
    const ended = await reachable(herald, '9991231153', '07700 900144');
    const consent = await posted(herald, objection(objector));
    await rewritten(herald, await posted(herald, objection(ended)), { status: 'inactive' });
    const category = `${codeSystem('consent-category')}|messaging-objection`;
    const group = [objector, other, ended].join(',');
    const found = await until(async () => {
      const some = await herald.all<Consent | Patient>(
        `/fhir/Consent?patient=${group}&category=${category}&status=active,proposed&_include=Consent:patient`,
      );
      return some.length === 2 && some;
    }, 'the objectors of a group');
    expect(found.map((one) => `${one.resourceType}/${one.id}`)).toEqual([consent, objector]);
    const byChannel = `action=${codeSystem('channel')}|sms,${codeSystem('channel')}|all`;
    const ofAll = await herald.all<Consent>(`/fhir/Consent?category=${category}&status=active,proposed&${byChannel}`);
    expect(ofAll.map((one) => `Consent/${one.id}`)).toContain(consent);
    const people = group.replaceAll('Patient/', '');
    const having = await until(
      async () => {
        const all = await herald.all<Patient>(`/fhir/Patient?_id=${people}&_has:Consent:patient:category=${category}`);
        return all.length === 2 && all;
      },
      'the people of whom there is an objection',
      15_000,
    );
    expect(having.map((one) => `Patient/${one.id}`).sort()).toEqual([objector, ended].sort());
    const [flag] = await flagsOf(herald, objector);
    expect(flag).toMatchObject({
      status: 'active',
      code: { coding: [{ code: 'do-not-text' }] },
      extension: expect.arrayContaining([expect.objectContaining({ valueReference: { reference: consent } })]),
    });
    // A Flag changed by hand is put right from the objection.
    await rewritten(herald, `Flag/${flag?.id}`, { status: 'inactive' });
    await rewritten(herald, consent, { dateTime: '2026-05-13' });
    expect((await flagsOf(herald, objector))[0]?.status).toBe('active');
    const members = [objector, other].map((reference) => ({ entity: { reference } }));
    const list = await posted(herald, {
      resourceType: 'Group',
      type: 'person',
      actual: true,
      member: members,
    } as never);
    const { body } = await herald.get(`/fhir/${list}`);
    const inGroup = body.member.map((one: { entity: { reference: string } }) => one.entity.reference).join(',');
    const flags = await herald.all<Flag>(`/fhir/Flag?patient=${inGroup}`);
    expect(flags.map((one) => one.subject?.reference)).toEqual([objector]);
  });

  it('OBJ-10: a Flag ends with the period of its objection', async () => {
    const patient = await reachable(herald, '9991231161', '07700 900145');
    await posted(herald, objection(patient, { period: { start: '2026-05-12', end: '2026-06-14' } }));
    expect((await flagsOf(herald, patient))[0]?.status).toBe('active');
    ahead += 24 * 60 * 60_000;
    await until(async () => (await flagsOf(herald, patient))[0]?.status === 'inactive', 'the end of the Flag');
  });

  it('contract 7: no answer, log, Flag, Task or AuditEvent tells a reason', async () => {
    const everything = await Promise.all(
      ['Flag', 'Task', 'AuditEvent', 'Communication', 'CommunicationRequest', 'Provenance'].map(async (type) =>
        JSON.stringify(await herald.all<Communication>(`/fhir/${type}?_count=500`)),
      ),
    );
    // The one output in which staff write it down is the Consent's to keep.
    const said = everything.map((one) => one.split(REASON).length - 1);
    expect([said, herald.logged().includes(REASON)]).toEqual([[0, 1, 0, 0, 0, 0], false]);
  });
});
