import type { Bundle, Flag, Patient } from '@medplum/fhirtypes';
import { expect } from 'vitest';

/** What a caller's system sends: people under its own numbers, so that nothing meets the example cast. */
export function aPerson(key: string, family = 'Stranger'): Patient {
  return {
    resourceType: 'Patient',
    identifier: [{ system: NUMBERS, value: key }],
    name: [{ family, given: ['Alex'] }],
    birthDate: '1975-08-09',
  };
}

export const NUMBERS = 'https://epr.example.org/people';

/** A person and something about them, linked by a `urn:uuid` that only the Bundle knows. */
export function aTransaction(key: string): Bundle {
  const fullUrl = 'urn:uuid:5d0b4c1e-2f0a-4f6e-9a57-0a6f6a1c9d10';
  const flag: Flag = {
    resourceType: 'Flag',
    status: 'active',
    code: { text: 'Large print' },
    subject: { reference: fullUrl },
  };
  return {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      { fullUrl, resource: aPerson(key), request: { method: 'POST', url: 'Patient' } },
      { resource: flag, request: { method: 'POST', url: 'Flag' } },
    ],
  };
}

/** The `Type/id` of each entry of a transaction's answer, every one of them made at version 1. */
export function madeBy(answer: Bundle): string[] {
  expect(answer.type).toBe('transaction-response');
  return (answer.entry ?? []).map(({ response }) => {
    expect(response?.status).toMatch(/^201/);
    expect(response?.etag).toBe('W/"1"');
    return /([A-Za-z]+\/[^/]+)\/_history\/1$/.exec(response?.location ?? '')?.[1] ?? 'nowhere';
  });
}
