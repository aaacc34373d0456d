import { describe, expect, it } from 'vitest';
import { layOut } from '../../src/simulator/letters/layout.ts';
import { writePdf } from '../../src/simulator/letters/pdf.ts';
import { apiKeys, type KeyType, type ServiceSettings } from '../../src/simulator/settings.ts';
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.ts';
import { address, clientOf, errorsOf, pdfText, raw, SETTLED_MS, sendLetter, startSimulator, token } from './support.ts';

const letterTemplate = '6b1e4c8d-0a37-4d92-9f5b-8c2d7e6a1f03';
const appointment = 'f2d7a9c1-5e38-4b06-8a4d-3c9f1b7e2d60';
const smsTemplate = '3f6d1c9a-7b42-4e58-8d0f-2a9c5e7b1d34';
const unknown = '11111111-1111-4111-8111-111111111111';
const form = { template_id: letterTemplate, personalisation: { ...address, subject: 's', body: 'x' } };
const HOUR = 3_600_000;

/** Thursday 20 August 2026, 11:00 in London. */
const THURSDAY = new Date('2026-08-20T10:00:00Z');
const onThursday: SimulatorOptions = { clock: { now: () => THURSDAY } };

const post = (simulator: Simulator, body: unknown, key: KeyType = 'normal', iat?: number) =>
  raw(
    simulator,
    'POST',
    '/v2/notifications/letter',
    body,
    `Bearer ${token(iat === undefined ? {} : { iat }, apiKeys[key].secret)}`,
  );

/** By a simulator whose clock is not today's, which the official client's tokens would not satisfy. */
async function sendOnThursday(simulator: Simulator, key: KeyType = 'normal', body: object = form): Promise<string> {
  const reply = await post(simulator, { ...body }, key, THURSDAY.getTime() / 1000);
  return (reply.body as { id: string }).id;
}

async function read(simulator: Simulator, id: string): Promise<Record<string, unknown>> {
  const auth = `Bearer ${token({ iat: THURSDAY.getTime() / 1000 })}`;
  return (await raw(simulator, 'GET', `/v2/notifications/${id}`, undefined, auth)).body as Record<string, unknown>;
}

const statusOf = (simulator: Simulator, id: string): string | undefined =>
  simulator.control.ledger().messages.find((message) => message.id === id)?.status;

function pdfOf(pages: number): Buffer {
  const body = Array.from({ length: pages }, () => 'page').join('\n\n***\n\n');
  return writePdf('x', layOut({ address: [], contact: [], date: '', subject: '', body }));
}
const precompiled = (pdf: Buffer, more: object = {}) => ({ reference: 'r', content: pdf.toString('base64'), ...more });

describe('5.3: a letter from a template', () => {
  it('is answered with its subject, typographic and escaped, and its body as it is', async () => {
    const simulator = await startSimulator();
    const values = { subject: 'Your "test" & <scan>', body: '\n# Dear ((name))\n\n**Pat** \n' };
    const reply = await post(simulator, { ...form, personalisation: { ...address, ...values }, reference: 'ref' });
    expect(reply.status).toBe(201);
    const { id } = reply.body as { id: string };
    expect(reply.body).toEqual({
      id,
      reference: 'ref',
      uri: `${simulator.url}/v2/notifications/${id}`,
      scheduled_for: null,
      template: {
        id: letterTemplate,
        version: 1,
        uri: `${simulator.url}/services/2c1a0b6e-5d0f-4f39-9a55-0f6b8f1d7e10/templates/${letterTemplate}`,
      },
      content: { subject: 'Your “test” &amp; &lt;scan&gt;', body: '# Dear ((name))\n\n**Pat**' },
    });
  });

  it('5.5: is read with the lines that were given, its postage, when it should arrive and, once counted, its price', async () => {
    const simulator = await startSimulator(onThursday);
    const given = { ADDRESS_LINE_1: 'Pat Example', 'address-line-1': 'Pat Example', ...address, postcode: 'ls14ap' };
    const id = await sendOnThursday(simulator, 'normal', {
      ...form,
      personalisation: { ...given, address_line_3: 'Flat 1,', subject: 's', body: 'x' },
    });
    expect(await read(simulator, id)).toMatchObject({
      type: 'letter',
      status: 'accepted',
      email_address: null,
      phone_number: null,
      line_1: 'Pat Example',
      line_2: '1 High Street',
      line_3: 'Flat 1,',
      line_4: null,
      line_6: null,
      postcode: 'ls14ap',
      postage: 'second',
      sent_at: null,
      completed_at: null,
      estimated_delivery: '2026-08-28T15:00:00.000000Z',
      is_cost_data_ready: false,
      cost_in_pounds: null,
      cost_details: {},
    });
    await simulator.control.advance(SETTLED_MS);
    expect(await read(simulator, id)).toMatchObject({
      is_cost_data_ready: true,
      cost_in_pounds: 0.56,
      cost_details: { billable_sheets_of_paper: 1, postage: 'second' },
    });
    expect(simulator.control.ledger().messages[0]?.recipient).toBe('Pat Example\n1 High Street\nFlat 1\nLS1 4AP');
  });

  it('other notifications have no estimated delivery, and no lines', async () => {
    const simulator = await startSimulator();
    const { sms } = simulator.templates;
    const sent = await clientOf(simulator).sendSms(sms, '07700900123', { personalisation: { body: 'x' } });
    const { data } = await clientOf(simulator).getNotificationById(sent.data.id);
    expect(data).not.toHaveProperty('estimated_delivery');
    expect(data).toMatchObject({ line_1: null, postcode: null, postage: null });
  });

  it('an address that ends with address_line_7 loses that line when it is read', async () => {
    const simulator = await startSimulator();
    const id = await sendLetter(simulator, { postcode: undefined, address_line_7: 'LS1 4AP' });
    const { data } = await clientOf(simulator).getNotificationById(id);
    expect(data).toMatchObject({ line_2: '1 High Street', postcode: null });
    expect(data).not.toHaveProperty('line_7');
  });

  it('goes abroad with the permission, by the country’s postage, which is that of no template', async () => {
    const permissions = ['letter', 'international_letters'] as const;
    const simulator = await startSimulator({ service: { permissions } });
    const client = clientOf(simulator);
    for (const [country, postage] of [
      ['Deutschland', 'europe'],
      ['Brazil', 'rest-of-world'],
    ]) {
      const id = await sendLetter(simulator, { postcode: undefined, address_line_3: country });
      expect((await client.getNotificationById(id)).data).toMatchObject({ postage });
    }
  });

  it('5.8: the template says how it goes and who writes; the contact block is asked for first', async () => {
    const simulator = await startSimulator();
    await simulator.control.putTemplate(appointment, {
      type: 'letter',
      name: 'Appointment letter',
      subject: 'On ((date))',
      body: 'Dear ((name))',
      postage: 'first',
      letterContactBlock: 'Ward ((ward))\nLeeds',
    });
    expect((await clientOf(simulator).getTemplateById(appointment)).data).toMatchObject({
      type: 'letter',
      postage: 'first',
      letter_contact_block: 'Ward ((ward))\nLeeds',
      personalisation: { ward: { required: true }, date: { required: true }, name: { required: true } },
    });
    const body = { template_id: appointment, personalisation: { ...address } };
    expect(errorsOf(await post(simulator, body))).toEqual([
      'BadRequestError: Missing personalisation: ward, date, name',
    ]);
    const all = { ...address, ward: '3', date: 'Monday', name: 'Pat' };
    const sent = await clientOf(simulator).sendLetter(appointment, { personalisation: all });
    await simulator.control.advance(SETTLED_MS);
    expect(pdfText(await clientOf(simulator).getPdfForLetterNotification(sent.data.id))).toContain('Ward 3');
    expect((await clientOf(simulator).getNotificationById(sent.data.id)).data).toMatchObject({ postage: 'first' });
  });
});

describe('4 and 6: what refuses a letter', () => {
  const permissions = ['sms', 'letter'] as const;

  it.each<[string, object | string, string, Partial<ServiceSettings>?]>([
    ['no JSON', '{', 'BadRequestError: Invalid JSON supplied in POST data'],
    ['no values', { template_id: letterTemplate }, 'ValidationError: personalisation is a required property'],
    [
      'a time',
      { ...form, scheduled_for: null },
      'ValidationError: Additional properties are not allowed (scheduled_for was unexpected)',
    ],
    [
      'a postage',
      { ...form, postage: 'first' },
      'ValidationError: Additional properties are not allowed (postage was unexpected)',
    ],
    [
      'a long reference',
      { ...form, reference: 'r'.repeat(1001) },
      `ValidationError: reference ${'r'.repeat(1001)} is too long`,
    ],
    ['letters off', form, 'BadRequestError: Service is not allowed to send letters', { permissions: ['sms'] }],
    ['no such template', { ...form, template_id: unknown }, 'BadRequestError: Template not found'],
    [
      'the hidden template',
      { ...form, template_id: '0e5a3c7b-9d14-4f68-b2a0-7c6d8e1f4a95' },
      'BadRequestError: Template not found',
    ],
    [
      'a template of texts',
      { ...form, template_id: smsTemplate },
      'BadRequestError: sms template is not suitable for letter notification',
    ],
    [
      'values missing',
      { ...form, personalisation: { ...address, subject: null } },
      'BadRequestError: Missing personalisation: subject, body',
    ],
    [
      'nothing to say',
      { ...form, personalisation: { ...address, subject: 's', body: ' ' } },
      'BadRequestError: Your message is empty.',
    ],
    [
      'a file',
      { ...form, personalisation: { ...address, subject: 's', body: { file: 'YQ==' } } },
      'BadRequestError: Can only send a file by email',
    ],
    [
      'no address',
      { ...form, personalisation: { subject: 's', body: 'x' } },
      'ValidationError: Address must be at least 3 lines',
    ],
    [
      'no postcode',
      { ...form, personalisation: { ...form.personalisation, postcode: 'Leeds' } },
      'ValidationError: Must be a real UK postcode',
    ],
    [
      'no country, with the permission',
      { ...form, personalisation: { ...form.personalisation, postcode: 'Leeds' } },
      'ValidationError: Last line of address must be a real UK postcode or another country',
      { permissions: [...permissions, 'international_letters'] },
    ],
    [
      'a country, without it',
      { ...form, personalisation: { ...form.personalisation, postcode: 'France' } },
      'ValidationError: Must be a real UK postcode',
    ],
    [
      'nobody at home',
      { ...form, personalisation: { ...form.personalisation, address_line_2: 'NFA' } },
      'ValidationError: Must be a real address',
    ],
    ['a PDF without a reference', { content: '' }, 'ValidationError: reference is a required property'],
    [
      'a PDF for abroad',
      { content: '', reference: 'r', postage: 'europe' },
      'ValidationError: postage invalid. It must be either first, second or economy.',
    ],
    [
      'no base64',
      { content: 'abc', reference: 'r' },
      'BadRequestError: Cannot decode letter content (invalid base64 encoding)',
    ],
    [
      'beyond ASCII',
      { content: 'é===', reference: 'r' },
      'BadRequestError: Cannot decode letter content (invalid base64 encoding)',
    ],
    ['a list that holds content', '["content"]', 'ValidationError: [content] is not of type object'],
    ['a number', '5', 'TypeError: Internal server error'],
  ])('%s', async (_, body, error, settings = {}) => {
    const simulator = await startSimulator({ service: { permissions, ...settings } });
    expect(errorsOf(await post(simulator, body))).toEqual([error]);
    expect(simulator.control.ledger().messages).toEqual([]);
  });

  it('16: address lines count in snake_case alone, though fields are found in any spelling', async () => {
    const simulator = await startSimulator();
    const personalisation = { 'address line 1': 'Pat', addressLine2: '1 High Street', postcode: 'LS1 4AP' };
    const body = { template_id: letterTemplate, personalisation: { ...personalisation, Subject: 's', BODY: 'x' } };
    expect(errorsOf(await post(simulator, body))).toEqual(['ValidationError: Address must be at least 3 lines']);
  });

  it('3.1: a code that would be too fine to read, with how long it may be', async () => {
    const simulator = await startSimulator();
    const data = `https://www.nhs.uk/${'x'.repeat(500)}`;
    const reply = await post(simulator, { ...form, personalisation: { ...form.personalisation, body: `QR: ${data}` } });
    const message = 'Cannot create a usable QR code - the link is too long';
    expect(reply).toMatchObject({
      status: 400,
      body: { errors: [{ error: 'ValidationError', message, data, num_bytes: 519, max_bytes: 504 }] },
    });
    const short = { ...form.personalisation, body: 'QR: https://www.nhs.uk/x\n\nqr codes are fine' };
    expect((await post(simulator, { ...form, personalisation: short })).status).toBe(201);
  });

  it.each<[string, boolean, KeyType, string | undefined]>([
    ['a team key', false, 'team', 'BadRequestError: Cannot send letters with a team api key'],
    ['a team key on trial', true, 'team', 'BadRequestError: Cannot send letters with a team api key'],
    ['a live key on trial', true, 'normal', 'BadRequestError: Cannot send letters when service is in trial mode'],
    ['a test key on trial', true, 'test', undefined],
  ])('8.1: %s', async (_, trial, key, error) => {
    const simulator = await startSimulator({ service: { trial } });
    for (const body of [form, precompiled(pdfOf(1))]) {
      const reply = await post(simulator, body, key);
      expect(reply.status).toBe(error === undefined ? 201 : 403);
      if (error !== undefined) expect(errorsOf(reply)).toEqual([error]);
    }
  });

  it('4: template before key before address; before the PDF is decoded too', async () => {
    const simulator = await startSimulator();
    const bad = { ...form, personalisation: { subject: 's', body: 'x' } };
    expect(errorsOf(await post(simulator, { ...bad, template_id: unknown }, 'team'))).toEqual([
      'BadRequestError: Template not found',
    ]);
    expect(errorsOf(await post(simulator, bad, 'team'))).toEqual([expect.stringContaining('team api key')]);
    expect(errorsOf(await post(simulator, { content: 'abc', reference: 'r' }, 'team'))).toEqual([
      expect.stringContaining('team api key'),
    ]);
  });
});

describe('7: limits on letters', () => {
  it('7.1: a letter from a template costs two tokens, a PDF one', async () => {
    const settings = { service: { ratePerMinute: 60 } };
    const first = await startSimulator(settings);
    const second = await startSimulator(settings);
    const sent = { templated: 0, ready: 0 };
    for (let i = 0; i < 22; i += 1) {
      sent.templated += (await post(first, form)).status === 201 ? 1 : 0;
      sent.ready += (await post(second, precompiled(pdfOf(1)))).status === 201 ? 1 : 0;
    }
    expect(sent).toEqual({ templated: 10, ready: 20 });
  });

  it('7.2: the day’s letters are counted apart; a test key counts none, and one that was stopped is given back', async () => {
    const simulator = await startSimulator({
      service: { dailyLimits: { sms: 0, email: 0, international_sms: 0, letter: 2 } },
    });
    const over = ['TooManyRequestsError: Exceeded send limits (letter: 2) for today'];
    await post(simulator, form, 'test');
    const { id } = (await post(simulator, form)).body as { id: string };
    await post(simulator, precompiled(pdfOf(1)));
    expect(errorsOf(await post(simulator, 'nonsense'))).toEqual(over);
    expect(await simulator.control.cancelLetter(id)).toBe(true);
    expect((await post(simulator, form)).status).toBe(201);
    expect(errorsOf(await post(simulator, form))).toEqual(over);
  });

  it('7.2: twenty thousand a day when nothing else is set', async () => {
    const dailyLimits = { sms: 0, email: 0, international_sms: 0 };
    const simulator = await startSimulator({ service: { dailyLimits } });
    expect((await post(simulator, form)).status).toBe(201);
    await simulator.control.addFault({ fault: 'day-limited', channel: 'letter' });
    expect(errorsOf(await post(simulator, form))).toEqual([
      'TooManyRequestsError: Exceeded send limits (letter: 20000) for today',
    ]);
  });
});

describe('5.4: a letter that comes as a PDF', () => {
  it('is answered with id, reference and postage alone, and is no template’s', async () => {
    const simulator = await startSimulator(onThursday);
    const reply = await post(
      simulator,
      precompiled(pdfOf(3), { postage: 'first' }),
      'normal',
      THURSDAY.getTime() / 1000,
    );
    const { id } = reply.body as { id: string };
    expect(reply).toMatchObject({ status: 201 });
    expect(reply.body).toEqual({ id, reference: 'r', postage: 'first' });
    expect(await read(simulator, id)).toMatchObject({
      status: 'pending-virus-check',
      line_1: 'Provided as PDF',
      line_2: null,
      body: '',
      subject: 'Pre-compiled PDF',
      postage: 'first',
      cost_in_pounds: null,
    });
    await simulator.control.advance(SETTLED_MS);
    expect(await read(simulator, id)).toMatchObject({
      status: 'accepted',
      completed_at: null,
      cost_in_pounds: 0.62,
      cost_details: { billable_sheets_of_paper: 2, postage: 'first' },
    });
    const hidden = '/v2/template/0e5a3c7b-9d14-4f68-b2a0-7c6d8e1f4a95';
    const auth = `Bearer ${token({ iat: THURSDAY.getTime() / 1000 })}`;
    expect((await raw(simulator, 'GET', hidden, undefined, auth)).status).toBe(404);
  });

  it('a reference may be of any length', async () => {
    const simulator = await startSimulator();
    expect((await post(simulator, precompiled(pdfOf(1), { reference: 'r'.repeat(5_000) }))).status).toBe(201);
  });

  it.each<[string, Buffer, string, string]>([
    ['eleven pages', pdfOf(11), 'validation-failed', 'YES'],
    ['no PDF', Buffer.from('hello'), 'validation-failed', 'YES'],
    [
      'a virus',
      Buffer.from(['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('')),
      'virus-scan-failed',
      'BadRequestError: File did not pass the virus scan',
    ],
  ])('10.4: %s is taken, and found out later', async (_, pdf, status, asked) => {
    const simulator = await startSimulator();
    const sent = await clientOf(simulator).sendPrecompiledLetter('r', pdf);
    const { id } = sent.data;
    expect(statusOf(simulator, id)).toBe('pending-virus-check');
    await simulator.control.advance(SETTLED_MS);
    const { data } = await clientOf(simulator).getNotificationById(id);
    expect(data).toMatchObject({ status, cost_in_pounds: 0 });
    expect(data.completed_at === null).toBe(status === 'virus-scan-failed');
    const reply = await raw(simulator, 'GET', `/v2/notifications/${id}/pdf`);
    expect(reply.status === 200 ? 'YES' : errorsOf(reply)[0]).toBe(asked);
  });
});

describe('10.4: letters over time', () => {
  const after = (iso: string) => Date.parse(iso) - THURSDAY.getTime();

  it.each<[string, string, string, string]>([
    [
      'on a morning: printed the same evening, with the post the next working day',
      '2026-08-20T10:00:00Z',
      '2026-08-20T16:50:00Z',
      '2026-08-21T14:00:00Z',
    ],
    ['at half past five: still that evening', '2026-08-20T16:30:00Z', '2026-08-20T16:50:00Z', '2026-08-21T14:00:00Z'],
    [
      'a moment later: the next evening, and then after the weekend',
      '2026-08-20T16:30:00.001Z',
      '2026-08-21T16:50:00Z',
      '2026-08-24T14:00:00Z',
    ],
    ['before a bank holiday', '2026-08-28T10:00:00Z', '2026-08-28T16:50:00Z', '2026-09-01T14:00:00Z'],
    ['in winter', '2026-12-24T10:00:00Z', '2026-12-24T17:50:00Z', '2026-12-29T15:00:00Z'],
  ])('a letter accepted %s', async (_, accepted, printed, dispatched) => {
    const simulator = await startSimulator(onThursday);
    const moveTo = (iso: string, more = 0) =>
      simulator.control.advance(Date.parse(iso) + more - Date.parse(simulator.control.state().now));
    await moveTo(accepted);
    const id = await sendOnThursday(simulator);
    await moveTo(printed, -1);
    expect(await read(simulator, id)).toMatchObject({ status: 'accepted', sent_at: null });
    await moveTo(printed);
    const sentAt = printed.replace('Z', '.000000Z');
    expect(await read(simulator, id)).toMatchObject({ status: 'accepted', sent_at: sentAt, completed_at: null });
    await moveTo(dispatched, -1);
    expect(statusOf(simulator, id)).toBe('sending');
    await moveTo(dispatched);
    const completedAt = dispatched.replace('Z', '.000000Z');
    expect(await read(simulator, id)).toMatchObject({ status: 'received', sent_at: sentAt, completed_at: completedAt });
  });

  it('without the calendar, letters are as quick as texts', async () => {
    const simulator = await startSimulator({ timings: { letterCalendar: false } });
    const id = await sendLetter(simulator);
    await simulator.control.advance(SETTLED_MS);
    expect((await clientOf(simulator).getNotificationById(id)).data.status).toBe('received');
  });

  it('8.3: with a test key nobody prints: accepted, then received, and no sheet is billed', async () => {
    const simulator = await startSimulator(onThursday);
    const id = await sendOnThursday(simulator, 'test');
    expect(await read(simulator, id)).toMatchObject({ status: 'accepted', sent_at: null });
    await simulator.control.advance(SETTLED_MS);
    expect(await read(simulator, id)).toMatchObject({
      status: 'received',
      cost_in_pounds: 0,
      cost_details: { billable_sheets_of_paper: 0, postage: 'second' },
    });
    const ready = await sendOnThursday(simulator, 'test', precompiled(pdfOf(1)));
    expect(statusOf(simulator, ready)).toBe('pending-virus-check');
    await simulator.control.advance(SETTLED_MS);
    expect(statusOf(simulator, ready)).toBe('delivered');
  });

  it('more than ten pages: validation-failed, which the PDF shows', async () => {
    const simulator = await startSimulator();
    const body = Array.from({ length: 11 }, (_, n) => `page ${n + 1}`).join('\n\n***\n\n');
    const id = await sendLetter(simulator, { body });
    await simulator.control.advance(SETTLED_MS);
    expect(statusOf(simulator, id)).toBe('validation-failed');
    expect(pdfText(await clientOf(simulator).getPdfForLetterNotification(id))).toContain('page 11');
    expect((await clientOf(simulator).getNotificationById(id)).data).toMatchObject({
      cost_in_pounds: 0,
      completed_at: expect.any(String),
    });
  });

  it('a person may stop a letter until half past five; the PDF stays', async () => {
    const simulator = await startSimulator(onThursday);
    const ids = [await sendOnThursday(simulator), await sendOnThursday(simulator)];
    const [early = '', late = ''] = ids;
    await simulator.control.advance(SETTLED_MS);
    expect(await simulator.control.cancelLetter(early)).toBe(true);
    expect(await simulator.control.cancelLetter(early)).toBe(false);
    expect(await read(simulator, early)).toMatchObject({ status: 'cancelled', cost_in_pounds: 0 });
    await simulator.control.advance(after('2026-08-20T16:30:00Z') - SETTLED_MS);
    expect(await simulator.control.cancelLetter(late)).toBe(false);
    await simulator.control.advance(7 * 24 * HOUR);
    expect(ids.map((id) => statusOf(simulator, id))).toEqual(['cancelled', 'delivered']);
    expect(await simulator.control.cancelLetter(unknown)).toBe(false);
  });

  it('10.5: no letter is timed out; one without its PDF is taken up again, and so is one that was not scanned', async () => {
    const simulator = await startSimulator(onThursday);
    await simulator.control.addFault({ fault: 'outcome', outcome: 'created', count: 1 });
    const stuck = await sendOnThursday(simulator);
    await simulator.control.addFault({ fault: 'outcome', outcome: 'pending-virus-check', count: 1 });
    const unscanned = await sendOnThursday(simulator, 'normal', precompiled(pdfOf(1)));
    await simulator.control.addFault({ fault: 'outcome', outcome: 'sending', count: 1 });
    const printing = await sendOnThursday(simulator);
    await sendOnThursday(simulator);
    await simulator.control.advance(HOUR / 2);
    expect(await simulator.control.perform('requeue')).toBe(0);
    await simulator.control.advance(HOUR);
    // The last letter has its PDF, and only waits for the evening.
    expect(await simulator.control.perform('requeue')).toBe(1);
    await simulator.control.advance(4 * 24 * HOUR);
    expect(await simulator.control.perform('time-out')).toBe(0);
    expect(await simulator.control.perform('requeue')).toBe(0);
    expect(await simulator.control.perform('rescan')).toBe(1);
    await simulator.control.advance(7 * 24 * HOUR);
    expect([stuck, unscanned, printing].map((id) => statusOf(simulator, id))).toEqual([
      'delivered',
      'delivered',
      'sending',
    ]);
  });

  it('12.1: the purge leaves letters that are under way, with what belongs to them, and takes the others’', async () => {
    const simulator = await startSimulator(onThursday);
    const done = await sendOnThursday(simulator);
    await simulator.control.addFault({ fault: 'outcome', outcome: 'sending', count: 1 });
    const printing = await sendOnThursday(simulator);
    await simulator.control.advance(9 * 24 * HOUR);
    expect(await simulator.control.perform('purge')).toBe(1);
    expect(simulator.control.ledger().messages.map(({ id }) => id)).toEqual([printing]);
    expect(await read(simulator, printing)).toMatchObject({ line_1: 'Pat Example' });
    expect((await fetch(`${simulator.url}/page/letters/${printing}.pdf`)).status).toBe(200);
    expect((await fetch(`${simulator.url}/page/letters/${done}.pdf`)).status).toBe(404);
  });

  it('5.6: lists find letters by kind and status; one that came back is received, but not found as such', async () => {
    const simulator = await startSimulator();
    const received = await sendLetter(simulator);
    const back = await sendLetter(simulator);
    await simulator.control.advance(7 * 24 * HOUR);
    expect(await simulator.control.returnLetter(back)).toBe(true);
    const accepted = await sendLetter(simulator);
    const failed = (await clientOf(simulator).sendPrecompiledLetter('r', 'no PDF')).data.id;
    await simulator.control.advance(SETTLED_MS);
    const list = async (status?: string) => {
      const { data } = await clientOf(simulator).getNotifications('letter', status);
      return data.notifications.map((one: { id: string; status: string }) => [one.id, one.status]);
    };
    expect(await list('accepted')).toEqual([[accepted, 'accepted']]);
    expect(await list('received')).toEqual([[received, 'received']]);
    expect(await list('returned-letter')).toEqual([[back, 'received']]);
    expect(await list('failed')).toEqual([
      [failed, 'validation-failed'],
      [back, 'received'],
    ]);
    expect(await list()).toHaveLength(4);
  });
});

describe('5.7: the PDF of a letter', () => {
  it('is not there yet, then is what was printed, then is what was sent', async () => {
    const simulator = await startSimulator();
    const client = clientOf(simulator);
    const id = await sendLetter(simulator, { body: 'Dear Pat,\n\n* one' });
    const early = await raw(simulator, 'GET', `/v2/notifications/${id}/pdf`);
    expect(early.status).toBe(400);
    expect(errorsOf(early)).toEqual(['PDFNotReadyError: PDF not available yet, try again later']);
    await simulator.control.advance(SETTLED_MS);
    const text = pdfText(await client.getPdfForLetterNotification(id));
    expect(text).toEqual(expect.arrayContaining(['Pat Example', 'LS1 4AP', 'Your appointment', 'Dear Pat,', 'one']));
    const pdf = pdfOf(2);
    const ready = (await client.sendPrecompiledLetter('r', pdf)).data.id;
    expect(errorsOf(await raw(simulator, 'GET', `/v2/notifications/${ready}/pdf`))).toEqual([
      'PDFNotReadyError: PDF not available yet, try again later',
    ]);
    await simulator.control.advance(SETTLED_MS);
    expect((await client.getPdfForLetterNotification(ready)).equals(pdf)).toBe(true);
    const reply = await raw(simulator, 'GET', `/v2/notifications/${ready}/pdf`);
    expect(reply.headers.get('content-type')).toBe('application/pdf');
  });

  it('is refused for what is none, is not there, or has failed', async () => {
    const simulator = await startSimulator();
    const ask = async (id: string) => errorsOf(await raw(simulator, 'GET', `/v2/notifications/${id}/pdf`));
    await simulator.control.addFault({ fault: 'outcome', outcome: 'technical-failure' });
    const failed = await sendLetter(simulator);
    await simulator.control.advance(7 * 24 * HOUR);
    expect(await ask(failed)).toEqual(['BadRequestError: PDF not available for letters in status technical-failure']);
    expect(await ask(unknown)).toEqual(['NoResultFound: No result found']);
    expect(await ask('x')).toEqual(['ValidationError: notification_id is not a valid UUID']);
  });
});
