import type { ContactPoint, Patient, RelatedPerson } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { isOf, type Removal, withoutDetails } from '../../src/objections/details.ts';
import { createFingerprint } from '../../src/objections/fingerprint.ts';
import type { Channel } from '../../src/policy/channel.ts';

const fingerprint = createFingerprint(Buffer.alloc(32, 1));
const mobile: ContactPoint = { system: 'phone', value: '07700 900151', use: 'mobile' };
const email: ContactPoint = { system: 'email', value: 'robin@example.org' };
const home = { use: 'home' as const, line: ['1 Example Row'], city: 'Leeds', postalCode: 'LS1 4AP' };

const of = (channels: Removal['channels'], ...removed: ContactPoint[]): Removal => ({
  channels,
  removed: new Set(removed.flatMap((one) => fingerprint(one) ?? [])),
});

describe('OBJ-8: which contact points are of a channel', () => {
  it.each<[string, ContactPoint, readonly Channel[] | 'all', boolean]>([
    ['a mobile is of texts', mobile, ['sms'], true],
    ['an old mobile too', { ...mobile, use: 'old' }, ['sms'], true],
    ['so is what was meant for texts', { system: 'sms', value: '0113 496 0123' }, ['sms'], true],
    ['a landline is not: staff can still call', { system: 'phone', value: '0113 496 0123' }, ['sms'], false],
    [
      'a landline that is said to be a mobile is',
      { system: 'phone', value: '0113 496 0123', use: 'mobile' },
      ['sms'],
      true,
    ],
    ['a number that cannot be read is', { system: 'phone', value: 'ask at desk' }, ['sms'], true],
    ['a foreign number is', { system: 'phone', value: '+33 6 12 34 56 78' }, ['sms'], true],
    ['one without a system is', { value: '07700 900151' }, ['sms'], true],
    ['an email address is not', email, ['sms'], false],
    ['an email address is of email', email, ['email'], true],
    ['an email address is of secure email', email, ['secure-email'], true],
    ['a mobile is not of email', mobile, ['email'], false],
    ['all is all', email, 'all', true],
    ['a fax is of no channel', { system: 'fax', value: '0113 496 0124' }, 'all', false],
    ['nothing is of letters', mobile, ['letter'], false],
  ])('%s', (_what, detail, channels, expected) => {
    expect(isOf(detail, channels)).toBe(expected);
  });
});

describe('OBJ-8: what leaves a record', () => {
  const patient: Patient = {
    resourceType: 'Patient',
    text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">07700 900151</div>' },
    telecom: [mobile, email],
    address: [home],
    contact: [
      { telecom: [{ ...mobile, value: '+447700900151' }] },
      { name: { family: 'Example' }, telecom: [mobile, email] },
    ],
  };

  it('the details of the channel, their copies, and the narrative that may repeat them', () => {
    expect(withoutDetails(patient, of(['sms'], mobile), fingerprint)).toEqual({
      resourceType: 'Patient',
      telecom: [email],
      address: [home],
      contact: [{ name: { family: 'Example' }, telecom: [email] }],
    });
  });

  it('no empty lists stay', () => {
    const bare = withoutDetails({ resourceType: 'Patient', telecom: [mobile] } as Patient, of(['sms']), fingerprint);
    expect(bare).toEqual({ resourceType: 'Patient' });
  });

  it('a record without them is the same object', () => {
    const other: Patient = { ...patient, telecom: [email], contact: [] };
    expect(withoutDetails(other, of(['sms'], mobile), fingerprint)).toBe(other);
  });

  it('where somebody lives leaves only with letters', () => {
    expect(withoutDetails(patient, of('all'), fingerprint).address).toEqual([home]);
    expect(withoutDetails(patient, of(['letter']), fingerprint).address).toBeUndefined();
  });

  it('from others only copies of the same detail, however they are written', () => {
    const partner: RelatedPerson = {
      resourceType: 'RelatedPerson',
      patient: { reference: 'Patient/1' },
      telecom: [
        { system: 'sms', value: '00447700900151' },
        { system: 'phone', value: '07700 900152', use: 'mobile' },
      ],
    };
    expect(withoutDetails(partner, of([], mobile), fingerprint).telecom).toEqual([partner.telecom?.[1]]);
  });
});

describe('the fingerprint of a contact detail', () => {
  it.each<[ContactPoint, ContactPoint]>([
    [mobile, { system: 'sms', value: '+44 (0)7700 900-151' }],
    [email, { system: 'email', value: ' Robin@Example.org ' }],
    [email, { value: 'robin@example.org' }],
  ])('is the same for the same detail', (one, other) => {
    expect(fingerprint(one)).toBe(fingerprint(other));
  });

  it('is another for another detail, and without the key nobody can make it', () => {
    expect(fingerprint(mobile)).not.toBe(fingerprint({ ...mobile, value: '07700 900152' }));
    expect(createFingerprint(Buffer.alloc(32, 2))(mobile)).not.toBe(fingerprint(mobile));
    expect(fingerprint(mobile)).not.toContain('900151');
  });

  it('is none for a detail without a value', () => {
    expect(fingerprint({ system: 'phone', value: ' ' })).toBeUndefined();
    expect(fingerprint({ line: [' '] })).toBeUndefined();
  });

  it('tells addresses apart by their words alone', () => {
    expect(fingerprint(home)).toBe(fingerprint({ line: ['1 EXAMPLE ROW,'], city: 'Leeds', postalCode: 'LS14AP' }));
    expect(fingerprint(home)).not.toBe(fingerprint({ ...home, line: ['2 Example Row'] }));
  });
});
