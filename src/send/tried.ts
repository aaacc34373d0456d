import type { Communication } from '@medplum/fhirtypes';
import { codeSystem } from '../canonical.ts';
import { type Channel, channels } from '../policy/channel.ts';
import type { ProviderChannel } from '../providers/provider.ts';
import { type FhirStore, type Stored, searchAll } from '../store/fhir-store.ts';

/** Every attempt at a request so far. Errors: StoreError. */
export function attemptsOf(store: FhirStore, requestId: string): Promise<Stored<Communication>[]> {
  return searchAll(store, 'Communication', [['based-on', `CommunicationRequest/${requestId}`]]);
}

/**
 * The channels by which a request went out already, arrived or not: nothing is sent the same way again unasked
 * (contract 5). Errors: StoreError.
 */
export async function triedFor(store: FhirStore, requestId: string): Promise<Channel[]> {
  return triedBy(await attemptsOf(store, requestId));
}

/** The channels of those attempts that went out, each once. What a rule withheld, or was taken back, never did. */
export function triedBy(attempts: readonly Communication[]): Channel[] {
  return [...new Set(attempts.filter(wentOut).flatMap((one) => channelOfAttempt(one) ?? []))];
}

/** The channel that an attempt took. */
export function channelOfAttempt(attempt: Communication): Channel | undefined {
  const codings = attempt.medium?.flatMap((one) => one.coding ?? []) ?? [];
  const code = codings.find((one) => one.system === codeSystem('channel'))?.code;
  return channels.find((one) => one === code);
}

/** The same as the provider calls it. What was written before a channel was chosen counts as a text. */
export function providerChannelOf(communication: Communication): ProviderChannel {
  const channel = channelOfAttempt(communication);
  return channel === 'email' || channel === 'letter' ? channel : 'sms';
}

/** The provider took it on, or was asked to and would not. */
function wentOut({ status, statusReason }: Communication): boolean {
  const codes = statusReason?.coding?.map((one) => one.code) ?? [];
  if (status === 'not-done') return codes.includes('undeliverable');
  return status !== 'preparation' && status !== 'entered-in-error';
}
