import type { Communication, OperationOutcome, Parameters, Task } from '@medplum/fhirtypes';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { demoStaff } from '../../src/auth/demo.ts';
import { codeSystem, MSG } from '../../src/canonical.ts';
import { examplePeople } from '../../src/catalogue/examples.ts';
import type { ProviderChannel, TemplateResult } from '../../src/providers/provider.ts';
import { aRequest, type Herald, personalisation, startHerald, until } from '../support/herald.ts';
import { attemptsOf, endOf } from '../support/people.ts';
import { type TheirTemplate, templateAtProvider, typeAtProvider } from '../support/provider-templates.ts';

const adult = `Patient/${examplePeople.adult}`;
const template = (n: number): string => `7b2f9d10-3c64-4e5a-8f21-0000000000${String(n).padStart(2, '0')}`;
const SENDER = 'Example NHS Trust, 0113 496 0123';

/** Words that are kept at the provider are seen before they are sent, and seen to have changed. */
describe("the provider's own templates (contract 3.1, 5)", () => {
  let herald: Herald;
  /** What Herald is to believe of a template, whatever the provider has. */
  const believed = new Map<string, TemplateResult>();

  beforeAll(async () => {
    herald = await startHerald({
      decorate: (ports) => ({
        ...ports,
        provider: {
          ...ports.provider,
          findTemplate: async (id) => believed.get(id) ?? ports.provider.findTemplate(id),
        },
      }),
    });
  });
  afterAll(() => herald.close());
  afterEach(async () => {
    believed.clear();
    await fetch(`${herald.simulatorUrl}/control/faults`, {
      method: 'DELETE',
      headers: { 'Content-Type': 'application/json' },
    });
  });

  let last = 0;
  /** A new template at the provider, and a new message type with its words; both known from now on. */
  const given = async (words: TheirTemplate, keys: Record<string, boolean> = {}) => {
    last += 1;
    const of = { code: `provider-${last}`, id: template(last), channel: words.type };
    await templateAtProvider(herald, of.id, words);
    await typed(of, keys);
    return of;
  };
  const typed = async (
    { code, channel, id }: { code: string; channel: ProviderChannel; id: string },
    keys: Record<string, boolean> = {},
  ) => {
    const answer = await herald.post('/fhir/ActivityDefinition', typeAtProvider(code, channel, id, keys), 'demo-admin');
    expect(answer.status, answer.text).toBe(201);
    await findable(code);
  };
  const findable = (code: string) => {
    const search = `/fhir/ActivityDefinition?url=${MSG}/ActivityDefinition/${code}`;
    return until(async () => (await herald.all(search)).length > 0, `the type ${code}`);
  };
  const asking = (code: string, values: Record<string, string> = {}, change = {}) =>
    aRequest(code, adult, { payload: [personalisation(values)], ...change });
  const ask = (code: string, values: Record<string, string> = {}, change = {}) =>
    herald.post('/fhir/CommunicationRequest', asking(code, values, change));
  const sent = async (code: string, values: Record<string, string> = {}): Promise<Communication> => {
    const answer = await ask(code, values);
    expect(answer.status, answer.text).toBe(201);
    return endOf(herald, answer.body.id, 15_000);
  };
  const evaluated = async (code: string, values: Record<string, string> = {}) => {
    const answer = await herald.post('/fhir/CommunicationRequest/$evaluate', asking(code, values));
    expect(answer.status, answer.text).toBe(200);
    const { parameter = [] } = answer.body as Parameters;
    return (name: string) => parameter.find((one) => one.name === name);
  };
  const onPhone = async (record: Communication) =>
    (await herald.ledger()).filter((one) => one.reference === record.id).map((one) => one.body);
  const text = (record: Communication) => record.payload?.[0]?.contentString;
  const refusedAs = (body: OperationOutcome) =>
    body.issue.map((one) => (one.details?.coding ?? []).map((coding) => coding.code).join(' '));
  const changes = (record: Communication) => {
    const code = `${codeSystem('task-code')}|template-changed`;
    return herald.all<Task>(`/fhir/Task?code=${code}&focus=Communication/${record.id}`);
  };

  it('REC-1: a text: what was evaluated, recorded and received are one, and the template is the provider’s', async () => {
    const body = `((organisation)): ((day)) – at ((time)).((fasting?? Do not eat.)) ${SENDER}`;
    const of = await given({ type: 'sms', body }, { day: true, time: true, fasting: false });
    const values = { day: '“Tuesday”', time: '10.30am 👍', fasting: 'yes' };
    const said = await evaluated(of.code, values);
    expect(said('decision')?.valueCode).toBe('send');
    expect(said('text')?.valueString).toBe(`Example NHS Trust: "Tuesday" - at 10.30am ?. Do not eat. ${SENDER}`);
    const record = await sent(of.code, values);
    expect(record.status).toBe('completed');
    expect(text(record)).toBe(said('text')?.valueString);
    expect(await onPhone(record)).toEqual([text(record)]);
    expect(record.instantiatesUri).toEqual([`${herald.simulatorUrl}/v2/template/${of.id}/version/1`]);
    expect(await changes(record)).toEqual([]);
  });

  it('REC-1: an email: subject and Markdown as the provider answers them, and a value brings none', async () => {
    const body = `# ((day))\n\nBring:\n\n* ((item))\n* your glasses\n\n${SENDER}`;
    const of = await given({ type: 'email', subject: '"Visit" - ((day))', body }, { day: true, item: true });
    const values = { day: '3 June', item: '[pay](https://evil.example) *now*' };
    const said = await evaluated(of.code, values);
    const record = await sent(of.code, values);
    expect(record.topic?.text).toBe('“Visit” – 3 June');
    expect(said('subject-line')?.valueString).toBe(record.topic?.text);
    expect(text(record)).toContain('* \\[pay\\](evil. example) \\*now\\*\n');
    expect(said('text')?.valueString).toBe(text(record));
    expect(await onPhone(record)).toEqual([text(record)]);
    expect(await changes(record)).toEqual([]);
  });

  it.each([
    ['SUS-3: no name', { body: 'Please call 0113 496 0123' }, ['wording SUS-3']],
    ['SUS-3: no way to check', { body: 'Example NHS Trust: please come' }, ['wording SUS-3']],
    ['SUS-1: a placeholder of another kind', { body: `Dear [NAME], ${SENDER}` }, ['wording SUS-1']],
    [
      'SUS-1: a key that nobody gave',
      { body: `Dear ((name)), ${SENDER}` },
      ['personalisation-incomplete SUS-1', 'wording SUS-1'],
    ],
    ['CHN-4: too long', { body: `${SENDER} ${'x'.repeat(918)}` }, ['too-long CHN-4']],
  ])('%s: refused, and nothing is sent', async (_what, words, reasons) => {
    const of = await given({ type: 'sms', ...words });
    const answer = await ask(of.code);
    expect(answer.status, answer.text).toBe(422);
    expect(refusedAs(answer.body).sort()).toEqual(reasons);
  });

  it('CHN-2: a template that the provider does not have, or has for another channel, closes the channel', async () => {
    await typed({ code: 'provider-none', channel: 'sms', id: template(99) });
    const none = await ask('provider-none');
    expect([none.status, refusedAs(none.body)]).toEqual([422, ['channel-not-acceptable CHN-2']]);
    const of = await given({ type: 'email', subject: 's', body: SENDER });
    await typed({ code: 'provider-other', channel: 'sms', id: of.id });
    const other = await ask('provider-other');
    expect([other.status, refusedAs(other.body)]).toEqual([422, ['channel-not-acceptable CHN-2']]);
  });

  it.each(['error-500', 'html-502', 'reset', 'auth-refused'])(
    'contract 4: %s: words that cannot be read are an unknown fact: 503, and nothing is kept or sent',
    async (fault) => {
      const of = await given({ type: 'sms', body: SENDER });
      const before = (await herald.ledger()).length;
      expect((await herald.control('faults', { fault, operation: 'template' })).status).toBe(201);
      const answer = await ask(of.code, {}, { identifier: [{ system: 'urn:x', value: of.code }] });
      expect(answer.status, answer.text).toBe(503);
      expect(answer.headers['retry-after']).toBeDefined();
      expect(await herald.all(`/fhir/CommunicationRequest?identifier=urn:x|${of.code}`)).toEqual([]);
      expect((await herald.ledger()).length).toBe(before);
    },
  );

  it('contract 4: words that cannot be read when it is due: the message waits, and goes once they can be', async () => {
    const of = await given({ type: 'sms', body: SENDER });
    const due = new Date(Date.now() + 1_500).toISOString();
    const answer = await ask(of.code, {}, { occurrenceDateTime: due });
    expect(answer.status, answer.text).toBe(201);
    believed.set(of.id, { kind: 'unavailable', code: 'http-500' });
    await until(async () => herald.logged().includes('message.undecided'), 'a try that could not decide');
    const [waiting] = await attemptsOf(herald, answer.body.id);
    expect(waiting?.status).toBe('preparation');
    believed.clear();
    const record = await endOf(herald, answer.body.id, 15_000);
    expect(await onPhone(record)).toEqual([SENDER]);
  });

  it('contract 4: a version that came between asking and sending is decided upon, not the one that was seen first', async () => {
    const of = await given({ type: 'sms', body: SENDER });
    const due = new Date(Date.now() + 3_000).toISOString();
    const answer = await ask(of.code, {}, { occurrenceDateTime: due });
    expect(answer.status, answer.text).toBe(201);
    await templateAtProvider(herald, of.id, { type: 'sms', body: 'Nobody says who writes this.' });
    const record = await endOf(herald, answer.body.id, 15_000);
    expect([record.status, record.statusReason?.coding?.[0]?.code]).toEqual(['not-done', 'wording']);
    expect(await onPhone(record)).toEqual([]);
  });

  it('contract 5: other words than those that were checked are on record, and told once for type and version', async () => {
    const of = await given({ type: 'sms', body: SENDER });
    const seen = { kind: 'found', template: theirs(of.id, SENDER) } as const;
    await templateAtProvider(herald, of.id, { type: 'sms', body: `Changed. ${SENDER}` });
    believed.set(of.id, seen);
    const records = await Promise.all([sent(of.code), sent(of.code), sent(of.code)]);
    for (const record of records) {
      expect(text(record)).toBe(`Changed. ${SENDER}`);
      expect(await onPhone(record)).toEqual([text(record)]);
      expect(record.instantiatesUri?.[0]).toMatch(/\/version\/2$/);
    }
    const tasks = await told(records);
    expect(tasks).toHaveLength(1);
    expect(tasks[0]).toMatchObject({ status: 'requested', performerType: [{ coding: [{ code: 'ig-team' }] }] });
    expect(tasks[0]?.restriction?.period?.end).toBeDefined();
    expect(tasks[0]?.description).toContain(`/v2/template/${of.id}/version/2`);

    await herald.restart();
    await findable(of.code);
    expect(await told([await sent(of.code)])).toEqual([]);
    await templateAtProvider(herald, of.id, { type: 'sms', body: `Changed again. ${SENDER}` });
    expect(await told([await sent(of.code)])).toHaveLength(1);

    believed.clear();
    const last = await sent(of.code);
    expect([text(last), await told([last])]).toEqual([`Changed again. ${SENDER}`, []]);
  });

  it('contract 5: they are told of as well where nobody heard the answer to the call', async () => {
    const of = await given({ type: 'sms', body: SENDER });
    await templateAtProvider(herald, of.id, { type: 'sms', body: `Changed. ${SENDER}` });
    believed.set(of.id, { kind: 'found', template: theirs(of.id, SENDER) });
    expect((await herald.control('faults', { fault: 'accept-drop', count: 1 })).status).toBe(201);
    const record = await sent(of.code);
    expect(text(record)).toBe(`Changed. ${SENDER}`);
    expect(await onPhone(record)).toHaveLength(1);
    const [task] = await told([record]);
    const done = await herald.put(`/fhir/Task/${task?.id}`, {
      ...task,
      status: 'completed',
      owner: { reference: `Practitioner/${demoStaff.ig.id}` },
      note: [{ text: 'The template was put right.' }],
      output: [
        {
          type: { coding: [{ system: codeSystem('task-parameter'), code: 'decision' }] },
          valueCodeableConcept: { coding: [{ system: codeSystem('decision'), code: 'done' }] },
        },
      ],
    });
    expect(done.status, done.text).toBe(200);
  });

  const theirs = (id: string, body: string) =>
    ({ id, version: 1, channel: 'sms', body, subject: undefined, contactBlock: undefined }) as const;
  const told = async (records: readonly Communication[]) => (await Promise.all(records.map(changes))).flat();
});
