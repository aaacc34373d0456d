import type { ActivityDefinition, Bundle, Endpoint, Extension, Task } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeSystem, structureDefinition } from '../../src/canonical.ts';
import { shippedMessageTypes } from '../../src/catalogue/message-types.ts';
import { StoreError } from '../../src/store/fhir-store.ts';
import { validator } from '../profiles/support.ts';
import { aPatient, PUBLIC_URL, startApp, type TestApp } from '../support/app.ts';
import { anObjection } from '../support/people.ts';

let herald: TestApp;
beforeEach(() => {
  herald = startApp();
});
afterEach(() => herald.close());

const create = (body: object) => herald.as('epr', 'post', `/fhir/${Reflect.get(body, 'resourceType')}`).send(body);

describe('contract 2: references must lead somewhere', () => {
  const flag = (reference: string) => ({
    resourceType: 'Flag',
    status: 'active',
    code: { text: 'Needs large print' },
    subject: { reference },
  });

  it.each([
    'Patient/none',
    'Patient/none/_history/1',
    `${PUBLIC_URL}/fhir/Patient/none`,
    'Location/one',
    'urn:uuid:3c1f4f0e-3f7a-4d43-8b8a-0d6a2f1f9a55',
    '#contained',
  ])('%s is 422 with its place, and nothing is stored', async (reference) => {
    const answer = await create(flag(reference));
    expect(answer.status).toBe(422);
    expect(answer.body.issue.map((one: { expression: string[] }) => one.expression)).toContainEqual(['Flag.subject']);
    expect((await herald.as('epr', 'get', '/fhir/Flag?_summary=count')).body.total).toBe(0);
  });

  it('one that leads to a stored resource, its version or the resource itself is taken', async () => {
    const { body } = await create(aPatient());
    expect((await create(flag(`Patient/${body.id}`))).status).toBe(201);
    expect((await create(flag(`Patient/${body.id}/_history/1`))).status).toBe(201);
    expect((await create(flag(`${PUBLIC_URL}/fhir/Patient/${body.id}`))).status).toBe(201);
    const self = aPatient({ id: 'self', link: [{ type: 'seealso', other: { reference: 'Patient/self' } }] });
    expect((await herald.as('epr', 'put', '/fhir/Patient/self').send(self)).status).toBe(201);
  });
});

describe('contract 3: what is durable is answered as durable', () => {
  it('OBJ-8: what follows a decision and cannot be read is logged; the sweep does it later', async () => {
    let isDown = false;
    const own = startApp({
      wrapStore: (store) => ({
        read: async (type, id) => {
          if (isDown) throw new StoreError('unavailable', 'no answer');
          return store.read(type, id);
        },
        vread: (type, id, version) => store.vread(type, id, version),
        history: (type, options) => store.history(type, options),
        search: (type, params, cursor) => store.search(type, params, cursor),
        async commit(writes) {
          const results = await store.commit(writes);
          isDown = writes.some(({ resource }) => resource.resourceType === 'Task');
          return results;
        },
        redact: (type, id, rewrite) => store.redact(type, id, rewrite),
        ping: () => store.ping(),
      }),
    });
    await own.given({ ...aPatient(), id: 'ada' });
    await own.given({ ...anObjection('Patient/ada'), id: 'removal' });
    const task = {
      resourceType: 'Task',
      id: 'asked',
      status: 'completed',
      intent: 'order',
      code: { coding: [{ system: codeSystem('task-code'), code: 'discuss-removal' }] },
      focus: { reference: 'Consent/removal' },
      for: { reference: 'Patient/ada' },
      output: [
        {
          type: { coding: [{ system: codeSystem('task-parameter'), code: 'decision' }] },
          valueCodeableConcept: { coding: [{ system: codeSystem('decision'), code: 'keep' }] },
        },
      ],
    };
    const answer = await own.as('epr', 'put', '/fhir/Task/asked').send(task);
    expect([answer.status, own.log.join('')]).toEqual([201, expect.stringContaining('write.effect-failed')]);
    own.close();
  });
});

describe('contract 2: a second Patient with the same NHS number', () => {
  const tasks = async (): Promise<Task[]> => {
    const code = encodeURIComponent(`${codeSystem('task-code')}|duplicate-record`);
    const { body } = await herald.as('epr', 'get', `/fhir/Task?code=${code}`);
    return (body as Bundle).entry?.map((one) => one.resource as Task) ?? [];
  };

  it('VER-3: is stored, and makes one Task duplicate-record about the later one', async () => {
    await create(aPatient());
    expect(await tasks()).toEqual([]);
    const later = await create(aPatient({ name: [{ family: 'Other' }] }));
    expect(later.status).toBe(201);
    const reference = `Patient/${later.body.id}`;
    expect(await tasks()).toMatchObject([
      {
        status: 'requested',
        focus: { reference },
        for: { reference },
        owner: { reference: 'Organization/records-team' },
      },
    ]);
    expect(JSON.stringify(await tasks())).not.toContain('9990000018');
  });

  it('an update that changes nothing about the number makes no second Task; one that brings it makes one', async () => {
    await create(aPatient());
    const later = await create(aPatient());
    await herald.as('epr', 'put', `/fhir/Patient/${later.body.id}`).send({ ...later.body, gender: 'female' });
    expect(await tasks()).toHaveLength(1);
    const third = await create(aPatient({ identifier: [{ system: 'https://epr.example.org/id', value: '17' }] }));
    await herald
      .as('epr', 'put', `/fhir/Patient/${third.body.id}`)
      .send({ ...third.body, identifier: aPatient().identifier });
    expect((await tasks()).map((one) => one.focus?.reference)).toContain(`Patient/${third.body.id}`);
  });

  it('two at the same moment make one Task all the same', async () => {
    const answers = await Promise.all([create(aPatient()), create(aPatient())]);
    expect(answers.map((one) => one.status)).toEqual([201, 201]);
    expect(await tasks()).toHaveLength(1);
  });
});

describe('rules on writing', () => {
  const endpoint: Endpoint = {
    resourceType: 'Endpoint',
    status: 'active',
    connectionType: { system: codeSystem('channel'), code: 'sms' },
    payloadType: [{ text: 'Text message' }],
    address: 'https://api.notifications.service.gov.uk',
  };
  const assured: Endpoint = {
    ...endpoint,
    extension: [{ url: structureDefinition('assurance-document'), valueReference: { display: 'DPIA 2026/4' } }],
  };

  it.each([
    ['active without its assurance document', endpoint, 422],
    ['active with it', assured, 201],
    ['off without it', { ...endpoint, status: 'off' }, 201],
  ])('CHN-5: a channel that is %s', async (_what, body, status) => {
    const own = startApp({ validate: (resource) => validator.validate(resource) });
    const answer = await own.as('admin', 'post', '/fhir/Endpoint').send(body);
    expect([answer.status, answer.body.issue?.length]).toEqual([status, status === 422 ? 1 : undefined]);
    own.close();
  });

  const { id: _id, meta: _meta, ...type } = shippedMessageTypes[0] as ActivityDefinition;
  const without = (name: string): Extension[] =>
    (type.extension ?? []).filter((one) => one.url !== structureDefinition(name));
  const unreadable: Extension = {
    url: structureDefinition('personalisation'),
    // The profile's pattern takes a tab for a name; no text could have such a key.
    extension: [{ url: 'name', valueString: '\t' }],
  };

  it.each<[string, number, object, string?]>([
    ['as it is shipped', 201, {}],
    ['without words', 422, { extension: without('channel-template') }, 'ActivityDefinition.extension'],
    [
      'that the profile takes and nobody could read',
      422,
      { extension: [...(type.extension ?? []), unreadable] },
      'ActivityDefinition.extension',
    ],
    ['being drafted, without words', 201, { status: 'draft', extension: without('channel-template') }],
    ['being drafted, that nobody could read', 201, { status: 'draft', extension: [unreadable] }],
    ['that is none of ours', 201, { kind: 'Task', code: { text: 'Ring the ward' }, extension: undefined }],
  ])('contract 3.2: a message type %s: %i', async (_what, status, change, expression) => {
    const own = startApp({ validate: (resource) => validator.validate(resource) });
    const answer = await own.as('admin', 'post', '/fhir/ActivityDefinition').send({ ...type, ...change });
    const found = answer.body.issue?.map((one: { expression: string[] }) => one.expression[0]);
    expect([answer.status, found]).toEqual([status, expression === undefined ? undefined : [expression]]);
    own.close();
  });

  it('contract 3.2: all that cannot be read of a message type is told at once', async () => {
    // Without the profile, which would find these first.
    const body = { ...type, url: undefined, extension: without('content-confidentiality') };
    const answer = await herald.as('admin', 'post', '/fhir/ActivityDefinition').send(body);
    expect([answer.status, answer.body.issue.length]).toEqual([422, 2]);
  });

  it.each([
    ['epr', 'subject-access-request', 403],
    ['epr', 'check-contact', 201],
    ['sar', 'subject-access-request', 201],
    ['sar', 'check-contact', 403],
    ['ig', 'subject-access-request', 201],
    ['ig', 'check-contact', 201],
  ] as const)('contract 10: %s writes a Task %s: %i', async (role, code, status) => {
    const body = {
      resourceType: 'Task',
      status: 'requested',
      intent: 'order',
      code: { coding: [{ system: codeSystem('task-code'), code }] },
    };
    expect((await herald.as(role, 'post', '/fhir/Task').send(body)).status).toBe(status);
  });

  it('contract 10: a Task of subject access cannot be taken over by renaming it', async () => {
    const body = {
      resourceType: 'Task',
      status: 'requested',
      intent: 'order',
      code: { coding: [{ system: codeSystem('task-code'), code: 'subject-access-request' }] },
    };
    const made = await herald.as('sar', 'post', '/fhir/Task').send(body);
    const renamed = { ...made.body, code: { coding: [{ system: codeSystem('task-code'), code: 'check-contact' }] } };
    expect((await herald.as('epr', 'put', `/fhir/Task/${made.body.id}`).send(renamed)).status).toBe(403);
  });
});
