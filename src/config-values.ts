import { readFileSync, statSync } from 'node:fs';
import { isIPv4, isIPv6 } from 'node:net';
import { dirname } from 'node:path';

/** Every variable that there is; who starts the service is told of another one that begins like ours. */
export const variables = [
  'HERALD_HOST',
  'HERALD_PORT',
  'HERALD_PUBLIC_URL',
  'HERALD_DATA_DIR',
  'HERALD_FHIR_STORE',
  'HERALD_FHIR_STORE_TOKEN',
  'HERALD_FHIR_STORE_CLIENT_ID',
  'HERALD_FHIR_STORE_PRIVATE_KEY',
  'HERALD_FHIR_STORE_TOKEN_URL',
  'HERALD_ORG_ODS',
  'HERALD_ORG_NAME',
  'HERALD_POLICY',
  'HERALD_AUTH',
  'HERALD_LOG_LEVEL',
  'GOVUK_NOTIFY_API_KEY',
  'GOVUK_NOTIFY_URL',
  'GOVUK_NOTIFY_CALLBACK_TOKEN',
  'GOVUK_NOTIFY_QUIET_SECONDS',
] as const;
export type Variable = (typeof variables)[number];

/** One fault; names the variable, never its value, which may be a secret put in the wrong place. */
export interface ConfigFault {
  readonly key: string;
  readonly problem: string;
  readonly remedy: string;
}

/** The environment as the checks see it. A blank value counts as missing. */
export interface Input {
  readonly given: (key: Variable) => string | undefined;
  readonly fault: (key: string, problem: string, remedy: string) => void;
}

/** A whole number within bounds, or what stands for it where none is given. */
export function wholeNumber(
  key: Variable,
  { least, most, otherwise }: { least: number; most: number; otherwise: number },
  { given, fault }: Input,
): number {
  const text = given(key);
  if (text === undefined) return otherwise;
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  fault(key, 'it is not a whole number in range', `Give one from ${least} to ${most}.`);
  return otherwise;
}

/** An address that other systems are reached at, or reach us at: absolute, without credentials, query or final slash. */
export function urlOf(key: Variable, { given, fault }: Input): string | undefined {
  const text = given(key);
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    fault(key, 'it is not an absolute http or https URL', 'Give one such as https://example.org/fhir.');
    return undefined;
  }
  if (url.username !== '' || url.password !== '') {
    fault(key, 'the URL carries credentials, which would be logged', 'Take them out of the URL.');
  }
  if (/[?#]/.test(text) || text.endsWith('/')) {
    fault(key, 'the URL has a query, a fragment or a slash at its end', 'Give the bare base URL.');
  }
  if (key !== 'HERALD_PUBLIC_URL' && url.protocol === 'http:' && !isLoopback(hostOf(text))) {
    fault(key, 'personal data may not travel over plain http (ACC-4)', 'Use https, or an address on this machine.');
  }
  return text;
}

/** The host of a URL, an IPv6 address without its brackets. */
export const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[|\]$/g, '');

/** 127.0.0.0/8, ::1 and the name that stands for them. */
export function isLoopback(host: string): boolean {
  if (isIPv4(host)) return host.startsWith('127.');
  if (isIPv6(host)) return host === '::1';
  return host.toLowerCase() === 'localhost';
}

/** The directory, or what there is of the path to it, is a directory. */
export function mayHoldFiles(path: string): boolean {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found === undefined ? mayHoldFiles(dirname(path)) : found.isDirectory();
  } catch {
    return false;
  }
}

/** The file is a JSON Web Key with its private part (RFC 7517). */
export function holdsPrivateJwk(path: string): boolean {
  try {
    const key: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof key === 'object' && key !== null && 'kty' in key && 'd' in key;
  } catch {
    return false;
  }
}

/** Freezes a value and everything in it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
