import { describe, expect, it } from 'vitest';
import { apiKeys, serviceId } from '../../src/simulator/settings.ts';
import { clientOf, errorsOf, raw, startSimulator, token } from './support.ts';

const now = (): number => Math.floor(Date.now() / 1000);
const long =
  'Invalid token: make sure your API token matches the example at https://docs.notifications.service.gov.uk/rest-api.html#authorisation-header';
const clock = 'Error: Your system clock must be accurate to within 30 seconds';
const unknownKey = 'Invalid token: API key not found';
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('2.3: what is wrong with a token', () => {
  it.each<[string, () => string | null, number, string]>([
    ['no header', () => null, 401, 'Unauthorized: authentication token must be provided'],
    ['an empty header', () => '', 401, 'Unauthorized: authentication token must be provided'],
    ['another scheme', () => `Basic ${token()}`, 401, 'Unauthorized: authentication bearer scheme must be used'],
    ['no scheme', () => token(), 401, 'Unauthorized: authentication bearer scheme must be used'],
    ['two spaces', () => `Bearer  ${token()}`, 403, long],
    ['not three parts', () => 'Bearer a.b', 403, long],
    ['not base64', () => `Bearer ${part({})}.@@.x`, 403, long],
    ['not JSON', () => `Bearer ${part({})}.bm90.x`, 403, long],
    ['a payload that is no object', () => `Bearer ${part({ alg: 'HS256' })}.${part(['a'])}.x`, 403, long],
    ['no issuer', () => `Bearer ${token({ iss: undefined })}`, 403, 'Invalid token: iss field not provided'],
    [
      'an issuer that is no UUID',
      () => `Bearer ${token({ iss: 'x' })}`,
      403,
      'Invalid token: service id is not the right data type',
    ],
    [
      'a null issuer',
      () => `Bearer ${token({ iss: null })}`,
      403,
      'Invalid token: service id is not the right data type',
    ],
    [
      'another service',
      () => `Bearer ${token({ iss: '11111111-1111-4111-8111-111111111111' })}`,
      403,
      'Invalid token: service not found',
    ],
    [
      'another algorithm',
      () => `Bearer ${token({}, undefined, { alg: 'HS512' })}`,
      403,
      'Invalid token: algorithm used is not HS256',
    ],
    [
      'no algorithm',
      () => `Bearer ${token({ iat: 1 }, undefined, { alg: 'none' })}`,
      403,
      'Invalid token: algorithm used is not HS256',
    ],
    ['a stale token', () => `Bearer ${token({ iat: now() - 40 })}`, 403, clock],
    ['a token of the future', () => `Bearer ${token({ iat: now() + 40 })}`, 403, clock],
    ['milliseconds', () => `Bearer ${token({ iat: Date.now() })}`, 403, clock],
    ['a time that is no number', () => `Bearer ${token({ iat: 'now' })}`, 403, clock],
    ['no time', () => `Bearer ${token({ iat: undefined })}`, 403, unknownKey],
    ['another secret', () => `Bearer ${token({}, 'x')}`, 403, unknownKey],
    ['a stale token with another secret', () => `Bearer ${token({ iat: 1 }, 'x')}`, 403, unknownKey],
    ['a revoked key', () => `Bearer ${token({}, apiKeys.revoked.secret)}`, 403, 'Invalid token: API key revoked'],
    ['a revoked key, stale', () => `Bearer ${token({ iat: 1 }, apiKeys.revoked.secret)}`, 403, clock],
    ['an audience', () => `Bearer ${token({ aud: 'x' })}`, 403, long],
    ['expired', () => `Bearer ${token({ exp: now() - 60 })}`, 403, long],
    ['not yet valid', () => `Bearer ${token({ nbf: now() + 60 })}`, 403, long],
  ])('%s', async (_, authorization, status, message) => {
    const simulator = await startSimulator();
    const reply = await raw(simulator, 'GET', '/v2/notifications', undefined, authorization());
    expect(reply.status).toBe(status);
    expect(reply.body).toEqual({ status_code: status, errors: [{ error: 'AuthError', message }] });
    expect(reply.headers.get('www-authenticate')).toBeNull();
  });

  it.each<[string, () => string]>([
    ['any case of the scheme', () => `bEARER ${token()}`],
    ['no type in the header', () => `Bearer ${token({}, undefined, { alg: 'HS256' })}`],
    ['other claims', () => `Bearer ${token({ sub: 'x', jti: 'y' })}`],
    ['a time within 30 seconds', () => `Bearer ${token({ iat: now() - 25 })}`],
    ['a fraction of a second', () => `Bearer ${token({ iat: now() + 0.5 })}`],
    [
      'an issuer in capitals without hyphens',
      () => `Bearer ${token({ iss: serviceId.replaceAll('-', '').toUpperCase() })}`,
    ],
    ['an expiry within the leeway', () => `Bearer ${token({ exp: now() - 10 })}`],
    ['the team key', () => `Bearer ${token({}, apiKeys.team.secret)}`],
  ])('accepts %s', async (_, authorization) => {
    const simulator = await startSimulator();
    expect((await raw(simulator, 'GET', '/v2/notifications', undefined, authorization())).status).toBe(200);
  });

  it('a service without keys, then an archived one', async () => {
    const bare = await startSimulator({ service: { keys: [], active: false } });
    expect(errorsOf(await raw(bare, 'GET', '/v2/templates'))).toEqual([
      'AuthError: Invalid token: service has no API keys',
    ]);
    const archived = await startSimulator({ service: { active: false } });
    expect(errorsOf(await raw(archived, 'GET', '/v2/templates'))).toEqual([
      'AuthError: Invalid token: service is archived',
    ]);
  });

  it('goes by the clock that is injected; moving the time on leaves tokens fresh', async () => {
    const moved = await startSimulator();
    await moved.control.advance(3_600_000);
    expect((await clientOf(moved).getAllTemplates()).status).toBe(200);
    const simulator = await startSimulator({ clock: { now: () => new Date(Date.now() + 60_000) } });
    await expect(clientOf(simulator).getAllTemplates()).rejects.toMatchObject({
      response: { status: 403, data: { errors: [{ message: clock }] } },
    });
  });

  it('comes before everything but routing', async () => {
    const simulator = await startSimulator();
    expect((await raw(simulator, 'POST', '/v2/notifications/pigeon', 'nonsense', null)).status).toBe(401);
    expect(await raw(simulator, 'GET', '/v2/nothing', undefined, null)).toMatchObject({
      status: 404,
      body: { result: 'error', message: expect.stringContaining('requested URL was not found') },
    });
    expect(await raw(simulator, 'DELETE', '/v2/notifications', undefined, null)).toMatchObject({
      status: 405,
      body: { result: 'error', message: 'The method is not allowed for the requested URL.' },
    });
  });
});
