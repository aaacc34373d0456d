import { describe, expect, it } from 'vitest';
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.ts';
import {
  callbackToken,
  clientOf,
  type Receiver,
  SETTLED_MS,
  sendLetter,
  sendText,
  startReceiver,
  startSimulator,
} from './support.ts';

const RETRY = 300_000;
const DAYS = 7 * 24 * 3_600_000;

async function start(options: SimulatorOptions = {}): Promise<{ simulator: Simulator; receiver: Receiver }> {
  const receiver = await startReceiver();
  const target = { url: receiver.url, token: callbackToken };
  const simulator = await startSimulator({
    callbacks: { deliveryReceipt: target, receivedText: target, returnedLetter: target },
    ...options,
  });
  return { simulator, receiver };
}

const posts = (receiver: Receiver, count: number): Promise<void> =>
  expect.poll(() => receiver.got.length, { timeout: 10_000 }).toBe(count);

/** Waits until the post under way is done with, so that the clock may be moved. */
async function answered(simulator: Simulator, callbacksWaiting: number): Promise<void> {
  const settled = { callbacksWaiting, callbacksUnderWay: 0 };
  await expect.poll(() => simulator.control.state(), { timeout: 10_000 }).toMatchObject(settled);
}

/** A PDF that the simulator made. */
async function pdfOfOne(simulator: Simulator): Promise<Buffer> {
  const id = await sendLetter(simulator);
  await simulator.control.advance(SETTLED_MS);
  return clientOf(simulator).getPdfForLetterNotification(id);
}

describe('11: callbacks', () => {
  it('a receipt has Notify’s keys and the service’s bearer token', async () => {
    const { simulator, receiver } = await start();
    const id = await sendText(simulator, '07700 900123', { reference: 'ref' });
    await simulator.control.advance(SETTLED_MS);
    await posts(receiver, 1);
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(receiver.got).toEqual([
      {
        authorization: `Bearer ${callbackToken}`,
        body: {
          id,
          reference: 'ref',
          to: '07700 900123',
          status: 'delivered',
          created_at: time,
          completed_at: time,
          sent_at: time,
          notification_type: 'sms',
          template_id: simulator.templates.sms,
          template_version: 1,
        },
      },
    ]);
  });

  it('a received text has its own keys and address', async () => {
    const { simulator, receiver } = await start();
    const id = await simulator.control.receiveText('07700 900123', 'STOP');
    await posts(receiver, 1);
    expect(receiver.got[0]?.body).toEqual({
      id,
      source_number: '447700900123',
      destination_number: 'ExampleNHS',
      message: 'STOP',
      date_received: expect.stringMatching(/\.\d{6}Z$/),
    });
  });

  it('a letter has no receipt; one that comes back is told, again if it comes back again', async () => {
    const { simulator, receiver } = await start();
    const id = await sendLetter(simulator, {}, 'ref');
    expect(await simulator.control.returnLetter(id)).toBe(false);
    await simulator.control.advance(DAYS);
    expect(simulator.control.state().callbacksWaiting).toBe(0);
    expect(receiver.got).toEqual([]);
    expect(await simulator.control.returnLetter(id)).toBe(true);
    await posts(receiver, 1);
    const { data } = await clientOf(simulator).getNotificationById(id);
    expect(receiver.got[0]).toEqual({
      authorization: `Bearer ${callbackToken}`,
      body: {
        notification_id: id,
        reference: 'ref',
        date_sent: data.created_at,
        sent_by: 'API',
        template_name: 'Letter',
        template_id: simulator.templates.letter,
        template_version: 1,
        spreadsheet_file_name: null,
        spreadsheet_row_number: null,
        upload_letter_file_name: null,
      },
    });
    expect(data.status).toBe('received');
    expect(await simulator.control.returnLetter(id)).toBe(true);
    await posts(receiver, 2);
    expect(await simulator.control.returnLetter(await sendText(simulator))).toBe(false);
  });

  it('a PDF that came ready made comes back without a template, whose id is the word None', async () => {
    const { simulator, receiver } = await start({ timings: { letterCalendar: false } });
    const pdf = await pdfOfOne(simulator);
    await simulator.control.addFault({ fault: 'outcome', outcome: 'returned-letter', count: 1 });
    const { data } = await clientOf(simulator).sendPrecompiledLetter('r', pdf);
    await simulator.control.advance(SETTLED_MS);
    await posts(receiver, 1);
    expect(receiver.got[0]?.body).toMatchObject({
      notification_id: data.id,
      template_name: null,
      template_id: 'None',
      template_version: null,
    });
  });

  it.each([500, 503, 429])('%i is tried again, five times at 300 seconds, then dropped', async (status) => {
    const { simulator, receiver } = await start();
    receiver.answers.push(...Array.from({ length: 6 }, () => status));
    await sendText(simulator);
    await simulator.control.advance(SETTLED_MS);
    for (let attempt = 1; attempt <= 6; attempt += 1) {
      await posts(receiver, attempt);
      await answered(simulator, attempt < 6 ? 1 : 0);
      await simulator.control.advance(RETRY - 1);
      expect(receiver.got).toHaveLength(attempt);
      await simulator.control.advance(1);
    }
    await simulator.control.advance(10 * RETRY);
    expect(receiver.got).toHaveLength(6);
    expect(new Set(receiver.got.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  });

  it.each([400, 401, 404])('%i ends it at once', async (status) => {
    const { simulator, receiver } = await start();
    receiver.answers.push(status);
    await sendText(simulator);
    await simulator.control.advance(SETTLED_MS);
    await posts(receiver, 1);
    await answered(simulator, 0);
  });

  it('no answer in time is tried again', async () => {
    const { simulator, receiver } = await start({ timings: { callbackTimeoutMs: 100 } });
    receiver.answers.push(null);
    await sendText(simulator);
    await simulator.control.advance(SETTLED_MS);
    await posts(receiver, 1);
    await answered(simulator, 1);
    await simulator.control.advance(RETRY);
    await posts(receiver, 2);
  });

  it('the address is that of when it happened; without one there is no callback', async () => {
    const { simulator, receiver } = await start();
    const later = await startReceiver();
    await simulator.control.pauseCallbacks(true);
    await sendText(simulator);
    await simulator.control.advance(SETTLED_MS);
    await simulator.control.setCallbacks({ deliveryReceipt: { url: later.url, token: callbackToken } });
    await simulator.control.pauseCallbacks(false);
    await posts(receiver, 1);
    await simulator.control.setCallbacks({});
    await sendText(simulator);
    await simulator.control.advance(SETTLED_MS);
    expect(simulator.control.state().callbacksWaiting).toBe(0);
    expect(later.got).toEqual([]);
  });
});

describe('19: callbacks that go astray', () => {
  it('paused, none leaves; resumed, all do', async () => {
    const { simulator, receiver } = await start();
    await simulator.control.pauseCallbacks(true);
    await sendText(simulator);
    await sendText(simulator);
    await simulator.control.advance(SETTLED_MS);
    expect(simulator.control.state().callbacksWaiting).toBe(2);
    expect(receiver.got).toEqual([]);
    await simulator.control.pauseCallbacks(false);
    await posts(receiver, 2);
  });

  it('missing: the message is delivered and nobody is told', async () => {
    const { simulator, receiver } = await start();
    await simulator.control.addFault({ fault: 'callback-missing', count: 1 });
    await sendText(simulator);
    const told = await sendText(simulator);
    await simulator.control.advance(SETTLED_MS);
    await posts(receiver, 1);
    await answered(simulator, 0);
    expect(receiver.got.map(({ body }) => body.id)).toEqual([told]);
    expect(simulator.control.ledger().messages.map(({ status }) => status)).toEqual(['delivered', 'delivered']);
  });

  it('duplicate: the same receipt twice', async () => {
    const { simulator, receiver } = await start();
    await simulator.control.addFault({ fault: 'callback-duplicate' });
    await sendText(simulator);
    await simulator.control.advance(SETTLED_MS);
    await posts(receiver, 2);
    expect(receiver.got[0]).toEqual(receiver.got[1]);
  });

  it('late: after the delay asked for', async () => {
    const { simulator, receiver } = await start();
    await simulator.control.addFault({ fault: 'callback-late', delayMs: 3_600_000 });
    await sendText(simulator);
    await simulator.control.advance(SETTLED_MS);
    await simulator.control.advance(3_600_000 - 1);
    expect(receiver.got).toEqual([]);
    await simulator.control.advance(1);
    await posts(receiver, 1);
  });

  it('reordered: after the next one', async () => {
    const { simulator, receiver } = await start();
    await simulator.control.addFault({ fault: 'callback-reordered', count: 1 });
    const first = await sendText(simulator);
    await simulator.control.advance(SETTLED_MS);
    expect(receiver.got).toEqual([]);
    const second = await sendText(simulator);
    await simulator.control.advance(SETTLED_MS);
    await posts(receiver, 2);
    expect(receiver.got.map(({ body }) => body.id)).toEqual([second, first]);
  });

  it('of received texts and returned letters, when it says so; receipts are left alone', async () => {
    const { simulator, receiver } = await start();
    await simulator.control.addFault({ fault: 'callback-missing', callback: 'received-text', count: 1 });
    await simulator.control.addFault({
      fault: 'callback-duplicate',
      callback: 'returned-letter',
      recipient: 'LS1 4AP',
    });
    const text = await sendText(simulator);
    const letter = await sendLetter(simulator);
    await simulator.control.advance(DAYS);
    await posts(receiver, 1);
    expect(receiver.got[0]?.body.id).toBe(text);
    await simulator.control.receiveText('07700900123', 'lost');
    const told = await simulator.control.receiveText('07700900123', 'told');
    await posts(receiver, 2);
    expect(receiver.got[1]?.body.id).toBe(told);
    await simulator.control.returnLetter(letter);
    await posts(receiver, 4);
    expect(receiver.got[2]).toEqual(receiver.got[3]);
  });
});
