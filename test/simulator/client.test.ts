import { readFileSync } from 'node:fs';
import { NotifyClient } from 'notifications-node-client';
import { describe, expect, it } from 'vitest';
import { address, clientOf, pdfText, SETTLED_MS, sendText, startSimulator } from './support.ts';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

describe('the official client', () => {
  it('5.1: sendSms answers the text as it goes out, and getNotificationById as it went', async () => {
    const simulator = await startSimulator();
    const client = clientOf(simulator);
    const sent = await client.sendSms(simulator.templates.sms, ' 07700 900123 ', {
      personalisation: { body: 'Hello — “you” ,  ŵ 👍' },
      reference: 'ref-1',
    });
    expect(sent.status).toBe(201);
    const { id } = sent.data;
    expect(id).toMatch(uuid);
    const template = { id: simulator.templates.sms, version: 1 };
    expect(sent.data).toEqual({
      id,
      reference: 'ref-1',
      scheduled_for: null,
      uri: `${simulator.url}/v2/notifications/${id}`,
      template: {
        ...template,
        uri: `${simulator.url}/services/2c1a0b6e-5d0f-4f39-9a55-0f6b8f1d7e10/templates/${template.id}`,
      },
      content: { body: 'Hello - "you", ŵ ?', from_number: 'ExampleNHS' },
    });
    await simulator.control.advance(SETTLED_MS);
    const { data } = await client.getNotificationById(id);
    expect(data).toEqual({
      id,
      reference: 'ref-1',
      type: 'sms',
      status: 'delivered',
      body: 'Hello - "you", ŵ ?',
      subject: null,
      phone_number: '07700 900123',
      email_address: null,
      line_1: null,
      line_2: null,
      line_3: null,
      line_4: null,
      line_5: null,
      line_6: null,
      postcode: null,
      postage: null,
      template: { ...template, uri: `${simulator.url}/v2/template/${template.id}/version/1` },
      created_at: expect.stringMatching(time),
      sent_at: expect.stringMatching(time),
      completed_at: expect.stringMatching(time),
      scheduled_for: null,
      created_by_name: null,
      one_click_unsubscribe_url: null,
      is_cost_data_ready: true,
      cost_in_pounds: 0.0227,
      cost_details: { billable_sms_fragments: 1, international_rate_multiplier: 1, sms_rate: 0.0227 },
    });
  });

  it('5.2: sendEmail answers subject, body, sender, unsubscribe address and what was sanitised', async () => {
    const simulator = await startSimulator();
    const client = clientOf(simulator);
    const sent = await client.sendEmail(simulator.templates.email, 'Pat@Example.org', {
      personalisation: { subject: 'Your "new" clinic - today', body: 'Dear *Pat*, see nhs.uk and https://x.example/a' },
      reference: 'ref-2',
      emailReplyToId: '5b8e1d3f-7a64-4f0e-9c2b-1d6a8e7f3b90',
      oneClickUnsubscribeURL: 'https://example.org/stop',
      sanitiseContentFor: ['Body'],
    });
    expect(sent.data.content).toEqual({
      subject: 'Your “new” clinic – today',
      body: 'Dear \\*Pat\\*, see nhs\\. uk and',
      from_email: 'example.nhs.trust@notifications.service.gov.uk',
      one_click_unsubscribe_url: 'https://example.org/stop',
    });
    expect(sent.data.sanitised_content).toEqual({
      body: {
        unsanitised: 'Dear *Pat*, see nhs.uk and https://x.example/a',
        sanitised: 'Dear \\*Pat\\*, see nhs\\. uk and ',
      },
    });
    const { data } = await client.getNotificationById(sent.data.id);
    expect(data).toMatchObject({
      status: 'created',
      sent_at: null,
      completed_at: null,
      email_address: 'Pat@Example.org',
      phone_number: null,
      subject: 'Your “new” clinic – today',
      one_click_unsubscribe_url: 'https://example.org/stop',
      is_cost_data_ready: true,
      cost_in_pounds: 0,
      cost_details: {},
    });
  });

  it('9.5: prepareUpload sends a file, which becomes a link', async () => {
    const simulator = await startSimulator();
    const client = clientOf(simulator);
    const file = client.prepareUpload(Buffer.from('a,b'), { filename: 'list.csv' });
    const sent = await client.sendEmail(simulator.templates.email, 'pat@example.org', {
      personalisation: { subject: 'A file', body: file },
    });
    expect(sent.data.content.body).toMatch(/^https:\/\/documents\.service\.gov\.uk\/d\/\S+\?key=\S+$/);
  });

  it('5.6: getNotifications finds by type, status and reference', async () => {
    const simulator = await startSimulator();
    const client = clientOf(simulator);
    const id = await sendText(simulator, '07700900123', { reference: 'a/b c' });
    await sendText(simulator);
    const { data } = await client.getNotifications('sms', 'created', 'a/b c');
    expect(data.notifications.map((one: { id: string }) => one.id)).toEqual([id]);
    expect((await client.getNotifications('email')).data.notifications).toEqual([]);
  });

  it('5.8: getTemplateById, getTemplateByIdAndVersion and getAllTemplates', async () => {
    const simulator = await startSimulator();
    const client = clientOf(simulator);
    const id = simulator.templates.email;
    const template = (await client.getTemplateById(id)).data;
    expect(template).toEqual({
      id,
      type: 'email',
      name: 'Email',
      version: 1,
      subject: '((subject))',
      body: '((body))',
      created_at: expect.stringMatching(time),
      updated_at: null,
      created_by: 'simulator@example.org',
      postage: null,
      letter_contact_block: null,
      personalisation: { subject: { required: true }, body: { required: true } },
    });
    expect((await client.getTemplateByIdAndVersion(id, 1)).data).toEqual(template);
    const names = (await client.getAllTemplates()).data.templates.map((one: { name: string }) => one.name);
    expect(names).toEqual([
      ...['Appointment letter', 'Appointment letter by email', 'Appointment reminder'],
      ...['Email', 'Letter', 'Text'],
    ]);
    expect((await client.getAllTemplates('sms')).data.templates).toHaveLength(2);
  });

  it('5.9: previewTemplateById fills a template in without sending', async () => {
    const simulator = await startSimulator();
    const client = clientOf(simulator);
    const text = await client.previewTemplateById(simulator.templates.sms, { body: ' Hello … ' });
    expect(text.status).toBe(200);
    expect(text.data).toEqual({
      id: simulator.templates.sms,
      type: 'sms',
      version: 1,
      body: 'Hello ...',
      html: null,
      subject: null,
      postage: null,
    });
    const email = await client.previewTemplateById(simulator.templates.email, { subject: 'S', body: 'a <b>\n\nc' });
    expect(email.data).toMatchObject({
      subject: 'S',
      body: 'a <b>\n\nc',
      html: expect.stringMatching(/^<p style="[^"]+">a &lt;b&gt;<\/p><p style="[^"]+">c<\/p>$/),
      postage: null,
    });
    const values = { subject: 'S & T', body: 'a' };
    const letter = await client.previewTemplateById(simulator.templates.letter, values);
    expect(letter.data).toEqual({
      id: simulator.templates.letter,
      type: 'letter',
      version: 1,
      body: 'a',
      html: null,
      subject: 'S &amp; T',
      postage: 'second',
    });
    await expect(client.previewTemplateById(simulator.templates.letter)).rejects.toMatchObject({
      response: { data: { errors: [{ message: 'Missing personalisation: subject, body' }] } },
    });
    expect(simulator.control.ledger().messages).toEqual([]);
  });

  it('5.10: getReceivedTexts lists what phones sent, newest first', async () => {
    const simulator = await startSimulator();
    const client = clientOf(simulator);
    expect((await client.getReceivedTexts()).data).toEqual({
      received_text_messages: [],
      links: { current: `${simulator.url}/v2/received-text-messages` },
    });
    const first = await simulator.control.receiveText('07700 900123', 'STOP');
    await simulator.control.advance(1);
    await simulator.control.receiveText('07700 900124', 'Hello');
    const { data } = await client.getReceivedTexts();
    expect(data.received_text_messages.map((one: { content: string }) => one.content)).toEqual(['Hello', 'STOP']);
    expect(data.received_text_messages[1]).toEqual({
      id: first,
      user_number: '447700900123',
      notify_number: 'ExampleNHS',
      service_id: '2c1a0b6e-5d0f-4f39-9a55-0f6b8f1d7e10',
      content: 'STOP',
      created_at: expect.stringMatching(time),
    });
    const older = await client.getReceivedTexts(data.received_text_messages[0]?.id);
    expect(older.data.received_text_messages.map((one: { id: string }) => one.id)).toEqual([first]);
  });

  it('5.3, 5.5 and 5.7: sendLetter, and getPdfForLetterNotification', async () => {
    const simulator = await startSimulator();
    const client = clientOf(simulator);
    const personalisation = { ...address, subject: 'Your appointment', body: 'Dear Pat' };
    const sent = await client.sendLetter(simulator.templates.letter, { personalisation, reference: 'ref-3' });
    expect(sent.data).toMatchObject({
      id: expect.stringMatching(uuid),
      reference: 'ref-3',
      content: { subject: 'Your appointment', body: 'Dear Pat' },
    });
    expect((await client.getNotificationById(sent.data.id)).data).toMatchObject({
      type: 'letter',
      status: 'accepted',
      line_1: 'Pat Example',
      postcode: 'LS1 4AP',
      estimated_delivery: expect.stringMatching(time),
    });
    await expect(client.getPdfForLetterNotification(sent.data.id)).rejects.toMatchObject({
      response: { status: 400, data: { errors: [{ error: 'PDFNotReadyError' }] } },
    });
    await simulator.control.advance(SETTLED_MS);
    const pdf = await client.getPdfForLetterNotification(sent.data.id);
    expect(pdfText(pdf)).toEqual(expect.arrayContaining(['Pat Example', 'LS1 4AP', 'Dear Pat']));
    const text = await sendText(simulator);
    await expect(client.getPdfForLetterNotification(text)).rejects.toMatchObject({
      response: { data: { errors: [{ error: 'BadRequestError', message: 'Notification is not a letter' }] } },
    });
  });

  it('5.4: sendPrecompiledLetter, whose own limit is 5 MB', async () => {
    const simulator = await startSimulator();
    const client = clientOf(simulator);
    const sent = await client.sendPrecompiledLetter('ref-4', Buffer.from('%PDF'), 'economy');
    expect(sent.data).toEqual({ id: expect.stringMatching(uuid), reference: 'ref-4', postage: 'economy' });
    expect((await client.getNotifications('letter')).data.notifications).toMatchObject([{ id: sent.data.id }]);
    await expect(client.sendPrecompiledLetter('r', Buffer.from('%PDF'), 'europe')).rejects.toMatchObject({
      response: {
        data: { errors: [{ message: 'postage invalid. It must be either first, second or economy.' }] },
      },
    });
    const large = Buffer.alloc(5 * 1024 * 1024);
    expect((await client.sendPrecompiledLetter('ref-5', large)).status).toBe(201);
    expect(() => client.sendPrecompiledLetter('r', Buffer.alloc(large.length + 1))).toThrow('File is larger than 5MB.');
  });

  it('17.3: setProxy and setClient change how it asks, not what', async () => {
    const simulator = await startSimulator();
    const client = clientOf(simulator);
    const { port } = new URL(simulator.url);
    client.setProxy({ host: '127.0.0.1', port: Number(port), protocol: 'http' });
    expect((await client.getAllTemplates()).status).toBe(200);
    const asked: unknown[] = [];
    const ask = (config: { url: string; method: string }) => {
      asked.push([config.method, config.url]);
      return Promise.resolve({ data: 'mine' });
    };
    client.setClient(ask as unknown as Parameters<NotifyClient['setClient']>[0]);
    expect((await client.getAllTemplates()).data).toBe('mine');
    expect(asked).toEqual([['get', `${simulator.url}/v2/templates`]]);
  });

  it('17.3: every method is driven by this file', () => {
    const methods = Object.keys(NotifyClient.prototype);
    expect(methods.length).toBeGreaterThan(12);
    const source = readFileSync(new URL(import.meta.url), 'utf8');
    expect(methods.filter((name) => !source.includes(`client.${name}(`))).toEqual([]);
  });
});
