import { parseEmail } from '../notify/email-address.ts';
import { parsePhone } from '../notify/phone.ts';
import type { Outcome } from './faults.ts';
import { badRequest } from './notify-error.ts';
import type { ApiKey, Channel, ServiceSettings } from './settings.ts';

/** A phone number or email address in the form in which Notify compares it. */
export function normaliseRecipient(raw: string): string {
  const phone = raw.includes('@') ? undefined : parsePhone(raw);
  if (phone?.kind === 'ok') return phone.digits;
  const address = parseEmail(raw);
  return address.kind === 'ok' ? address.address : raw.toLowerCase();
}

/** @throws {NotifyError} 400 unless this key, on a service in this mode, may send to this recipient (8.1). */
export function checkAllowed(normalised: string, key: ApiKey, service: ServiceSettings): void {
  if (key.type === 'test' || (key.type === 'normal' && !service.trial)) return;
  const known = [...service.team, ...service.guestList].map(normaliseRecipient);
  if (known.includes(normalised)) return;
  throw badRequest(
    key.type === 'team'
      ? 'Can’t send to this recipient using a team-only API key'
      : 'Can’t send to this recipient when service is in trial mode – see https://www.notifications.service.gov.uk/trial-mode',
  );
}

/** Recipients for smoke tests: answered with 201, never stored and never sent (8.2). */
export function isSmokeTest(normalised: string): boolean {
  return smokeTests.has(normalised);
}

const smokeTests: ReadonlySet<string> = new Set([
  '447700900000',
  '447700900111',
  '447700900222',
  'simulate-delivered@notifications.service.gov.uk',
  'simulate-delivered-2@notifications.service.gov.uk',
  'simulate-delivered-3@notifications.service.gov.uk',
]);

/**
 * What becomes of a message when no fault says otherwise. A test key goes by the recipient as it was typed (8.3). For
 * the other keys the same two drama numbers fail: there is nobody to have them.
 */
export function usualOutcome(channel: Channel, typed: string, normalised: string, key: ApiKey): Outcome {
  const compared = key.type === 'test' ? typed : normalised;
  if (channel === 'email') return emailOutcomes.get(compared) ?? 'delivered';
  if (compared.endsWith('7700900003')) return 'temporary-failure';
  return compared.endsWith('7700900002') ? 'permanent-failure' : 'delivered';
}

const emailOutcomes: ReadonlyMap<string, Outcome> = new Map([
  ['temp-fail@simulator.notify', 'temporary-failure'],
  ['perm-fail@simulator.notify', 'permanent-failure'],
]);
