import type { Bundle } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeSystem, MSG } from '../../src/canonical.ts';
import { codesIn } from '../../src/fhir/conformance/expansion.ts';
import { published } from '../../src/fhir/conformance/load.ts';
import type { NestedCode } from '../../src/fhir/definitions/load.ts';
import { byCodes, related } from '../../src/fhir/search-codes.ts';
import { aPatient, PUBLIC_URL, startApp, type TestApp } from '../support/app.ts';

const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const INTENT = 'http://hl7.org/fhir/request-intent';

let herald: TestApp;
beforeEach(async () => {
  herald = startApp();
  const subject = { reference: 'Patient/p' };
  const concept = (system: string, code: string) => ({ coding: [{ system, code }] });
  const task = (id: string, intent: 'order' | 'original-order' | 'plan', code: string) =>
    ({ resourceType: 'Task', id, status: 'requested', intent, code: concept(codeSystem('task-code'), code) }) as const;
  await herald.given({ ...aPatient(), id: 'p' });
  await herald.given({
    ...{ resourceType: 'Communication', id: 'text', status: 'completed', subject },
    medium: [concept(codeSystem('channel'), 'sms')],
    meta: { security: [{ system: ACT_CODE, code: 'SDV' }] },
  });
  await herald.given({
    ...{ resourceType: 'Communication', id: 'pigeon', status: 'stopped' },
    medium: [concept('https://codes.example.org', 'sms')],
    meta: { security: [{ system: ACT_CODE, code: 'PSY' }] },
  });
  await herald.given({ resourceType: 'Communication', id: 'unsaid', status: 'unknown' });
  await herald.given({
    ...task('first', 'original-order', 'check-contact'),
    focus: { reference: 'Communication/text' },
  });
  await herald.given({ ...task('general', 'order', 'dead-letter'), focus: { reference: 'Communication/pigeon' } });
  await herald.given(task('planned', 'plan', 'local-code'));
  await herald.given({
    ...{ resourceType: 'ActivityDefinition', id: 'local', status: 'active' },
    topic: [concept(codeSystem('message-type'), 'a-code-of-this-trust')],
  });
});
afterEach(() => herald.close());

async function found(query: string): Promise<string[]> {
  const answer = await herald.as('ig', 'get', `/fhir/${query}`);
  expect([query, answer.status, answer.body.issue]).toEqual([query, 200, undefined]);
  return ((answer.body as Bundle).entry ?? []).map((one) => one.resource?.id ?? '').sort();
}

describe('contract 2: :in and :not-in, by value sets that are published or bound here', () => {
  const channel = `${MSG}/ValueSet/channel`;
  const version = published('ValueSet').find(({ url }) => url === channel)?.version ?? '';

  it.each([
    [`Communication?medium:in=${channel}`, ['text']],
    [`Communication?medium:in=${channel}|${version}`, ['text']],
    ['Communication?medium:in=ValueSet/channel', ['text']],
    [`Communication?medium:in=${PUBLIC_URL}/fhir/ValueSet/channel`, ['text']],
    [`Communication?medium:in=${MSG}/ValueSet/direction,${channel}`, ['text']],
    [`Communication?medium:in=${MSG}/ValueSet/direction`, []],
    // Also what has no medium: it has none of the set.
    [`Communication?medium:not-in=${channel}`, ['pigeon', 'unsaid']],
    ['Communication?status:in=http://hl7.org/fhir/ValueSet/event-status', ['pigeon', 'text', 'unsaid']],
    ['Communication?status:in=http://hl7.org/fhir/ValueSet/event-status|4.0.1', ['pigeon', 'text', 'unsaid']],
    ['Communication?status:not-in=http://hl7.org/fhir/ValueSet/event-status', []],
    // Same words, another code system.
    ['Communication?status:in=http://hl7.org/fhir/ValueSet/task-status', []],
    [`Communication?_security:in=${MSG}/ValueSet/sensitivity`, ['pigeon', 'text']],
    // A value set to which an organisation may add takes any code of its system.
    [`ActivityDefinition?topic:in=${MSG}/ValueSet/message-type`, ['local']],
    [`ActivityDefinition?topic:in=${MSG}/ValueSet/service`, []],
    [`Task?code:in=${MSG}/ValueSet/task-code`, ['first', 'general']],
    [`Task?focus:Communication.medium:in=${channel}`, ['first']],
    [`Task?focus:Communication.medium:not-in=${channel}`, ['general']],
    [`Patient?_has:Communication:subject:medium:in=${channel}`, ['p']],
    [`Patient?_has:Communication:subject:medium:in=${MSG}/ValueSet/direction`, []],
  ])('%s', async (query, expected) => {
    expect(await found(query)).toEqual(expected);
  });

  it.each([
    'https://codes.example.org/ValueSet/unknown',
    `${MSG}/ValueSet/channel|99`,
    'http://hl7.org/fhir/ValueSet/event-status|3.0.2',
    'http://hl7.org/fhir/ValueSet/mimetypes',
    'ValueSet/unknown',
  ])('%s: codes that are not known here are 400, and the value set is named', async (url) => {
    const answer = await herald.as('ig', 'get', `/fhir/Communication?medium:in=${url}`);
    expect([answer.status, answer.body.issue[0].code]).toEqual([400, 'not-supported']);
    expect(answer.body.issue[0].diagnostics).toContain('medium:in');
    expect(answer.body.issue[0].diagnostics).toContain(url);
  });

  it.each(['9990000018', 'https://x.example.org/9990000018', 'Casey Example'])(
    'what may be somebody is not repeated: %s',
    async (value) => {
      const answer = await herald.as('ig', 'get', `/fhir/Communication?medium:in=${encodeURIComponent(value)}`);
      expect(answer.status).toBe(400);
      expect(JSON.stringify(answer.body)).not.toContain(value);
    },
  );

  it('every code of every value set that we publish is found by it', () => {
    for (const valueSet of published('ValueSet')) {
      const asked = byCodes('in', valueSet.url ?? '');
      const tokens = 'value' in asked ? asked.value.split(',') : [];
      const missed = codesIn(valueSet).filter(
        ({ system, code }) => !tokens.includes(`${system}|${code}`) && !tokens.includes(`${system}|`),
      );
      expect([valueSet.id, missed]).toEqual([valueSet.id, []]);
    }
  });

  it('If-None-Exist takes them too', async () => {
    const task = { resourceType: 'Task', status: 'requested', intent: 'order', code: { text: 'Anything' } };
    const ask = (condition: string) => herald.as('ig', 'post', '/fhir/Task').set('If-None-Exist', condition).send(task);
    expect((await ask(`focus:Communication.medium:in=${channel}`)).body.id).toBe('first');
  });
});

describe('contract 2: :above and :below, by the hierarchy of the code system', () => {
  it.each([
    [`Task?intent:below=${INTENT}|order`, ['first', 'general']],
    [`Task?intent:below=${INTENT}|original-order`, ['first']],
    [`Task?intent:above=${INTENT}|original-order`, ['first', 'general']],
    [`Task?intent:above=${INTENT}|order`, ['general']],
    [`Task?intent:above=${INTENT}|instance-order,${INTENT}|plan`, ['general', 'planned']],
    [`Communication?_security:below=${ACT_CODE}|_InformationSensitivityPolicy`, ['pigeon', 'text']],
    [`Communication?_security:below=${ACT_CODE}|SPI`, ['pigeon']],
    [`Communication?_security:above=${ACT_CODE}|SDV`, ['text']],
    // In a code system without an order, and in one that is not known here, a code stands for itself.
    [`Communication?medium:below=${codeSystem('channel')}|sms`, ['text']],
    ['Communication?medium:below=https://codes.example.org|sms', ['pigeon']],
    ['Communication?medium:above=https://codes.example.org|sms', ['pigeon']],
  ])('%s', async (query, expected) => {
    expect(await found(query)).toEqual(expected);
  });

  const code = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const { tree } = fc.letrec<{ tree: NestedCode[] }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      fc.constant<NestedCode[]>([]),
      fc.array(fc.record({ code, concept: tie('tree') }), { minLength: 1, maxLength: 2 }),
    ),
  }));

  it('one code is below another exactly when that is above it, and each is both of itself', () => {
    fc.assert(
      fc.property(tree, code, code, (nodes, one, other) => {
        expect(related(nodes, one, 'below')).toContain(one);
        expect(related(nodes, one, 'below').includes(other)).toBe(related(nodes, other, 'above').includes(one));
      }),
    );
  });

  it('goes all the way, and by every place that a code has', () => {
    const nodes = [
      { code: 'root', concept: [{ code: 'middle', concept: [{ code: 'leaf' }] }] },
      { code: 'other', concept: [{ code: 'leaf' }] },
    ];
    expect(related(nodes, 'root', 'below')).toEqual(['root', 'middle', 'leaf']);
    expect(related(nodes, 'leaf', 'above')).toEqual(['leaf', 'root', 'middle', 'other']);
  });
});
