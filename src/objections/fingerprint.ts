import { createHmac, createSecretKey } from 'node:crypto';
import type { Address, ContactPoint } from '@medplum/fhirtypes';
import { parsePhone } from '../notify/phone.ts';

/**
 * By what a contact detail that is kept no more is known again when somebody writes it anew (OBJ-8). There are so few
 * telephone numbers that a plain digest could be tried out; without the installation's key this one cannot.
 * `undefined` for a detail without a value.
 */
export type Fingerprint = (detail: ContactPoint | Address) => string | undefined;

/** `key`: a secret of the installation, the same in each of its processes and after a restart. */
export function createFingerprint(key: Buffer): Fingerprint {
  // Made ready once: that is most of the work of one fingerprint.
  const secret = createSecretKey(key);
  return (detail) => {
    const form = formOf(detail);
    return form === undefined ? undefined : createHmac('sha256', secret).update(form).digest('base64url');
  };
}

/** The same for every way of writing the same detail. */
function formOf(detail: ContactPoint | Address): string | undefined {
  if (!('value' in detail) && !('system' in detail)) return addressForm(detail as Address);
  const { system, value = '' } = detail as ContactPoint;
  const text = value.trim();
  if (text === '') return undefined;
  if (system === 'email' || text.includes('@')) return `email ${text.toLowerCase()}`;
  const phone = parsePhone(text);
  return `phone ${phone.kind === 'ok' ? phone.digits : text.replace(/\D/g, '') || text.toLowerCase()}`;
}

function addressForm({ line = [], city, postalCode, text }: Address): string | undefined {
  const words = [...line, city, postalCode].join(' ').trim() || (text ?? '');
  const form = words.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
  return form === '' ? undefined : `address ${form}`;
}
