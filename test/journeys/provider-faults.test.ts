import type { Communication, Provenance, Task } from '@medplum/fhirtypes';
import supertest from 'supertest';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { codeSystem, structureDefinition } from '../../src/canonical.ts';
import { exampleRequest } from '../../src/catalogue/examples.ts';
import { mediumConcept } from '../../src/send/record.ts';
import { channelOfAttempt } from '../../src/send/tried.ts';
import { type Herald, startHerald, until } from '../support/herald.ts';
import { attemptsOf, endOf, requestOf } from '../support/people.ts';

const CALLBACK_TOKEN = 'token-that-only-the-tests-know';

/** Whatever the provider does, a message goes once, and the record says what happened. */
describe('when the provider fails', () => {
  let herald: Herald;
  beforeAll(async () => {
    herald = await startHerald({ env: { GOVUK_NOTIFY_CALLBACK_TOKEN: CALLBACK_TOKEN } });
  });
  afterAll(() => herald.close());
  afterEach(async () => {
    const cleared = await supertest(herald.simulatorUrl).delete('/control/faults').type('json');
    expect(cleared.status).toBe(204);
  });

  const post = async (key: string, change = {}) => {
    const answer = await herald.post('/fhir/CommunicationRequest', { ...exampleRequest(key), ...change });
    expect(answer.status, answer.text).toBe(201);
    return answer.body.id as string;
  };
  const sent = async (reference: string | undefined) =>
    (await herald.ledger()).filter((one) => one.reference === reference).length;
  const fault = async (rule: object) => expect((await herald.control('faults', rule)).status).toBe(201);
  const tasks = (focus: string) => herald.all<Task>(`/fhir/Task?focus=${focus}`);

  it.each(['accept-drop', 'accept-500', 'accept-504', 'accept-html-502', 'accept-truncated', 'accept-broken-json'])(
    'contract 5: %s: taken, though we were not told, is found by its reference and not sent again',
    async (name) => {
      await fault({ fault: name, count: 1 });
      const record = await endOf(herald, await post(`fault-${name}`), 15_000);
      expect(record.status).toBe('completed');
      expect(await sent(record.id)).toBe(1);
    },
  );

  it.each(['reset', 'html-502', 'error-500', 'rate-limited', 'clock-refused', 'redirect'])(
    'contract 5: %s: not taken is sent again, once it is certain',
    async (name) => {
      await fault({ fault: name, count: 1 });
      const record = await endOf(herald, await post(`fault-${name}`), 20_000);
      expect(record.status).toBe('completed');
      expect(await sent(record.id)).toBe(1);
    },
  );

  it('contract 5: a message that appears at the provider after we gave up is not sent a second time', async () => {
    await fault({ fault: 'accept-late', delayMs: 600, count: 1 });
    const record = await endOf(herald, await post('fault-late'), 20_000);
    expect(await sent(record.id)).toBe(1);
  });

  it('contract 5: a message stopped by the day’s limit waits, and expires where it says so', async () => {
    await fault({ fault: 'day-limited' });
    const id = await post('fault-day', {
      extension: [
        ...(exampleRequest('x').extension ?? []),
        { url: structureDefinition('expires'), valueDateTime: new Date(Date.now() + 1_500).toISOString() },
      ],
    });
    const record = await endOf(herald, id, 15_000);
    expect([record.status, record.statusReason?.coding?.[0]?.code]).toEqual(['not-done', 'expired']);
    const request = await requestOf(herald, id);
    expect([request.status, request.statusReason?.coding?.[0]?.code]).toEqual(['revoked', 'expired']);
    expect(await sent(record.id)).toBe(0);
  });

  it.each(['permanent-failure', 'temporary-failure'])(
    'contract 5: after %s by the only way allowed the request is undeliverable, with a Task to check the details',
    async (outcome) => {
      await fault({ fault: 'outcome', outcome, count: 1 });
      const id = await post(`fault-${outcome}`, { medium: [mediumConcept('sms')] });
      const record = await endOf(herald, id, 15_000);
      expect(record.status).toBe('stopped');
      const request = await requestOf(herald, id);
      expect([request.status, request.statusReason?.coding?.[0]?.code]).toEqual(['revoked', 'undeliverable']);
      const [task] = await tasks(`Communication/${record.id}`);
      expect(task?.code?.coding?.[0]).toEqual({ system: codeSystem('task-code'), code: 'check-contact' });
    },
  );

  it.each(['permanent-failure', 'temporary-failure'])(
    'contract 5: after %s the message goes at once by the next channel, each way with a record of its own',
    async (outcome) => {
      await fault({ fault: 'outcome', outcome, count: 1 });
      const id = await post(`fallback-${outcome}`);
      const ended = await until(
        async () => {
          const request = await requestOf(herald, id);
          return request.status === 'active' ? undefined : request;
        },
        'the end of a request that fell back',
        15_000,
      );
      expect(ended.status).toBe('completed');
      const records = await attemptsOf(herald, id);
      const ways = Object.fromEntries(records.map((one) => [channelOfAttempt(one), one]));
      expect([ways.sms?.status, ways.email?.status, records.length]).toEqual(['stopped', 'completed', 2]);
      for (const one of records) expect(await sent(one.id)).toBe(1);
      const [provenance] = await herald.all<Provenance>(`/fhir/Provenance?target=Communication/${ways.email?.id}`);
      expect(provenance?.target).toContainEqual({ reference: `CommunicationRequest/${id}` });
      expect(await tasks(`Communication/${ways.sms?.id}`)).toEqual([]);
    },
  );

  it('contract 11: receipts that repeat or come in disorder change nothing', async () => {
    await fault({ fault: 'callback-duplicate', count: 1 });
    const record = await endOf(herald, await post('fault-repeat'));
    const late = { id: record.identifier?.[1]?.value, reference: record.id, status: 'temporary-failure' };
    const answer = await receipt(herald, late);
    expect(answer.status).toBe(204);
    await until(async () => {
      const { text } = await supertest(herald.url).get('/metrics');
      return (
        /herald_queue_jobs\{queue="inbox",state="waiting"\} 0/.test(text) &&
        /queue="inbox",state="claimed"\} 0/.test(text)
      );
    }, 'the receipt to be applied');
    expect((await endOf(herald, record.basedOn?.[0]?.reference?.split('/')[1] ?? '')).status).toBe('completed');
  });

  it('contract 11: a receipt without the token is 401 and changes nothing', async () => {
    const answer = await supertest(herald.url)
      .post('/callbacks/govuk-notify/delivery-receipt')
      .set('Authorization', 'Bearer not-the-token')
      .send({ id: '0c4a5b1e-64f4-4c4f-9b0e-1a5f0a3b7d11', reference: null, status: 'delivered' });
    expect(answer.status).toBe(401);
  });

  it('TWO-1: a text of somebody unknown is kept, filed under nobody, with a Task to find out whose it is', async () => {
    const answer = await herald.control('received-texts', {
      from: '07700 900998',
      message: 'Can I come at 3 instead?',
    });
    expect(answer.status).toBeLessThan(300);
    const [text] = await until(async () => {
      const found = await herald.all<Communication>(
        `/fhir/Communication?category=${codeSystem('direction')}%7Cinbound`,
      );
      return found.length > 0 && found;
    }, 'the inbound text');
    expect(text?.payload?.[0]?.contentString).toBe('Can I come at 3 instead?');
    expect(text?.subject).toBeUndefined();
    const [task] = await tasks(`Communication/${text?.id}`);
    expect(task?.code?.coding?.[0]?.code).toBe('triage-inbound');
  });

  async function receipt(herald: Herald, body: object) {
    return supertest(herald.url)
      .post('/callbacks/govuk-notify/delivery-receipt')
      .set('Authorization', `Bearer ${CALLBACK_TOKEN}`)
      .send({ ...body, to: '+447700900123', created_at: '2026-11-21T10:00:00.000000Z', notification_type: 'sms' });
  }
});
