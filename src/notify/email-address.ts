import { domainToASCII } from 'node:url';
import { stripObscure } from './whitespace.ts';

/** An email address as Notify reads it, or why it does not. */
export type EmailAddress =
  | {
      readonly kind: 'ok';
      /** Lower case: what Notify sends to and compares. */
      readonly address: string;
      /** As typed, without the characters that nobody sees. */
      readonly typed: string;
    }
  | { readonly kind: 'bad'; readonly message: 'Not a valid email address' };

/**
 * Reads an email address by Notify's rules, which are stricter than RFC 5322 before the @ (no quotes, ASCII only) and
 * ask for a domain name with a top level after it. No DNS is asked.
 */
export function parseEmail(raw: string): EmailAddress {
  const typed = stripObscure(raw);
  const domain = whole.exec(typed)?.[1];
  const length = [...typed].length;
  if (domain === undefined || length > 320 || typed.includes('..') || !isDomain(domain)) {
    return { kind: 'bad', message: 'Not a valid email address' };
  }
  return { kind: 'ok', address: typed.toLowerCase(), typed };
}

const whole = /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@([^.@][^@\s]+)$/;
const label = /^(xn|[a-z0-9]+)(-?-[a-z0-9]+)*$/i;
const topLevel = /^([a-z]{2,63}|xn--([a-z0-9]+-)*[a-z0-9]+)$/i;
const beyondAscii = /[^ -~]/;

function isDomain(typed: string): boolean {
  const ascii = beyondAscii.test(typed) ? domainToASCII(typed) : typed;
  const labels = ascii.split('.');
  return (
    ascii.length <= 253 &&
    labels.length >= 2 &&
    labels.every((part) => part.length <= 63 && label.test(part)) &&
    topLevel.test(labels.at(-1) ?? '')
  );
}
