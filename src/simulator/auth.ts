import { createHmac, timingSafeEqual } from 'node:crypto';
import { authError, clockMessage } from './notify-error.ts';
import { type ApiKey, type ServiceSettings, serviceId } from './settings.ts';
import { parseUuid } from './uuid.ts';

/**
 * Checks the token of a request as Notify does, each check in Notify's order, and answers the key that signed it.
 * `nowS` is the time in seconds since 1970.
 *
 * @throws {NotifyError} 401 or 403
 */
export function authenticate(header: string | undefined, service: ServiceSettings, nowS: number): ApiKey {
  if (header === undefined || header === '') {
    throw authError(401, 'Unauthorized: authentication token must be provided');
  }
  if (header.slice(0, 7).toLowerCase() !== 'bearer ') {
    throw authError(401, 'Unauthorized: authentication bearer scheme must be used');
  }
  const token = decode(header.slice(7));
  if (token === undefined) throw malformed();
  if (!('iss' in token.claims)) throw authError(403, 'Invalid token: iss field not provided');
  const issuer = typeof token.claims.iss === 'string' ? parseUuid(token.claims.iss) : undefined;
  if (issuer === undefined) throw authError(403, 'Invalid token: service id is not the right data type');
  if (issuer !== service.id) throw authError(403, 'Invalid token: service not found');
  if (service.keys.length === 0) throw authError(403, 'Invalid token: service has no API keys');
  if (!service.active) throw authError(403, 'Invalid token: service is archived');
  if (token.algorithm !== 'HS256') throw authError(403, 'Invalid token: algorithm used is not HS256');
  const key = service.keys.find(({ secret }) => signs(secret, token));
  if (key === undefined) throw authError(403, 'Invalid token: API key not found');
  checkTimes(token.claims, nowS);
  if (key.revoked) throw authError(403, 'Invalid token: API key revoked');
  return key;
}

const LEEWAY_S = 30;

interface Token {
  readonly algorithm: unknown;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signed: string;
  readonly signature: Buffer;
}

function malformed(): Error {
  return authError(
    403,
    'Invalid token: make sure your API token matches the example at https://docs.notifications.service.gov.uk/rest-api.html#authorisation-header',
  );
}

function decode(text: string): Token | undefined {
  const [header = '', payload = '', signature = '', ...rest] = text.split('.');
  if (rest.length > 0 || !base64url.test(signature)) return undefined;
  const head = jsonObject(header);
  const claims = jsonObject(payload);
  if (head === undefined || claims === undefined) return undefined;
  return {
    algorithm: head.alg,
    claims,
    signed: `${header}.${payload}`,
    signature: Buffer.from(signature, 'base64url'),
  };
}

const base64url = /^[A-Za-z0-9_-]*=*$/;

function jsonObject(part: string): Record<string, unknown> | undefined {
  if (!base64url.test(part)) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function signs(secret: string, token: Token): boolean {
  const expected = createHmac('sha256', secret).update(token.signed).digest();
  return expected.length === token.signature.length && timingSafeEqual(expected, token.signature);
}

/** A missing `iat` is taken for a token that this key did not sign, which misleads, but is what Notify says. */
function checkTimes(claims: Token['claims'], nowS: number): void {
  const { iat, exp, nbf } = claims;
  const outside = (time: unknown, wrong: (seconds: number) => boolean): boolean =>
    time !== undefined && (typeof time !== 'number' || wrong(time));
  if (outside(iat, (seconds) => seconds > nowS + LEEWAY_S)) throw authError(403, clockMessage);
  if (outside(nbf, (seconds) => seconds > nowS + LEEWAY_S)) throw malformed();
  if (outside(exp, (seconds) => seconds <= nowS - LEEWAY_S)) throw malformed();
  if ('aud' in claims) throw malformed();
  if (iat === undefined) throw authError(403, 'Invalid token: API key not found');
  if (outside(iat, (seconds) => nowS > seconds + LEEWAY_S)) throw authError(403, clockMessage);
}

/** A token as a client makes it, good for half a minute. */
export function freshToken(key: ApiKey, nowS: number): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { iss: serviceId, iat: Math.floor(nowS) };
  const signed = `${part({ typ: 'JWT', alg: 'HS256' })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', key.secret).update(signed).digest('base64url')}`;
}
