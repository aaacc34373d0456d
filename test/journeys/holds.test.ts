import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommunicationRequest, Task } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoStaff } from '../../src/auth/demo.ts';
import { codeSystem, structureDefinition, system } from '../../src/canonical.ts';
import { aRequest, type Herald, startHerald, until } from '../support/herald.ts';
import { anAuthority, aPatient, aRelatedPerson, attemptsOf, endOf, posted, requestOf } from '../support/people.ts';

/** A message waits for a person, the whole way through the service, at times that the test decides. */
describe('holds', () => {
  let herald: Herald;
  let ahead = 0;
  const clock = { now: () => new Date(Date.now() + ahead) };
  const dir = mkdtempSync(join(tmpdir(), 'herald-policy-'));

  beforeAll(async () => {
    const file = join(dir, 'policy.json');
    writeFileSync(file, JSON.stringify({ fourEyes: true }));
    herald = await startHerald({ clock, timing: { sweepMs: 100 }, env: { HERALD_POLICY: file } });
    for (const { id, family } of Object.values(demoStaff)) {
      if ((await herald.get(`/fhir/Practitioner/${id}`)).status === 200) continue;
      const answer = await herald.put(
        `/fhir/Practitioner/${id}`,
        { resourceType: 'Practitioner', id, name: [{ family }] },
        { Authorization: 'Bearer demo-admin' },
      );
      expect([200, 201], answer.text).toContain(answer.status);
    }
  });
  afterAll(async () => {
    await herald.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const clerk = { reference: `Practitioner/${demoStaff.epr.id}` };
  const reader = { reference: `Practitioner/${demoStaff.ig.id}` };
  const minutes = (count: number): void => {
    ahead += count * 60_000;
  };
  const inMinutes = (count: number): string => new Date(clock.now().getTime() + count * 60_000).toISOString();
  const expiring = (at: string) => [{ url: structureDefinition('expires'), valueDateTime: at }];

  /** Something sensitive for a mother: asked, and held. */
  const held = async (
    nhsNumber: string,
    change: { expires?: string; priority?: CommunicationRequest['priority'] } = {},
  ) => {
    const patient = await aPatient(herald, '07700 900123', nhsNumber);
    const mother = await posted(herald, aRelatedPerson(patient));
    await posted(herald, anAuthority(patient, mother));
    const plain = aRequest('care-message', patient, {
      requester: clerk,
      recipient: [{ reference: mother }],
      payload: [{ contentString: 'Please ring us on 0113 496 0123.' }],
      meta: { security: [{ system: system.actCode, code: 'SEX' }] },
      priority: change.priority ?? 'routine',
    } as Partial<CommunicationRequest>);
    const extension = [...(plain.extension ?? []), ...(change.expires ? expiring(change.expires) : [])];
    const answer = await herald.post('/fhir/CommunicationRequest', { ...plain, extension });
    expect([answer.status, answer.body.status], answer.text).toEqual([201, 'on-hold']);
    const id: string = answer.body.id;
    return { id, patient, task: (await tasksOf(id, 'check-with-person'))[0] as Task & { id: string } };
  };
  const tasksOf = async (id: string, code: string): Promise<Task[]> =>
    (await herald.all<Task>(`/fhir/Task?focus=CommunicationRequest/${id}`)).filter((one) =>
      one.code?.coding?.some((coding) => coding.code === code),
    );
  const taskNow = async (id: string): Promise<Task> => (await herald.get(`/fhir/Task/${id}`)).body;
  const answering = async (id: string, change: Partial<Task>) =>
    herald.put(`/fhir/Task/${id}`, { ...(await taskNow(id)), ...change });
  const decided = (code: string): Partial<Task> => ({
    status: 'completed',
    owner: reader,
    output: [
      {
        type: { coding: [{ system: codeSystem('task-parameter'), code: 'decision' }] },
        valueCodeableConcept: { coding: [{ system: codeSystem('decision'), code }] },
      },
    ],
  });
  const reasonOf = (one: { statusReason?: { coding?: { code?: string }[] } } | undefined) =>
    one?.statusReason?.coding?.map((coding) => coding.code);
  /** Revoked, with one record that says why nothing went. */
  const expectWithheld = async (id: string, reason: string[]): Promise<void> => {
    const request = await requestOf(herald, id);
    expect([request.status, reasonOf(request)]).toEqual(['revoked', reason]);
    const attempts = await until(async () => {
      const found = await attemptsOf(herald, id);
      return found.length > 0 ? found : undefined;
    }, 'the record in the index');
    expect(attempts.map((one) => [one.status, reasonOf(one)])).toEqual([['not-done', reason]]);
    expect((await herald.ledger()).filter((one) => one.reference === attempts[0]?.id)).toEqual([]);
  };

  it('PRX-7, contract 8: agreed, it goes to the mother by the answer alone', async () => {
    const { id, task } = await held('9991230009');
    const answer = await answering(task.id, decided('agreed'));
    expect([answer.status, answer.body.status], answer.text).toEqual([200, 'completed']);
    expect(['active', 'completed']).toContain((await requestOf(herald, id)).status);
    const record = await endOf(herald, id);
    const sent = (await herald.ledger()).filter((one) => one.reference === record.id);
    expect([record.status, sent.map((one) => one.recipient)]).toEqual(['completed', ['+447700900456']]);
  });

  it('contract 8, REC-5: refused, it is revoked and recorded in the same write', async () => {
    const { id, task } = await held('9991230017');
    expect((await answering(task.id, decided('refused'))).status).toBe(200);
    await expectWithheld(id, ['sensitive-proxy', 'PRX-7']);
    const again = await herald.put(`/fhir/Task/${task.id}`, { ...(await taskNow(task.id)), status: 'requested' });
    expect([again.status, again.body.issue[0].expression]).toEqual([422, ['Task.status']]);
  });

  it('contract 3: a Task that is cancelled takes what waits for it along', async () => {
    const { id, task } = await held('9991230025');
    expect((await answering(task.id, { status: 'cancelled', owner: reader })).status).toBe(200);
    await expectWithheld(id, ['sensitive-proxy', 'PRX-7']);
  });

  it('contract 8: an answer that its row does not have, for another patient, or by who asked is 422', async () => {
    const { id, patient, task } = await held('9991230033');
    expect(patient).toBe(task.for?.reference);
    const other = await aPatient(herald, '07700 900124', '9991230041');
    for (const change of [
      decided('done'),
      { status: 'completed', owner: reader } as const,
      { ...decided('agreed'), for: { reference: other } },
      { ...decided('agreed'), owner: clerk },
    ]) {
      const answer = await answering(task.id, change);
      expect(answer.status, answer.text).toBe(422);
    }
    const role = await madeByAdmin('PractitionerRole', { practitioner: clerk });
    const asked = await answering(task.id, { ...decided('agreed'), owner: { reference: role } });
    expect([asked.status, asked.body.issue[0].expression]).toEqual([422, ['Task.owner']]);
    expect([(await taskNow(task.id)).status, (await requestOf(herald, id)).status]).toEqual(['requested', 'on-hold']);
  });

  it('contract 2, 8: the answer is one entry of a transaction', async () => {
    const { id, task } = await held('9991230068');
    const resource = { ...(await taskNow(task.id)), ...decided('agreed') };
    const request = { method: 'PUT', url: `Task/${task.id}` };
    // The strict server has no transactions.
    const type = process.env.HERALD_TEST_STORE === 'strict' ? 'batch' : 'transaction';
    const bundle = { resourceType: 'Bundle', type, entry: [{ resource, request }] };
    const answer = await herald.post('/fhir', bundle);
    expect(answer.status, answer.text).toBe(200);
    expect((await endOf(herald, id)).status).toBe('completed');
  });

  it('VER-2: a record that becomes restricted holds it again with a Task of its own, which is then answered', async () => {
    const { id, patient, task } = await held('9991230076');
    const { body } = await herald.get(`/fhir/${patient}`);
    const restricted = { ...body, meta: { security: [{ system: system.confidentiality, code: 'R' }] } };
    expect((await herald.put(`/fhir/${patient}`, restricted)).status).toBe(200);
    expect((await answering(task.id, decided('agreed'))).status).toBe(200);
    const request = await requestOf(herald, id);
    expect([request.status, reasonOf(request)]).toEqual(['on-hold', ['restricted-record', 'VER-2']]);
    const [second, ...more] = await tasksOf(id, 'restricted-record');
    expect([second?.status, more]).toEqual(['requested', []]);
    expect((await answering(second?.id ?? '', decided('agreed'))).status).toBe(200);
    expect((await endOf(herald, id)).status).toBe('completed');
  });

  it('contract 3: agreed to what may no longer go, it is revoked, and the record says why', async () => {
    const { id, patient, task } = await held('9991230084');
    const { body } = await herald.get(`/fhir/${patient}`);
    await herald.put(`/fhir/${patient}`, { ...body, deceasedBoolean: true });
    expect((await answering(task.id, decided('agreed'))).status).toBe(200);
    const request = await requestOf(herald, id);
    expect([request.status, reasonOf(request)?.[0]]).toEqual(['revoked', 'deceased']);
    expect((await attemptsOf(herald, id)).map((one) => one.status)).toEqual(['not-done']);
  });

  it('contract 3: one that is overdue becomes more urgent, and is said once, also after a restart', async () => {
    const { id, task } = await held('9991230092', { priority: 'urgent' });
    minutes(239);
    await herald.restart();
    expect((await taskNow(task.id)).priority).toBe('urgent');
    minutes(2);
    await until(async () => (await tasksOf(id, 'hold-overdue')).length > 0, 'the Task hold-overdue');
    await herald.restart();
    minutes(60);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await taskNow(task.id)).priority).toBe('asap');
    const overdue = await until(async () => {
      const found = await tasksOf(id, 'hold-overdue');
      return found.length > 0 && found;
    }, 'the Task hold-overdue in the index');
    expect(overdue.map((one) => [one.status, one.priority])).toEqual([['requested', 'asap']]);
    expect(overdue[0]?.description).toContain("say whether it may go to the patient's proxy. Answer the Task");
    expect((await requestOf(herald, id)).status).toBe('on-hold');
  });

  it('contract 3, REC-5: one that expires while nothing runs is revoked and recorded, and its Task ends', async () => {
    const { id, task } = await held('9991230106', { expires: inMinutes(30) });
    minutes(31);
    await herald.restart();
    await until(async () => (await requestOf(herald, id)).status === 'revoked', 'the end of the request');
    await expectWithheld(id, ['expired', 'REC-5']);
    await until(async () => (await taskNow(task.id)).status === 'cancelled', 'the end of the Task');
  });

  it('contract 3: once its request is taken back nobody need answer', async () => {
    const { id, task } = await held('9991230114');
    const answer = await herald.put(`/fhir/CommunicationRequest/${id}`, {
      ...(await requestOf(herald, id)),
      status: 'revoked',
    });
    expect(answer.status, answer.text).toBe(200);
    minutes(1);
    await until(async () => (await taskNow(task.id)).status === 'cancelled', 'the end of the Task');
  });

  const madeByAdmin = async (resourceType: string, content: object): Promise<string> => {
    const answer = await herald.post(`/fhir/${resourceType}`, { resourceType, ...content }, 'demo-admin');
    expect(answer.status, answer.text).toBe(201);
    return `${resourceType}/${answer.body.id}`;
  };
});
