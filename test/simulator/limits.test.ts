import { describe, expect, it } from 'vitest';
import { apiKeys, type KeyType } from '../../src/simulator/settings.ts';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { errorsOf, raw, startSimulator, token } from './support.ts';

const body = {
  phone_number: '07700900123',
  template_id: '3f6d1c9a-7b42-4e58-8d0f-2a9c5e7b1d34',
  personalisation: { body: 'x' },
};

async function send(simulator: Simulator, key: KeyType = 'normal', changes: object = {}): Promise<string> {
  const authorization = `Bearer ${token({}, apiKeys[key].secret)}`;
  const reply = await raw(simulator, 'POST', '/v2/notifications/sms', { ...body, ...changes }, authorization);
  return reply.status === 201 ? 'sent' : (errorsOf(reply)[0] ?? '');
}

async function successes(simulator: Simulator, tries: number): Promise<number> {
  let count = 0;
  for (let i = 0; i < tries; i += 1) if ((await send(simulator)) === 'sent') count += 1;
  return count;
}

describe('7.1: the token bucket', () => {
  const limited = 'RateLimitError: Exceeded rate limit for key type LIVE of 60 requests per 60 seconds';

  it('a cold burst passes one less than the bucket holds; the rest is refused', async () => {
    const simulator = await startSimulator({ service: { ratePerMinute: 60 } });
    expect(await successes(simulator, 25)).toBe(20);
    expect(await send(simulator)).toBe(limited);
  });

  it('once empty, asking faster than it fills gets nothing; a pause of t seconds buys t - 1', async () => {
    const simulator = await startSimulator({ service: { ratePerMinute: 60 } });
    await successes(simulator, 21);
    for (let i = 0; i < 10; i += 1) {
      await simulator.control.advance(900);
      expect(await send(simulator)).toBe(limited);
    }
    await simulator.control.advance(5_000);
    expect(await successes(simulator, 10)).toBe(4);
  });

  it('each key type has its own bucket, named in the refusal; reading is free', async () => {
    const simulator = await startSimulator({ service: { ratePerMinute: 1 } });
    expect(await send(simulator)).toBe('sent');
    expect(await send(simulator, 'test')).toBe('sent');
    expect(await send(simulator, 'test')).toContain('key type TEST of 1 requests');
    expect((await raw(simulator, 'GET', '/v2/notifications')).status).toBe(200);
  });

  it('a refused request costs a token', async () => {
    const simulator = await startSimulator({ service: { ratePerMinute: 60 } });
    for (let i = 0; i < 20; i += 1) await raw(simulator, 'POST', '/v2/notifications/sms', 'nonsense');
    expect(await send(simulator)).toBe(limited);
  });
});

describe('7.2: the day', () => {
  const dailyLimits = { sms: 2, email: 2, international_sms: 1 };
  const over = 'TooManyRequestsError: Exceeded send limits (sms: 2) for today';

  it('counts accepted messages, live and team together, until midnight UTC', async () => {
    const simulator = await startSimulator({ service: { dailyLimits } });
    expect(await send(simulator, 'normal', { personalisation: {} })).toContain('Missing personalisation');
    expect(await send(simulator)).toBe('sent');
    expect(await send(simulator, 'team', { phone_number: '07700900801' })).toBe('sent');
    expect(await send(simulator)).toBe(over);
    const now = Date.parse(simulator.control.state().now);
    await simulator.control.advance(86_400_000 - (now % 86_400_000));
    expect(await send(simulator)).toBe('sent');
  });

  it('a test key and smoke tests do not count', async () => {
    const simulator = await startSimulator({ service: { dailyLimits } });
    for (let i = 0; i < 3; i += 1) expect(await send(simulator, 'test')).toBe('sent');
    for (let i = 0; i < 3; i += 1)
      expect(await send(simulator, 'normal', { phone_number: '07700900000' })).toBe('sent');
    expect(await send(simulator)).toBe('sent');
  });

  it('numbers outside +44 have a count of their own besides', async () => {
    const permissions = ['sms', 'international_sms'] as const;
    const simulator = await startSimulator({ service: { dailyLimits: { ...dailyLimits, sms: 9 }, permissions } });
    const abroad = { phone_number: '+14155552671' };
    expect(await send(simulator, 'normal', abroad)).toBe('sent');
    expect(await send(simulator, 'normal', { phone_number: '07797900123' })).toBe('sent');
    expect(await send(simulator, 'normal', abroad)).toBe(
      'TooManyRequestsError: Exceeded send limits (international_sms: 1) for today',
    );
  });
});
