import type { Address, CodeableConcept, ContactPoint, Period } from '@medplum/fhirtypes';
import { londonDay, spanOf } from '../policy/london.ts';
import { MASKED } from './history.ts';
import { isMasked } from './mask.ts';

/** Values of resources in the words of a reader. */

const dayAndTime = new Intl.DateTimeFormat('en-GB', {
  ...{ timeZone: 'Europe/London', day: 'numeric', month: 'long', year: 'numeric' },
  ...{ hour: 'numeric', minute: '2-digit', hour12: true },
});
const dayAlone = new Intl.DateTimeFormat('en-GB', {
  ...{ timeZone: 'UTC', day: 'numeric', month: 'long', year: 'numeric' },
});

/** `3 June 2026, 9:05am`, in England. */
export function timeText(instant: number | string | Date): string {
  const at = new Date(instant);
  // A message says the same instant several times, and to say it in words takes as long as to read it.
  if (at.getTime() !== last.at) last = { at: at.getTime(), text: spelled(at) };
  return last.text;
}

let last = { at: Number.NaN, text: '' };

function spelled(instant: Date): string {
  const parts = new Map(dayAndTime.formatToParts(instant).map(({ type, value }) => [type, value]));
  const time = `${parts.get('hour')}:${parts.get('minute')}${(parts.get('dayPeriod') ?? '').replaceAll(/[.\s]/g, '')}`;
  return `${parts.get('day')} ${parts.get('month')} ${parts.get('year')}, ${time.toLowerCase()}`;
}

/** `3 June 2026` of `2026-06-03`. */
export const dayText = (day: string): string => dayAlone.format(new Date(`${day}T00:00:00Z`));

/** A FHIR date or dateTime, as far as it goes. */
export function dateText(value: string): string {
  if (/^\d{4}(?:-\d\d)?$/.test(value)) return value;
  if (/^\d{4}-\d\d-\d\d$/.test(value)) return dayText(value);
  return spanOf(value) === undefined ? value : timeText(value);
}

/** The day in England of a FHIR date or dateTime; `undefined` for what is neither. */
export function dayOf(value: string | undefined): string | undefined {
  const span = value === undefined ? undefined : spanOf(value);
  return span === undefined ? undefined : londonDay(new Date(span.from));
}

/** From when until when. */
export function periodText({ start, end }: Period): string {
  const from = start === undefined ? '' : `from ${dateText(start)}`;
  const until = end === undefined ? '' : `until ${dateText(end)}`;
  return [from, until].filter((one) => one !== '').join(' ');
}

/** A code as words: `appointment-reminder` is "Appointment reminder". */
export function codeText(code: string): string {
  const words = code.replaceAll(/[-_]/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The words of a concept, or those of its codes. */
export function conceptText(concept: CodeableConcept | undefined): string {
  if (concept === undefined) return '';
  if (isMasked({ concept }, 'concept') || isMasked(concept, 'text')) return MASKED;
  if (concept.text) return concept.text;
  const codes = (concept.coding ?? []).flatMap(
    ({ display, code }) => display ?? (code === undefined ? [] : codeText(code)),
  );
  return [...new Set(codes)].join(', ');
}

/** The value of a contact point, or what stands in its place. */
export function contactText(contact: ContactPoint): string {
  if (isMasked({ contact }, 'contact') || isMasked(contact, 'value')) return MASKED;
  return contact.value ?? '';
}

/** An address on one line. */
export function addressText(address: Address): string {
  if (isMasked({ address }, 'address')) return MASKED;
  const part = (key: 'city' | 'district' | 'state' | 'postalCode' | 'country'): string[] =>
    isMasked(address, key) ? [MASKED] : [address[key] ?? ''];
  const lines = isMasked(address, 'line') ? [MASKED] : (address.line ?? []);
  const parts = [...lines, ...part('city'), ...part('district'), ...part('state'), ...part('postalCode')];
  const text = [...parts, ...part('country')].filter((one) => one?.trim()).join(', ');
  return text || (isMasked(address, 'text') ? MASKED : (address.text ?? ''));
}

/** A string element of a resource, or what stands in its place. */
export function textOf(holder: object | undefined, key: string): string {
  if (holder === undefined) return '';
  if (isMasked(holder, key)) return MASKED;
  const value: unknown = Reflect.get(holder, key);
  return typeof value === 'string' ? value : '';
}
