import type { CommunicationRequest, Patient } from '@medplum/fhirtypes';
import { MSG, system } from '../src/canonical.ts';
import { isNhsNumber } from '../src/policy/nhs-number.ts';

type Identified<T> = T & { id: string };

/** Invented adults with a mobile and an email each: NHS numbers of the 999 range, telephone numbers for drama. */
export function people(count: number): Identified<Patient>[] {
  const found: Identified<Patient>[] = [];
  for (let serial = 0; found.length < count; serial += 1) {
    const number = nhsNumber(serial);
    if (number !== undefined) found.push(person(found.length, number));
  }
  return found;
}

/**
 * An ordinary request, as a booking system makes one: a reminder filled in by its keys, under the caller's own key. No
 * two have the same words, for what was read in one message must not help with the next.
 */
export function reminder(patient: string, key: string): CommunicationRequest {
  return {
    resourceType: 'CommunicationRequest',
    extension: [
      { url: system.instantiatesCanonical, valueCanonical: `${MSG}/ActivityDefinition/appointment-reminder` },
    ],
    identifier: [{ system: `${MSG}/id/request`, value: key }],
    status: 'active',
    subject: { reference: patient },
    requester: { reference: 'Practitioner/demo-staff-clerk' },
    payload: [{ contentAttachment: { contentType: 'application/json', data: details(key) } }],
  };
}

const details = (key: string): string =>
  Buffer.from(
    JSON.stringify({
      date: 'Tuesday 1 December',
      time: '10:30am',
      place: `Example Hospital, room ${key.replace(/\D/g, '')}`,
      phone: '0113 496 0123',
    }),
  ).toString('base64');

function person(at: number, number: string): Identified<Patient> {
  return {
    resourceType: 'Patient',
    id: `bench-${at}`,
    identifier: [{ system: system.nhsNumber, value: number }],
    active: true,
    name: [{ use: 'official', family: 'Example', given: ['Robin'] }],
    birthDate: '1984-06-14',
    telecom: [
      { system: 'phone', value: mobiles[at % mobiles.length], use: 'mobile', rank: 1 },
      { system: 'email', value: `robin.${at}@example.org`, use: 'home', rank: 2 },
    ],
  } as Identified<Patient>;
}

/** The drama block, without the numbers that GOV.UK Notify gives a meaning of their own. */
const mobiles = Array.from({ length: 800 }, (_, at) => `+447700900${String(at + 200).padStart(3, '0')}`).filter(
  (one) => !one.endsWith('900222'),
);

/** Nine digits and the one that makes them pass; `undefined` where there is none. */
function nhsNumber(serial: number): string | undefined {
  const nine = `999${String(serial).padStart(6, '0')}`;
  return [...'0123456789'].map((digit) => nine + digit).find(isNhsNumber);
}
