import type { Controller, Policy } from '../policy/policy.ts';
import { hasWayToCheck } from './plain-value.ts';

/** Whether a text names the organisation; `as`: how its name reads once the channel's clean-up has been over it. */
export function namesSender(text: string, { name }: Controller, as: (name: string) => string = (one) => one): boolean {
  return plainly(text).includes(plainly(as(name)));
}

/** Whether a text gives people a way to check who wrote it: an approved link, a UK number, or the contact line itself. */
export function isCheckable(text: string, { contactLine, linkDomains }: Policy): boolean {
  if (hasWayToCheck(text, linkDomains)) return true;
  return contactLine !== undefined && plainly(text).includes(plainly(contactLine));
}

const plainly = (text: string): string => text.replace(/\s+/g, ' ').trim().toLowerCase();
