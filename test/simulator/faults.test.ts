import axios from 'axios';
import type { NotifyClient } from 'notifications-node-client';
import { describe, expect, it } from 'vitest';
import type { AcceptingFault, FaultRule, RefusingFault } from '../../src/simulator/faults.ts';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { clientOf, sendText, startSimulator } from './support.ts';

/** A client that gives up, and follows no redirects unless told to. */
function patient(simulator: Simulator, timeout = 400, maxRedirects = 0): NotifyClient {
  const client = clientOf(simulator);
  const instance = axios.create({ timeout, maxRedirects, proxy: false });
  client.setClient(instance as unknown as Parameters<NotifyClient['setClient']>[0]);
  return client;
}

/** What the client is told of one text: the status, the error code, or the answer's data. */
async function outcome(client: NotifyClient, simulator: Simulator, to = '07700900123'): Promise<unknown> {
  try {
    const answer = await client.sendSms(simulator.templates.sms, to, {
      personalisation: { body: 'x' },
      reference: 'r',
    });
    return { status: answer.status, data: answer.data };
  } catch (error) {
    if (!axios.isAxiosError(error)) throw error;
    return { code: error.code, status: error.response?.status, data: error.response?.data };
  }
}

const v2 = (status: number, error: string): object => ({
  status,
  data: { status_code: status, errors: [{ error, message: expect.any(String) }] },
});

describe('19: faults before anything is accepted', () => {
  it.each<[RefusingFault, object]>([
    ['reset', { code: 'ECONNRESET', status: undefined }],
    ['hang', { code: 'ECONNABORTED', status: undefined }],
    ['html-502', { status: 502, data: expect.stringContaining('<h1>502 Bad Gateway</h1>') }],
    ['error-500', v2(500, 'OperationalError')],
    ['rate-limited', v2(429, 'RateLimitError')],
    ['day-limited', v2(429, 'TooManyRequestsError')],
    ['auth-refused', v2(403, 'AuthError')],
    ['clock-refused', v2(403, 'AuthError')],
    ['redirect', { status: 302 }],
  ])('%s', async (fault, expected) => {
    const simulator = await startSimulator();
    await simulator.control.addFault({ fault, count: 1 });
    expect(await outcome(patient(simulator), simulator)).toMatchObject(expected);
    expect(simulator.control.ledger('r').messages).toEqual([]);
    expect(await outcome(patient(simulator), simulator)).toMatchObject({ status: 201 });
  });

  it('17.4: a redirect that is followed resolves as success, and nothing was sent', async () => {
    const simulator = await startSimulator();
    await simulator.control.addFault({ fault: 'redirect', count: 1 });
    expect(await outcome(patient(simulator, 2_000, 5), simulator)).toMatchObject({
      status: 200,
      data: { notifications: [] },
    });
  });
});

describe('19: faults after the message was accepted', () => {
  it.each<[AcceptingFault, object]>([
    ['accept-drop', { code: 'ECONNRESET', status: undefined }],
    ['accept-hang', { code: 'ECONNABORTED', status: undefined }],
    ['accept-500', v2(500, 'OperationalError')],
    ['accept-504', v2(504, 'SoftEventletTimeout')],
    ['accept-html-502', { status: 502, data: expect.stringContaining('<html>') }],
    ['accept-truncated', { code: 'ERR_BAD_RESPONSE', status: 201 }],
    ['accept-broken-json', { status: 201, data: expect.stringMatching(/^\{"content"/) }],
  ])('%s', async (fault, expected) => {
    const simulator = await startSimulator();
    await simulator.control.addFault({ fault, count: 1 });
    expect(await outcome(patient(simulator), simulator)).toMatchObject(expected);
    expect(simulator.control.ledger('r').messages).toHaveLength(1);
    const { data } = await clientOf(simulator).getNotifications(undefined, undefined, 'r');
    expect(data.notifications).toHaveLength(1);
  });

  it('accept-late: the row appears after the client gave up', async () => {
    const simulator = await startSimulator();
    await simulator.control.addFault({ fault: 'accept-late', count: 1, delayMs: 1_500 });
    expect(await outcome(patient(simulator, 200), simulator)).toMatchObject({ code: 'ECONNABORTED' });
    expect(simulator.control.ledger('r').messages).toEqual([]);
    await expect.poll(() => simulator.control.ledger('r').messages.length, { timeout: 10_000 }).toBe(1);
  });

  it('a message that is refused is refused plainly', async () => {
    const simulator = await startSimulator();
    await simulator.control.addFault({ fault: 'accept-drop', count: 1 });
    expect(await outcome(patient(simulator), simulator, '+14155552671')).toMatchObject({ status: 400 });
  });
});

describe('which requests a fault strikes', () => {
  const drop = { fault: 'error-500' } as const;

  it.each<[string, FaultRule, unknown[]]>([
    ['always', drop, [500, 500, 500]],
    ['so many times', { ...drop, count: 2 }, [500, 500, 201]],
    ['one channel', { ...drop, channel: 'email' }, [201, 201, 201]],
    ['one phone, however written', { ...drop, recipient: '+44 7700 900123' }, [500, 201, 500]],
    ['never', { ...drop, probability: 0 }, [201, 201, 201]],
  ])('%s', async (_, rule, expected) => {
    const simulator = await startSimulator();
    await simulator.control.addFault(rule);
    const statuses: unknown[] = [];
    for (const to of ['07700900123', '07700900124', '07700900123']) {
      statuses.push(((await outcome(patient(simulator), simulator, to)) as { status: number }).status);
    }
    expect(statuses).toEqual(expected);
  });

  it('by chance: the same seed strikes the same requests, another seed others', async () => {
    const pattern = async (seed: number): Promise<string> => {
      const simulator = await startSimulator();
      await simulator.control.addFault({ ...drop, probability: 0.5, seed });
      let struck = '';
      for (let i = 0; i < 24; i += 1) {
        const { status } = (await outcome(patient(simulator), simulator)) as { status: number };
        struck += status === 500 ? 'x' : '.';
      }
      return struck;
    };
    const first = await pattern(7);
    expect(await pattern(7)).toBe(first);
    expect(await pattern(8)).not.toBe(first);
    expect(first).toMatch(/x.*\./);
  });

  it('look-ups, when it says so', async () => {
    const simulator = await startSimulator();
    const id = await sendText(simulator);
    await simulator.control.addFault({ fault: 'html-502', operation: 'lookup', count: 2 });
    await expect(clientOf(simulator).getNotificationById(id)).rejects.toMatchObject({ response: { status: 502 } });
    expect(await outcome(patient(simulator), simulator)).toMatchObject({ status: 201 });
    await expect(clientOf(simulator).getNotifications()).rejects.toMatchObject({ response: { status: 502 } });
    expect((await clientOf(simulator).getNotificationById(id)).status).toBe(200);
  });

  it('none once it is taken away', async () => {
    const simulator = await startSimulator();
    const first = await simulator.control.addFault(drop);
    await simulator.control.addFault({ fault: 'html-502' });
    await simulator.control.removeFaults(first);
    expect(simulator.control.state().faults).toMatchObject([{ fault: 'html-502', remaining: null }]);
    await simulator.control.removeFaults();
    expect(await outcome(patient(simulator), simulator)).toMatchObject({ status: 201 });
  });
});
