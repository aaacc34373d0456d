import type { Patient, RelatedPerson, Resource } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sendersOf } from '../../src/inbound/senders.ts';
import { openDatabase } from '../../src/store/database.ts';
import type { FhirStore } from '../../src/store/fhir-store.ts';
import { SqliteFhirStore } from '../../src/store/sqlite-store.ts';

const now = new Date('2027-01-13T10:00:00Z');
let store: FhirStore;
let close: () => void;
beforeEach(() => {
  const database = openDatabase(':memory:');
  store = new SqliteFhirStore(database, { clock: { now: () => now } });
  close = () => database.close();
});
afterEach(() => close());

const given = (...resources: (Resource & { id: string })[]) =>
  store.commit(resources.map((resource) => ({ op: 'create', resource })));
const phone = (value: string, more = {}) => ({ system: 'phone' as const, value, ...more });
const patient = (id: string, number: string, change: Partial<Patient> = {}): Patient & { id: string } => ({
  resourceType: 'Patient',
  id,
  telecom: [phone(number)],
  ...change,
});
const proxy = (id: string, of: string, number: string, change: Partial<RelatedPerson> = {}) =>
  ({
    resourceType: 'RelatedPerson',
    id,
    patient: { reference: `Patient/${of}` },
    telecom: [phone(number)],
    ...change,
  }) as RelatedPerson & { id: string };
const only = async () => (await sendersOf(store, '+447700900123', now)).only?.person;
const candidates = async () => (await sendersOf(store, '+447700900123', now)).candidates.map((one) => one.person);

describe('whose number it is', () => {
  it.each([
    '07700900123',
    '07700 900123',
    '07700 900 123',
    '0770 090 0123',
    '+447700900123',
    '+44 7700 900123',
    '+44 7700 900 123',
    '+44 (0)7700 900123',
    '+44(0)7700900123',
    '0044 7700 900123',
    '0044 (0)7700 900 123',
    '44 7700 900123',
    '447700900123',
    '07700-900123',
    '(07700) 900123',
  ])('TWO-1: written as %s', async (written) => {
    await given(patient('a', written));
    expect(await only()).toBe('Patient/a');
  });

  it("VER-1: a number of two people is nobody's for certain", async () => {
    await given(patient('a', '07700900123'), patient('b', '+447700900123'));
    expect([await only(), await candidates()]).toEqual([undefined, ['Patient/a', 'Patient/b']]);
  });

  it('VER-1: a mother of two children has two records, and neither is guessed', async () => {
    await given(patient('a', '07700900200'), patient('b', '07700900201'));
    await given(proxy('ma', 'a', '07700900123'), proxy('mb', 'b', '07700900123'));
    expect([await only(), await candidates()]).toEqual([undefined, ['RelatedPerson/ma', 'RelatedPerson/mb']]);
  });

  it('VER-1: one proxy alone has it', async () => {
    await given(patient('a', '07700900200'));
    await given(proxy('ma', 'a', '07700900123'));
    expect((await sendersOf(store, '+447700900123', now)).only).toEqual({
      person: 'RelatedPerson/ma',
      patient: 'Patient/a',
    });
  });

  it('PRF-5: who had it once has it no more, and is a candidate', async () => {
    await given(
      patient('old', '', { telecom: [phone('07700900123', { use: 'old' })] }),
      patient('ended', '', { telecom: [phone('07700900123', { period: { end: '2026-01-01' } })] }),
    );
    expect([await only(), await candidates()]).toEqual([undefined, ['Patient/ended', 'Patient/old']]);
    await given(patient('new', '07700900123'));
    expect(await only()).toBe('Patient/new');
  });

  it('VER-3: the dead do not write; records that were merged are one person', async () => {
    await given(patient('dead', '07700900123', { deceasedBoolean: true }));
    expect(await only()).toBeUndefined();
    await given(patient('b', '07700900123'));
    await given(patient('a', '07700 900123', { link: [{ other: { reference: 'Patient/b' }, type: 'replaced-by' }] }));
    expect(await only()).toBe('Patient/b');
  });

  it('PRX-4: one who acts for nobody any more is not certain, and a record out of use is no place to file', async () => {
    await given(patient('a', '07700900200'));
    await given(proxy('ex', 'a', '07700900123', { active: false }));
    expect([await only(), await candidates()]).toEqual([undefined, ['RelatedPerson/ex']]);
    await given(patient('gone', '07700900123', { active: false }));
    expect(await only()).toBeUndefined();
  });
});
