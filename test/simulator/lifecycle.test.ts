import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/simulator/faults.ts';
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.ts';
import { callbackToken, clientOf, raw, SETTLED_MS, sendText, startReceiver, startSimulator, token } from './support.ts';

const HOUR = 3_600_000;
const slow: SimulatorOptions = { timings: { sendMs: HOUR, outcomeMs: HOUR } };

const statusOf = (simulator: Simulator, id: string): string | undefined =>
  simulator.control.ledger().messages.find((message) => message.id === id)?.status;

async function sendEmail(simulator: Simulator, to: string, key: 'normal' | 'test' = 'normal'): Promise<string> {
  const personalisation = { subject: 's', body: 'x' };
  return (await clientOf(simulator, key).sendEmail(simulator.templates.email, to, { personalisation })).data.id;
}

async function sendTest(simulator: Simulator, to: string): Promise<string> {
  const personalisation = { body: 'x' };
  return (await clientOf(simulator, 'test').sendSms(simulator.templates.sms, to, { personalisation })).data.id;
}

describe('10: statuses over time', () => {
  it('created, sending, delivered; each with its time', async () => {
    const simulator = await startSimulator(slow);
    const id = await sendText(simulator);
    const entry = () => simulator.control.ledger().messages[0];
    expect(entry()).toMatchObject({ id, status: 'created', sentAt: null, completedAt: null });
    await simulator.control.advance(HOUR);
    expect(entry()).toMatchObject({ status: 'sending', sentAt: expect.any(String), completedAt: null });
    await simulator.control.advance(HOUR);
    expect(entry()).toMatchObject({ status: 'delivered', completedAt: expect.any(String) });
  });

  it('without a clock that is moved, the statuses come by themselves', async () => {
    const simulator = await startSimulator({ clock: { now: () => new Date() }, timings: { sendMs: 1, outcomeMs: 1 } });
    const id = await sendText(simulator);
    await expect.poll(() => statusOf(simulator, id), { timeout: 10_000 }).toBe('delivered');
  });

  it('a text abroad is sent, which is its end; one to a Crown Dependency too, at twice the price', async () => {
    const simulator = await startSimulator({ service: { permissions: ['sms', 'international_sms'] } });
    const abroad = await sendText(simulator, '+14155552671');
    const jersey = await sendText(simulator, '07797900123');
    await simulator.control.advance(SETTLED_MS);
    expect(statusOf(simulator, abroad)).toBe('sent');
    const { data } = await clientOf(simulator).getNotificationById(jersey);
    expect(data).toMatchObject({
      status: 'sent',
      completed_at: expect.stringMatching(/Z$/),
      cost_details: { international_rate_multiplier: 2 },
    });
  });

  it('the price of a text is not known until it is handed over', async () => {
    const simulator = await startSimulator();
    const { data } = await clientOf(simulator).getNotificationById(await sendText(simulator));
    expect(data).toMatchObject({ is_cost_data_ready: false, cost_in_pounds: null, cost_details: {} });
  });

  it.each<[Outcome, string, number]>([
    ['delivered', 'delivered', 1],
    ['temporary-failure', 'temporary-failure', 1],
    ['permanent-failure', 'permanent-failure', 1],
    ['technical-failure', 'technical-failure', 0],
    ['pending', 'pending', 0],
    ['sending', 'sending', 0],
    ['created', 'created', 0],
  ])('an outcome of %s ends %s with %i receipts', async (outcome, status, receipts) => {
    const receiver = await startReceiver();
    const simulator = await startSimulator({
      callbacks: { deliveryReceipt: { url: receiver.url, token: callbackToken } },
    });
    await simulator.control.addFault({ fault: 'outcome', outcome });
    const id = await sendText(simulator);
    await simulator.control.advance(SETTLED_MS);
    expect(statusOf(simulator, id)).toBe(status);
    await expect.poll(() => simulator.control.state().callbacksWaiting).toBe(0);
    expect(receiver.got).toHaveLength(receipts);
  });
});

describe('8.3: what becomes of a test key’s messages', () => {
  it.each([
    ['07700900003', 'temporary-failure'],
    ['+447700900003', 'temporary-failure'],
    ['07700 900003', 'delivered'],
    ['07700900002', 'permanent-failure'],
    ['07700900001', 'delivered'],
  ])('a text to %s: %s', async (to, status) => {
    const simulator = await startSimulator();
    const id = await sendTest(simulator, to);
    await simulator.control.advance(SETTLED_MS);
    expect(statusOf(simulator, id)).toBe(status);
  });

  it.each([
    ['temp-fail@simulator.notify', 'temporary-failure'],
    ['perm-fail@simulator.notify', 'permanent-failure'],
    ['Perm-Fail@simulator.notify', 'delivered'],
    ['pat@example.org', 'delivered'],
  ])('an email to %s: %s', async (to, status) => {
    const simulator = await startSimulator();
    const id = await sendEmail(simulator, to, 'test');
    await simulator.control.advance(SETTLED_MS);
    expect(statusOf(simulator, id)).toBe(status);
  });

  it('a temporary failure passes through pending', async () => {
    const simulator = await startSimulator(slow);
    const id = await sendTest(simulator, '07700900003');
    await simulator.control.advance(2 * HOUR);
    expect(statusOf(simulator, id)).toBe('pending');
    await simulator.control.advance(HOUR);
    expect(statusOf(simulator, id)).toBe('temporary-failure');
  });

  it('with a live key the same numbers fail however they are written', async () => {
    const simulator = await startSimulator();
    const id = await sendText(simulator, '07700 900003');
    await simulator.control.advance(SETTLED_MS);
    expect(statusOf(simulator, id)).toBe('temporary-failure');
  });

  it('is told to the service’s callback too', async () => {
    const receiver = await startReceiver();
    const simulator = await startSimulator({
      callbacks: { deliveryReceipt: { url: receiver.url, token: callbackToken } },
    });
    const id = await sendTest(simulator, '07700900002');
    await simulator.control.advance(SETTLED_MS);
    await expect.poll(() => receiver.got.length).toBe(1);
    expect(receiver.got[0]?.body).toMatchObject({ id, status: 'permanent-failure' });
  });
});

describe('10.5: Notify’s periodic jobs', () => {
  it('the nightly time-out fails what is under way after 72 hours, with a receipt, and is never corrected', async () => {
    const receiver = await startReceiver();
    const simulator = await startSimulator({
      callbacks: { deliveryReceipt: { url: receiver.url, token: callbackToken } },
    });
    await simulator.control.addFault({ fault: 'outcome', outcome: 'sending', count: 1 });
    const stuck = await sendText(simulator);
    await simulator.control.addFault({ fault: 'outcome', outcome: 'created', count: 1 });
    const created = await sendText(simulator);
    await simulator.control.advance(71 * HOUR);
    expect(await simulator.control.perform('time-out')).toBe(0);
    await simulator.control.advance(2 * HOUR);
    expect(await simulator.control.perform('time-out')).toBe(1);
    expect(statusOf(simulator, stuck)).toBe('temporary-failure');
    expect(statusOf(simulator, created)).toBe('created');
    await expect.poll(() => receiver.got.map(({ body }) => body.id)).toEqual([stuck]);
  });

  it('what is still created after an hour is queued again', async () => {
    const simulator = await startSimulator();
    await simulator.control.addFault({ fault: 'outcome', outcome: 'created', count: 1 });
    const id = await sendText(simulator);
    await simulator.control.advance(HOUR / 2);
    expect(await simulator.control.perform('requeue')).toBe(0);
    await simulator.control.advance(HOUR);
    expect(await simulator.control.perform('requeue')).toBe(1);
    await simulator.control.advance(SETTLED_MS);
    expect(statusOf(simulator, id)).toBe('delivered');
  });

  it('12.1: the purge takes what was created before London’s midnight so many days ago', async () => {
    const startedAt = new Date('2026-06-10T22:30:00Z');
    const simulator = await startSimulator({ clock: { now: () => startedAt } });
    const send = async (reference: string): Promise<void> => {
      const iat = startedAt.getTime() / 1000;
      const { sms: template_id } = simulator.templates;
      const body = { phone_number: '07700900123', template_id, personalisation: { body: 'x' }, reference };
      await raw(simulator, 'POST', '/v2/notifications/sms', body, `Bearer ${token({ iat })}`);
    };
    await send('at half past eleven');
    await simulator.control.advance(HOUR);
    await send('at half past midnight, the same day in UTC');
    await simulator.control.advance(7 * 24 * HOUR);
    expect(await simulator.control.perform('purge')).toBe(1);
    expect(simulator.control.ledger().messages).toMatchObject([
      { reference: 'at half past midnight, the same day in UTC' },
    ]);
  });

  it('12.1: a purged message is found neither by id nor by reference', async () => {
    const day = 24 * HOUR;
    let ms = Date.now();
    const simulator = await startSimulator({ clock: { now: () => new Date(ms) } });
    const id = await sendText(simulator, '07700900123', { reference: 'r' });
    await simulator.control.advance(SETTLED_MS);
    ms += 6 * day;
    expect(await simulator.control.perform('purge')).toBe(0);
    ms += 2 * day;
    expect(await simulator.control.perform('purge')).toBe(1);
    ms -= 8 * day;
    await expect(clientOf(simulator).getNotificationById(id)).rejects.toMatchObject({ response: { status: 404 } });
    expect((await clientOf(simulator).getNotifications(undefined, undefined, 'r')).data.notifications).toEqual([]);
  });
});
