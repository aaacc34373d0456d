import { gzipSync } from 'node:zlib';
import express from 'express';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import type { Jobs, NewJob } from '../../src/jobs/jobs.ts';
import { govukNotifyCallbacks } from '../../src/providers/callbacks.ts';
import { fixedClock, keepingLog } from './support.ts';

const token = 'a-token-for-callbacks';
const id = '740e5834-3a29-46b4-9a6f-16142fde533a';
const reference = '0b7d6c1e-8a43-4f0e-9d6b-52c1f2a6e7d1';
const receipt = {
  id,
  reference,
  to: '07700 900987',
  status: 'delivered',
  created_at: '2026-06-01T09:00:00.000000Z',
  sent_at: '2026-06-01T09:00:12.000000Z',
  completed_at: '2026-06-01T09:00:41.000000Z',
  notification_type: 'sms',
  template_id: '11111111-aaaa-4aaa-8aaa-111111111111',
  template_version: 3,
};
const receivedText = {
  id,
  source_number: '447700900987',
  destination_number: '447700900001',
  message: 'Xylophone: I cannot come',
  date_received: '2026-06-01T09:00:00.000000Z',
};
const returnedLetter = { notification_id: id, reference: null, template_id: 'None', spreadsheet_row_number: 2 };

function given(jobs: Pick<Jobs, 'add'> = keepingJobs()) {
  const { log, lines } = keepingLog();
  const counted: string[] = [];
  const metrics = { callback: (kind: string, outcome: string) => void counted.push(`${kind} ${outcome}`) };
  const app = express();
  app.use('/callbacks/govuk-notify', govukNotifyCallbacks({ token, jobs, clock: fixedClock(), log, metrics }));
  const post = (route: string, body: string | object, authorization: string | undefined = `Bearer ${token}`) => {
    const call = request(app).post(`/callbacks/govuk-notify/${route}`).set('Content-Type', 'application/json');
    if (authorization !== '') call.set('Authorization', authorization);
    return call.send(body);
  };
  return { post, lines, counted, app };
}

/** As the port says: the same (queue, key) twice is one job. */
function keepingJobs(): Pick<Jobs, 'add'> & { jobs: Map<string, NewJob> } {
  const jobs = new Map<string, NewJob>();
  return {
    jobs,
    async add(added) {
      for (const job of added) {
        const name = `${job.queue} ${job.key}`;
        if (!jobs.has(name)) jobs.set(name, job);
      }
    },
  };
}

describe('contract 11: a callback is kept before it is answered', () => {
  it('a delivery receipt becomes one inbox job with ids, word and times, and without the number', async () => {
    const jobs = keepingJobs();
    const { post, counted } = given(jobs);
    await post('delivery-receipt', receipt).expect(204);
    expect([...jobs.jobs.values()]).toEqual([
      {
        queue: 'inbox',
        key: `delivery-receipt:${id}:delivered`,
        priority: 0,
        runAt: new Date('2026-06-01T09:00:00.000Z'),
        data: {
          kind: 'delivery-receipt',
          id,
          reference,
          status: 'delivered',
          sentAt: '2026-06-01T09:00:12.000Z',
          completedAt: '2026-06-01T09:00:41.000Z',
        },
      },
    ]);
    expect(counted).toEqual(['delivery-receipt stored']);
  });

  it('a repeat, in another case of letters, is the same job; another word is another', async () => {
    const jobs = keepingJobs();
    const { post } = given(jobs);
    await post('delivery-receipt', receipt).expect(204);
    await post('delivery-receipt', { ...receipt, id: id.toUpperCase() }).expect(204);
    await post('delivery-receipt', { ...receipt, status: 'temporary-failure' }).expect(204);
    expect(jobs.jobs.size).toBe(2);
  });

  it('a received text is kept with its words, once for its id', async () => {
    const jobs = keepingJobs();
    const { post } = given(jobs);
    await post('received-text', receivedText).expect(204);
    await post('received-text', receivedText).expect(204);
    expect([...jobs.jobs.values()].map(({ key, data }) => ({ key, data }))).toEqual([
      {
        key: `received:${id}`,
        data: {
          kind: 'received-text',
          id,
          from: '447700900987',
          to: '447700900001',
          text: 'Xylophone: I cannot come',
          receivedAt: '2026-06-01T09:00:00.000Z',
        },
      },
    ]);
  });

  it('a received text whose time cannot be read is kept all the same', async () => {
    const jobs = keepingJobs();
    await given(jobs)
      .post('received-text', { ...receivedText, date_received: 'yesterday' })
      .expect(204);
    expect([...jobs.jobs.values()][0]?.data).toMatchObject({ text: receivedText.message, receivedAt: undefined });
  });

  it('a returned letter is kept', async () => {
    const jobs = keepingJobs();
    await given(jobs).post('returned-letter', returnedLetter).expect(204);
    expect([...jobs.jobs.values()][0]).toMatchObject({
      key: `returned-letter:${id}:returned-letter`,
      data: { kind: 'returned-letter', id },
    });
  });

  it('keys nobody knows, a word nobody knows and another content type cost no receipt', async () => {
    const jobs = keepingJobs();
    const { app } = given(jobs);
    await request(app)
      .post('/callbacks/govuk-notify/delivery-receipt')
      .set('Authorization', `bearer ${token}`)
      .set('Content-Type', 'text/plain')
      .send(JSON.stringify({ ...receipt, status: 'brand-new', reference: null, sent_at: null, extra: { deep: true } }))
      .expect(204);
    expect([...jobs.jobs.values()][0]?.data).toMatchObject({ status: 'brand-new', reference: undefined });
  });

  it('is not answered before it is kept', async () => {
    const order: string[] = [];
    const { post } = given({
      async add() {
        await new Promise((resolve) => setTimeout(resolve, 30));
        order.push('kept');
      },
    });
    await post('delivery-receipt', receipt).expect(204);
    order.push('answered');
    expect(order).toEqual(['kept', 'answered']);
  });

  it('our own fault is 503, so that Notify repeats it', async () => {
    const { post, lines, counted } = given({
      add: () => Promise.reject(new Error(`disk full: ${receivedText.message} ${receivedText.source_number}`)),
    });
    const { body } = await post('received-text', receivedText).expect(503);
    expect(body).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'transient' }] });
    expect(counted).toEqual(['received-text failed']);
    expect(lines.join()).toContain('callback.not-stored');
    expect(`${lines.join()}${JSON.stringify(body)}`).not.toMatch(/Xylophone|7700900987/);
  });
});

describe('contract 11: a callback without the token is refused and not kept', () => {
  it.each([
    ['none', ''],
    ['another', 'Bearer another-token-for-them'],
    ['one letter short', `Bearer ${token.slice(0, -1)}`],
    ['one letter more', `Bearer ${token}x`],
    ['another case', `Bearer ${token.toUpperCase()}`],
    ['no scheme', token],
    ['another scheme', `Basic ${token}`],
    ['an empty one', 'Bearer '],
  ])('%s', async (_name, authorization) => {
    const jobs = keepingJobs();
    const { post, lines, counted } = given(jobs);
    for (const route of ['delivery-receipt', 'received-text', 'returned-letter']) {
      const { body, headers } = await post(route, '{"not": JSON', authorization).expect(401);
      expect(body).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'login' }] });
      expect(headers['www-authenticate']).toBe('Bearer');
    }
    expect(jobs.jobs.size).toBe(0);
    expect(counted).toEqual(['delivery-receipt unsigned', 'received-text unsigned', 'returned-letter unsigned']);
    expect(lines.join()).not.toContain('token-for');
  });
});

describe('contract 11: a body that cannot be read is 400 and not kept', () => {
  const bodies: readonly (readonly [string, string, string])[] = [
    ['not JSON', 'delivery-receipt', '{"id": 07700900987'],
    ['nothing', 'delivery-receipt', ''],
    ['a list', 'delivery-receipt', '[]'],
    ['a bare string', 'delivery-receipt', '"07700900987"'],
    ['no id', 'delivery-receipt', JSON.stringify({ ...receipt, id: undefined })],
    ['an id that is no UUID', 'delivery-receipt', JSON.stringify({ ...receipt, id: `${id}/../x` })],
    ['no status', 'delivery-receipt', JSON.stringify({ ...receipt, status: undefined })],
    ['an empty status', 'delivery-receipt', JSON.stringify({ ...receipt, status: '' })],
    ['an endless status', 'delivery-receipt', JSON.stringify({ ...receipt, status: 'x'.repeat(65) })],
    ['an endless reference', 'delivery-receipt', JSON.stringify({ ...receipt, reference: 'x'.repeat(1001) })],
    ['a number as status', 'delivery-receipt', JSON.stringify({ ...receipt, status: 1 })],
    ['a text without words', 'received-text', JSON.stringify({ ...receivedText, message: undefined })],
    ['an endless text', 'received-text', JSON.stringify({ ...receivedText, message: 'x'.repeat(20_001) })],
    ['a text from nobody', 'received-text', JSON.stringify({ ...receivedText, source_number: '' })],
    ['a letter without an id', 'returned-letter', JSON.stringify({ ...returnedLetter, notification_id: 'None' })],
  ];
  it.each(bodies)('%s', async (_name, route, sent) => {
    const jobs = keepingJobs();
    const { post, lines, counted } = given(jobs);
    const { body } = await post(route, sent).expect(400);
    expect(body).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'structure' }] });
    expect(jobs.jobs.size).toBe(0);
    expect(counted).toEqual([`${route} malformed`]);
    expect(`${lines.join()}${JSON.stringify(body)}`).not.toMatch(/7700900987|Xylophone/);
  });

  it('over 64 kB is 413', async () => {
    const jobs = keepingJobs();
    const padded = JSON.stringify({ ...receipt, padding: 'x'.repeat(64 * 1024) });
    await given(jobs).post('delivery-receipt', padded).expect(413);
    expect(jobs.jobs.size).toBe(0);
  });

  it('a compressed body is not unpacked', async () => {
    const jobs = keepingJobs();
    const { app } = given(jobs);
    const call = request(app)
      .post('/callbacks/govuk-notify/delivery-receipt')
      .set('Authorization', `Bearer ${token}`)
      .set('Content-Type', 'application/json')
      .set('Content-Encoding', 'gzip');
    call.write(gzipSync(JSON.stringify(receipt)));
    await call.expect(400);
    expect(jobs.jobs.size).toBe(0);
  });
});
