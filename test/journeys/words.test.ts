import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActivityDefinition, Communication, CommunicationRequest, Extension, Task } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoStaff } from '../../src/auth/demo.ts';
import { codeSystem, structureDefinition } from '../../src/canonical.ts';
import { shippedMessageTypes } from '../../src/catalogue/message-types.ts';
import { ownType } from '../catalogue/own-type.ts';
import { aRequest, type Herald, startHerald, until } from '../support/herald.ts';
import { aPatient, endOf, requestOf } from '../support/people.ts';

/** What a message says, through the whole service: confidential words, second readers, a trust's own words. */
describe('what a message says', () => {
  let herald: Herald;
  let patient: string;
  const dir = mkdtempSync(join(tmpdir(), 'herald-policy-'));

  beforeAll(async () => {
    const file = join(dir, 'policy.json');
    writeFileSync(file, JSON.stringify({ secondReader: ['example-note'] }));
    herald = await startHerald({ env: { HERALD_POLICY: file } });
    patient = await aPatient(herald, '07700 900123', '9991230009');
  });
  afterAll(async () => {
    await herald.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const admin = { Authorization: 'Bearer demo-admin' };
  const clerk = { reference: `Practitioner/${demoStaff.epr.id}` };
  const reader = { reference: `Practitioner/${demoStaff.ig.id}` };
  const values = (given: Record<string, string>) => ({
    contentAttachment: {
      contentType: 'application/json',
      data: Buffer.from(JSON.stringify(given)).toString('base64'),
    },
  });
  const saying = (text: string, ...extension: Extension[]): CommunicationRequest => {
    const plain = aRequest('care-message', patient, {
      requester: clerk,
      payload: [{ contentString: text }],
    } as Partial<CommunicationRequest>);
    return { ...plain, extension: [...(plain.extension ?? []), ...extension] };
  };
  const ask = (body: unknown) => herald.post('/fhir/CommunicationRequest', body);
  const codesOf = (body: { issue: { details: { coding: { code: string }[] } }[] }) =>
    body.issue.map((one) => one.details.coding.map((coding) => coding.code));
  const created = (definition: ActivityDefinition) => herald.post('/fhir/ActivityDefinition', definition, 'demo-admin');

  it('MIN-4: a condition in a text is refused with the words, and nothing goes', async () => {
    const answer = await ask(saying('Your chlamydia result is ready. Please call 0113 496 0123.'));
    expect(answer.status).toBe(422);
    expect(codesOf(answer.body)).toContainEqual(['confidential-content', 'MIN-4']);
    expect(answer.text).toContain('chlamydia');
  });

  it('MIN-4: an NHS number is refused, and not repeated', async () => {
    const answer = await ask(saying('Your NHS number is 999 123 0009. Please call 0113 496 0123.'));
    expect([answer.status, codesOf(answer.body)[0]]).toEqual([422, ['confidential-content', 'MIN-4']]);
    expect(answer.text).not.toMatch(/999 ?123 ?0009/);
  });

  it('MIN-4: with a necessity it goes, and the record says why', async () => {
    const necessity = { url: structureDefinition('necessity'), valueString: 'She asked to be told the name by text.' };
    const answer = await ask(saying('Your insulin is at the pharmacy. Questions? Call 0113 496 0123.', necessity));
    expect(answer.status, answer.text).toBe(201);
    const record: Communication = await endOf(herald, answer.body.id);
    expect(record.status).toBe('completed');
    const decision = record.extension?.find((one) => one.url === structureDefinition('decision'));
    const warnings = decision?.extension?.filter((one) => one.url === 'warning');
    expect(warnings?.map((one) => one.valueCodeableConcept?.coding?.[0]?.code)).toContain('necessity');
    expect(JSON.stringify(warnings)).toContain('She asked to be told the name by text.');
  });

  it.each([
    ['SUS-1', 'FINAL NOTICE!! Call 0113 496 0123', 'wording'],
    ['SUS-2', 'Please pay now at 0113 496 0123', 'wording'],
    ['CON-3', 'Please donate to our appeal. Call 0113 496 0123', 'out-of-scope'],
  ])('%s: "%s" is %s', async (clause, text, code) => {
    const answer = await ask(saying(text));
    expect(answer.status).toBe(422);
    expect(codesOf(answer.body)).toContainEqual([code, clause]);
  });

  it('MIN-5: results go with both statements, and as a nudge by text (MIN-3)', async () => {
    const given = { test: 'blood test', result: 'normal', next: 'nothing to do', phone: '0113 496 0123' };
    const plain = aRequest('results-routine', patient, { requester: clerk, payload: [values(given)] } as never);
    const refused = await ask(plain);
    expect([refused.status, codesOf(refused.body)]).toEqual([422, [['results-not-routine', 'MIN-5']]]);
    const statement = {
      url: structureDefinition('results-statement'),
      extension: ['routine', 'knownToService'].map((url) => ({ url, valueBoolean: true })),
    };
    const answer = await ask({
      ...plain,
      identifier: undefined,
      extension: [...(plain.extension ?? []), statement],
      medium: [{ coding: [{ system: codeSystem('channel'), code: 'sms' }] }],
    });
    expect(answer.status, answer.text).toBe(201);
    const record = await endOf(herald, answer.body.id);
    expect(record.payload?.[0]?.contentString).toBe(
      'Example NHS Trust: your test results are ready. To hear them, please call 0113 496 0123.',
    );
  });

  it("contract 3.1: a trust's own type, as docs/message-types.md shows it", async () => {
    const made = await created(ownType);
    expect(made.status, made.text).toBe(201);
    const given = { date: 'Tuesday 3 June', time: '10:30am', room: 'maple-42', phone: '0113 496 0123' };
    const asked = aRequest('example-video-visit', patient, { requester: clerk, payload: [values(given)] } as never);
    const answer = await until(async () => {
      const one = await ask({ ...asked, identifier: undefined });
      return one.status === 201 ? one : undefined;
    }, 'the type in the index');
    const record = await endOf(herald, answer.body.id);
    expect(record.payload?.[0]?.contentString).toContain('Join at https://video.example.nhs.uk/maple-42 from');
  });

  it('SUS-1, SUS-2: a type whose own words can never pass is not taken, and every fault is told', async () => {
    const shouted = structuredClone(ownType);
    const words = shouted.extension?.[0]?.extension?.[2];
    if (words === undefined) throw new Error('the example has no words');
    words.valueString = 'URGENT: act now or pay a fine of £50 at http://bit.ly/x. Call ((phone)).';
    const answer = await created({ ...shouted, url: `${ownType.url}-loud` });
    expect(answer.status).toBe(422);
    const said = answer.body.issue.map((one: { diagnostics: string }) => one.diagnostics).join('\n');
    for (const clause of ['SUS-1', 'SUS-2']) expect(said).toContain(clause);
    expect(answer.body.issue[0].expression).toEqual(['ActivityDefinition.extension[0].extension[2].value']);
    expect((await created({ ...shouted, url: `${ownType.url}-draft`, status: 'draft' })).status).toBe(201);
  });

  it('MIN-6: free text of a listed type waits for another person', async () => {
    const care = shippedMessageTypes.find((one) => one.id === 'care-message');
    const coding = { system: codeSystem('message-type'), code: 'example-note' };
    const { id: _id, ...type } = {
      ...care,
      url: ownType.url?.replace('video-visit', 'note'),
      code: { coding: [coding] },
    };
    const made = await herald.put(
      '/fhir/ActivityDefinition/example-note',
      { ...type, id: 'example-note', topic: undefined },
      admin,
    );
    expect([200, 201], made.text).toContain(made.status);
    const asked = aRequest('example-note', patient, {
      requester: clerk,
      payload: [{ contentString: 'Your appointment is on Monday. Call 0113 496 0123.' }],
    } as Partial<CommunicationRequest>);
    const answer = await until(async () => {
      const one = await ask({ ...asked, identifier: undefined });
      return one.status === 201 ? one : undefined;
    }, 'the type in the index');
    expect(answer.body.status, answer.text).toBe('on-hold');
    const id: string = answer.body.id;
    const task = await until(async () => {
      const [one] = await herald.all<Task & { id: string }>(`/fhir/Task?focus=CommunicationRequest/${id}`);
      return one;
    }, 'the Task in the index');
    const agreed = (owner: object) => ({
      ...task,
      status: 'completed',
      owner,
      output: [
        {
          type: { coding: [{ system: codeSystem('task-parameter'), code: 'decision' }] },
          valueCodeableConcept: { coding: [{ system: codeSystem('decision'), code: 'agreed' }] },
        },
      ],
    });
    expect((await herald.put(`/fhir/Task/${task.id}`, agreed(clerk))).status).toBe(422);
    const answered = await herald.put(`/fhir/Task/${task.id}`, agreed(reader));
    expect(answered.status, answered.text).toBe(200);
    expect((await endOf(herald, id)).status).toBe('completed');
    expect((await requestOf(herald, id)).status).toBe('completed');
  });
});
