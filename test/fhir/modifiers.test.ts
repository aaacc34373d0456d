import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeSystem } from '../../src/canonical.ts';
import { aCommunicationRequest, aPatient, startApp, type TestApp } from '../support/app.ts';

let herald: TestApp;
beforeEach(() => {
  herald = startApp();
});
afterEach(() => herald.close());

const turned = [{ url: 'https://elsewhere.example/not-this', valueBoolean: true }];
const post = (body: object) => herald.as('epr', 'post', `/fhir/${Reflect.get(body, 'resourceType')}`).send(body);
const placesOf = (answer: { body: { issue?: { expression?: string[] }[] } }) =>
  (answer.body.issue ?? []).flatMap((one) => one.expression ?? []);

describe('contract 2: what changes the meaning of a part is refused, not passed over', () => {
  it('of a request', async () => {
    const payload = [
      { contentString: 'Please ring us.' },
      { contentString: 'Come at ten.', modifierExtension: turned },
    ];
    const answer = await post(aCommunicationRequest({ payload }));
    expect([answer.status, placesOf(answer)]).toEqual([422, ['CommunicationRequest.payload[1].modifierExtension']]);
    expect(herald.requests.asked).toEqual([]);
  });

  it('of a request as a whole, by rules that are agreed elsewhere', async () => {
    const answer = await post(aCommunicationRequest({ implicitRules: 'https://elsewhere.example/rules' }));
    expect([answer.status, placesOf(answer)]).toEqual([422, ['CommunicationRequest.implicitRules']]);
  });

  it('of what was answered to a Task', async () => {
    const decision = { coding: [{ system: codeSystem('decision'), code: 'done' }] };
    const type = { coding: [{ system: codeSystem('task-parameter'), code: 'decision' }] };
    const output = [{ type, valueCodeableConcept: decision, modifierExtension: turned }];
    const answer = await post({ resourceType: 'Task', status: 'completed', intent: 'order', output });
    expect([answer.status, placesOf(answer)]).toEqual([422, ['Task.output[0].modifierExtension']]);
  });

  it('in a transaction, with the place of the entry, and nothing is stored', async () => {
    const resource = aCommunicationRequest({ implicitRules: 'https://elsewhere.example/rules' });
    const answer = await herald.as('epr', 'post', '/fhir').send({
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        { request: { method: 'POST', url: 'Patient' }, resource: aPatient() },
        { request: { method: 'POST', url: 'CommunicationRequest' }, resource },
      ],
    });
    expect([answer.status, placesOf(answer)]).toEqual([422, ['Bundle.entry[1].resource.implicitRules']]);
    expect((await herald.as('epr', 'get', '/fhir/Patient?_summary=count')).body.total).toBe(0);
  });
});
