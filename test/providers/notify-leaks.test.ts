import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GovukNotify } from '../../src/providers/govuk-notify.ts';
import type { OutboundMessage } from '../../src/providers/provider.ts';
import { type Reply, type StubNotify, startStubNotify, v2Error } from '../support/stub-notify.ts';
import { API_KEY, always, email, keepingLog, letter, notifyAt, SECRET, text } from './support.ts';

/** Each is looked for whole and in parts, since a truncated secret is still one. */
const phone = '+447700900981';
const address = 'marked.person@example.org';
const post = 'Quillon Marked\n9 Xylophone Row\nLS1 4AP';
const body = 'Zebra-quartz about the clinic';
const subject = 'Umbrella-violin';
const marks = [
  '7700900981',
  'marked.person',
  'Zebra',
  'quartz',
  'Umbrella',
  'Quillon',
  'Xylophone',
  SECRET,
  SECRET.slice(0, 8),
  'eyJ',
  'Bearer',
];

/** What Notify, or something in front of it, might quote back. */
const quoted = `${phone} ${address} ${post.replaceAll('\n', ', ')} ${body} ${subject} ${API_KEY} Bearer eyJhbGciOi`;

let stub: StubNotify;
beforeEach(async () => {
  stub = await startStubNotify();
});
afterEach(() => stub.close());

const failures: readonly (readonly [string, Reply])[] = [
  ...[400, 401, 403, 404, 429, 500, 504].map(
    (status) => [`v2 ${status} that quotes`, v2Error(status, ['BadRequestError', quoted])] as const,
  ),
  ['a validation error that quotes', v2Error(400, ['ValidationError', `phone_number ${quoted}`])],
  ['an error class that quotes', v2Error(400, [quoted, quoted])],
  ['an authentication error that quotes', v2Error(403, ['AuthError', `${quoted} system clock`])],
  ['HTML that quotes', { status: 502, body: `<html>${quoted}</html>` }],
  ['a redirect that quotes', { status: 302, body: quoted, headers: { Location: `/?${encodeURIComponent(quoted)}` } }],
  ['broken JSON that quotes', { status: 201, body: `{"id":"${quoted}` }],
  ['another reference that quotes', { status: 201, body: { id: 'x', reference: quoted, content: { body: quoted } } }],
  ['half a body that quotes', { cutAfter: 201, body: quoted }],
  ['a trace id that quotes', { status: 500, body: '', headers: { 'X-B3-TraceId': phone, 'X-B3-SpanId': phone } }],
  ['a cut', 'cut'],
  ['silence', 'hang'],
];

const messages: readonly OutboundMessage[] = [
  text({ to: phone, text: body }),
  email({ to: address, text: body, subjectLine: subject }),
  letter({ to: post, text: body, subjectLine: subject }),
];

function expectNoMarks(where: string): void {
  for (const mark of marks) expect(where).not.toContain(mark);
}

describe('ACC-4: no failure carries a number, address, text, key or token', () => {
  it.each(failures)('%s, on a send', async (_name, reply) => {
    const { log, lines } = keepingLog();
    const notify = notifyAt(stub.url, { log, timeoutMs: reply === 'hang' ? 250 : 5_000 });
    await notify.ready();
    for (const message of messages) {
      stub.script(`POST /v2/notifications/${message.channel}`, reply);
      const result = await notify.send(message, always);
      expect(result.kind).not.toBe('accepted');
      expectNoMarks(JSON.stringify(result));
    }
    expect(lines).toHaveLength(messages.length);
    expectNoMarks(lines.join());
    // The stub did get what must not be found elsewhere: the test looks for the right words.
    expect(JSON.stringify(stub.requests)).toContain('Zebra');
    expect(JSON.stringify(stub.requests)).toContain('Bearer eyJ');
  });

  const reads: readonly (readonly [string, (notify: GovukNotify) => Promise<unknown>])[] = [
    ['templates', (notify) => notify.ready()],
    ['notifications', (notify) => notify.findByReference('0b7d6c1e-8a43-4f0e-9d6b-52c1f2a6e7d1', 'sms')],
    [
      'notifications/0b7d6c1e-8a43-4f0e-9d6b-52c1f2a6e7d1',
      (notify) => notify.findById('0b7d6c1e-8a43-4f0e-9d6b-52c1f2a6e7d1'),
    ],
    [
      'notifications/0b7d6c1e-8a43-4f0e-9d6b-52c1f2a6e7d1/pdf',
      (notify) => notify.findDocument('0b7d6c1e-8a43-4f0e-9d6b-52c1f2a6e7d1'),
    ],
  ];
  it.each(reads)('any failure of a GET of %s', async (path, read) => {
    const { log, lines } = keepingLog();
    for (const [, reply] of failures) {
      stub.script(`GET /v2/${path}`, reply);
      const notify = notifyAt(stub.url, { log, timeoutMs: 250 });
      expectNoMarks(JSON.stringify(await read(notify)));
    }
    expectNoMarks(lines.join());
  });

  it('a key that cannot be one is not in the error that says so', () => {
    let thrown: unknown;
    try {
      notifyAt(stub.url, { apiKey: `${API_KEY}-more` });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(TypeError);
    expectNoMarks(`${thrown} ${(thrown as Error).stack} ${JSON.stringify(thrown)}`);
  });
});
