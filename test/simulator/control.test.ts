import { describe, expect, it } from 'vitest';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { clientOf, SETTLED_MS, sendLetter, sendText, startSimulator } from './support.ts';

async function control(simulator: Simulator, method: string, path: string, body?: unknown, type = 'application/json') {
  const response = await fetch(`${simulator.url}/control/${path}`, {
    method,
    signal: AbortSignal.timeout(10_000),
    headers: { 'content-type': type },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

describe('the control address', () => {
  it('moves the clock, and the messages with it', async () => {
    const simulator = await startSimulator();
    await sendText(simulator, '07700900123', { reference: 'r' });
    const before = (await control(simulator, 'GET', 'state')).body.now;
    const moved = await control(simulator, 'POST', 'clock', { advanceMs: SETTLED_MS });
    expect(Date.parse(moved.body.now) - Date.parse(before)).toBe(SETTLED_MS);
    const ledger = await control(simulator, 'GET', 'ledger?reference=r');
    expect(ledger.body).toMatchObject({
      messages: [{ reference: 'r', status: 'delivered' }],
      countByReference: { r: 1 },
    });
    expect((await control(simulator, 'GET', 'ledger?reference=x')).body.messages).toEqual([]);
  });

  it('sets, lists and removes faults', async () => {
    const simulator = await startSimulator();
    const added = await control(simulator, 'POST', 'faults', { fault: 'accept-drop', channel: 'sms', count: 3 });
    expect(added.status).toBe(201);
    expect((await control(simulator, 'GET', 'faults')).body).toEqual([
      { id: added.body.id, fault: 'accept-drop', channel: 'sms', count: 3, remaining: 3 },
    ]);
    expect((await control(simulator, 'DELETE', `faults/${added.body.id}`)).status).toBe(204);
    expect((await control(simulator, 'GET', 'faults')).body).toEqual([]);
    await control(simulator, 'POST', 'faults', { fault: 'hang' });
    expect((await control(simulator, 'DELETE', 'faults')).status).toBe(204);
    expect((await control(simulator, 'GET', 'faults')).body).toEqual([]);
  });

  it('sets the callbacks, pauses and resumes them, and shows no token', async () => {
    const simulator = await startSimulator();
    const target = { url: 'http://127.0.0.1:9/', token: '0123456789' };
    expect((await control(simulator, 'PUT', 'callbacks', { deliveryReceipt: target })).status).toBe(204);
    await control(simulator, 'POST', 'callbacks/pause');
    const { body } = await control(simulator, 'GET', 'state');
    expect(body).toMatchObject({
      callbacksPaused: true,
      callbacks: { deliveryReceipt: target.url, receivedText: null, returnedLetter: null },
    });
    expect(JSON.stringify(body)).not.toContain(target.token);
    await control(simulator, 'POST', 'callbacks/resume');
    expect((await control(simulator, 'GET', 'state')).body.callbacksPaused).toBe(false);
  });

  it('changes the service and its templates', async () => {
    const simulator = await startSimulator();
    expect((await control(simulator, 'PATCH', 'service', { trial: true })).status).toBe(204);
    await expect(sendText(simulator)).rejects.toMatchObject({ response: { status: 400 } });
    const content = { type: 'sms', name: 'Text', subject: null, body: 'New: ((body))' };
    const put = await control(simulator, 'PUT', `templates/${simulator.templates.sms}`, content);
    expect(put.body).toEqual({ version: 2 });
    const { data } = await clientOf(simulator).getTemplateById(simulator.templates.sms);
    expect(data).toMatchObject({ version: 2, body: 'New: ((body))' });
  });

  it('lets a phone send a text, and does the nightly jobs', async () => {
    const simulator = await startSimulator();
    expect((await control(simulator, 'POST', 'received-texts', { from: '07700900123', message: 'Hi' })).status).toBe(
      201,
    );
    expect((await control(simulator, 'POST', 'received-texts', { from: 'x', message: 'Hi' })).status).toBe(400);
    expect((await control(simulator, 'POST', 'actions', { action: 'purge' })).body).toEqual({ changed: 0 });
  });

  it('stops a letter, and brings one back, where that can be', async () => {
    const simulator = await startSimulator();
    const letters = [await sendLetter(simulator), await sendLetter(simulator)];
    const [stopped, returned] = letters;
    expect((await control(simulator, 'POST', `letters/${stopped}/cancel`)).status).toBe(204);
    expect(await control(simulator, 'POST', `letters/${stopped}/cancel`)).toEqual({
      status: 409,
      body: { error: 'no letter that can still be stopped' },
    });
    expect((await control(simulator, 'POST', `letters/${returned}/return`)).status).toBe(409);
    await simulator.control.advance(7 * 24 * 3_600_000);
    expect((await control(simulator, 'POST', `letters/${returned}/return`)).status).toBe(204);
    expect(simulator.control.ledger().messages.map(({ status }) => status)).toEqual(['cancelled', 'returned-letter']);
  });

  it('gives a token that is fresh, as text, for any key', async () => {
    const simulator = await startSimulator();
    const ask = async (query: string) => {
      const token = await (await fetch(`${simulator.url}/control/token${query}`)).text();
      const reply = await fetch(`${simulator.url}/v2/templates`, { headers: { authorization: `Bearer ${token}` } });
      const body = (await reply.json()) as { errors?: { message: string }[] };
      return [reply.status, body.errors?.[0]?.message];
    };
    expect(await ask('')).toEqual([200, undefined]);
    expect(await ask('?key=test')).toEqual([200, undefined]);
    expect(await ask('?key=revoked')).toEqual([403, 'Invalid token: API key revoked']);
    expect((await control(simulator, 'GET', 'token?key=x')).status).toBe(400);
  });

  it('writes templates of letters, with postage and sender', async () => {
    const simulator = await startSimulator();
    const content = {
      type: 'letter',
      name: 'L',
      subject: 's',
      body: 'b',
      postage: 'economy',
      letterContactBlock: 'Us',
    };
    const id = '8f2b1c3d-4e5a-4678-9abc-def012345678';
    expect((await control(simulator, 'PUT', `templates/${id}`, content)).body).toEqual({ version: 1 });
    const { data } = await clientOf(simulator).getTemplateById(id);
    expect(data).toMatchObject({ type: 'letter', postage: 'economy', letter_contact_block: 'Us' });
    expect((await control(simulator, 'PUT', `templates/${id}`, { ...content, postage: 'europe' })).status).toBe(400);
  });

  it('reset forgets everything but the time', async () => {
    const simulator = await startSimulator();
    await simulator.control.advance(5_000);
    const { now } = simulator.control.state();
    await simulator.control.addFault({ fault: 'callback-late' });
    await simulator.control.changeService({ trial: true });
    await clientOf(simulator, 'test').sendSms(simulator.templates.sms, '07700900123', {
      personalisation: { body: 'x' },
    });
    expect((await control(simulator, 'POST', 'reset')).status).toBe(204);
    expect(simulator.control.ledger().messages).toEqual([]);
    expect(simulator.control.state()).toMatchObject({ now, faults: [], stepsWaiting: 0 });
    expect(await sendText(simulator)).toMatch(/-/);
  });

  it.each<[string, string, unknown, string, number, string]>([
    [
      'POST',
      'faults',
      { fault: 'sabotage' },
      'application/json',
      400,
      'body/fault must be equal to one of the allowed values',
    ],
    [
      'POST',
      'faults',
      { fault: 'hang', chance: 1 },
      'application/json',
      400,
      'body must NOT have additional properties',
    ],
    ['POST', 'clock', { advanceMs: -1 }, 'application/json', 400, 'body/advanceMs must be >= 0'],
    ['POST', 'clock', '{', 'application/json', 400, 'the body is not JSON'],
    ['POST', 'clock', { advanceMs: 1 }, 'text/plain', 415, 'Content-Type must be application/json'],
    ['POST', 'reset', undefined, 'text/plain', 415, 'Content-Type must be application/json'],
    [
      'PUT',
      'callbacks',
      { deliveryReceipt: { url: 'ftp://x', token: '0123456789' } },
      'application/json',
      400,
      'body/deliveryReceipt/url must match pattern "^https?://"',
    ],
    ['GET', 'reset', undefined, 'application/json', 405, 'method not allowed'],
    ['GET', 'nothing', undefined, 'application/json', 404, 'no such control'],
  ])('%s %s %j as %s: %i', async (method, path, body, type, status, error) => {
    const simulator = await startSimulator();
    expect(await control(simulator, method, path, body, type)).toEqual({ status, body: { error } });
  });
});
