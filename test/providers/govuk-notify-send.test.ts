import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { classifySend } from '../../src/providers/notify-answers.ts';
import type { SendResult } from '../../src/providers/provider.ts';
import {
  created,
  EMAIL_TEMPLATE,
  type Reply,
  SMS_TEMPLATE,
  type StubNotify,
  startStubNotify,
  template,
  v2Error,
} from '../support/stub-notify.ts';
import { always, email, keepingLog, notifyAt, text } from './support.ts';

const SMS = 'POST /v2/notifications/sms';
const EMAIL = 'POST /v2/notifications/email';
const TEMPLATES = 'GET /v2/templates';

let stub: StubNotify;
beforeEach(async () => {
  stub = await startStubNotify();
});
afterEach(() => stub.close());

describe('contract 3.1: our text goes through a template that adds nothing', () => {
  it('sends a text as the body of the text template, under our reference', async () => {
    const message = text();
    const result = await notifyAt(stub.url).send(message, always);
    expect(stub.seen(SMS).map(({ body }) => body)).toEqual([
      {
        phone_number: message.to,
        template_id: SMS_TEMPLATE,
        personalisation: { body: message.text },
        reference: message.reference,
      },
    ]);
    expect(result).toEqual({
      kind: 'accepted',
      notification: {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        reference: message.reference,
        status: 'created',
        body: message.text,
        subject: undefined,
        templateUri: `${stub.url}/v2/template/${SMS_TEMPLATE}/version/3`,
        templateVersion: 3,
        sentAt: undefined,
        completedAt: undefined,
      },
    });
  });

  it('sends an email with its subject line, and "created" is an acceptance', async () => {
    const message = email();
    const result = await notifyAt(stub.url).send(message, always);
    expect(stub.seen(EMAIL)[0]?.body).toMatchObject({
      email_address: message.to,
      template_id: EMAIL_TEMPLATE,
      personalisation: { subject: 'Your visit', body: message.text },
    });
    expect(result).toMatchObject({ kind: 'accepted', notification: { status: 'created', subject: 'Your visit' } });
  });

  it('an email without a subject line is refused here', async () => {
    const result = await notifyAt(stub.url).send(text({ channel: 'email' }), always);
    expect(result).toEqual({ kind: 'rejected', code: 'content' });
    expect(stub.requests).toEqual([]);
  });

  it('a message without a reference is not sent: it could never be found again', async () => {
    expect(await notifyAt(stub.url).send(text({ reference: '' }), always)).toMatchObject({ kind: 'misconfigured' });
    expect(stub.requests).toEqual([]);
  });

  it('lists the templates once, however many messages go at the same time', async () => {
    const notify = notifyAt(stub.url);
    const results = await Promise.all(Array.from({ length: 8 }, () => notify.send(text(), always)));
    await notify.send(email(), always);
    expect(new Set(results.map(({ kind }) => kind))).toEqual(new Set(['accepted']));
    expect(stub.seen(TEMPLATES)).toHaveLength(1);
  });

  it('without such a template an operator must act, and one made later is found', async () => {
    stub.templates = [
      template({ type: 'sms', body: 'Hello ((body))' }),
      template({ type: 'sms', body: '((body??x))' }),
    ];
    const notify = notifyAt(stub.url);
    expect(await notify.send(text(), always)).toEqual({ kind: 'misconfigured', code: 'no-pass-through-template' });
    expect(stub.seen(SMS)).toEqual([]);
    stub.templates = [template({ type: 'sms', body: '((body))' })];
    expect(await notify.send(text(), always)).toMatchObject({ kind: 'accepted' });
  });

  it.each(['Template not found', 'Template has been deleted', 'Missing personalisation: name'])(
    'after "%s" another pass-through template is looked for and used',
    async (complaint) => {
      const notify = notifyAt(stub.url);
      await notify.send(text(), always);
      const replacement = template({ type: 'sms', body: '((body))' });
      stub.templates = [replacement];
      stub.script(SMS, v2Error(400, ['BadRequestError', complaint]));
      expect(await notify.send(text(), always)).toMatchObject({ kind: 'accepted' });
      expect(stub.seen(SMS).at(-1)?.body.template_id).toBe(replacement.id);
      expect(stub.seen(TEMPLATES)).toHaveLength(2);
    },
  );

  it('a template that is refused and still listed is not tried twice', async () => {
    stub.script(SMS, v2Error(400, ['BadRequestError', 'Template not found']));
    expect(await notifyAt(stub.url).send(text(), always)).toEqual({ kind: 'misconfigured', code: 'template' });
    expect(stub.seen(SMS)).toHaveLength(1);
  });

  it('an edited template is looked at again before the next message', async () => {
    const notify = notifyAt(stub.url);
    await notify.send(text(), always);
    stub.templates = [template({ id: SMS_TEMPLATE, version: 4, type: 'sms', body: 'Now with words. ((body))' })];
    const message = text();
    const edited = { template: { id: SMS_TEMPLATE, version: 4 }, content: { body: 'Now with words.' } };
    stub.script(SMS, created({ body: { reference: message.reference, personalisation: {} } }, edited));
    expect(await notify.send(message, always)).toMatchObject({ kind: 'accepted' });
    expect(await notify.send(text(), always)).toEqual({ kind: 'misconfigured', code: 'no-pass-through-template' });
  });

  it('a failed look-up sends nothing and is not remembered', async () => {
    const notify = notifyAt(stub.url);
    stub.script(TEMPLATES, 'cut', { status: 502, body: '<html>' }, { status: 200, body: '{"templates":' });
    expect(await notify.send(text(), always)).toEqual({ kind: 'unavailable', code: 'cut' });
    expect(await notify.send(text(), always)).toEqual({ kind: 'unavailable', code: 'http-502' });
    expect(await notify.send(text(), always)).toEqual({ kind: 'unavailable', code: 'unreadable-answer' });
    expect(stub.seen(SMS)).toEqual([]);
    expect(await notify.send(text(), always)).toMatchObject({ kind: 'accepted' });
  });
});

const rejected = (code: 'recipient' | 'content' | 'not-permitted'): SendResult => ({ kind: 'rejected', code });
const misconfigured = (code: string): SendResult => ({ kind: 'misconfigured', code });
const unavailable = (code: string): SendResult => ({ kind: 'unavailable', code });
const uncertain = (code: string): SendResult => ({ kind: 'uncertain', code });
const bad = (message: string): Reply => v2Error(400, ['BadRequestError', message]);
const invalid = (...messages: string[]): Reply =>
  v2Error(400, ...messages.map((message) => ['ValidationError', message] as const));
const auth = (status: 401 | 403, message: string): Reply => v2Error(status, ['AuthError', message]);
const html = (status: number): Reply => ({ status, body: '<html>no</html>', headers: { 'Content-Type': 'text/html' } });
const routing = (status: number): Reply => ({ status, body: { result: 'error', message: 'not here' } });

describe('GOV.UK Notify 12.3: what each outcome of a POST proves', () => {
  const rows: readonly (readonly [string, Reply, SendResult])[] = [
    ['201 cut after its headers', { cutAfter: 201, body: '{"id":"740e5834' }, uncertain('cut')],
    ['201 with broken JSON', { status: 201, body: '{"id":' }, uncertain('unreadable-answer')],
    ['201 with HTML', html(201), uncertain('unreadable-answer')],
    ['201 without an id', { status: 201, body: { content: { body: 'x' } } }, uncertain('unreadable-answer')],
    [
      '201 with an id that is none',
      { status: 201, body: { id: '1', content: { body: 'x' } } },
      uncertain('unreadable-answer'),
    ],
    ['200 instead of 201', { status: 200, body: { id: SMS_TEMPLATE } }, uncertain('http-200')],
    ['204', { status: 204, body: '' }, uncertain('http-204')],
    ['a redirect', { status: 302, body: '', headers: { Location: '/elsewhere' } }, uncertain('redirect')],
    [
      'a redirect that keeps the method',
      { status: 307, body: '', headers: { Location: '/elsewhere' } },
      uncertain('redirect'),
    ],
    ['a faulty phone number', invalid('phone_number Not enough digits'), rejected('recipient')],
    ['a landline', v2Error(400, ['InvalidPhoneError', 'Not a UK mobile number']), rejected('recipient')],
    ['a faulty address', invalid('email_address Not a valid email address'), rejected('recipient')],
    ['InvalidEmailError', v2Error(400, ['InvalidEmailError', 'Not a valid email address']), rejected('recipient')],
    ['a team key', bad('Can’t send to this recipient using a team-only API key'), rejected('not-permitted')],
    [
      'a service on trial',
      bad('Can’t send to this recipient when service is in trial mode – see x'),
      rejected('not-permitted'),
    ],
    [
      'the same as documented',
      bad('Cannot send to this recipient using a team-only API key'),
      rejected('not-permitted'),
    ],
    ['a foreign number', bad('Cannot send to international mobile numbers'), rejected('not-permitted')],
    ['a text too long', bad('Your message is too long. Text messages cannot be longer than 918'), rejected('content')],
    ['an empty text', bad('Your message is empty.'), rejected('content')],
    ['an unknown template', bad('Template not found'), misconfigured('template')],
    [
      'a template of another channel',
      bad('email template is not suitable for sms notification'),
      misconfigured('template'),
    ],
    ['a template id that is none', invalid('template_id is not a valid UUID'), misconfigured('template')],
    [
      'a channel that is off',
      bad('Service is not allowed to send text messages'),
      misconfigured('channel-not-allowed'),
    ],
    ['a fault in our own field', invalid('reference x is too long'), misconfigured('schema')],
    [
      'a fault of ours beside the recipient’s',
      invalid('phone_number Not enough digits', 'personalisation x is not of type object'),
      misconfigured('schema'),
    ],
    ['bad JSON', bad('Invalid JSON supplied in POST data'), misconfigured('bad-request')],
    ['a refusal nobody knows', v2Error(400, ['NewError', 'Whatever']), misconfigured('bad-request')],
    ['no token', auth(401, 'Unauthorized: authentication token must be provided'), misconfigured('key')],
    ['an unknown key', auth(403, 'Invalid token: API key not found'), misconfigured('key')],
    ['a revoked key', auth(403, 'Invalid token: API key revoked'), misconfigured('key')],
    [
      'a clock that is out',
      auth(403, 'Error: Your system clock must be accurate to within 30 seconds'),
      unavailable('clock'),
    ],
    ['403 of another class', v2Error(403, ['BadRequestError', 'Cannot send letters']), misconfigured('not-permitted')],
    ['404 of the API', v2Error(404, ['NoResultFound', 'No result found']), misconfigured('address')],
    ['404 of the router', routing(404), misconfigured('address')],
    ['405 of the router', routing(405), misconfigured('address')],
    [
      'too many a minute',
      v2Error(429, ['RateLimitError', 'Exceeded rate limit']),
      { kind: 'throttled', until: 'minute' },
    ],
    [
      'too many today',
      v2Error(429, ['TooManyRequestsError', 'Exceeded send limits']),
      { kind: 'throttled', until: 'day' },
    ],
    ['429 of something in front', html(429), unavailable('http-429')],
    ['400 that is not Notify’s', html(400), uncertain('http-400')],
    ['403 that is not Notify’s', html(403), uncertain('http-403')],
    ['404 that is not Notify’s', html(404), uncertain('http-404')],
    ['400 cut in its body', { cutAfter: 400, body: '{"status_code":400' }, uncertain('cut')],
    [
      'an envelope of another status',
      { status: 400, body: { status_code: 403, errors: [{ error: 'AuthError', message: 'x' }] } },
      uncertain('http-400'),
    ],
    ['v2-shaped 500', v2Error(500, ['KeyError', 'Internal server error']), uncertain('http-500')],
    ['Notify out of time', v2Error(504, ['SoftEventletTimeout', 'Timeout serving request']), uncertain('http-504')],
    ['HTML 502', html(502), uncertain('http-502')],
    ['HTML 503', html(503), uncertain('http-503')],
    ['reset before the answer', 'cut', uncertain('cut')],
    ['no answer in time', 'hang', uncertain('timeout')],
  ];

  it.each(rows)('%s', async (_name, reply, expected) => {
    const notify = notifyAt(stub.url, { timeoutMs: reply === 'hang' ? 250 : 5_000 });
    await notify.ready();
    stub.script(SMS, reply);
    expect(await notify.send(text(), always)).toEqual(expected);
    expect(stub.seen(SMS)).toHaveLength(1);
    expect(stub.requests.filter(({ path }) => path === '/elsewhere')).toEqual([]);
  });

  it('a 201 for another reference is uncertain, and is logged', async () => {
    const { log, lines } = keepingLog();
    const message = text();
    stub.script(SMS, created({ body: { reference: 'another', personalisation: { body: 'x' } } }));
    expect(await notifyAt(stub.url, { log }).send(message, always)).toEqual(uncertain('reference-mismatch'));
    expect(lines.join()).toContain('reference-mismatch');
    expect(lines.join()).toContain(message.reference);
  });

  it('no outcome but 201 is ever an acceptance, and no 5xx or unread 4xx is ever a certain no', () => {
    const jsonBodies = fc.oneof(fc.string(), fc.json());
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), jsonBodies, (status, body) => {
        const result = classifySend({ kind: 'answer', status, body, traceId: undefined }, text(), stub.url);
        if (status === 429) return result.kind === 'unavailable';
        return result.kind === 'uncertain';
      }),
    );
  });

  it('a call that failed after writing is always uncertain, one that failed before never', () => {
    for (const code of ['timeout', 'cut', 'too-large'] as const) {
      expect(classifySend({ kind: 'failed', arrived: 'maybe', code }, text(), stub.url).kind).toBe('uncertain');
    }
    for (const code of ['refused', 'dns', 'tls', 'connect', 'connect-timeout', 'held-back', 'client'] as const) {
      expect(classifySend({ kind: 'failed', arrived: 'no', code }, text(), stub.url).kind).toBe('unavailable');
    }
  });
});

describe('the last question before bytes leave', () => {
  it('a no writes nothing', async () => {
    const notify = notifyAt(stub.url);
    expect(await notify.send(text(), () => false)).toEqual(unavailable('held-back'));
    expect(stub.seen(SMS)).toEqual([]);
  });

  it('a question that throws is a no', async () => {
    const notify = notifyAt(stub.url);
    const broken = (): boolean => {
      throw new Error('lease store gone');
    };
    expect(await notify.send(text(), broken)).toEqual(unavailable('held-back'));
    expect(stub.seen(SMS)).toEqual([]);
  });

  it('is asked once, after the templates were looked up and before the message is written', async () => {
    const asked: string[][] = [];
    const notify = notifyAt(stub.url);
    await notify.send(text(), () => {
      asked.push(stub.requests.map(({ method, path }) => `${method} ${path}`));
      return true;
    });
    expect(asked).toEqual([[TEMPLATES]]);
  });

  it('is not asked when there is no connection', async () => {
    const notify = notifyAt(stub.url);
    const ended = { Connection: 'close' };
    stub.script(TEMPLATES, { status: 200, body: { templates: stub.templates }, headers: ended });
    await notify.ready();
    await stub.close();
    let asked = 0;
    const result = await notify.send(text(), () => {
      asked += 1;
      return true;
    });
    expect(result).toEqual(unavailable('refused'));
    expect(asked).toBe(0);
    stub = await startStubNotify();
  });
});
