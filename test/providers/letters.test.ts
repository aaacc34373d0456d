import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DocumentResult, SendResult } from '../../src/providers/provider.ts';
import { LETTER_TEMPLATE, type Reply, type StubNotify, startStubNotify, v2Error } from '../support/stub-notify.ts';
import { always, letter, notifyAt } from './support.ts';

const LETTER = 'POST /v2/notifications/letter';
const ID = '740e5834-3a29-46b4-9a6f-16142fde533a';

let stub: StubNotify;
beforeEach(async () => {
  stub = await startStubNotify();
});
afterEach(() => stub.close());

describe('govuk-notify 5.3: a letter', () => {
  it('goes through the template that adds nothing, with every part of the address that Notify knows', async () => {
    const message = letter();
    const result = await notifyAt(stub.url).send(message, always);
    expect(stub.seen(LETTER).map(({ body }) => body)).toEqual([
      {
        template_id: LETTER_TEMPLATE,
        personalisation: {
          address_line_1: 'Ann Example',
          address_line_2: '1 Example Row',
          address_line_3: '',
          address_line_4: '',
          address_line_5: '',
          address_line_6: '',
          address_line_7: 'LS1 4AP',
          subject: 'Your visit',
          body: message.text,
        },
        reference: message.reference,
      },
    ]);
    expect(result).toMatchObject({ kind: 'accepted', notification: { status: 'created', subject: 'Your visit' } });
  });

  it('has seven lines at most, all of which arrive', async () => {
    const lines = ['Ann Example', 'Flat 1', 'The House', '1 Row', 'Holbeck', 'Leeds', 'LS1 4AP'];
    await notifyAt(stub.url).send(letter({ to: lines.join('\n') }), always);
    const given = stub.seen(LETTER)[0]?.body.personalisation as Record<string, string>;
    expect(lines.map((_line, at) => given[`address_line_${at + 1}`])).toEqual(lines);
  });

  it('VER-1: no value of a template of the provider’s can become part of the address', async () => {
    const values = { address_line_1: 'Somebody Else', address_line_4: 'Elsewhere', postcode: 'LS2 9JT', body: 'x' };
    await notifyAt(stub.url).send(letter({ template: { id: ID, version: 1, values } }), always);
    expect(stub.seen(LETTER)[0]?.body.personalisation).toMatchObject({
      address_line_1: 'Ann Example',
      address_line_4: '',
      // Notify looks at the postcode only where there is no seventh line.
      address_line_7: 'LS1 4AP',
    });
  });

  it('without a heading is refused here', async () => {
    const { subjectLine: _none, ...bare } = letter();
    expect(await notifyAt(stub.url).send(bare, always)).toEqual({ kind: 'rejected', code: 'content' });
    expect(stub.requests).toEqual([]);
  });

  const rejected = (code: 'recipient' | 'content'): SendResult => ({ kind: 'rejected', code });
  it.each<[string, Reply, SendResult]>([
    ...[
      'Address must be at least 3 lines',
      'Address must be no more than 7 lines',
      'The first 2 lines of the address must both include at least one alphanumeric character',
      'The last line of a BFPO address must not be a country.',
      'Must be a real UK postcode',
      'Last line of address must be a real UK postcode or another country',
      'Address lines must not start with any of the following characters: @ ( ) = [ ] ” \\ / , < >',
      'Must be a real address',
    ].map((text): [string, Reply, SendResult] => [
      text,
      v2Error(400, ['ValidationError', text]),
      rejected('recipient'),
    ]),
    [
      'a QR code that is too fine',
      v2Error(400, ['ValidationError', 'Cannot create a usable QR code - the link is too long']),
      rejected('content'),
    ],
    [
      'no personalisation',
      v2Error(400, ['ValidationError', 'personalisation is a required property']),
      { kind: 'misconfigured', code: 'schema' },
    ],
    [
      'a team key',
      v2Error(403, ['BadRequestError', 'Cannot send letters with a team api key']),
      { kind: 'misconfigured', code: 'not-permitted' },
    ],
    [
      'trial mode',
      v2Error(403, ['BadRequestError', 'Cannot send letters when service is in trial mode']),
      { kind: 'misconfigured', code: 'not-permitted' },
    ],
    [
      'letters switched off',
      v2Error(400, ['BadRequestError', 'Service is not allowed to send letters']),
      { kind: 'misconfigured', code: 'channel-not-allowed' },
    ],
    [
      'too many in this minute',
      v2Error(429, ['RateLimitError', 'Exceeded rate limit for key type LIVE of 3000 requests per 60 seconds']),
      { kind: 'throttled', until: 'minute' },
    ],
    [
      'too many for this day',
      v2Error(429, ['TooManyRequestsError', 'Exceeded send limits (letter: 20000) for today']),
      { kind: 'throttled', until: 'day' },
    ],
    // A letter is stored before it is queued: even Notify's own 500 may have left it behind (12.3).
    ['a 500 of Notify’s', v2Error(500, ['KeyError', 'Internal server error']), { kind: 'uncertain', code: 'http-500' }],
    [
      'a 504 of Notify’s',
      v2Error(504, ['SoftEventletTimeout', 'Timeout serving request']),
      { kind: 'uncertain', code: 'http-504' },
    ],
  ])('%s', async (_what, reply, result) => {
    stub.script(LETTER, reply);
    expect(await notifyAt(stub.url).send(letter(), always)).toEqual(result);
  });

  it('is looked for among letters', async () => {
    await notifyAt(stub.url).findByReference(ID, 'letter');
    expect(stub.requests[0]?.path).toBe(`/v2/notifications?template_type=letter&reference=${ID}`);
  });
});

describe('govuk-notify 5.7: the PDF of a letter', () => {
  const pdf = Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.from([0x00, 0xff, 0xfe, 0xc3, 0x28, 0x80])]);

  it('comes byte for byte', async () => {
    stub.script(`GET /v2/notifications/${ID}/pdf`, {
      status: 200,
      body: pdf,
      headers: { 'Content-Type': 'application/pdf' },
    });
    expect(await notifyAt(stub.url).findDocument(ID)).toEqual({ kind: 'found', pdf });
    expect(stub.requests[0]?.headers.accept).toContain('application/pdf');
  });

  it.each<[string, Reply, DocumentResult]>([
    ['not ready', v2Error(400, ['PDFNotReadyError', 'PDF not available yet, try again later']), { kind: 'not-yet' }],
    ['a virus', v2Error(400, ['BadRequestError', 'File did not pass the virus scan']), { kind: 'none' }],
    [
      'not printed',
      v2Error(400, ['BadRequestError', 'PDF not available for letters in status technical-failure']),
      { kind: 'none' },
    ],
    ['not kept any more', v2Error(404, ['NoResultFound', 'No result found']), { kind: 'none' }],
    ['a 404 of something else', { status: 404, body: '<html>' }, { kind: 'unavailable', code: 'http-404' }],
    ['something else than a PDF', { status: 200, body: '<html>' }, { kind: 'unavailable', code: 'unreadable-answer' }],
    ['nothing', { status: 200, body: '' }, { kind: 'unavailable', code: 'unreadable-answer' }],
    ['half of it', { cutAfter: 200, body: '%PDF-1.7' }, { kind: 'unavailable', code: 'cut' }],
    ['a limit', v2Error(429, ['RateLimitError', 'x']), { kind: 'unavailable', code: 'http-429' }],
    ['a key that is none', v2Error(403, ['AuthError', 'x']), { kind: 'unavailable', code: 'key' }],
    ['a cut', 'cut', { kind: 'unavailable', code: 'cut' }],
  ])('%s', async (_what, reply, result) => {
    stub.script(`GET /v2/notifications/${ID}/pdf`, reply);
    expect(await notifyAt(stub.url).findDocument(ID)).toEqual(result);
  });

  it('is not asked for under an id that is none', async () => {
    expect(await notifyAt(stub.url).findDocument('../templates')).toEqual({ kind: 'none' });
    expect(stub.requests).toEqual([]);
  });
});
