import { createHash, timingSafeEqual } from 'node:crypto';
import { AppError } from '../errors.ts';
import type { Caller, Role } from './caller.ts';

/**
 * Says who sends an `Authorization` header. Errors: AppError TOKEN_MISSING, TOKEN_REJECTED; neither holds any part of
 * the header.
 */
export type Authenticate = (authorization: string | undefined, requestId: string) => Promise<Caller>;

/**
 * The staff whom the demo tokens speak for, one a role, so that "another person" can be shown (contract 10). The
 * example cast makes a Practitioner of each; with another store they name nobody.
 */
export const demoStaff = {
  epr: { id: 'demo-staff-clerk', given: 'Amina', family: 'Yusuf', sdsUserId: '555250643100' },
  sar: { id: 'demo-staff-records', given: 'Gareth', family: 'Pritchard', sdsUserId: '555250643101' },
  ig: { id: 'demo-staff-ig', given: 'Helen', family: 'Okafor', sdsUserId: '555250643102' },
  admin: { id: 'demo-staff-admin', given: 'Tomasz', family: 'Zielinski', sdsUserId: '555250643103' },
} as const satisfies Record<Role, { id: string; given: string; family: string; sdsUserId: string }>;

/** The fixed tokens of `HERALD_AUTH=demo`; they are public, so configuration allows them on loopback alone. */
export const demoTokens = {
  epr: 'demo-epr',
  sar: 'demo-sar',
  ig: 'demo-ig',
  admin: 'demo-admin',
} as const satisfies Record<Role, string>;

/** `staff`: whether the people that the tokens stand for are in the store. */
export function createDemoAuth({ staff }: { readonly staff: boolean }): Authenticate {
  const known = (Object.keys(demoTokens) as Role[]).map((role) => ({ role, digest: digest(demoTokens[role]) }));
  return async (authorization, requestId) => {
    const token = bearerToken(authorization);
    const given = digest(token);
    let role: Role | undefined;
    // Every token is compared, whatever came before, so that the time taken says nothing.
    for (const one of known) if (timingSafeEqual(one.digest, given)) role = one.role;
    if (role === undefined) throw new AppError('TOKEN_REJECTED', 'The bearer token is not known.');
    return {
      client: demoTokens[role],
      role,
      ...(staff ? { fhirUser: { reference: `Practitioner/${demoStaff[role].id}` } } : {}),
      requestId,
    };
  };
}

/** The token of an `Authorization: Bearer` header (RFC 6750 2.1). Errors: AppError TOKEN_MISSING, TOKEN_REJECTED. */
export function bearerToken(authorization: string | undefined): string {
  if (authorization === undefined || authorization.trim() === '') {
    throw new AppError('TOKEN_MISSING', 'This address needs Authorization: Bearer with a token.');
  }
  const token = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization)?.[1];
  if (token === undefined) throw new AppError('TOKEN_REJECTED', 'The Authorization header is not a bearer token.');
  return token;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
