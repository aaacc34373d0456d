import type { Communication, CommunicationRequest, Extension, Provenance, Task } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeSystem, structureDefinition, system } from '../../src/canonical.ts';
import { type Herald, startHerald, until } from '../support/herald.ts';
import { anEmergency, aPerson, concept, decided, reasonsIn, urgently, words } from '../support/overrides.ts';
import { anAuthority, anObjection, aRelatedPerson, attemptsOf, endOf, posted, requestOf } from '../support/people.ts';

const CODES = codeSystem('task-code');

/** Safety first, and the questions afterwards, the whole way through the service. */
describe('emergencies', () => {
  let herald: Herald;
  let ahead = 0;
  const clock = { now: () => new Date(Date.now() + ahead) };
  beforeAll(async () => {
    herald = await startHerald({ clock, timing: { sweepMs: 100 } });
  });
  afterAll(() => herald.close());

  const ask = (request: CommunicationRequest) => herald.post('/fhir/CommunicationRequest', request);
  const sent = async (request: CommunicationRequest): Promise<Communication> => {
    const answer = await ask(request);
    expect(answer.status, answer.text).toBe(201);
    const record = await endOf(herald, answer.body.id);
    expect(record.status, JSON.stringify(record.statusReason)).toBe('completed');
    return record;
  };
  const reviewsOf = (record: Communication): Promise<Task[]> =>
    until(async () => {
      const found = await herald.all<Task>(
        `/fhir/Task?focus=Communication/${record.id}&code=${CODES}|post-hoc-ig-review`,
      );
      return found.length > 0 && found;
    }, 'the review');
  const listed = (record: Communication): string[] =>
    (record.extension ?? [])
      .filter((one) => one.url === structureDefinition('decision'))
      .flatMap((one) => one.extension ?? [])
      .flatMap((one: Extension) => (one.url === 'reason' ? [`${codesIn(one)[0]} (${codesIn(one)[1]})`] : []));
  const codesIn = (one: Extension) => one.valueCodeableConcept?.coding?.map(({ code }) => code) ?? [];

  it('EMG-1, EMG-2: goes despite an objection, with its review, which lists what was set aside', async () => {
    const patient = await aPerson(herald);
    await posted(herald, anObjection(patient));
    const request = urgently(words('care-message', patient));
    expect((await ask(words('care-message', patient))).status).toBe(422);
    const record = await sent(request);
    const [review, ...more] = await reviewsOf(record);
    expect(more).toEqual([]);
    expect(listed(record)).toEqual(['objection (OBJ-5)']);
    expect(review).toMatchObject({
      status: 'requested',
      for: { reference: patient },
      reasonCode: concept('review-reason', 'emergency-send'),
      reasonReference: record.basedOn?.[0],
      performerType: [concept('staff-role', 'ig-team')],
      input: [{ valueString: 'objection (OBJ-5)' }, { valueString: 'The site manager, by telephone' }],
    });
    const days =
      (Date.parse(review?.restriction?.period?.end ?? '') - Date.parse(review?.authoredOn ?? '')) / 86_400_000;
    expect(days).toBe(7);
    expect(JSON.stringify(review)).not.toContain('Does not want texts');
  });

  it('EMG-2: the review is there as soon as the message is, and its answer needs a finding and a note', async () => {
    const patient = await aPerson(herald);
    const answer = await ask(urgently(words('care-message', patient)));
    const record = await endOf(herald, answer.body.id);
    const [review] = await reviewsOf(record);
    const complete = (change: object) =>
      herald.put(`/fhir/Task/${review?.id}`, { ...review, status: 'completed', ...change });
    expect((await complete({})).status).toBe(422);
    expect((await complete({ output: decided('done'), note: [{ text: 'x' }] })).status).toBe(422);
    expect((await complete({ output: decided('learning') })).status).toBe(422);
    expect(
      (await complete({ output: decided('learning'), note: [{ text: 'The list of numbers was old.' }] })).status,
    ).toBe(200);
  });

  it('EMG-1: whoever decided it is in the Provenance of the message', async () => {
    const record = await sent(urgently(words('care-message', await aPerson(herald))));
    const records = await until(async () => {
      const all = await herald.all<Provenance>(`/fhir/Provenance?target=Communication/${record.id}`);
      return all.length > 0 && all;
    }, 'the Provenance');
    const kinds = records.flatMap((one) => one.agent.map((agent) => agent.type?.coding?.[0]?.code));
    expect(kinds).toContain('verifier');
  });

  it.each<[string, (request: CommunicationRequest) => CommunicationRequest, string]>([
    ['the priority', (one) => ({ ...one, priority: 'urgent' }), 'CommunicationRequest.priority'],
    ['the purpose', ({ reasonCode: _code, ...one }) => one, 'CommunicationRequest.reasonCode'],
    ['a reason', ({ note: _note, ...one }) => one, 'CommunicationRequest.note'],
    ['a requester', ({ requester: _asker, ...one }) => one, 'CommunicationRequest.requester'],
    [
      'the extension',
      (one) => ({
        ...one,
        extension: one.extension?.filter(({ url }) => url !== structureDefinition('emergency')) as never,
      }),
      'CommunicationRequest.extension',
    ],
    [
      'one word about anybody senior',
      (one) => ({
        ...one,
        extension: [...(one.extension ?? []).slice(0, -1), anEmergency({ noSeniorBecause: 'Night' }) as never],
      }),
      'CommunicationRequest.extension',
    ],
  ])('EMG-1: without %s it is refused, and the place is named', async (_lack, change, place) => {
    const patient = await aPerson(herald);
    const answer = await ask(change(urgently(words('care-message', patient))));
    expect(answer.status, answer.text).toBe(422);
    const found = answer.body.issue.filter((one: { details: { coding: { code: string }[] } }) =>
      one.details.coding.some(({ code }) => code === 'emergency-incomplete'),
    );
    expect(found.map((one: { expression: string[] }) => one.expression)).toContainEqual([place]);
  });

  it('EMG-1: stat alone is none', async () => {
    const patient = await aPerson(herald);
    await posted(herald, anObjection(patient));
    const answer = await ask(words('care-message', patient, { priority: 'stat' }));
    expect([answer.status, reasonsIn(answer.body)]).toEqual([422, [['objection', 'OBJ-5']]]);
  });

  it('EMG-1: lifts a restricted record, and never a death or a missing authority', async () => {
    const meta = { security: [{ system: system.confidentiality, code: 'R' }] };
    const restricted = await aPerson(herald, { meta });
    expect((await ask(words('care-message', restricted))).body.status).toBe('on-hold');
    const record = await sent(urgently(words('care-message', restricted)));
    expect(listed(record)).toEqual(['restricted-record (VER-2)']);

    const dead = await ask(urgently(words('care-message', await aPerson(herald, { deceasedBoolean: true }))));
    expect(reasonsIn(dead.body)).toContainEqual(['deceased', 'VER-3']);
    const proxy = await posted(herald, aRelatedPerson(restricted));
    const stranger = await ask(
      urgently(words('care-message', restricted, { recipient: [{ reference: proxy }] as never })),
    );
    expect(reasonsIn(stranger.body)).toContainEqual(['proxy-not-authorised', 'PRX-2']);
  });

  it('EMG-1, PRX-7: something sensitive to a proxy is held unless it says why the person was not asked', async () => {
    const patient = await aPerson(herald);
    const proxy = await posted(herald, aRelatedPerson(patient));
    await posted(herald, anAuthority(patient, proxy));
    const request = words('care-message', patient, {
      recipient: [{ reference: proxy }] as never,
      meta: { security: [{ system: system.actCode, code: 'SDV' }] },
    });
    const held = await ask(urgently(request));
    expect([held.status, held.body.status]).toEqual([201, 'on-hold']);
    const record = await sent(urgently(request, anEmergency({ personNotAsked: 'Unconscious' })));
    expect(listed(record)).toEqual(['sensitive-proxy (PRX-7)']);
    // One that waits was not sent, and has nothing to review.
    expect(await attemptsOf(herald, held.body.id)).toEqual([]);
  });

  it('EMG-1: a text that fails goes on by another way as the emergency that it is', async () => {
    const telecom = [
      { system: 'phone' as const, value: '07700 900002', use: 'mobile' as const },
      { system: 'email' as const, value: 'robin@example.org' },
    ];
    const patient = await aPerson(herald, { telecom });
    const objection = anObjection(patient);
    await posted(herald, {
      ...objection,
      provision: { ...objection.provision, action: [concept('channel', 'email')] },
    } as typeof objection);
    const { medium: _any, ...request } = urgently(words('care-message', patient));
    const answer = await ask(request);
    expect(answer.status, answer.text).toBe(201);
    const all = await until(async () => {
      const attempts = await attemptsOf(herald, answer.body.id);
      return attempts.some((one) => one.status === 'completed') && attempts;
    }, 'the email');
    const byEmail = all.find((one) => one.status === 'completed') as Communication;
    expect(byEmail.medium?.[0]?.coding?.[0]?.code).toBe('email');
    expect(listed(byEmail)).toEqual(['objection (OBJ-5)']);
    expect((await reviewsOf(byEmail))[0]?.input?.[0]?.valueString).toBe('objection (OBJ-5)');
    await until(async () => (await requestOf(herald, answer.body.id)).status === 'completed', 'the end of the request');
  });

  it('EMG-2: a draft has nothing to review until it goes', async () => {
    const patient = await aPerson(herald);
    const reference = await posted(herald, { ...urgently(words('care-message', patient)), status: 'draft' });
    const reviews = () => herald.all<Task>(`/fhir/Task?patient=${patient}&code=${CODES}|post-hoc-ig-review`);
    expect(await reviews()).toEqual([]);
    const draft = await requestOf(herald, reference.slice(reference.indexOf('/') + 1));
    expect((await herald.put(`/fhir/${reference}`, { ...draft, status: 'active' })).status).toBe(200);
    await until(async () => (await reviews()).length === 1, 'the review');
  });

  it('EMG-1: what is set aside when it is sent is what is listed', async () => {
    const patient = await aPerson(herald);
    const occurrenceDateTime = new Date(clock.now().getTime() + 2_000).toISOString();
    const answer = await ask(urgently(words('care-message', patient, { occurrenceDateTime })));
    await posted(herald, anObjection(patient));
    const record = await endOf(herald, answer.body.id);
    expect([record.status, listed(record)]).toEqual(['completed', ['objection (OBJ-5)']]);
    await until(
      async () => (await reviewsOf(record))[0]?.input?.[0]?.valueString === 'objection (OBJ-5)',
      'the review in step',
    );
  });

  it('EMG-2: reviews that are overdue are found by a search', async () => {
    const record = await sent(urgently(words('care-message', await aPerson(herald))));
    const [review] = await reviewsOf(record);
    const overdue = async () => {
      const before = new Date(clock.now().getTime() - 7 * 86_400_000).toISOString();
      const found = await herald.all<Task>(
        `/fhir/Task?code=${CODES}|post-hoc-ig-review&status=requested,in-progress&authored-on=lt${before}&_sort=authored-on&_count=200`,
      );
      return found.some((one) => one.id === review?.id);
    };
    expect(await overdue()).toBe(false);
    ahead += 8 * 86_400_000;
    await until(overdue, 'the overdue review');
  });

  it('EMG-1: the fourth of one requester within seven days is shown to the DPO, once', async () => {
    // Away from those of the other tests.
    ahead += 30 * 86_400_000;
    const identifier = { system: system.sdsUserId, value: '555250649001' };
    const practitioner = await posted(herald, {
      resourceType: 'Practitioner',
      identifier: [identifier],
      name: [{ family: 'Okoro' }],
    });
    const role = await posted(herald, { resourceType: 'PractitionerRole', practitioner: { reference: practitioner } });
    const patterns = () => herald.all<Task>(`/fhir/Task?focus=${practitioner}&code=${CODES}|emergency-pattern`);
    const emergency = async (requester: string | undefined) => {
      const named = requester === undefined ? { identifier } : { reference: requester };
      return sent(urgently(words('care-message', await aPerson(herald), { requester: named as never })));
    };
    // The same person, by whatever they are named.
    for (const requester of [practitioner, role, undefined]) await emergency(requester);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await patterns()).toEqual([]);
    await emergency(role);
    await until(async () => (await patterns()).length === 1, 'the Task emergency-pattern');
    await emergency(practitioner);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const [pattern, ...more] = await patterns();
    expect(more).toEqual([]);
    expect(pattern).toMatchObject({ status: 'requested', performerType: [concept('staff-role', 'dpo')] });

    // A FHIR server's own clock stays behind the one that this test moves.
    const lastModified = clock.now().toISOString();
    const done = { status: 'completed', lastModified, output: decided('done'), note: [{ text: 'Spoke with them.' }] };
    expect((await herald.put(`/fhir/Task/${pattern?.id}`, { ...pattern, ...done })).status).toBe(200);
    // Somebody else's emergency says nothing new about this one; the next of their own does.
    await sent(urgently(words('care-message', await aPerson(herald))));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect((await patterns()).map((one) => one.status)).toEqual(['completed']);
    await emergency(practitioner);
    await until(async () => (await patterns()).length === 2, 'a second Task emergency-pattern');
  });

  it('EMG-1: four within more than seven days are no pattern', async () => {
    const practitioner = await posted(herald, { resourceType: 'Practitioner', name: [{ family: 'Adeyemi' }] });
    for (let n = 0; n < 4; n += 1) {
      const requester = { reference: practitioner };
      await sent(urgently(words('care-message', await aPerson(herald), { requester })));
      ahead += 2.5 * 86_400_000;
    }
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await herald.all(`/fhir/Task?focus=${practitioner}&code=${CODES}|emergency-pattern`)).toEqual([]);
  });
});
