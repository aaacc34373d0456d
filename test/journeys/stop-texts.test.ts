import type { Communication, Consent, Flag, Provenance, Task } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoStaff } from '../../src/auth/demo.ts';
import { codeSystem, system } from '../../src/canonical.ts';
import { aRequest, type Herald, personalisation, startHerald, until } from '../support/herald.ts';
import { anAuthority, aPatient, aRelatedPerson, endOf, posted } from '../support/people.ts';
import { allTasksAbout, aText, callbackEnv, completed, personOutput, tasksAbout } from '../support/texts.ts';

const clerk = `Practitioner/${demoStaff.epr.id}`;
const sms = [{ coding: [{ system: codeSystem('channel'), code: 'sms' }] }];
const nhsNumber = (value: string) => ({ system: system.nhsNumber, value });
const objectionCategory = encodeURIComponent(`${codeSystem('consent-category')}|messaging-objection`);

describe('texts that ask for texts to stop', () => {
  let herald: Herald;
  beforeAll(async () => {
    herald = await startHerald({ timing: { sweepMs: 100 }, env: callbackEnv });
    if ((await herald.get(`/fhir/${clerk}`)).status !== 200) {
      const body = { resourceType: 'Practitioner', id: demoStaff.epr.id, name: [{ family: 'Clerk' }] };
      await herald.put(`/fhir/${clerk}`, body, { Authorization: 'Bearer demo-admin' });
    }
  });
  afterAll(() => herald.close());

  const ask = async (patient: string, more: Parameters<typeof aRequest>[2] = {}) =>
    herald.post(
      '/fhir/CommunicationRequest',
      aRequest('appointment-reminder', patient, {
        payload: [
          personalisation({ date: 'Tuesday 1 December', time: '10:30am', place: 'Leeds', phone: '0113 496 0123' }),
        ],
        medium: sms,
        ...more,
      }),
    );
  const evaluated = async (patient: string, more: Parameters<typeof aRequest>[2] = {}) => {
    const request = aRequest('appointment-reminder', patient, {
      payload: [personalisation({ date: 'Tuesday', time: '10:30am', place: 'Leeds', phone: '0113 496 0123' })],
      medium: sms,
      ...more,
    });
    const answer = await herald.post('/fhir/CommunicationRequest/$evaluate', request);
    expect(answer.status, answer.text).toBe(200);
    const parts: { name: string; valueCode?: string; part?: { name: string; valueCode?: string }[] }[] =
      answer.body.parameter;
    return {
      decision: parts.find((one) => one.name === 'decision')?.valueCode,
      reasons: parts
        .filter((one) => one.name === 'reason')
        .map((one) => (one.part ?? []).flatMap(({ valueCode }) => valueCode ?? [])),
    };
  };
  const objectionsOf = (patient: string): Promise<Consent[]> =>
    herald.all<Consent>(`/fhir/Consent?patient=${patient}&category=${objectionCategory}`);
  const standing = (patient: string): Promise<Consent[]> =>
    until(async () => {
      const found = await objectionsOf(patient);
      return found.length > 0 && found;
    }, 'the objection');
  const closedBy = (patient: string, reason: string[], more: Parameters<typeof aRequest>[2] = {}) =>
    until(async () => {
      const { decision, reasons } = await evaluated(patient, more);
      return decision === 'refuse' && reasons.some((one) => reason.every((code) => one.includes(code)));
    }, `refused as ${reason.join()}`);

  it('OBJ-11: STOP is a provisional objection to texts, and a conversation by another way; START ends nothing', async () => {
    const patient = await aPatient(herald, '07700 900501', '9991232001');
    expect((await ask(patient)).status).toBe(201);
    const text = await aText(herald, '447700900501', 'STOP!');
    expect(text.sender?.reference).toBe(patient);
    const [objection] = await standing(patient);
    expect([objection?.status, objection?.provision?.type]).toEqual(['proposed', 'deny']);
    expect(objection?.provision?.action?.[0]?.coding?.[0]?.code).toBe('sms');
    const about = await until(async () => {
      const found = await herald.all<Task>(`/fhir/Task?focus=Consent/${objection?.id}`);
      return found.some((one) => one.code?.coding?.[0]?.code === 'discuss-objection') && found;
    }, 'the Task to talk');
    const talk = about.find((one) => one.code?.coding?.[0]?.code === 'discuss-objection');
    expect([talk?.for?.reference, talk?.description]).toEqual([patient, expect.stringContaining('Do not use text')]);
    expect(talk?.restriction?.period?.end).toBeDefined();
    const flags = await until(async () => {
      const found = await herald.all<Flag>(`/fhir/Flag?patient=${patient}`);
      return found.length > 0 && found;
    }, 'the Flag');
    expect(flags[0]?.code.coding?.[0]?.code).toBe('do-not-text');
    const source = await until(async () => {
      const found = await herald.all<Provenance>(`/fhir/Provenance?target=Consent/${objection?.id}`);
      return found.length > 0 && found;
    }, 'where it came from');
    expect(source[0]?.entity?.[0]?.what.reference).toBe(`Communication/${text.id}`);
    await closedBy(patient, ['objection', 'OBJ-5']);

    const start = await aText(herald, '447700900501', 'START');
    await tasksAbout(herald, start, 'triage-inbound');
    const again = await aText(herald, '447700900501', 'stop');
    await tasksAbout(herald, again, 'triage-inbound');
    expect((await objectionsOf(patient)).map((one) => one.status)).toEqual(['proposed']);
    await closedBy(patient, ['objection', 'OBJ-5']);

    const upheld = await herald.put(
      `/fhir/Task/${talk?.id}`,
      completed((await herald.get(`/fhir/Task/${talk?.id}`)).body as Task, 'withdrawn', clerk),
    );
    expect(upheld.status, upheld.text).toBe(200);
    expect((await standing(patient)).map((one) => one.status)).toEqual(['inactive']);
  });

  it('OBJ-11: "please don\'t stop my treatment" objects to nothing, and somebody reads it', async () => {
    const patient = await aPatient(herald, '07700 900502', '9991232028');
    const text = await aText(herald, '447700900502', "Please don't stop my treatment");
    expect(text.sender?.reference).toBe(patient);
    const [task] = await tasksAbout(herald, text, 'triage-inbound');
    expect(task?.for?.reference).toBe(patient);
    expect(await objectionsOf(patient)).toEqual([]);
    expect((await ask(patient)).status).toBe(201);
  });

  it("OBJ-11, OBJ-12: a proxy's STOP is the proxy's own, and closes nothing to the patient", async () => {
    const patient = await aPatient(herald, '07700 900503', '9991232036');
    const mother = await posted(
      herald,
      aRelatedPerson(patient, { telecom: [{ system: 'phone', value: '07700 900504' }] }),
    );
    await posted(herald, anAuthority(patient, mother));
    const text = await aText(herald, '447700900504', 'Stop texting me');
    expect([text.subject?.reference, text.sender?.reference]).toEqual([patient, mother]);
    const [objection] = await standing(patient);
    expect(objection?.performer?.[0]?.reference).toBe(mother);
    await closedBy(patient, ['objection'], { recipient: [{ reference: mother }] as never });
    expect((await evaluated(patient)).decision).toBe('send');
  });

  it('OBJ-11: STOP from a number of two people closes the number, until somebody says whose wish it is', async () => {
    const first = await aPatient(herald, '07700 900505', '9991232044');
    const second = await aPatient(herald, '07700 900505', '9991232052');
    const text = await until(async () => {
      const found = await aText(herald, '447700900505', 'STOP');
      const [task] = await tasksAbout(herald, found, 'triage-inbound');
      return task?.input?.length === 2 && found;
    }, 'both in the index');
    expect(text.subject).toBeUndefined();
    const [task] = await tasksAbout(herald, text, 'triage-inbound');
    expect(task?.priority).toBe('urgent');
    expect(JSON.stringify(task)).not.toContain('900505');
    for (const person of [first, second]) await closedBy(person, ['objection', 'OBJ-11']);
    expect([...(await objectionsOf(first)), ...(await objectionsOf(second))]).toEqual([]);

    // On slow stores the text before this one is another open Task of the same number.
    const others = await herald.all<Task>(
      `/fhir/Task?identifier=${encodeURIComponent(`${task?.identifier?.[0]?.system}|${task?.identifier?.[0]?.value}`)}`,
    );
    for (const one of others.filter(({ id }) => id !== task?.id)) {
      await herald.put(`/fhir/Task/${one.id}`, completed(one, 'nobody', clerk));
    }
    // Contract 2: people may be named by number.
    const byNumber = { ...personOutput(first), valueReference: { identifier: nhsNumber('999 123 2044') } };
    const answer = await herald.put(
      `/fhir/Task/${task?.id}`,
      completed(task as Task, 'identified', clerk, { output: [byNumber] }),
    );
    expect(answer.status, answer.text).toBe(200);
    expect((await standing(first)).map((one) => one.status)).toEqual(['proposed']);
    await closedBy(first, ['objection', 'OBJ-5']);
    await until(async () => (await evaluated(second)).decision === 'send', 'the other person reached again');
    expect(await objectionsOf(second)).toEqual([]);
  });

  it('VER-1: a wrong number is not used again until somebody has checked it', async () => {
    const patient = await aPatient(herald, '07700 900506', '9991232060');
    const sent = await ask(patient);
    expect(sent.status).toBe(201);
    await endOf(herald, sent.body.id);
    const text = await aText(herald, '447700900506', 'Sorry you have the wrong number, no one called Robin here');
    expect([text.subject?.reference, text.sender]).toEqual([patient, undefined]);
    const [task] = await tasksAbout(herald, text, 'check-contact');
    expect([task?.for?.reference, task?.focus?.reference]).toEqual([patient, `Communication/${text.id}`]);
    await closedBy(patient, ['no-contact', 'VER-1']);
    expect((await ask(patient)).status).toBe(422);
    expect(await allTasksAbout(herald, text, 'triage-inbound')).toEqual([]);

    const cancelled = await herald.put(`/fhir/Task/${task?.id}`, { ...task, status: 'cancelled' });
    expect(cancelled.status).toBe(422);
    const done = completed(task as Task, 'done', clerk, { note: [{ text: 'Rang the home number: it is theirs.' }] });
    expect((await herald.put(`/fhir/Task/${task?.id}`, done)).status).toBe(200);
    await until(async () => (await evaluated(patient)).decision === 'send', 'the number in use again');
    const all = await herald.all<Communication>(`/fhir/Communication?subject=${patient}&status=not-done`);
    expect(all).toHaveLength(1);
  });

  it('VER-1: who says that they are not the person, by name, has the number of somebody else', async () => {
    const patient = await aPatient(herald, '07700 900507', '9991232079');
    const { body } = await herald.get(`/fhir/${patient}`);
    const text = await aText(herald, '447700900507', `Hello, I am not ${body.name[0].given[0]}`);
    expect([text.subject?.reference, text.sender]).toEqual([patient, undefined]);
    expect(await tasksAbout(herald, text, 'check-contact')).toHaveLength(1);
    await closedBy(patient, ['no-contact', 'VER-1']);
  });
});
