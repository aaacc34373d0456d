import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Reply, type StubNotify, startStubNotify, template, v2Error } from '../support/stub-notify.ts';
import { always, email, fixedClock, letter, notifyAt, text } from './support.ts';

const ID = 'f33517ff-2a88-4f6e-b855-c550268ce08a';
const ROUTE = `GET /v2/template/${ID}`;
const ours = { kind: 'found', template: { id: ID, version: 3, channel: 'sms', body: 'Dear ((name))' } } as const;

let stub: StubNotify;
beforeEach(async () => {
  stub = await startStubNotify();
});
afterEach(() => stub.close());

const answer = (change: Record<string, unknown> = {}): Reply => ({
  status: 200,
  body: template({ id: ID, type: 'sms', body: 'Dear ((name))', letter_contact_block: null, ...change }),
});

describe("contract 3.1: the provider's own template, as it is now", () => {
  it('is read through the official client, with its version', async () => {
    stub.script(ROUTE, answer());
    expect(await notifyAt(stub.url).findTemplate(ID)).toEqual({
      ...ours,
      template: { ...ours.template, subject: undefined, contactBlock: undefined },
    });
    expect(stub.seen(ROUTE)[0]?.headers.authorization).toMatch(/^Bearer /);
  });

  it('a letter’s has its subject and its letterhead', async () => {
    stub.script(ROUTE, answer({ type: 'letter', subject: 'Visit', letter_contact_block: 'Example NHS Trust' }));
    expect(await notifyAt(stub.url).findTemplate(ID)).toMatchObject({
      template: { channel: 'letter', subject: 'Visit', contactBlock: 'Example NHS Trust' },
    });
  });

  it('is asked for once by many at the same time, and again when two seconds have gone', async () => {
    stub.script(ROUTE, answer(), answer({ version: 4 }));
    const clock = fixedClock();
    const notify = notifyAt(stub.url, { clock });
    const versions = async (count: number) =>
      (await Promise.all(Array.from({ length: count }, () => notify.findTemplate(ID)))).map((one) =>
        one.kind === 'found' ? one.template.version : one.kind,
      );
    expect(await versions(5)).toEqual([3, 3, 3, 3, 3]);
    clock.advance(1_999);
    expect(await versions(1)).toEqual([3]);
    clock.advance(1);
    expect(await versions(2)).toEqual([4, 4]);
    expect(stub.seen(ROUTE)).toHaveLength(2);
  });

  it('that there is none is an answer; an id that cannot be one is not asked for', async () => {
    stub.script(ROUTE, v2Error(404, ['NoResultFound', 'No result found']));
    const notify = notifyAt(stub.url);
    expect(await notify.findTemplate(ID)).toEqual({ kind: 'none' });
    expect(await notify.findTemplate('../notifications')).toEqual({ kind: 'none' });
    expect(stub.requests).toHaveLength(1);
  });

  it.each<[string, Reply]>([
    ['an error of the server', v2Error(500, ['KeyError', 'Internal server error'])],
    ['a refused key', v2Error(403, ['AuthError', 'Invalid token: API key revoked'])],
    ['a page of something in front', { status: 404, body: '<html>' }],
    ['no answer', 'cut'],
    ['half an answer', { cutAfter: 200, body: '{"id":' }],
    ['no JSON', { status: 200, body: '<html>' }],
    ['another template', answer({ id: '00000000-0000-4000-8000-000000000000' })],
    ['a kind that is not known', answer({ type: 'carrier-pigeon' })],
    ['a template without a body', answer({ body: null })],
    ['a template without a version', answer({ version: null })],
  ])('contract 4: %s is no answer, and is not remembered', async (_what, reply) => {
    stub.script(ROUTE, reply, answer());
    const notify = notifyAt(stub.url);
    expect(await notify.findTemplate(ID)).toMatchObject({ kind: 'unavailable' });
    expect(await notify.findTemplate(ID)).toMatchObject(ours);
  });
});

describe('contract 3.1: a message by the provider’s own template', () => {
  // The stub answers with the values of these two names.
  const values = { name: 'Pat', body: 'Dear Pat', subject: 'Visit' };
  const use = { id: ID, version: 3, values };
  const sender = '5b8e1d3f-7a64-4f0e-9c2b-1d6a8e7f3b90';

  it.each([
    ['sms', text, { phone_number: '+447700900123', sms_sender_id: sender }, {}],
    ['email', email, { email_address: 'ann@example.org', email_reply_to_id: sender }, {}],
    ['letter', letter, {}, { address_line_1: 'Ann Example' }],
  ] as const)('%s: goes by that template and its values, from that sender', async (channel, make, to, address) => {
    const message = make({ template: use, senderId: sender });
    expect(await notifyAt(stub.url).send(message, always)).toMatchObject({ kind: 'accepted' });
    expect(stub.seen(`POST /v2/notifications/${channel}`).map(({ body }) => body)).toMatchObject([
      { ...to, template_id: ID, personalisation: { ...values, ...address }, reference: message.reference },
    ]);
    expect(stub.seen('GET /v2/templates')).toEqual([]);
  });

  it('a sender that Notify cannot know is left out, so that the message goes', async () => {
    await notifyAt(stub.url).send(text({ template: use, senderId: 'RXX-Outpatients' }), always);
    expect(stub.seen('POST /v2/notifications/sms')[0]?.body).not.toHaveProperty('sms_sender_id');
  });

  it.each<[string, Reply]>([
    ['made by another version', { status: 201, body: {} }],
    ['refused for its template', v2Error(400, ['BadRequestError', 'Missing personalisation: day'])],
  ])('once a message was %s, the template is read again', async (what, reply) => {
    stub.script(ROUTE, answer(), answer({ version: 4 }));
    const notify = notifyAt(stub.url);
    await notify.findTemplate(ID);
    if (what.startsWith('refused')) stub.script('POST /v2/notifications/sms', reply);
    await notify.send(text({ template: { ...use, version: 2 } }), always);
    expect(await notify.findTemplate(ID)).toMatchObject({ template: { version: 4 } });
  });
});
