import { describe, expect, it } from 'vitest';
import type { ServiceSettings } from '../../src/simulator/settings.ts';
import { apiKeys } from '../../src/simulator/settings.ts';
import { errorsOf, raw, startSimulator, token } from './support.ts';

const reminder = 'd90c5b7e-62a1-4f3d-9e84-1b7f0a3c6e25';
const sms = '3f6d1c9a-7b42-4e58-8d0f-2a9c5e7b1d34';
const email = 'a4e8b2d6-1f03-4c97-b5a6-7e0d9c3f2b81';
const unknown = '11111111-1111-4111-8111-111111111111';
const service = '2c1a0b6e-5d0f-4f39-9a55-0f6b8f1d7e10';
const text = { phone_number: '07700900123', template_id: sms, personalisation: { body: 'x' } };
const mail = { email_address: 'pat@example.org', template_id: email, personalisation: { subject: 's', body: 'x' } };

describe('4 and 6: what refuses a message', () => {
  it.each<[string, 'sms' | 'email', string | object, string, Partial<ServiceSettings>?]>([
    ['an empty body', 'sms', '', 'Invalid JSON supplied in POST data'],
    ['no JSON', 'sms', '{', 'Invalid JSON supplied in POST data'],
    ['texts off', 'sms', text, 'Service is not allowed to send text messages', { permissions: ['email'] }],
    ['emails off', 'email', mail, 'Service is not allowed to send emails', { permissions: ['sms'] }],
    ['no such template', 'sms', { ...text, template_id: unknown }, 'Template not found'],
    [
      'a template of emails',
      'sms',
      { ...text, template_id: email },
      'email template is not suitable for sms notification',
    ],
    [
      'a template of texts',
      'email',
      { ...mail, template_id: sms },
      'sms template is not suitable for email notification',
    ],
    [
      'values missing',
      'sms',
      { ...text, template_id: reminder, personalisation: { Date: 'x', time: null } },
      'Missing personalisation: clinic, time, bring',
    ],
    ['no values', 'email', { ...mail, personalisation: undefined }, 'Missing personalisation: subject, body'],
    ['nothing left', 'sms', { ...text, personalisation: { body: ' \u200b\n' } }, 'Your message is empty.'],
    [
      'nothing left of an email',
      'email',
      { ...mail, personalisation: { subject: 's', body: ' ' } },
      'Your message is empty.',
    ],
    [
      'a file in a text',
      'sms',
      { ...text, personalisation: { body: { file: 'YQ==' } } },
      'Can only send a file by email',
    ],
    [
      'no such sender',
      'sms',
      { ...text, sms_sender_id: unknown },
      `sms_sender_id ${unknown} does not exist in database for service id ${service}`,
    ],
    [
      'no such reply-to',
      'email',
      { ...mail, email_reply_to_id: unknown },
      `email_reply_to_id ${unknown} does not exist in database for service id ${service}`,
    ],
    [
      'a foreign number',
      'sms',
      { ...text, phone_number: '+14155552671' },
      'Cannot send to international mobile numbers',
    ],
    [
      'one digit too many',
      'sms',
      { ...text, phone_number: '079009001234' },
      'Cannot send to international mobile numbers',
    ],
    [
      '919 characters',
      'sms',
      { ...text, personalisation: { body: '€'.repeat(919) } },
      'Your message is too long. Text messages cannot be longer than 918 characters. Your message is 919 characters long.',
    ],
    [
      'too many bytes',
      'email',
      { ...mail, personalisation: { subject: 's', body: 'é'.repeat(1_000_001) } },
      'Your message is too long. Emails cannot be longer than 2000000 bytes. Your message is 2000002 bytes.',
    ],
    [
      'files not set up',
      'email',
      { ...mail, personalisation: { subject: 's', body: { file: 'YQ==' } } },
      `Send files by email has not been set up - add contact details for your service at https://www.notifications.service.gov.uk/services/${service}/service-settings/send-files-by-email`,
      { contactLink: null },
    ],
  ])('%s', async (_, channel, body, message, settings = {}) => {
    const simulator = await startSimulator({ service: settings });
    const reply = await raw(simulator, 'POST', `/v2/notifications/${channel}`, body);
    expect(reply.status).toBe(400);
    expect(reply.body).toEqual({ status_code: 400, errors: [{ error: 'BadRequestError', message }] });
    expect(simulator.control.ledger().messages).toEqual([]);
  });

  it('a UK landline, without the permission and with it', async () => {
    const simulator = await startSimulator();
    const body = { ...text, phone_number: '020 7946 0958' };
    const refused = await raw(simulator, 'POST', '/v2/notifications/sms', body);
    expect(errorsOf(refused)).toEqual(['InvalidPhoneError: Not a UK mobile number']);
    await simulator.control.changeService({ permissions: ['sms', 'sms_to_uk_landlines'] });
    expect((await raw(simulator, 'POST', '/v2/notifications/sms', body)).status).toBe(201);
  });

  it('918 euros go out', async () => {
    const simulator = await startSimulator();
    const body = { ...text, personalisation: { body: '€'.repeat(918) } };
    expect((await raw(simulator, 'POST', '/v2/notifications/sms', body)).status).toBe(201);
  });

  it('a template that was deleted cannot be sent, but read and previewed', async () => {
    const simulator = await startSimulator();
    const content = { type: 'sms', name: 'Text', subject: null, body: 'new ((body))', archived: true } as const;
    expect(await simulator.control.putTemplate(sms, content)).toBe(2);
    expect(errorsOf(await raw(simulator, 'POST', '/v2/notifications/sms', text))).toEqual([
      'BadRequestError: Template has been deleted',
    ]);
    expect(await raw(simulator, 'GET', `/v2/template/${sms}`)).toMatchObject({
      status: 200,
      body: { version: 2, updated_at: expect.any(String) },
    });
    expect((await raw(simulator, 'GET', `/v2/template/${sms}/version/1`)).body).toMatchObject({ body: '((body))' });
    expect((await raw(simulator, 'GET', `/v2/template/${sms}/version/0`)).body).toMatchObject({ version: 2 });
    expect((await raw(simulator, 'GET', `/v2/template/${sms}/version/9`)).status).toBe(404);
    expect((await raw(simulator, 'GET', `/v2/template/${sms}/version/x`)).body).toMatchObject({ result: 'error' });
    const preview = await raw(simulator, 'POST', `/v2/template/${sms}/preview`, { personalisation: { body: 'x' } });
    expect(preview.body).toMatchObject({ body: 'new x', version: 2 });
    const listed = await raw(simulator, 'GET', '/v2/templates?type=sms');
    expect(listed.body).toMatchObject({ templates: [{ id: reminder }] });
  });
});

describe('4: the order of the checks', () => {
  const fetchErrors = async (settings: Partial<ServiceSettings>, body: string | object, auth?: string) => {
    const simulator = await startSimulator({ service: settings });
    return errorsOf(await raw(simulator, 'POST', '/v2/notifications/sms', body, auth));
  };
  const noTokens = { ratePerMinute: 1, dailyLimits: { sms: 0, email: 0, international_sms: 0 } };

  it('limits before the body: a limited caller sees 429 even for nonsense', async () => {
    const simulator = await startSimulator({ service: noTokens });
    expect(errorsOf(await raw(simulator, 'POST', '/v2/notifications/sms', 'x'))).toEqual([
      'TooManyRequestsError: Exceeded send limits (sms: 0) for today',
    ]);
    expect(errorsOf(await raw(simulator, 'POST', '/v2/notifications/sms', 'x'))).toEqual([
      'RateLimitError: Exceeded rate limit for key type LIVE of 1 requests per 60 seconds',
    ]);
    expect((await raw(simulator, 'POST', '/v2/notifications/sms', 'x', 'Bearer x')).status).toBe(403);
  });

  it('JSON before schema before permission before template before sender before recipient before length', async () => {
    const off = { permissions: [] };
    expect(await fetchErrors(off, 'x')).toEqual(['BadRequestError: Invalid JSON supplied in POST data']);
    expect(await fetchErrors(off, { ...text, template_id: 1 })).toEqual([
      'ValidationError: template_id is not a valid UUID',
    ]);
    expect(await fetchErrors(off, { ...text, template_id: unknown })).toEqual([
      'BadRequestError: Service is not allowed to send text messages',
    ]);
    const wrong = { ...text, sms_sender_id: unknown, phone_number: '+14155552671' };
    expect(await fetchErrors({}, { ...wrong, template_id: unknown })).toEqual(['BadRequestError: Template not found']);
    expect(await fetchErrors({}, wrong)).toEqual([expect.stringContaining('sms_sender_id')]);
    const abroad = { ...text, phone_number: '+14155552671', personalisation: { body: 'x'.repeat(919) } };
    expect(await fetchErrors({ trial: true }, abroad)).toEqual([expect.stringContaining('trial mode')]);
    expect(await fetchErrors({}, abroad)).toEqual(['BadRequestError: Cannot send to international mobile numbers']);
  });

  it('an unknown channel is not found in the shape of routing, after the body was read', async () => {
    const simulator = await startSimulator();
    const path = '/v2/notifications/pigeon';
    expect((await raw(simulator, 'POST', path, 'x')).body).toMatchObject({ status_code: 400 });
    expect(await raw(simulator, 'POST', path, {})).toMatchObject({ status: 404, body: { result: 'error' } });
  });

  it('bodies are JSON whatever the media type says', async () => {
    const simulator = await startSimulator();
    const response = await fetch(`${simulator.url}/v2/notifications/sms`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token()}`, 'content-type': 'text/plain' },
      body: JSON.stringify(text),
      signal: AbortSignal.timeout(10_000),
    });
    expect(response.status).toBe(201);
  });

  it('answers carry Notify’s headers, and keys in alphabetical order', async () => {
    const simulator = await startSimulator();
    const { headers, body } = await raw(simulator, 'POST', '/v2/notifications/sms', text);
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.get('x-b3-traceid')).toMatch(/^[0-9a-f]{16}$/);
    expect(headers.get('retry-after')).toBeNull();
    expect(Object.keys(body as object)).toEqual(['content', 'id', 'reference', 'scheduled_for', 'template', 'uri']);
  });
});

describe('8.1: who may be sent to', () => {
  const trial =
    'BadRequestError: Can’t send to this recipient when service is in trial mode – see https://www.notifications.service.gov.uk/trial-mode';
  const team = 'BadRequestError: Can’t send to this recipient using a team-only API key';

  it.each<[string, boolean, keyof typeof apiKeys, object, string | undefined]>([
    ['trial, live key, stranger', true, 'normal', text, trial],
    ['trial, live key, guest', true, 'normal', { ...text, phone_number: '+447700900802' }, undefined],
    ['trial, team key, stranger', true, 'team', text, team],
    ['trial, team key, team', true, 'team', { ...text, phone_number: '07700900801' }, undefined],
    ['trial, test key, stranger', true, 'test', text, undefined],
    ['live, team key, stranger', false, 'team', text, team],
    ['live, live key, stranger', false, 'normal', text, undefined],
    ['a smoke test with a team key', false, 'team', { ...text, phone_number: '07700900000' }, team],
  ])('%s', async (_, isTrial, key, body, refused) => {
    const simulator = await startSimulator({ service: { trial: isTrial } });
    const auth = `Bearer ${token({}, apiKeys[key].secret)}`;
    const reply = await raw(simulator, 'POST', '/v2/notifications/sms', body, auth);
    expect(reply.status === 201 ? undefined : errorsOf(reply)[0]).toBe(refused);
  });

  it('emails are compared in lower case', async () => {
    const simulator = await startSimulator({ service: { trial: true } });
    const body = { ...mail, email_address: 'GUEST@Example.org' };
    expect((await raw(simulator, 'POST', '/v2/notifications/email', body)).status).toBe(201);
  });
});

describe('8.2: smoke-test recipients', () => {
  it.each([
    '07700900000',
    '+44 7700 900111',
    '07700900222',
    'Simulate-Delivered@notifications.service.gov.uk',
    'simulate-delivered-3@notifications.service.gov.uk',
  ])('%s is answered and never stored', async (to) => {
    const simulator = await startSimulator();
    const isEmail = to.includes('@');
    const body = isEmail ? { ...mail, email_address: to } : { ...text, phone_number: to };
    const reply = await raw(simulator, 'POST', `/v2/notifications/${isEmail ? 'email' : 'sms'}`, {
      ...body,
      reference: 'smoke',
    });
    expect(reply.status).toBe(201);
    const { id } = reply.body as { id: string };
    expect((await raw(simulator, 'GET', `/v2/notifications/${id}`)).status).toBe(404);
    expect((await raw(simulator, 'GET', '/v2/notifications?reference=smoke')).body).toMatchObject({
      notifications: [],
    });
    expect(simulator.control.state().stepsWaiting).toBe(0);
  });

  it('still passes every check before it', async () => {
    const simulator = await startSimulator();
    const body = { ...text, phone_number: '07700900000', personalisation: {} };
    expect((await raw(simulator, 'POST', '/v2/notifications/sms', body)).status).toBe(400);
  });
});

describe('14.3: the service-name prefix', () => {
  it('bills but is never shown', async () => {
    const simulator = await startSimulator({ service: { prefixSms: true } });
    const body = { ...text, personalisation: { body: 'x'.repeat(150) } };
    const reply = await raw(simulator, 'POST', '/v2/notifications/sms', body);
    await simulator.control.advance(1_000);
    const { id } = reply.body as { id: string };
    expect((await raw(simulator, 'GET', `/v2/notifications/${id}`)).body).toMatchObject({
      body: 'x'.repeat(150),
      cost_details: { billable_sms_fragments: 2 },
    });
  });
});
