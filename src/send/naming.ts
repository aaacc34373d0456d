import type { Identifier, Patient, Reference, RelatedPerson } from '@medplum/fhirtypes';
import { system } from '../canonical.ts';
import { holdsAt, intervalOf } from '../policy/london.ts';
import { compactNhsNumber } from '../policy/nhs-number.ts';

/** How resources name one another and people: by reference, by identifier, and as searches take both. */

const localPattern = /^([A-Z][A-Za-z]+)\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[A-Za-z0-9.-]{1,64})?$/;

/** The type of resource that a reference leads to, as far as the reference tells. */
export function referenceType(reference: Reference): string | undefined {
  const [, type] = localPattern.exec(reference.reference ?? '') ?? [];
  if (type !== undefined) return type;
  if (reference.type !== undefined) return reference.type;
  if (reference.identifier?.system === system.sdsUserId) return 'Practitioner';
  return reference.identifier?.system === system.odsCode ? 'Organization' : undefined;
}

/** NHS numbers that somebody has now, each once, without spaces; they may fail the check. */
export function nhsNumbersOf(record: Patient | RelatedPerson, now: Date): string[] {
  const numbers = currentIdentifiers(record, now)
    .filter((one) => one.system === system.nhsNumber)
    .flatMap((one) => (one.value?.trim() ? [compactNhsNumber(one.value)] : []));
  return [...new Set(numbers)];
}

/** Those in use: not marked as old, and in their period. */
export const currentIdentifiers = ({ identifier = [] }: Patient | RelatedPerson, now: Date): Identifier[] =>
  identifier.filter((one) => isCurrent(one, now));

export const isCurrent = (one: Identifier, now: Date): boolean =>
  one.use !== 'old' && holdsAt(intervalOf(one.period), now);

/** Whether a held identifier is the given one; one that is given without a system agrees with any that has its value. */
export function sameIdentifier(held: Identifier, given: Identifier): boolean {
  if (given.system !== undefined && held.system !== given.system) return false;
  return held.value !== undefined && canonicalValue(held) === canonicalValue(given);
}

/** The value as it is compared and searched. */
export const canonicalValue = ({ system: of, value = '' }: Identifier): string =>
  of === system.nhsNumber ? compactNhsNumber(value) : value.trim();

/** `Type/id` of a relative reference to that type, without a version; `undefined` for every other. */
export function localReference(reference: string | undefined, type: string): string | undefined {
  const [, found, id] = localPattern.exec(reference ?? '') ?? [];
  return found === type && id !== undefined ? `${type}/${id}` : undefined;
}

/** An identifier as a search takes it; an NHS number also as people write it, for some record may have it so. */
export function tokens(of: string, value: string): string {
  const spaced = value.replace(/^(\d{3})(\d{3})(\d{4})$/, '$1 $2 $3');
  const values = of === system.nhsNumber && spaced !== value ? [value, spaced] : [value];
  return values.map((one) => `${searchText(of)}|${searchText(one)}`).join(',');
}

/** A value for a search, with FHIR's own separators escaped. */
export function searchText(value: string): string {
  return value.replace(/[\\,$|]/g, '\\$&');
}
