import { randomUUID } from 'node:crypto';
import type { Communication, Patient, Resource } from '@medplum/fhirtypes';
import { expect } from 'vitest';
import { StoreError, type Write } from '../../src/store/fhir-store.ts';

export function create(resource: Resource & { id: string }): Write {
  return { op: 'create', resource };
}

export function update(resource: Resource & { id: string }, ifMatch?: string): Write {
  return { op: 'update', resource, ...(ifMatch === undefined ? {} : { ifMatch }) };
}

export async function expectCode(code: StoreError['code'], promise: Promise<unknown>): Promise<void> {
  const caught = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(caught).toBeInstanceOf(StoreError);
  expect((caught as StoreError).code).toBe(code);
}

export function aPatient(parts: Partial<Patient> = {}): Patient & { id: string } {
  const meta = { tag: [{ system: 'urn:example:run', code: 'contract' }] };
  return { resourceType: 'Patient', id: randomUUID(), meta, gender: 'female', ...parts };
}

export function aCommunication(tag: string, at: number): Communication & { id: string } {
  const meta = { tag: [{ system: 'urn:example:run', code: tag }] };
  return {
    resourceType: 'Communication',
    id: randomUUID(),
    meta,
    status: at % 3 === 0 ? 'completed' : 'stopped',
    sent: aTime(at),
    // Gaps and equals are where an order goes wrong.
    ...(at % 4 === 0 ? {} : { category: [{ coding: [{ system: 'urn:example:category', code: `c${at % 3}` }] }] }),
  };
}

/** The same in another place of every order. */
export function movedCommunication<T extends Communication>(one: T, by: number): T {
  return {
    ...one,
    status: by % 2 === 0 ? 'on-hold' : 'unknown',
    sent: aTime(40 - by),
    category: [{ coding: [{ system: 'urn:example:category', code: `moved-${by}` }] }],
  };
}

export function aTime(minute: number): string {
  return new Date(Date.UTC(2026, 0, 15, 9, minute)).toISOString();
}
