import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGovukNotify } from '../../src/providers/govuk-notify.ts';
import { instant } from '../../src/providers/notify-wire.ts';
import {
  type Reply,
  SMS_TEMPLATE,
  type StubNotify,
  startStubNotify,
  template,
  v2Error,
} from '../support/stub-notify.ts';
import { API_KEY, always, fixedClock, keepingLog, notifyAt, text } from './support.ts';

const LIST = 'GET /v2/notifications';
const reference = '0b7d6c1e-8a43-4f0e-9d6b-52c1f2a6e7d1';

let stub: StubNotify;
beforeEach(async () => {
  stub = await startStubNotify();
});
afterEach(() => stub.close());

function row(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: randomUUID(),
    reference,
    type: 'sms',
    status: 'delivered',
    body: 'Please ring the ward.',
    subject: null,
    phone_number: '+447700900123',
    template: { id: SMS_TEMPLATE, version: 3, uri: 'http://elsewhere.invalid' },
    created_at: '2026-06-01T09:00:00.000000Z',
    sent_at: '2026-06-01T09:00:12.123456Z',
    completed_at: '2026-06-01 09:00:41.000000',
    ...change,
  };
}
const page = (...notifications: unknown[]): Reply => ({
  status: 200,
  body: { notifications, links: { current: 'x', next: 'http://elsewhere.invalid/v2/notifications' } },
});

describe('contract 5: an uncertain call is settled by asking under its reference', () => {
  it('found: what Notify knows, with times as instants', async () => {
    const stored = row();
    stub.script(LIST, page(stored), page());
    expect(await notifyAt(stub.url).findByReference(reference, 'sms')).toEqual({
      kind: 'found',
      notification: {
        id: stored.id,
        reference,
        status: 'delivered',
        body: 'Please ring the ward.',
        subject: undefined,
        templateUri: `${stub.url}/v2/template/${SMS_TEMPLATE}/version/3`,
        templateVersion: 3,
        sentAt: '2026-06-01T09:00:12.123Z',
        completedAt: '2026-06-01T09:00:41.000Z',
      },
    });
    expect(stub.seen(LIST).map(({ path }) => path)).toEqual([
      `/v2/notifications?template_type=sms&reference=${reference}`,
      `/v2/notifications?template_type=sms&reference=${reference}&older_than=${stored.id}`,
    ]);
  });

  it('none: an empty first page is all that is asked', async () => {
    expect(await notifyAt(stub.url).findByReference(reference, 'email')).toEqual({ kind: 'none' });
    expect(stub.seen(LIST)).toHaveLength(1);
  });

  it('several, over pages: the oldest and the count, and an alarm', async () => {
    const { log, lines } = keepingLog();
    const oldest = row();
    stub.script(LIST, page(row(), row()), page(oldest), page());
    const result = await notifyAt(stub.url, { log }).findByReference(reference, 'sms');
    expect(result).toMatchObject({ kind: 'several', count: 3, notification: { id: oldest.id } });
    expect(lines.join()).toContain('provider.sent-several');
  });

  const unread: readonly (readonly [string, Reply])[] = [
    ['broken JSON', { status: 200, body: '{"notifications":[' }],
    ['another shape', { status: 200, body: { notifications: null } }],
    ['a bare list', { status: 200, body: [] }],
    ['a row without an id', page(row({ id: 'x' }))],
    ['a row of another reference', page(row({ reference: 'another' }))],
    ['a row of another channel', page(row({ type: 'email' }))],
    ['an HTML page', { status: 200, body: '<html></html>' }],
    ['204', { status: 204, body: '' }],
    ['an empty list with the wrong status', { status: 202, body: { notifications: [] } }],
    ['404', v2Error(404, ['NoResultFound', 'No result found'])],
    ['a wrong key', v2Error(403, ['AuthError', 'Invalid token: API key not found'])],
    ['500', v2Error(500, ['KeyError', 'Internal server error'])],
    ['a cut', 'cut'],
    ['half an answer', { cutAfter: 200, body: '{"notifications":[]}' }],
  ];
  it.each(unread)('%s is never "none", since that would mean sending again', async (_name, reply) => {
    stub.script(LIST, reply);
    const result = await notifyAt(stub.url).findByReference(reference, 'sms');
    expect(result.kind).toBe('unavailable');
  });

  it('a later page that cannot be read leaves the question open', async () => {
    stub.script(LIST, page(row()), 'cut');
    expect((await notifyAt(stub.url).findByReference(reference, 'sms')).kind).toBe('unavailable');
  });

  it('an empty reference would list every message and is not asked', async () => {
    expect((await notifyAt(stub.url).findByReference('', 'sms')).kind).toBe('unavailable');
    expect(stub.requests).toEqual([]);
  });

  it('keeps the periods on the safe side: two minutes, and the shortest retention a service can choose', () => {
    const notify = notifyAt(stub.url);
    expect(notify.quietPeriodMs).toBe(120_000);
    expect(notify.retentionMs).toBe(3 * 24 * 60 * 60 * 1000);
  });
});

describe('findById', () => {
  it('answers what Notify has', async () => {
    const stored = row({ status: 'sending', completed_at: null });
    stub.script(`GET /v2/notifications/${stored.id}`, { status: 200, body: stored });
    const result = await notifyAt(stub.url).findById(String(stored.id));
    expect(result).toMatchObject({ kind: 'found', notification: { status: 'sending', completedAt: undefined } });
  });

  it('404 of Notify’s own is none; of anything else it says nothing', async () => {
    const id = randomUUID();
    expect(await notifyAt(stub.url).findById(id)).toEqual({ kind: 'none' });
    stub.script(`GET /v2/notifications/${id}`, { status: 404, body: '<html>' });
    expect(await notifyAt(stub.url).findById(id)).toEqual({ kind: 'unavailable', code: 'http-404' });
  });

  it('an answer about another message is not taken', async () => {
    const id = randomUUID();
    stub.script(`GET /v2/notifications/${id}`, { status: 200, body: row() });
    expect((await notifyAt(stub.url).findById(id)).kind).toBe('unavailable');
  });

  it.each(['../templates', `${reference}?x=1`, '', `${reference}/pdf`])('%j never gets into a path', async (id) => {
    expect(await notifyAt(stub.url).findById(id)).toEqual({ kind: 'none' });
    expect(stub.requests).toEqual([]);
  });
});

describe('ready', () => {
  it('proves key and templates with one GET, and asks again only after ten seconds', async () => {
    const clock = fixedClock();
    const notify = notifyAt(stub.url, { clock });
    expect(await notify.ready()).toEqual({ kind: 'ready' });
    await Promise.all([notify.ready(), notify.ready()]);
    expect(stub.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /v2/templates']);
    clock.advance(10_000);
    await notify.ready();
    expect(stub.requests).toHaveLength(2);
  });

  it('says which template is missing', async () => {
    stub.templates = [template({ type: 'sms', body: '((body))' }), template({ type: 'email', body: '((body))' })];
    const readiness = await notifyAt(stub.url).ready();
    expect(readiness).toEqual({ kind: 'not-ready', code: 'no-pass-through-template', missing: ['email', 'letter'] });
  });

  it.each([
    ['key', v2Error(403, ['AuthError', 'Invalid token: API key not found'])],
    ['clock', v2Error(403, ['AuthError', 'Error: Your system clock must be accurate to within 30 seconds'])],
    ['http-503', { status: 503, body: '<html>' }],
    ['address', { status: 404, body: { result: 'error', message: 'x' } }],
    ['cut', 'cut'],
  ] as const)('says %s', async (code, reply) => {
    stub.script('GET /v2/templates', reply);
    expect(await notifyAt(stub.url).ready()).toEqual({ kind: 'not-ready', code, missing: [] });
  });
});

describe('what it is given', () => {
  it.each(['', 'short', API_KEY.slice(1 + API_KEY.indexOf('-')), `${API_KEY}x`])('refuses the key %#', (apiKey) => {
    const options = { apiKey, url: stub.url, clock: fixedClock(), log: keepingLog().log };
    expect(() => createGovukNotify(options)).toThrow(TypeError);
  });

  it('takes an address with a slash at its end, and refuses what is none', async () => {
    expect(await notifyAt(`${stub.url}/`).send(text(), always)).toMatchObject({ kind: 'accepted' });
    expect(() => notifyAt('ftp://notify.example')).toThrow(TypeError);
    expect(() => notifyAt('http://')).toThrow(TypeError);
  });

  it('every call carries a fresh token and the official client’s name', async () => {
    await notifyAt(stub.url).send(text(), always);
    for (const { headers } of stub.requests) {
      expect(headers.authorization).toMatch(/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
      expect(headers['user-agent']).toMatch(/^NOTIFY-API-NODE-CLIENT\//);
    }
  });
});

describe('times as Notify writes them', () => {
  it.each([
    ['2017-05-14T12:15:30.000000Z', '2017-05-14T12:15:30.000Z'],
    ['2024-05-17 15:58:30.143000', '2024-05-17T15:58:30.143Z'],
    ['2024-05-17T15:58:30Z', '2024-05-17T15:58:30.000Z'],
    ['2024-05-17T15:58:30.1+01:00', '2024-05-17T14:58:30.100Z'],
    ['2024-13-17T15:58:30Z', undefined],
    ['yesterday', undefined],
    [null, undefined],
    [0, undefined],
  ])('%j is %j', (written, expected) => {
    expect(instant(written)).toBe(expected);
  });
});
