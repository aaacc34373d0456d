import { describe, expect, it } from 'vitest';
import { roles } from '../../src/auth/caller.ts';
import { createDemoAuth, demoStaff, demoTokens } from '../../src/auth/demo.ts';

const authenticate = createDemoAuth({ staff: true });

describe('contract 10: demo tokens', () => {
  it.each(roles)('%s: the token makes a caller of that role, who speaks for a member of staff', async (role) => {
    expect(await authenticate(`Bearer ${demoTokens[role]}`, 'request-1')).toEqual({
      client: `demo-${role}`,
      role,
      fhirUser: { reference: `Practitioner/${demoStaff[role].id}` },
      requestId: 'request-1',
    });
  });

  it('ACC-1: no two tokens speak for the same person', () => {
    expect(new Set(Object.values(demoStaff).map((one) => one.id)).size).toBe(roles.length);
  });

  it('the scheme is not case sensitive (RFC 9110 11.1)', async () => {
    expect((await authenticate('bearer demo-ig', 'r')).role).toBe('ig');
  });

  it.each([undefined, '', '   '])('"%s" is no token', async (header) => {
    await expect(authenticate(header, 'r')).rejects.toMatchObject({ code: 'TOKEN_MISSING' });
  });

  it.each([
    'Bearer',
    'Bearer ',
    'demo-epr',
    'Basic demo-epr',
    'Bearer demo-epr2',
    'Bearer demo-ep',
    'Bearer DEMO-EPR',
    'Bearer demo-epr demo-ig',
    'Bearer demo-epr, Bearer demo-ig',
    'Bearer "demo-epr"',
  ])('"%s" is rejected, and the error holds nothing of it', async (header) => {
    const error: unknown = await authenticate(header, 'r').catch((one: unknown) => one);
    expect(error).toMatchObject({ code: 'TOKEN_REJECTED' });
    expect(String(error)).not.toContain('demo-');
  });
});
