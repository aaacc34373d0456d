import type { AuditEvent, Bundle, Communication, OperationOutcome, Patient, Resource, Task } from '@medplum/fhirtypes';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoStaff } from '../../src/auth/demo.ts';
import { codeSystem, structureDefinition } from '../../src/canonical.ts';
import { MASKED } from '../../src/sar/history.ts';
import { aRequest, type Herald, startHerald, until } from '../support/herald.ts';
import { atRisk, explained, objection, reason, removing } from '../support/objections.ts';
import { urgently, words } from '../support/overrides.ts';
import { anAuthority, anObjection, aPatient, aRelatedPerson, endOf, posted } from '../support/people.ts';
import { aText, callbackEnv } from '../support/texts.ts';

/** A request for one's messages, from its receipt to the copy that goes out, through the whole service. */
describe('subject access', () => {
  let herald: Herald;
  let patient: string;
  let proxy: string;

  beforeAll(async () => {
    herald = await startHerald({ timing: { sweepMs: 100 }, env: callbackEnv });
    patient = await aPatient(herald, '07700 900123', '9991230009');
    proxy = await posted(
      herald,
      aRelatedPerson(patient, {
        name: [{ given: ['Kim'], family: 'Sample' }],
        address: [{ line: ['12 Invented Row'], city: 'Leeds', postalCode: 'LS1 9ZZ' }],
      }),
    );
    await posted(herald, anAuthority(patient, proxy));
  });
  afterAll(() => herald.close());

  const as = (token: string, method: 'post' | 'put', path: string, body: object, accept = 'application/fhir+json') =>
    supertest(herald.url)
      [method](path)
      .set('Authorization', `Bearer ${token}`)
      .set('Content-Type', 'application/fhir+json')
      .set('Accept', accept)
      .buffer(true)
      .send(body);
  const staff = (role: keyof typeof demoStaff) => ({ reference: `Practitioner/${demoStaff[role].id}` });
  const type = (code: string) => ({ coding: [{ system: codeSystem('task-parameter'), code }] });
  const sarTask = (change: Partial<Task> = {}): Task => ({
    resourceType: 'Task',
    status: 'requested',
    intent: 'order',
    code: { coding: [{ system: codeSystem('task-code'), code: 'subject-access-request' }] },
    for: { reference: patient },
    authoredOn: '2026-05-31',
    owner: staff('sar'),
    ...change,
  });
  const opened = async (change: Partial<Task> = {}): Promise<Task & { id: string }> => {
    const answer = await as('demo-sar', 'post', '/fhir/Task', sarTask(change));
    expect(answer.status, answer.text).toBe(201);
    return answer.body;
  };
  const changed = async (task: Task, change: Partial<Task>, token = 'demo-sar'): Promise<Task & { id: string }> => {
    const answer = await as(token, 'put', `/fhir/Task/${task.id}`, { ...task, ...change });
    expect(answer.status, answer.text).toBe(200);
    return answer.body;
  };
  const exported = (
    task: Task,
    stage: string,
    accept?: string,
    more: object[] = [],
    of = patient,
    token = 'demo-sar',
  ) =>
    as(
      token,
      'post',
      `/fhir/${of}/$subject-access-export`,
      {
        resourceType: 'Parameters',
        parameter: [
          { name: 'task', valueReference: { reference: `Task/${task.id}` } },
          { name: 'stage', valueCode: stage },
          ...more,
        ],
      },
      accept,
    );
  const bundleOf = async (...asked: Parameters<typeof exported>): Promise<Bundle> => {
    const answer = await exported(...asked);
    expect(answer.status, answer.text).toBe(200);
    return JSON.parse(answer.text) as Bundle;
  };
  const expressions = (outcome: OperationOutcome) => outcome.issue.flatMap((one) => one.expression ?? []);
  const approval = {
    type: type('decision'),
    valueCodeableConcept: { coding: [{ system: codeSystem('decision'), code: 'release-approved' }] },
  };
  const sent = async (change: object, text: string): Promise<Communication> => {
    const request = aRequest('care-message', patient, { payload: [{ contentString: text }], ...change });
    const answer = await herald.post('/fhir/CommunicationRequest', request);
    expect(answer.status, answer.text).toBe(201);
    return endOf(herald, answer.body.id);
  };
  const found = async (task: Task, ids: readonly (string | undefined)[]): Promise<Bundle> =>
    until(async () => {
      const bundle = await bundleOf(task, 'review');
      const there = new Set(bundle.entry?.map((one) => one.resource?.id));
      return ids.every((id) => id !== undefined && there.has(id)) ? bundle : undefined;
    }, 'the whole history');

  it('SAR-3: the day by which it must be answered is kept, with pauses and one extension', async () => {
    const task = await opened();
    expect(task.restriction?.period).toEqual({ start: '2026-05-31', end: '2026-06-30' });
    const pause = { type: type('clock-paused'), valuePeriod: { start: '2026-06-03', end: '2026-06-05' } };
    const paused = await changed(task, { input: [pause] });
    expect(paused.restriction?.period?.end).toBe('2026-07-03');
    const why = { type: type('extension-reason'), valueString: 'Ten years of letters' };
    const extended = await changed(paused, {
      input: [pause, why],
      restriction: { period: { end: '2030-01-01' } } as never,
    });
    expect([extended.restriction?.period?.end, extended.businessStatus?.coding?.[0]?.code]).toEqual([
      '2026-09-03',
      'extended',
    ]);
    const twice = await as('demo-sar', 'put', `/fhir/Task/${task.id}`, { ...extended, input: [pause, why, why] });
    expect([twice.status, expressions(twice.body)]).toEqual([422, ['Task.input[2]']]);
    const [due] = (await herald.all<Task>(`/fhir/Task?patient=${patient}&_id=${task.id}`)).map(
      (one) => one.restriction?.period?.end,
    );
    expect(due).toBe('2026-09-03');
  });

  it.each<[what: string, change: () => Partial<Task>, expression: string]>([
    ['a team to whom it belongs', () => ({ for: { display: 'Everybody' } }) as never, 'Task.for'],
    [
      'a pause without its first day',
      () => ({ input: [{ type: type('clock-paused'), valuePeriod: { end: '2026-06-01' } }] }),
      'Task.input[0].value',
    ],
    [
      'an extension without a reason',
      () => ({ input: [{ type: type('extension-reason'), valueString: ' ' }] }),
      'Task.input[0].value',
    ],
    [
      'a mask without a ground',
      () => ({
        input: [
          {
            type: type('mask'),
            valueReference: { reference: proxy },
            extension: [{ url: structureDefinition('mask-detail'), extension: [{ url: 'path', valueString: 'name' }] }],
          },
        ],
      }),
      'Task.input[0].extension',
    ],
    [
      'a path that is none',
      () => ({
        input: [
          {
            type: type('show'),
            valueReference: { reference: proxy },
            extension: [
              { url: structureDefinition('mask-detail'), extension: [{ url: 'path', valueString: 'name[' }] },
            ],
          },
        ],
      }),
      'Task.input[0].extension',
    ],
  ])('SAR-2, SAR-3: 422 for %s', async (_what, change, expression) => {
    const answer = await as('demo-sar', 'post', '/fhir/Task', sarTask(change()));
    expect([answer.status, expressions(answer.body)]).toEqual([422, [expression]]);
  });

  it('SAR-3: the clock runs before it is known whose record is asked for', async () => {
    const unknown = await opened({ for: undefined } as never);
    expect(unknown.restriction?.period?.end).toBe('2026-06-30');
    expect((await exported(unknown, 'review')).status).toBe(422);
    const known = await changed(unknown, { for: { reference: patient } });
    expect((await exported(known, 'review')).status).toBe(200);
    const other = await aPatient(herald, '07700 900125', '9991230025');
    const moved = await as('demo-sar', 'put', `/fhir/Task/${known.id}`, { ...known, for: { reference: other } });
    expect([moved.status, expressions(moved.body)]).toEqual([422, ['Task.for']]);
  });

  it('SAR-3: a dead person’s is another Act’s, when it is written and when it is exported', async () => {
    const dead = await aPatient(herald, '07700 900124', '9991230017');
    const task = await opened({ for: { reference: dead } });
    const { body } = await herald.get(`/fhir/${dead}`);
    const died = { ...(body as Patient), deceasedDateTime: '2026-06-01' };
    expect((await herald.put(`/fhir/${dead}`, died)).status).toBe(200);
    for (const answer of [
      await as('demo-sar', 'post', '/fhir/Task', sarTask({ for: { reference: dead } })),
      await exported(task, 'review', undefined, [], dead),
    ]) {
      expect(answer.status).toBe(422);
      expect(answer.text).toContain('Access to Health Records Act 1990');
    }
    await changed(task, { status: 'cancelled' });
  });

  it('SAR-1, SAR-2, SAR-4: reviewed, masked, approved by another, released, and on record', async () => {
    const ring = 'Please ring us on 0113 496 0123.';
    const own = await sent({}, `Your friend Zed Quill said you moved. ${ring}`);
    const toProxy = await sent({ recipient: [{ reference: proxy }] }, ring);
    await posted(herald, anObjection(patient));
    const refused = await herald.post('/fhir/CommunicationRequest', aRequest('call-announcement', patient));
    expect(refused.status).toBe(422);
    const [withheld] = await until(async () => {
      const all = await herald.all<Communication>(`/fhir/Communication?subject=${patient}&status=not-done`);
      return all.length > 0 ? all : undefined;
    }, 'what was withheld');

    const task = await opened();
    const review = await found(task, [own.id, toProxy.id, withheld?.id]);
    const resource = (bundle: Bundle, id: string | undefined) =>
      bundle.entry?.find((one) => one.resource?.id === id)?.resource as Resource;
    expect(review.entry?.[0]?.resource).toMatchObject({ resourceType: 'Composition', status: 'preliminary' });
    expect(JSON.stringify(resource(review, own.id))).toContain('Zed Quill');
    expect(JSON.stringify(resource(review, toProxy.id))).toContain('07700 900456');
    const listed = review.entry?.at(-1)?.resource as Task;
    const masks = (listed.input ?? []).map(
      (one) => `${one.valueReference?.reference} ${one.extension?.[0]?.extension?.[0]?.valueString}`,
    );
    expect(masks).toEqual(expect.arrayContaining([`${proxy} RelatedPerson.telecom`, `${proxy} RelatedPerson.address`]));

    // Not before it was read, and approved by somebody else.
    const early = await exported(task, 'release');
    expect([early.status, expressions(early.body)]).toEqual([422, ['Task.input', 'Task.output']]);
    const mask = {
      type: type('mask'),
      valueReference: { reference: `Communication/${own.id}` },
      extension: [
        {
          url: structureDefinition('mask-detail'),
          extension: [
            { url: 'path', valueString: 'Communication.payload[0].contentString' },
            { url: 'text', valueString: 'you moved' },
            { url: 'ground', valueCode: 'other' },
          ],
        },
      ],
    };
    const input = [mask, { type: type('all-read'), valueBoolean: true }];
    const read = await changed(task, { status: 'in-progress', input });
    const self = await changed(read, { status: 'completed', output: [approval] });
    const same = await until(async () => {
      const answer = await exported(self, 'release');
      return answer.text.includes('same person') ? answer : undefined;
    }, 'the two acts of one person');
    expect([same.status, expressions(same.body)]).toEqual([422, ['Task.owner']]);
    const approved = await changed(self, { owner: staff('ig') }, 'demo-ig');

    const released = await until(async () => {
      const answer = await exported(approved, 'release');
      return answer.status === 200 ? (JSON.parse(answer.text) as Bundle) : undefined;
    }, 'the release');
    const text = JSON.stringify(released);
    expect(released.entry?.[0]?.resource).toMatchObject({ resourceType: 'Composition', status: 'final' });
    expect(text).toContain(`Your friend ${MASKED} said ${MASKED}. ${ring}`);
    expect(text).not.toMatch(/Zed|Quill|you moved|900456|Invented Row|LS1 9ZZ/);
    const ids = (bundle: Bundle) =>
      (bundle.entry ?? []).map((one) => `${one.resource?.resourceType}/${one.resource?.id}`);
    const made = (one: string) => !/^(Composition|Task)\//.test(one);
    expect(ids(released).filter(made)).toEqual(expect.arrayContaining(ids(review).filter(made)));
    expect(JSON.stringify((await herald.get(`/fhir/Communication/${own.id}`)).body)).toContain(
      'Zed Quill said you moved',
    );

    for (const [accept, starts] of [
      ['text/html', '<!DOCTYPE html>'],
      ['text/csv', '\uFEFF"What"'],
    ] as const) {
      const form = await exported(approved, 'release', accept);
      expect([form.status, form.type]).toEqual([200, accept]);
      expect(form.text.startsWith(starts)).toBe(true);
      expect(form.text).toContain(`Your friend ${MASKED} said ${MASKED}.`);
      expect(form.text).not.toMatch(/Zed|you moved|900456|Invented Row/);
    }
    const set = await bundleOf(approved, 'release', undefined, [{ name: 'form', valueCode: 'searchset' }]);
    expect(set.type).toBe('searchset');
    const late = await bundleOf(approved, 'release', undefined, [{ name: 'start', valueDate: '2999-01-01' }]);
    expect(ids(late).filter((one) => one.startsWith('Communication'))).toEqual([]);

    const events = await until(async () => {
      const all = await herald.all<AuditEvent>(`/fhir/AuditEvent?entity=Task/${task.id}&type=110106&_count=100`);
      return all.length >= 6 ? all : undefined;
    }, 'the disclosures in the audit');
    for (const event of events) {
      expect(event.agent.some((one) => one.who?.reference === staff('sar').reference)).toBe(
        herald.config.store.kind === 'embedded',
      );
      expect(event.purposeOfEvent?.[0]?.coding?.[0]?.code).toBe('PATRQT');
    }
  });

  it('SAR-1: a former proxy, a merged record, a STOP, a removed number and an emergency', async () => {
    const person = await aPatient(herald, '07700 900321', '9991230033');
    const rewrite = async (reference: string, change: object) => {
      const { body } = await herald.get(`/fhir/${reference}`);
      const answer = await herald.put(`/fhir/${reference}`, { ...body, ...change });
      expect(answer.status, answer.text).toBe(200);
    };
    const went = async (request: object): Promise<Communication> => {
      const answer = await herald.post('/fhir/CommunicationRequest', request);
      expect(answer.status, answer.text).toBe(201);
      return endOf(herald, answer.body.id);
    };
    const former = await posted(
      herald,
      aRelatedPerson(person, { telecom: [{ system: 'phone', value: '07700 900322', use: 'mobile' }] }),
    );
    const consent = await posted(herald, anAuthority(person, former));
    const toFormer = await went(words('care-message', person, { recipient: [{ reference: former }] }));
    await rewrite(consent, { status: 'inactive' });
    await rewrite(former, { active: false });
    const merged = await aPatient(herald, '07700 900323', '9991230041');
    const onMerged = await went(words('care-message', merged));
    await rewrite(merged, { active: false, link: [{ type: 'replaced-by', other: { reference: person } }] });
    const byText = await went(words('care-message', person));
    const stop = await aText(herald, '447700900321', 'STOP');
    const urgent = await went(urgently(words('care-message', person)));
    const removal = await posted(herald, objection(person, { parts: [reason, explained, atRisk, removing] }));

    const task = await opened({ for: { reference: person } });
    const ids = [toFormer.id, onMerged.id, byText.id, stop.id, urgent.id, removal.split('/')[1]];
    const review = await until(async () => {
      const bundle = await bundleOf(task, 'review', undefined, [], person);
      const there = new Set(bundle.entry?.map((one) => one.resource?.id));
      const kinds = JSON.stringify(bundle);
      return ids.every((id) => id !== undefined && there.has(id)) && kinds.includes('post-hoc-ig-review') && bundle;
    }, 'the whole history');
    const text = JSON.stringify(review);
    for (const one of ['900321', '900322', '"STOP"', 'discuss-objection']) expect(text).toContain(one);

    const allRead = [{ type: type('all-read'), valueBoolean: true }];
    const read = await changed(task, { status: 'in-progress', input: allRead });
    const done = await changed(read, { status: 'completed', owner: staff('ig'), output: [approval] }, 'demo-ig');
    const released = await until(async () => {
      const answer = await exported(done, 'release', undefined, [], person);
      return answer.status === 200 && answer.text;
    }, 'the release');
    expect(released).not.toMatch(/900\s?32[12]/);
    expect(released).toContain('"STOP"');
    for (const id of ids) expect(released).toContain(`"id":"${id}"`);
  });

  it('contract 10: it is the subject access role’s', async () => {
    const task = await opened();
    for (const token of ['demo-epr', 'demo-ig', 'demo-admin']) {
      expect((await exported(task, 'review', undefined, [], patient, token)).status).toBe(403);
    }
  });

  it('contract 10, SAR-2: calling systems see that somebody asked, and nothing of what is to be hidden', async () => {
    const input = [{ type: type('identity-checked'), valueDate: '2026-11-20' }];
    const task = await changed(await opened(), { input, note: [{ text: 'About the neighbour' }] });
    const [found, read, version] = await until(async () => {
      const bundle = await herald.get(`/fhir/Task?patient=${patient}&_count=50`, 'demo-epr');
      const one = (bundle.body.entry ?? []).find((entry: { resource: Task }) => entry.resource.id === task.id);
      const read = await herald.get(`/fhir/Task/${task.id}`, 'demo-epr');
      const version = await herald.get(`/fhir/Task/${task.id}/_history/${task.meta?.versionId}`, 'demo-epr');
      return one !== undefined && [one.resource, read.body, version.body];
    }, 'the Task in the index');
    for (const seen of [found, read, version]) {
      expect([seen.status, seen.input, seen.note]).toEqual([task.status, undefined, undefined]);
      expect(seen.meta.tag).toContainEqual(expect.objectContaining({ code: 'SUBSETTED' }));
    }
    expect((await herald.get(`/fhir/Task/${task.id}`, 'demo-sar')).body.input).toEqual(input);
  });

  it.each<[what: string, more: object[], status: number]>([
    ['an unknown parameter', [{ name: 'since', valueDate: '2026-01-01' }], 400],
    [
      'an end before the start',
      [
        { name: 'start', valueDate: '2026-02-01' },
        { name: 'end', valueDate: '2026-01-01' },
      ],
      400,
    ],
    ['an unknown form', [{ name: 'form', valueCode: 'scroll' }], 400],
    ['a parameter twice', [{ name: 'stage', valueCode: 'release' }], 400],
  ])('%s is refused', async (_what, more, status) => {
    const answer = await exported(await opened(), 'review', undefined, more);
    expect([answer.status, answer.body.resourceType]).toEqual([status, 'OperationOutcome']);
  });
});
