import type { Appointment, Communication, CommunicationRequest, Provenance, Task } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoStaff } from '../../src/auth/demo.ts';
import { codeSystem, system } from '../../src/canonical.ts';
import { aRequest, type Herald, startHerald, until } from '../support/herald.ts';
import { anAuthority, aPatient, aRelatedPerson, attemptsOf, endOf, posted, requestOf } from '../support/people.ts';

/** What staff are asked about messages to a proxy, how they find it, and what the record keeps of their answers. */
describe('worklists', () => {
  let herald: Herald;
  let ahead = 0;
  const clock = { now: () => new Date(Date.now() + ahead) };

  beforeAll(async () => {
    herald = await startHerald({ clock, timing: { sweepMs: 100 } });
    for (const { id, family } of Object.values(demoStaff)) {
      if ((await herald.get(`/fhir/Practitioner/${id}`)).status === 200) continue;
      const practitioner = { resourceType: 'Practitioner', id, name: [{ family }] };
      const made = await herald.put(`/fhir/Practitioner/${id}`, practitioner, { Authorization: 'Bearer demo-admin' });
      expect([200, 201], made.text).toContain(made.status);
    }
  });
  afterAll(() => herald.close());

  const nurse = { reference: `Practitioner/${demoStaff.ig.id}` };
  const sexual = { system: system.actCode, code: 'SEX' };
  const restricted = { system: system.confidentiality, code: 'R' };
  const concept = (of: string, code: string) => ({ coding: [{ system: codeSystem(of), code }] });
  const code = (one: string) => `${codeSystem('task-code')}|${one}`;
  const decided = (answer: string): Partial<Task> => ({
    status: 'completed',
    owner: nurse,
    output: [{ type: concept('task-parameter', 'decision'), valueCodeableConcept: concept('decision', answer) }],
  });
  const family = async (nhsNumber: string, own?: string) => {
    const patient = await aPatient(herald, '07700 900123', nhsNumber);
    const numbered = own === undefined ? {} : { identifier: [{ system: system.nhsNumber, value: own }] };
    const proxy = await posted(herald, aRelatedPerson(patient, numbered));
    const consent = await posted(herald, anAuthority(patient, proxy));
    return { patient, proxy, consent };
  };
  const asked = async (patient: string, change: object) => {
    const resource = aRequest('care-message', patient, {
      payload: [{ contentString: 'Please ring us on 0113 496 0123.' }],
      ...change,
    } as Partial<CommunicationRequest>);
    const answer = await herald.post('/fhir/CommunicationRequest', resource);
    expect(answer.status, answer.text).toBe(201);
    return answer.body as CommunicationRequest & { id: string };
  };
  const rewrite = async (reference: string, change: object) => {
    const { body } = await herald.get(`/fhir/${reference}`);
    const answer = await herald.put(`/fhir/${reference}`, { ...body, ...change });
    expect(answer.status, answer.text).toBe(200);
  };
  const questionsAbout = async (id: string): Promise<(Task & { id: string })[]> =>
    (await herald.all<Task>(`/fhir/Task?focus=CommunicationRequest/${id}&code=${code('check-with-person')}`)).filter(
      (one): one is Task & { id: string } => one.requester?.identifier?.value === 'herald',
    );
  const questionAbout = (id: string) => until(async () => (await questionsAbout(id))[0], 'the Task that asks');
  const sentTo = async (reference: string | undefined) =>
    (await herald.ledger()).filter((one) => one.reference === reference).map((one) => one.recipient);
  const reasonOf = (one: { statusReason?: { coding?: { code?: string }[] } }) =>
    one.statusReason?.coding?.map((coding) => coding.code);
  const inMinutes = (count: number) => new Date(clock.now().getTime() + count * 60_000).toISOString();

  it('contract 8: a question is found by each of its searches, the oldest first', async () => {
    const { patient, proxy } = await family('9991230009');
    const first = await asked(patient, { recipient: [{ reference: proxy }], meta: { security: [sexual] } });
    ahead += 60_000;
    const second = await asked(patient, { recipient: [{ reference: proxy }], meta: { security: [sexual] } });
    const open = `code=${code('check-with-person')}&status=requested`;
    const mine = (await questionAbout(second.id)).id;
    await rewrite(`Task/${mine}`, { owner: nurse, status: 'accepted' });
    const clinic = `performer=${codeSystem('staff-role')}|clinic`;
    for (const [query, expected] of [
      [`patient=${patient}&${clinic}&_sort=authored-on`, [first.id, second.id]],
      [`subject=${patient}&_sort=-authored-on`, [second.id, first.id]],
      [`${open}&patient=${patient}`, [first.id]],
      [`owner=${nurse.reference}&patient=${patient}`, [second.id]],
      [`focus=CommunicationRequest/${first.id}`, [first.id]],
      [`patient=${patient}&authored-on=ge${second.authoredOn ?? inMinutes(-1)}`, [second.id]],
    ] as const) {
      const found = await until(async () => {
        const all = await herald.all<Task>(`/fhir/Task?${query}`);
        return all.length === expected.length && all;
      }, query);
      expect(found.map((one) => one.focus?.reference)).toEqual(expected.map((id) => `CommunicationRequest/${id}`));
    }
  });

  it('PRX-7, REC-3: agreed, its Provenance says who was asked and on what authority it went', async () => {
    const { patient, proxy, consent } = await family('9991230017');
    const { id } = await asked(patient, { recipient: [{ reference: proxy }], meta: { security: [sexual] } });
    const task = await questionAbout(id);
    await rewrite(`Task/${task.id}`, decided('agreed'));
    const record = await endOf(herald, id);
    expect([record.status, await sentTo(record.id)]).toEqual(['completed', ['+447700900456']]);
    const records = await herald.all<Provenance>(`/fhir/Provenance?target=Communication/${record.id}`);
    const relied = records.flatMap((one) => one.entity ?? []).map((one) => one.what.reference);
    expect(relied.sort()).toEqual([consent, `Task/${task.id}`].sort());
    expect(records.flatMap((one) => one.agent.map((agent) => agent.who.reference))).toContain(nurse.reference);
  });

  it('PRX-4, PRX-7: agreed and then withdrawn, it does not go', async () => {
    const { patient, proxy, consent } = await family('9991230025');
    const { id } = await asked(patient, {
      recipient: [{ reference: proxy }],
      meta: { security: [sexual] },
      occurrenceDateTime: inMinutes(5),
    });
    await rewrite(`Task/${(await questionAbout(id)).id}`, decided('agreed'));
    expect((await requestOf(herald, id)).status).toBe('active');
    await rewrite(consent, { status: 'inactive' });
    ahead += 6 * 60_000;
    const record = await endOf(herald, id);
    expect([record.status, reasonOf(record), await sentTo(record.id)]).toEqual([
      'not-done',
      ['proxy-not-authorised', 'PRX-4'],
      [],
    ]);
    expect((await requestOf(herald, id)).status).toBe('revoked');
  });

  it('PRX-7: a yes that was written before anybody was asked counts for nothing', async () => {
    const { patient, proxy } = await family('9991230033');
    const { id } = await asked(patient, {
      status: 'draft',
      recipient: [{ reference: proxy }],
      meta: { security: [sexual] },
    });
    const own: Task = {
      resourceType: 'Task',
      status: 'requested',
      intent: 'order',
      code: concept('task-code', 'check-with-person'),
      focus: { reference: `CommunicationRequest/${id}` },
      for: { reference: patient },
      ...decided('agreed'),
    };
    await posted(herald, own);
    await rewrite(`CommunicationRequest/${id}`, { status: 'active' });
    const question = await questionAbout(id);
    expect([(await requestOf(herald, id)).status, question.status]).toEqual(['on-hold', 'requested']);
    // Nor does one that is written while the question stands.
    await posted(herald, own);
    expect((await requestOf(herald, id)).status).toBe('on-hold');
    const inItsName = await herald.post('/fhir/Task', { ...own, requester: question.requester });
    expect([inItsName.status, inItsName.body.issue[0].expression]).toEqual([422, ['Task.requester']]);
    expect(await questionsAbout(id)).toHaveLength(1);
    await rewrite(`Task/${question.id}`, decided('agreed'));
    expect((await endOf(herald, id)).status).toBe('completed');
  });

  it('PRX-7: what becomes sensitive after it was accepted is so labelled, and to a proxy it waits', async () => {
    const { patient, proxy } = await family('9991230041');
    const appointment: Appointment = {
      resourceType: 'Appointment',
      status: 'booked',
      start: inMinutes(3_000),
      end: inMinutes(3_030),
      participant: [{ actor: { reference: patient }, status: 'accepted' }],
    };
    const about = [{ reference: await posted(herald, appointment) }];
    const later = { about, occurrenceDateTime: inMinutes(5) };
    const own = await asked(patient, later);
    const proxys = await asked(patient, { ...later, recipient: [{ reference: proxy }] });
    const [prepared] = await until(async () => {
      const found = await attemptsOf(herald, own.id);
      return found.length > 0 && found;
    }, 'the attempt');
    expect(prepared?.meta?.security).toBeUndefined();
    await rewrite(about[0]?.reference ?? '', { meta: { security: [sexual] } });
    ahead += 6 * 60_000;

    const toPatient = await endOf(herald, own.id);
    expect(toPatient.status).toBe('completed');
    const withheld = await endOf(herald, proxys.id);
    expect([withheld.status, reasonOf(withheld)]).toEqual(['not-done', ['sensitive-proxy', 'PRX-7']]);
    for (const one of [toPatient, withheld]) {
      expect(one.meta?.security).toHaveLength(2);
      expect(one.meta?.security).toEqual(expect.arrayContaining([restricted, sexual]));
    }
    const search = `/fhir/Communication?patient=${patient}&_security=${sexual.system}|${sexual.code}`;
    const found = await until(async () => {
      const all = await herald.all<Communication>(search);
      return all.length === 2 && all;
    }, 'both by their label');
    expect(found.map((one) => one.id).sort()).toEqual([toPatient.id, withheld.id].sort());
    expect((await requestOf(herald, proxys.id)).status).toBe('on-hold');
  });

  it('REC-3, VER-1: a proxy who is named by number is found by reference, and need not be named otherwise again', async () => {
    const { patient, proxy } = await family('9991230068', '9991230076');
    const byNumber = [{ type: 'RelatedPerson', identifier: { system: system.nhsNumber, value: '9991230076' } }];
    const draft = await asked(patient, { status: 'draft', recipient: byNumber });
    expect(draft.recipient).toEqual([{ ...byNumber[0], reference: proxy }]);
    const found = await until(async () => {
      const all = await herald.all<CommunicationRequest>(`/fhir/CommunicationRequest?recipient=${proxy}`);
      return all.length > 0 && all;
    }, 'the request by its recipient');
    expect(found.map((one) => one.id)).toEqual([draft.id]);
    await rewrite(`CommunicationRequest/${draft.id}`, { status: 'active', recipient: byNumber });
    const record = await endOf(herald, draft.id);
    expect([record.status, await sentTo(record.id)]).toEqual(['completed', ['+447700900456']]);
    const to = await herald.all<Communication>(`/fhir/Communication?recipient=${proxy}`);
    expect(to.map((one) => one.id)).toEqual([record.id]);
    const another = { ...draft, status: 'active', recipient: [{ ...byNumber[0], identifier: { value: '1' } }] };
    expect((await herald.put(`/fhir/CommunicationRequest/${draft.id}`, another)).status).toBe(422);
  });
});
