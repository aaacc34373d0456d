import type { Flag, Patient } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeSystem } from '../../src/canonical.ts';
import { isLimited } from '../../src/inbound/limited.ts';
import { openTestStore, type TestStore } from '../store/open-store.ts';

const now = new Date('2027-01-13T10:00:00Z');
let test: TestStore;
beforeEach(async () => {
  test = openTestStore({ now: () => now });
  await test.put(
    { resourceType: 'Patient', id: 'new' },
    {
      resourceType: 'Patient',
      id: 'old',
      link: [{ type: 'replaced-by', other: { reference: 'Patient/new' } }],
    } as Patient & {
      id: string;
    },
    { resourceType: 'Patient', id: 'other' },
  );
});
afterEach(() => test.close());

const limit = (subject: string, change: Partial<Flag> = {}): Flag & { id: string } => ({
  resourceType: 'Flag',
  id: 'limit',
  status: 'active',
  subject: { reference: subject },
  code: { coding: [{ system: codeSystem('flag-code'), code: 'limited-sender' }], text: 'Writes many times a day.' },
  ...change,
});
const proxy = {
  extension: [
    {
      url: 'http://hl7.org/fhir/StructureDefinition/flag-detail',
      valueReference: { reference: 'RelatedPerson/kim' },
    },
  ],
};

describe('TWO-6: a limited sender', () => {
  it.each<[string, Flag & { id: string }, string, string, boolean]>([
    ['by a Flag on their record', limit('Patient/new'), 'Patient/new', 'Patient/new', true],
    ['by one on a record that theirs replaces', limit('Patient/old'), 'Patient/new', 'Patient/new', true],
    ['not by that of somebody else', limit('Patient/other'), 'Patient/new', 'Patient/new', false],
    ['not by one that is about a proxy', limit('Patient/new', proxy), 'Patient/new', 'Patient/new', false],
    ['a proxy, by one that names them', limit('Patient/old', proxy), 'RelatedPerson/kim', 'Patient/new', true],
    ['not a proxy, by one about the patient', limit('Patient/new'), 'RelatedPerson/kim', 'Patient/new', false],
    ['not by one that has ended', limit('Patient/new', { status: 'inactive' }), 'Patient/new', 'Patient/new', false],
  ])('%s', async (_how, flag, person, patient, expected) => {
    await test.put(flag);
    expect(await isLimited(test.store, { person, patient }, now)).toBe(expected);
  });
});
