import type { Address, ContactPoint, Patient, RelatedPerson } from '@medplum/fhirtypes';
import { parsePhone } from '../notify/phone.ts';
import type { Channel } from '../policy/channel.ts';
import type { Objection } from '../policy/consent-facts.ts';
import type { Fingerprint } from './fingerprint.ts';

/** Which contact details leave a record (OBJ-8): pure. */
export interface Removal {
  /** Details of these channels leave the person's own records, whatever they are; none: only copies are looked for. */
  readonly channels: Objection['channels'];
  /** Fingerprints of details that leave every record that has a copy of them. */
  readonly removed: ReadonlySet<string>;
}

export type Person = Patient | RelatedPerson;

/**
 * The record without these details; the very same object where it has none of them. A narrative goes with them, for it
 * may repeat them.
 */
export function withoutDetails<T extends Person>(person: T, removal: Removal, fingerprint: Fingerprint): T {
  const leaves = (detail: ContactPoint): boolean =>
    isOf(detail, removal.channels) || removal.removed.has(fingerprint(detail) ?? '');
  const telecom = (person.telecom ?? []).filter((one) => !leaves(one));
  const address = (person.address ?? []).filter(
    (one) => !namesLetters(removal.channels) && !removal.removed.has(fingerprint(one) ?? ''),
  );
  const contact = contactsOf(person).flatMap((one) => withoutCopies(one, removal, fingerprint));
  const isSame =
    telecom.length === (person.telecom ?? []).length &&
    address.length === (person.address ?? []).length &&
    JSON.stringify(contact) === JSON.stringify(contactsOf(person));
  if (isSame) return person;
  const { telecom: _telecom, address: _address, text: _text, ...rest } = person;
  const { contact: _contact, ...others } = rest as Patient;
  // R4 has no empty lists.
  return {
    ...others,
    ...(telecom.length === 0 ? {} : { telecom }),
    ...(address.length === 0 ? {} : { address }),
    ...(contact.length === 0 ? {} : { contact }),
  } as T;
}

/** The details of a record that a removal for these channels is about. */
export function detailsOf(person: Person, channels: Objection['channels']): (ContactPoint | Address)[] {
  return [
    ...(person.telecom ?? []).filter((one) => isOf(one, channels)),
    ...(namesLetters(channels) ? (person.address ?? []) : []),
  ];
}

/**
 * Whether a contact point is of a channel. What cannot be told apart leaves; a landline stays, so that staff can still
 * call the person.
 */
export function isOf(detail: ContactPoint, channels: Objection['channels']): boolean {
  const includes = (...some: Channel[]): boolean => channels === 'all' || some.some((one) => channels.includes(one));
  switch (detail.system) {
    case 'email':
      return includes('email', 'secure-email');
    case 'phone':
      return includes('sms') && !isLandline(detail);
    case 'sms':
      return includes('sms');
    case undefined:
      return includes('sms', 'email', 'secure-email');
    default:
      return false;
  }
}

function isLandline({ use, value = '' }: ContactPoint): boolean {
  const phone = parsePhone(value);
  return use !== 'mobile' && phone.kind === 'ok' && phone.country !== 'international' && !phone.mobile;
}

/** Where somebody lives is more than a way to write to them: it leaves only when letters are named. */
const namesLetters = (channels: Objection['channels']): boolean => channels !== 'all' && channels.includes('letter');

type Contact = NonNullable<Patient['contact']>[number];

const contactsOf = (person: Person): readonly Contact[] =>
  person.resourceType === 'Patient' ? (person.contact ?? []) : [];

/** Somebody to turn to for the person may be reached by the same detail; who is left without any way to be named goes. */
function withoutCopies(contact: Contact, { removed }: Removal, fingerprint: Fingerprint): Contact[] {
  const telecom = (contact.telecom ?? []).filter((one) => !removed.has(fingerprint(one) ?? ''));
  if (telecom.length === (contact.telecom ?? []).length) return [contact];
  const { telecom: _telecom, ...rest } = contact;
  if (telecom.length > 0) return [{ ...rest, telecom }];
  return rest.name === undefined && rest.address === undefined && rest.organization === undefined ? [] : [rest];
}
