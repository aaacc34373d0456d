import type { Communication } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoStaff } from '../../src/auth/demo.ts';
import { type Herald, startHerald, until } from '../support/herald.ts';
import { atRisk, behind, explained, objection, reachable, reason, removing } from '../support/objections.ts';
import { posted } from '../support/people.ts';
import { aText, callbackEnv, completed, personOutput, tasksAbout } from '../support/texts.ts';

const clerk = `Practitioner/${demoStaff.epr.id}`;

/** OBJ-8: what comes from a number that left the record brings it back nowhere. */
describe('texts from a removed number', () => {
  let herald: Herald;
  beforeAll(async () => {
    herald = await startHerald({ timing: { sweepMs: 100 }, env: callbackEnv });
  });
  afterAll(() => herald.close());

  const remove = [reason, explained, atRisk, removing];
  const everywhere = ({ id }: Communication, patient: string) => [
    `/fhir/Communication/${id}`,
    `/fhir/Communication/${id}/_history`,
    `/fhir/Communication/${id}/_history/1`,
    `/fhir/Communication?patient=${patient}`,
    `/fhir/Task?patient=${patient}`,
    `/fhir/Task?focus=Communication/${id}`,
    `/fhir/Provenance?target=Communication/${id}`,
    `/fhir/${patient}`,
  ];
  const shown = async (paths: readonly string[], token = 'demo-epr'): Promise<string> => {
    const answers = await Promise.all(paths.map((path) => herald.get(path, token)));
    for (const one of answers) expect(one.status, one.text).toBe(200);
    return answers.map((one) => one.text).join('\n');
  };

  it('OBJ-8: once it is known whose text it is, nobody but information governance sees the number, in any version', async () => {
    const patient = await reachable(herald, '9991232141', '07700 900191');
    await posted(herald, objection(patient, { parts: remove }));
    const text = await aText(herald, '447700900191', 'It is me, on the old phone.');
    // The number is nobody's now: whose text it is, a person finds out.
    expect([text.subject, text.sender]).toEqual([undefined, undefined]);
    const [task] = await tasksAbout(herald, text, 'triage-inbound');
    expect(JSON.stringify(task)).not.toContain('900191');
    const found = { output: [personOutput(patient)] };
    const answer = await herald.put(`/fhir/Task/${task?.id}`, completed(task as never, 'identified', clerk, found));
    expect(answer.status, answer.text).toBe(200);

    const { body } = await herald.get(`/fhir/Communication/${text.id}`);
    expect([body.subject?.reference, body.sender?.reference]).toEqual([patient, patient]);
    expect((body as Communication).meta?.security?.map(({ code }) => code).sort()).toEqual(['R', 'SDV']);
    for (const token of ['demo-epr', 'demo-sar']) {
      expect(await shown(everywhere(text, patient), token)).not.toContain('900191');
    }
    expect((await herald.get(`/fhir/Communication/${text.id}`, 'demo-ig')).text).toContain('900191');
    expect(await shown([`/fhir/AuditEvent?patient=${patient}`], 'demo-ig')).not.toContain('900191');
    expect(herald.logged()).not.toContain('900191');
  });

  it('OBJ-8: a text from a number that was put back past Herald is masked when it is kept, not an hour later', async () => {
    const patient = await reachable(herald, '9991232168', '07700 900192');
    await posted(herald, objection(patient, { parts: remove }));
    const { body } = await herald.get(`/fhir/${patient}`);
    await behind(herald, { ...body, telecom: [{ system: 'phone', value: '07700 900192', use: 'mobile' }] });
    const phone = encodeURIComponent('07700 900192');
    await until(async () => (await herald.all(`/fhir/Patient?phone=${phone}`)).length > 0, 'the number in the index');
    const text = await aText(herald, '447700900192', 'Thank you');
    expect(text.meta?.security?.map(({ code }) => code).sort()).toEqual(['R', 'SDV']);
    expect(await shown(everywhere(text, patient).slice(0, -1))).not.toContain('900192');
  });
});
