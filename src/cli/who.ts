import type { Bundle, Patient } from '@medplum/fhirtypes';
import { system } from '../canonical.ts';
import { compactNhsNumber } from '../policy/nhs-number.ts';
import { CommandError, type Given, type Option, textOf, UsageError } from './command.ts';
import type { Running } from './running.ts';

/** How a command says whom it means. */
export const whoOptions: Readonly<Record<string, Option>> = {
  patient: { value: 'ID', help: 'the id of the Patient' },
  'nhs-number': { value: 'N', help: 'the NHS number, in place of --patient' },
};

/** The one Patient that is meant. Errors: UsageError; CommandError when there is none, or when there are several. */
export async function patientMeant(running: Running, given: Given): Promise<Patient & { id: string }> {
  const id = textOf(given, 'patient')?.replace(/^Patient\//, '');
  const number = textOf(given, 'nhs-number');
  if ((id === undefined) === (number === undefined)) {
    throw new UsageError('--patient', 'it is clear of nobody whom you mean', 'Give --patient ID or --nhs-number N.');
  }
  if (id !== undefined) return running.ask({ path: `Patient/${encodeURIComponent(id)}` });
  // In the body: an address is written into logs on the way.
  const form = new URLSearchParams({ identifier: `${system.nhsNumber}|${compactNhsNumber(number ?? '')}` });
  const found = await running.ask<Bundle>({ method: 'POST', path: 'Patient/_search', body: form });
  const people = (found.entry ?? []).map((one) => one.resource as Patient & { id: string });
  const [only, second] = people;
  if (only === undefined) throw new CommandError('Nobody on record has this NHS number.');
  if (second !== undefined) {
    throw new CommandError(`Several records have this NHS number: ${people.map((one) => one.id).join(', ')}.`);
  }
  return only;
}

/** A name as staff read it. */
export function nameOf({ name = [] }: Patient): string {
  const [first] = name;
  return first?.text ?? [first?.given?.join(' '), first?.family].filter(Boolean).join(' ');
}
