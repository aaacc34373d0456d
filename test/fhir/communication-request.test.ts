import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeSystem } from '../../src/canonical.ts';
import { AppError } from '../../src/errors.ts';
import type { Refusal } from '../../src/send/requests.ts';
import { StoreError } from '../../src/store/fhir-store.ts';
import { aCommunicationRequest, aPatient, PUBLIC_URL, startApp, type TestApp } from '../support/app.ts';

const ADDRESS = '/fhir/CommunicationRequest';
let herald: TestApp;
beforeEach(() => {
  herald = startApp();
});
afterEach(() => herald.close());

const refusal: Refusal = {
  kind: 'refuse',
  reasons: [
    {
      code: 'deceased',
      clause: 'VER-3',
      rule: 'deceased',
      text: 'The record says that the person died.',
      expression: 'CommunicationRequest.subject',
    },
    { code: 'no-contact', clause: 'PRF-5', rule: 'no-contact', text: 'There is no usable contact point.' },
  ],
  warnings: [],
};
const submit = (change = {}) => herald.as('epr', 'post', ADDRESS).send(aCommunicationRequest(change));

describe('contract 3: POST CommunicationRequest', () => {
  it('created: 201, a versioned Location and the request as stored', async () => {
    const answer = await submit({ id: 'of-the-caller' });
    expect(answer.status).toBe(201);
    expect(answer.headers.location).toBe(`${PUBLIC_URL}${ADDRESS}/${answer.body.id}/_history/1`);
    expect(answer.body).toMatchObject({ resourceType: 'CommunicationRequest', status: 'active' });
    expect(answer.body.id).not.toBe('of-the-caller');
    expect(herald.requests.asked).toMatchObject([
      { what: 'submit', caller: { client: 'demo-epr', role: 'epr', requestId: answer.headers['x-request-id'] } },
    ]);
  });

  it('existing: 200 and the request as it is now', async () => {
    const stored = await herald.given({ ...aCommunicationRequest({ status: 'completed' }), id: 'earlier' });
    herald.requests.onSubmit = async () => ({ kind: 'existing', resource: stored });
    const answer = await submit();
    expect([answer.status, answer.body.status, answer.headers.etag]).toEqual([200, 'completed', 'W/"1"']);
  });

  it('refused: 422, one issue per reason, each with its code, its clause, its sentence and its place', async () => {
    herald.requests.onSubmit = async () => ({ kind: 'refused', decision: refusal });
    const answer = await submit();
    expect(answer.status).toBe(422);
    expect(answer.body.issue).toEqual([
      {
        severity: 'error',
        code: 'business-rule',
        details: {
          coding: [
            { system: codeSystem('block-reason'), code: 'deceased' },
            { system: codeSystem('guidance-clause'), code: 'VER-3' },
          ],
          text: 'The record says that the person died.',
        },
        diagnostics: 'The record says that the person died.',
        expression: ['CommunicationRequest.subject'],
      },
      expect.objectContaining({ diagnostics: 'There is no usable contact point.' }),
    ]);
    expect(answer.headers.location).toBeUndefined();
  });

  it.each([
    [new AppError('FACTS_UNKNOWN', 'A fact could not be read.'), 503, 'incomplete'],
    [new StoreError('unavailable', 'no answer'), 503, 'transient'],
    [new TypeError('Zebedee is not a function'), 503, 'transient'],
    [new AppError('IDENTIFIER_REUSED', 'Used before.'), 409, 'duplicate'],
  ])('%s: %i', async (error, status, code) => {
    herald.requests.onSubmit = async () => {
      throw error;
    };
    const answer = await submit();
    expect([answer.status, answer.body.issue[0].code]).toEqual([status, code]);
    expect(answer.headers['retry-after']).toBe(status === 503 ? '5' : undefined);
    expect(answer.text).not.toContain('Zebedee');
    expect(herald.log.join('')).not.toContain('Zebedee');
  });

  it('what is not R4 never reaches the rules: 400', async () => {
    const answer = await submit({ status: 'shouting' });
    expect([answer.status, herald.requests.asked]).toEqual([400, []]);
  });

  it('whom it is about and for is left to the rules; any other reference must lead somewhere', async () => {
    const nobody = { reference: 'Patient/nobody' };
    const people = { subject: nobody, recipient: [nobody] };
    expect((await submit(people)).status).toBe(201);
    const answer = await submit({ about: [{ reference: 'Appointment/none' }] });
    expect([answer.status, answer.body.issue[0].expression]).toEqual([422, ['CommunicationRequest.about[0]']]);
  });

  it('If-None-Exist finds the earlier one instead of asking again', async () => {
    await submit({ identifier: [{ system: 'https://epr.example.org/key', value: 'k1' }] });
    const again = await herald
      .as('epr', 'post', ADDRESS)
      .set('If-None-Exist', 'identifier=https://epr.example.org/key|k1')
      .send(aCommunicationRequest());
    expect([again.status, herald.requests.asked.length]).toEqual([200, 1]);
  });
});

describe('contract 2: PUT CommunicationRequest', () => {
  const change = (id: string, headers = {}) =>
    herald
      .as('epr', 'put', `${ADDRESS}/${id}`)
      .set(headers)
      .send(aCommunicationRequest({ id, status: 'revoked' }));

  it('is a change of status, with the version that the caller named', async () => {
    const { body } = await submit();
    const answer = await change(body.id, { 'If-Match': 'W/"1"' });
    expect([answer.status, answer.body.status, answer.headers.etag]).toEqual([200, 'revoked', 'W/"2"']);
    expect(herald.requests.asked.at(-1)).toMatchObject({ what: 'change', ifMatch: '1' });
  });

  it.each([
    [new AppError('CHANGE_NOT_ALLOWED', 'Only the status may change.'), 422],
    [new AppError('MESSAGE_IN_HAND', 'It is with the provider.'), 409],
    [new AppError('VERSION_CONFLICT', 'Not the current version.'), 412],
    [new AppError('NOT_FOUND', 'Not known.'), 404],
  ])('%s: %i', async (error, status) => {
    herald.requests.onChange = async () => {
      throw error;
    };
    expect((await change('some-id')).status).toBe(status);
  });

  it('takes a message back though what it points at has gone from the record meanwhile', async () => {
    const { body } = await submit();
    const gone = { id: body.id, about: [{ reference: 'Appointment/gone' }] };
    const put = (status: 'active' | 'revoked') =>
      herald.as('epr', 'put', `${ADDRESS}/${body.id}`).send(aCommunicationRequest({ ...gone, status }));
    expect([(await put('active')).status, (await put('revoked')).status]).toEqual([422, 200]);
  });

  it('an activation that is refused is 422 with the reasons', async () => {
    herald.requests.onChange = async () => ({ kind: 'refused', decision: refusal });
    const answer = await change('some-id');
    expect([answer.status, answer.body.issue.length]).toEqual([422, 2]);
  });
});

describe('contract 3: $evaluate', () => {
  const evaluate = (body: object) => herald.as('epr', 'post', `${ADDRESS}/$evaluate`).send(body);

  it.each([
    ['the resource', aCommunicationRequest()],
    [
      'Parameters',
      { resourceType: 'Parameters', parameter: [{ name: 'resource', resource: aCommunicationRequest() }] },
    ],
  ])('takes %s and answers Parameters', async (_what, body) => {
    const answer = await evaluate(body);
    expect([answer.status, answer.body.resourceType]).toEqual([200, 'Parameters']);
    expect(herald.requests.asked).toMatchObject([{ what: 'evaluate' }]);
  });

  it.each([
    ['no parameter', { resourceType: 'Parameters' }],
    ['a null parameter', { resourceType: 'Parameters', parameter: [null] }],
    ['no resource', { resourceType: 'Parameters', parameter: [{ name: 'resource' }] }],
    ['another resource', { resourceType: 'Parameters', parameter: [{ name: 'resource', resource: aPatient() }] }],
    ['another type', aPatient()],
  ])('%s is 400', async (_what, body) => {
    expect((await evaluate(body)).status).toBe(400);
  });
});
