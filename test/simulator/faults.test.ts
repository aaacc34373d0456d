import axios from 'axios';
import type { NotifyClient } from 'notifications-node-client';
import { describe, expect, it } from 'vitest';
import type {
  AcceptingFault,
  FaultRule,
  Outcome,
  RefusingFault,
  RequestOperation,
} from '../../src/simulator/faults.ts';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { address, clientOf, errorsOf, raw, SETTLED_MS, sendLetter, sendText, startSimulator } from './support.ts';

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

describe('19: faults of letters and of what is only read', () => {
  const letter = (simulator: Simulator) => {
    const personalisation = { ...address, subject: 's', body: 'x' };
    return patient(simulator).sendLetter(simulator.templates.letter, { personalisation, reference: 'r' });
  };

  it.each<[AcceptingFault, object]>([
    ['accept-drop', { code: 'ECONNRESET' }],
    ['accept-500', { response: v2(500, 'OperationalError') }],
    ['accept-truncated', { code: 'ERR_BAD_RESPONSE' }],
  ])('a letter is taken all the same: %s', async (fault, expected) => {
    const simulator = await startSimulator();
    await simulator.control.addFault({ fault, channel: 'letter', recipient: 'ls1 4ap', count: 2 });
    await expect(letter(simulator)).rejects.toMatchObject(expected);
    await expect(patient(simulator).sendPrecompiledLetter('other', Buffer.from('%PDF'))).resolves.toMatchObject({
      status: 201,
    });
    expect(simulator.control.ledger('r').messages).toHaveLength(1);
    const { data } = await clientOf(simulator).getNotifications('letter', undefined, 'r');
    expect(data.notifications).toHaveLength(1);
    expect(simulator.control.state().faults).toMatchObject([{ remaining: 1 }]);
  });

  it('a PDF is not ready, or not there, or its answer is cut', async () => {
    const simulator = await startSimulator();
    const id = await sendLetter(simulator);
    await simulator.control.advance(SETTLED_MS);
    const ask = () => raw(simulator, 'GET', `/v2/notifications/${id}/pdf`);
    await simulator.control.addFault({ fault: 'pdf-not-ready', count: 1 });
    await simulator.control.addFault({ fault: 'not-found', operation: 'pdf', count: 1 });
    await simulator.control.addFault({ fault: 'html-502', operation: 'pdf', count: 1 });
    expect(errorsOf(await ask())).toEqual(['PDFNotReadyError: PDF not available yet, try again later']);
    expect(await ask()).toMatchObject({ status: 404, body: { errors: [{ error: 'NoResultFound' }] } });
    expect((await ask()).status).toBe(502);
    expect((await ask()).status).toBe(200);
  });

  it('a message is not found although it is there', async () => {
    const simulator = await startSimulator();
    const id = await sendText(simulator);
    await simulator.control.addFault({ fault: 'not-found', count: 1 });
    await expect(clientOf(simulator).getNotificationById(id)).rejects.toMatchObject({ response: { status: 404 } });
    expect((await clientOf(simulator).getNotificationById(id)).status).toBe(200);
  });

  it.each<[RequestOperation, (client: NotifyClient, simulator: Simulator) => Promise<unknown>]>([
    ['template', (client) => client.getAllTemplates()],
    ['template', (client, { templates }) => client.getTemplateById(templates.sms)],
    ['template', (client, { templates }) => client.getTemplateByIdAndVersion(templates.sms, 1)],
    ['template', (client, { templates }) => client.previewTemplateById(templates.sms, { body: 'x' })],
    ['received-texts', (client) => client.getReceivedTexts()],
  ])('%s: %s', async (operation, ask) => {
    const simulator = await startSimulator();
    await simulator.control.addFault({ fault: 'error-500', operation, count: 1 });
    await sendText(simulator);
    await expect(ask(clientOf(simulator), simulator)).rejects.toMatchObject({ response: { status: 500 } });
    await expect(ask(clientOf(simulator), simulator)).resolves.toMatchObject({ status: 200 });
  });

  it.each<[Outcome, string]>([
    ['delivered', 'received'],
    ['permanent-failure', 'permanent-failure'],
    ['technical-failure', 'technical-failure'],
    ['created', 'accepted'],
    ['sending', 'accepted'],
    ['validation-failed', 'validation-failed'],
    ['cancelled', 'cancelled'],
    ['returned-letter', 'received'],
  ])('a letter’s outcome %s shows as %s', async (outcome, status) => {
    const simulator = await startSimulator();
    await simulator.control.addFault({ fault: 'outcome', outcome, channel: 'letter' });
    const id = await sendLetter(simulator);
    await simulator.control.advance(14 * 24 * 3_600_000);
    expect((await clientOf(simulator).getNotificationById(id)).data.status).toBe(status);
    expect(simulator.control.ledger().messages[0]?.status).toBe(outcome);
  });

  it.each<[Outcome, string]>([
    ['created', 'created'],
    ['cancelled', 'cancelled'],
    ['validation-failed', 'validation-failed'],
    ['virus-scan-failed', 'virus-scan-failed'],
    ['pending-virus-check', 'pending-virus-check'],
  ])('the outcome %s of a PDF that came ready made', async (outcome, status) => {
    const simulator = await startSimulator();
    const pdf = await (async () => {
      const id = await sendLetter(simulator);
      await simulator.control.advance(SETTLED_MS);
      return clientOf(simulator).getPdfForLetterNotification(id);
    })();
    await simulator.control.addFault({ fault: 'outcome', outcome });
    const { data } = await clientOf(simulator).sendPrecompiledLetter('r', pdf);
    await simulator.control.advance(14 * 24 * 3_600_000);
    expect(simulator.control.ledger('r').messages).toMatchObject([{ id: data.id, status }]);
  });

  it('an outcome strikes only messages that may have it', async () => {
    const simulator = await startSimulator();
    await simulator.control.addFault({ fault: 'outcome', outcome: 'virus-scan-failed' });
    await simulator.control.addFault({ fault: 'outcome', outcome: 'temporary-failure' });
    await sendLetter(simulator);
    await sendText(simulator);
    await simulator.control.advance(7 * 24 * 3_600_000);
    expect(simulator.control.ledger().messages.map(({ status }) => status)).toEqual(['delivered', 'temporary-failure']);
  });
});
