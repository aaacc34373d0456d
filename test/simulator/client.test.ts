import { describe, expect, it } from 'vitest';
import { clientOf, SETTLED_MS, sendText, startSimulator } from './support.ts';

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
    expect(names).toEqual(['Appointment letter by email', 'Appointment reminder', 'Email', 'Text']);
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
      html: expect.stringContaining('a &#60;b&#62;'),
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

  it('the methods for letters are told that the service may not send them', async () => {
    const simulator = await startSimulator();
    const client = clientOf(simulator);
    const refused = {
      response: {
        status: 400,
        data: {
          status_code: 400,
          errors: [{ error: 'BadRequestError', message: 'Service is not allowed to send letters' }],
        },
      },
    };
    const address = { address_line_1: 'Pat', address_line_2: '1 High Street', postcode: 'SW1A 1AA' };
    await expect(client.sendLetter(simulator.templates.sms, { personalisation: address })).rejects.toMatchObject(
      refused,
    );
    await expect(client.sendPrecompiledLetter('ref', Buffer.from('%PDF'))).rejects.toMatchObject(refused);
    const id = await sendText(simulator);
    await expect(client.getPdfForLetterNotification(id)).rejects.toMatchObject({
      response: {
        status: 400,
        data: { errors: [{ error: 'BadRequestError', message: 'Notification is not a letter' }] },
      },
    });
  });
});
