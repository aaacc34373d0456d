import { randomUUID } from 'node:crypto';
import type { Communication, Flag, Provenance, Task } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoStaff } from '../../src/auth/demo.ts';
import { codeSystem, structureDefinition } from '../../src/canonical.ts';
import { aRequest, type Herald, personalisation, startHerald, until } from '../support/herald.ts';
import { aPatient, aRelatedPerson, endOf, posted } from '../support/people.ts';
import { allTasksAbout, aText, callbackEnv, completed, handOver, personOutput, tasksAbout } from '../support/texts.ts';

const clerk = `Practitioner/${demoStaff.epr.id}`;
const inReplyTo = (text: Communication) => ({
  url: structureDefinition('in-reply-to'),
  valueReference: { reference: `Communication/${text.id}` },
});
const reminder = () =>
  personalisation({ date: 'Tuesday 1 December', time: '10:30am', place: 'Outpatients, Leeds', phone: '0113 496 0123' });

/** A Wednesday morning, when the team is there, and a Sunday at three in the night, when nobody is. */
const wednesday = new Date('2027-01-13T10:00:00Z');
const sunday = new Date('2027-01-17T03:00:00Z');

describe('what comes back', () => {
  let herald: Herald;
  let now = wednesday;
  const clock = { now: () => now };
  beforeAll(async () => {
    herald = await startHerald({ clock, timing: { sweepMs: 100 }, env: callbackEnv });
    if ((await herald.get(`/fhir/${clerk}`)).status !== 200) {
      const body = { resourceType: 'Practitioner', id: demoStaff.epr.id, name: [{ family: 'Clerk' }] };
      await herald.put(`/fhir/${clerk}`, body, { Authorization: 'Bearer demo-admin' });
    }
  });
  afterAll(() => herald.close());

  const outbound = async (patient: string): Promise<Communication[]> =>
    herald.all<Communication>(
      `/fhir/Communication?subject=${patient}&category=${encodeURIComponent(`${codeSystem('direction')}|outbound`)}`,
    );
  const reminded = async (patient: string): Promise<Communication> => {
    const answer = await herald.post(
      '/fhir/CommunicationRequest',
      aRequest('appointment-reminder', patient, {
        payload: [reminder()],
        medium: [{ coding: [{ system: codeSystem('channel'), code: 'sms' }] }],
      }),
    );
    expect(answer.status, answer.text).toBe(201);
    return endOf(herald, answer.body.id);
  };
  const taskNow = async (task: Task): Promise<Task> => (await herald.get(`/fhir/Task/${task.id}`)).body;

  it('TWO-1, TWO-4: a reply to a reminder is in the record, and so is the answer of whoever of the team gives it', async () => {
    // Provider and store have clocks of their own.
    now = new Date();
    const patient = await aPatient(herald, '07700 900401', '9991231005');
    const sent = await reminded(patient);
    now = new Date(Math.max(Date.parse(sent.sent ?? ''), now.getTime()) + 1_000);
    await until(
      async () => (await herald.all(`/fhir/Communication?recipient=${patient}&sent=le${now.toISOString()}`)).length > 0,
      'the reminder in the index',
    );
    const text = await aText(herald, '447700900401', 'Can I come at 11 instead?', now);
    expect([text.subject?.reference, text.sender?.reference]).toEqual([patient, patient]);
    expect(text.inResponseTo).toEqual([{ reference: `Communication/${sent.id}` }]);
    expect(text.payload?.[0]?.contentString).toBe('Can I come at 11 instead?');
    const [task] = await tasksAbout(herald, text, 'triage-inbound');
    expect([task?.priority, task?.for?.reference]).toEqual(['routine', patient]);
    expect(Date.parse(task?.restriction?.period?.end ?? '')).toBeGreaterThan(now.getTime());

    const other = await aPatient(herald, '07700 900402', '9991231013');
    const reply = (subject: string) =>
      aRequest('care-message', subject, {
        payload: [{ contentString: 'Yes, 11am is fine. Please ring 0113 496 0123 if that changes.' }],
        medium: [{ coding: [{ system: codeSystem('channel'), code: 'sms' }] }],
      });
    const answering = (subject: string) => ({
      ...reply(subject),
      extension: [...(reply(subject).extension ?? []), inReplyTo(text)],
    });
    const astray = await herald.post('/fhir/CommunicationRequest', answering(other));
    expect([astray.status, astray.body.issue[0].expression[0]]).toEqual([422, expect.stringContaining('in-reply-to')]);
    const answer = await herald.post('/fhir/CommunicationRequest', answering(patient));
    expect(answer.status, answer.text).toBe(201);
    const answered = await endOf(herald, answer.body.id);
    expect(answered.inResponseTo).toEqual([{ reference: `Communication/${text.id}` }]);
    const provenance = await until(async () => {
      const found = await herald.all<Provenance>(`/fhir/Provenance?target=Communication/${answered.id}`);
      return found.length > 0 && found;
    }, 'who answered');
    expect(provenance.flatMap((one) => one.agent.map(({ who }) => who?.reference))).toContain(clerk);
    const closed = await until(async () => {
      const found = await taskNow(task as Task);
      return found.status === 'completed' && found;
    }, 'the Task closed by the answer');
    expect(closed.note?.at(-1)?.text).toContain(`Communication/${answered.id}`);
  });

  it('VER-1: a mother writes from a phone that two children share: nobody is guessed', async () => {
    now = wednesday;
    const first = await aPatient(herald, '07700 900411', '9991231021');
    const second = await aPatient(herald, '+44 7700 900411', '9991231048');
    const mother = await posted(
      herald,
      aRelatedPerson(second, { telecom: [{ system: 'phone', value: '07700900411', use: 'mobile' }] }),
    );
    const text = await until(async () => {
      const found = await aText(herald, '447700900411', 'He has a cold, can we move it?', now);
      const [task] = await tasksAbout(herald, found, 'triage-inbound');
      return task?.input?.length === 3 && found;
    }, 'all three in the index');
    expect([text.subject, text.sender]).toEqual([undefined, undefined]);
    const [task] = await tasksAbout(herald, text, 'triage-inbound');
    expect(task?.input?.map(({ valueReference }) => valueReference?.reference).sort()).toEqual(
      [first, second, mother].sort(),
    );
    expect(JSON.stringify(task)).not.toMatch(/900411|cold/);

    const nobody = await herald.put(`/fhir/Task/${task?.id}`, completed(task as Task, 'identified', clerk));
    expect(nobody.status).toBe(422);
    const answer = await herald.put(
      `/fhir/Task/${task?.id}`,
      completed(task as Task, 'identified', clerk, { output: [personOutput(mother)] }),
    );
    expect(answer.status, answer.text).toBe(200);
    const filed = (await herald.get(`/fhir/Communication/${text.id}`)).body as Communication;
    expect([filed.subject?.reference, filed.sender?.reference]).toEqual([second, mother]);
    expect(filed.payload).toEqual(text.payload);
    const [provenance] = await until(async () => {
      const found = await herald.all<Provenance>(`/fhir/Provenance?target=Communication/${text.id}`);
      return found.length > 0 && found;
    }, 'who said whose text it is');
    expect(provenance?.agent.map(({ who }) => who?.reference)).toContain(clerk);
  });

  it('contract 11: a text of nobody, of a withheld number or of a service that only has a name is kept and triaged', async () => {
    for (const from of ['447700900498', '60777', 'SomeBank', '14155552671']) {
      const text = await aText(herald, from, 'Hello', now);
      expect([text.subject, text.sender, text.inResponseTo]).toEqual([undefined, undefined, undefined]);
      const [task] = await tasksAbout(herald, text, 'triage-inbound');
      expect([task?.status, task?.input]).toEqual(['requested', undefined]);
      const closed = await herald.put(`/fhir/Task/${task?.id}`, completed(task as Task, 'nobody', clerk));
      expect(closed.status, closed.text).toBe(200);
    }
  });

  it('TWO-2, TWO-3: "bleeding a lot" at three on a Sunday: urgent at once, told whom to ring once, escalated', async () => {
    now = sunday;
    const patient = await aPatient(herald, '07700 900421', '9991231056');
    const text = await aText(herald, '447700900421', "I'm bleeding a lot", now);
    expect([text.priority, text.subject?.reference]).toEqual(['urgent', patient]);
    const [task] = await tasksAbout(herald, text, 'triage-inbound');
    expect(task?.priority).toBe('urgent');
    expect(task?.restriction?.period?.end).toBe(new Date(sunday.getTime() + 60 * 60_000).toISOString());
    const replies = await until(async () => {
      const found = (await outbound(patient)).filter((one) => one.status === 'completed');
      return found.length > 0 && found;
    }, 'the automatic answer');
    const [reply] = replies;
    expect(reply?.inResponseTo).toEqual([{ reference: `Communication/${text.id}` }]);
    expect(reply?.payload?.[0]?.contentString).toMatch(/Monday to Friday, 9am to 5pm.*999/);

    now = new Date(sunday.getTime() + 20 * 60_000);
    const second = await aText(herald, '447700900421', 'please somebody', now);
    await tasksAbout(herald, second, 'triage-inbound');
    expect(await outbound(patient)).toHaveLength(1);

    now = new Date(sunday.getTime() + 61 * 60_000);
    const [overdue] = await tasksAbout(herald, text, 'hold-overdue');
    expect(overdue?.for?.reference).toBe(patient);
    expect((await taskNow(task as Task)).priority).toBe('asap');
    now = new Date(sunday.getTime() + 7 * 24 * 60 * 60_000);
    await aText(herald, '447700900421', 'hello again', now);
    await until(async () => (await outbound(patient)).length === 2, 'one answer in the next closed period');
  });

  it('TWO-2, TWO-6: no automatic answer to machines, to a limited sender, or while the team is there', async () => {
    now = sunday;
    const limited = await aPatient(herald, '07700 900431', '9991231064');
    const flag = (text?: string): Flag => ({
      resourceType: 'Flag',
      status: 'active',
      code: { coding: [{ system: codeSystem('flag-code'), code: 'limited-sender' }], ...(text && { text }) },
      subject: { reference: limited },
    });
    expect((await herald.post('/fhir/Flag', flag())).status).toBe(422);
    expect((await herald.post('/fhir/Flag', flag('Forty texts in one night'))).status).toBe(201);
    const machine = await aPatient(herald, '07700 900432', '9991231072');
    const patient = await aPatient(herald, '07700 900433', '9991231080');
    await until(async () => (await herald.all<Flag>(`/fhir/Flag?patient=${limited}`)).length > 0, 'the Flag');
    const texts = [
      await aText(herald, '447700900431', 'Hello?', now),
      await aText(herald, '447700900432', "I'm driving with notifications turned off. Auto reply.", now),
    ];
    now = wednesday;
    texts.push(await aText(herald, '447700900433', 'Thank you', now));
    for (const text of texts) await tasksAbout(herald, text, 'triage-inbound');
    await until(async () => {
      const left = await Promise.all(
        texts.map(async (one) => (await allTasksAbout(herald, one, 'triage-inbound')).length),
      );
      return left.every((one) => one === 1);
    }, 'each with its Task');
    for (const person of [limited, machine, patient]) expect(await outbound(person)).toEqual([]);
  });

  it('contract 11: the same callback five times, and in disorder, is one text and one Task', async () => {
    now = wednesday;
    const patient = await aPatient(herald, '07700 900441', '9991231099');
    const older = { id: randomUUID(), from: '447700900441', words: 'First', at: new Date(now.getTime() - 60_000) };
    const newer = { id: randomUUID(), from: '447700900441', words: 'Second', at: now };
    for (let round = 0; round < 5; round += 1) {
      const both = round % 2 === 0 ? [newer, older] : [older, newer];
      const answers = await Promise.all(both.map((one) => handOver(herald, one)));
      expect(answers).toEqual([204, 204]);
    }
    const found = await until(async () => {
      const all = await herald.all<Communication>(
        `/fhir/Communication?sender=${patient}&category=${encodeURIComponent(`${codeSystem('direction')}|inbound`)}&_sort=received`,
      );
      return all.length >= 2 && all;
    }, 'both texts');
    expect(found.map((one) => one.payload?.[0]?.contentString)).toEqual(['First', 'Second']);
    for (const one of found) expect(await tasksAbout(herald, one, 'triage-inbound')).toHaveLength(1);
    const since = await herald.all<Communication>(
      `/fhir/Communication?subject=${patient}&received=gt${older.at.toISOString()}&category=${encodeURIComponent(`${codeSystem('direction')}|inbound`)}`,
    );
    expect(since.map((one) => one.id)).toEqual([newer.id]);
  });
});
