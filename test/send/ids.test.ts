import type { CommunicationRequest } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MSG } from '../../src/canonical.ts';
import { callerKey, canonicalJson, idOfKey, newId, submissionDigest } from '../../src/send/ids.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const request: CommunicationRequest = {
  resourceType: 'CommunicationRequest',
  status: 'active',
  identifier: [{ system: 'https://epr.example/id', value: 'a-1' }],
  subject: { reference: 'Patient/p' },
  payload: [{ contentString: 'Please ring us.' }],
};

describe('contract 3: the caller’s own key', () => {
  it('is otherwise the first identifier that has a value', () => {
    expect(callerKey(request)).toBe('https://epr.example/id|a-1');
    expect(callerKey({ ...request, identifier: [{ system: 's' }, { value: 'b' }] })).toBe('|b');
    expect(callerKey({ ...request, identifier: [] })).toBeUndefined();
  });

  it('is the one under Herald’s own system before any other, in whatever order they come', () => {
    const own = { system: `${MSG}/id/request`, value: 'own' };
    const other = { system: 'https://epr.example/order', value: '7' };
    const [here, there] = [
      { ...request, identifier: [own, other] },
      { ...request, identifier: [other, own] },
    ];
    expect([callerKey(here), callerKey(there)]).toEqual([`${MSG}/id/request|own`, `${MSG}/id/request|own`]);
    expect(submissionDigest(there)).toBe(submissionDigest(here));
  });

  it('always leads to the same id, and another key to another', () => {
    expect(idOfKey('s|1')).toBe(idOfKey('s|1'));
    expect(idOfKey('s|1')).not.toBe(idOfKey('s|2'));
    expect(idOfKey('s|1')).toMatch(UUID);
  });

  it('compares content without id, meta and text', () => {
    const digest = submissionDigest(request);
    expect(
      submissionDigest({ ...request, id: 'x', meta: { versionId: '4' }, text: { status: 'empty', div: '<div/>' } }),
    ).toBe(digest);
  });

  it.each([
    ['status', { status: 'draft' }],
    ['text', { payload: [{ contentString: 'Please ring us' }] }],
    ['recipient', { recipient: [{ reference: 'RelatedPerson/r' }] }],
    ['time', { occurrenceDateTime: '2026-11-22T09:00:00Z' }],
  ] as const)('tells another %s apart', (_name, change) => {
    expect(submissionDigest({ ...request, ...change } as CommunicationRequest)).not.toBe(submissionDigest(request));
  });

  it('does not depend on the order of keys, at any depth', () => {
    const shuffled = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(shuffled)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([key, one]) => [key, shuffled(one)]),
            )
          : value;
    fc.assert(fc.property(fc.jsonValue(), (value) => canonicalJson(shuffled(value)) === canonicalJson(value)));
  });
});

describe('ids', () => {
  it('are UUIDs that sort by their time', () => {
    const early = newId(new Date('2026-01-01T00:00:00Z'));
    const late = newId(new Date('2026-01-01T00:00:01Z'));
    expect(early).toMatch(UUID);
    expect(early < late).toBe(true);
    expect(newId(new Date(0))).not.toBe(newId(new Date(0)));
  });
});
