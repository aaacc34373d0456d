import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Communication, OperationOutcome, Parameters } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examplePeople } from '../../src/catalogue/examples.ts';
import { aRequest, type Herald, startHerald, until } from '../support/herald.ts';
import { clientAt } from '../support/notify-client.ts';
import { aPatient, attemptsOf, endOf } from '../support/people.ts';

const adult = `Patient/${examplePeople.adult}`;
const NAME = 'Example NHS Trust';
const ABROAD = '+33 6 12 34 56 78';

const asking = (contentString: string, patient = adult) =>
  aRequest('care-message', patient, { payload: [{ contentString }] });

async function evaluated(herald: Herald, words: string) {
  const answer = await herald.post('/fhir/CommunicationRequest/$evaluate', asking(words));
  expect(answer.status, answer.text).toBe(200);
  const { parameter = [] } = answer.body as Parameters;
  const said = (name: string) => parameter.find((one) => one.name === name);
  return { text: said('text')?.valueString, fragments: said('fragments')?.valueInteger };
}

async function sent(herald: Herald, words: string): Promise<Communication> {
  const answer = await herald.post('/fhir/CommunicationRequest', asking(words));
  expect(answer.status, answer.text).toBe(201);
  return endOf(herald, answer.body.id, 15_000);
}

/** What the provider's account is billed for it. */
const billed = (herald: Herald, { id = '' }: Communication) =>
  until(async () => {
    const { data } = await clientAt(herald).getNotifications('sms', undefined, id);
    const [row] = data.notifications as { cost_details: { billable_sms_fragments?: number } }[];
    return row?.cost_details.billable_sms_fragments;
  }, `the price of ${id}`);

const refusedAs = (body: OperationOutcome) =>
  body.issue.map((one) => (one.details?.coding ?? []).map((coding) => coding.code).join(' '));

describe('texts as the telephone networks carry them (contract 3.1)', () => {
  let herald: Herald;
  beforeAll(async () => {
    herald = await startHerald();
  });
  afterAll(() => herald.close());

  /** Words of a length, with the organisation's name in them, so that nothing is added. */
  const long = (length: number, last = '') => `${NAME} ${'a'.repeat(length - NAME.length - 1 - last.length)}${last}`;

  it.each([
    ['160 of the GSM alphabet', long(160), 1],
    ['161 of it', long(161), 2],
    ['a euro, which takes two', long(160, '€'), 2],
    ['70 with a Welsh letter outside GSM', long(70, 'ŵ'), 1],
    ['71 of those', long(71, 'ŵ'), 2],
    ['letters that GSM has', long(160, 'éàäöüñ'), 1],
    ['an emoji, which becomes a question mark', long(160, '👍'), 1],
    ['the longest that goes', long(918), 6],
  ])('%s: as many fragments as are billed', async (_what, words, fragments) => {
    const said = await evaluated(herald, words);
    expect(said.fragments).toBe(fragments);
    const record = await sent(herald, words);
    expect(record.payload?.[0]?.contentString).toBe(said.text);
    expect(await billed(herald, record)).toBe(fragments);
  });

  it('CHN-4: 919 characters after the clean-up are too long, and nothing is sent', async () => {
    const answer = await herald.post('/fhir/CommunicationRequest', {
      ...asking(long(919)),
      medium: (await sent(herald, long(40))).medium,
    });
    expect([answer.status, refusedAs(answer.body)]).toEqual([422, ['too-long CHN-4']]);
  });

  it('PRF-5: no text goes abroad', async () => {
    const patient = await aPatient(herald, ABROAD, '9990000085');
    const answer = await herald.post('/fhir/CommunicationRequest', asking('Please call 0113 496 0123.', patient));
    expect(answer.status).toBe(422);
    expect(refusedAs(answer.body)).toContain('no-contact PRF-5');
  });
});

describe('a policy with a prefix, and with foreign numbers (contract 1, 5)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'herald-policy-'));
  let herald: Herald;
  beforeAll(async () => {
    const file = join(folder, 'policy.json');
    writeFileSync(file, JSON.stringify({ smsPrefix: NAME, foreignNumbers: true }));
    herald = await startHerald({ env: { HERALD_POLICY: file } });
    await fetch(`${herald.simulatorUrl}/control/service`, {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({
        name: NAME,
        prefixSms: true,
        permissions: ['sms', 'email', 'letter', 'international_sms'],
      }),
    });
  });
  afterAll(async () => {
    await herald.close();
    rmSync(folder, { recursive: true });
  });

  it('contract 5: the record has the prefix as the telephone shows it, and it is billed', async () => {
    const words = 'x'.repeat(150);
    const said = await evaluated(herald, words);
    expect(said).toEqual({ text: words, fragments: 2 });
    const record = await sent(herald, words);
    expect(record.payload?.[0]?.contentString).toBe(`${NAME}: ${words}`);
    const [phone] = (await herald.ledger()).filter((one) => one.reference === record.id);
    expect(phone?.body).toBe(words);
    expect(await billed(herald, record)).toBe(2);
    expect(await herald.all('/fhir/Task?code=template-changed')).toEqual([]);
  });

  it('PRF-5: a text goes abroad', async () => {
    const patient = await aPatient(herald, ABROAD, '9990000085');
    const answer = await herald.post('/fhir/CommunicationRequest', asking('Please call 0113 496 0123.', patient));
    expect(answer.status, answer.text).toBe(201);
    // What becomes of a text abroad is often never told.
    const record = await until(async () => {
      const [attempt] = await attemptsOf(herald, answer.body.id);
      return attempt?.status === 'in-progress' && attempt;
    }, 'the text abroad');
    const [phone] = (await herald.ledger()).filter((one) => one.reference === record.id);
    expect(phone?.recipient.replace(/\s/g, '')).toContain('33612345678');
  });
});
