import type { CommunicationRequest } from '@medplum/fhirtypes';
import { structureDefinition } from '../canonical.ts';
import { spanOf } from '../policy/london.ts';
import type { Policy } from '../policy/policy.ts';
import { quietUntil } from '../policy/quiet-hours.ts';

/** Not before: the start of `occurrenceDateTime`, a bare day being London's. `undefined`: now, or not to be made out. */
export function occurrenceOf(request: CommunicationRequest): Date | undefined {
  const span = request.occurrenceDateTime === undefined ? undefined : spanOf(request.occurrenceDateTime);
  return span === undefined ? undefined : new Date(span.from);
}

/** What `extension[expires]` says, as written. */
export function expiresText(request: CommunicationRequest): string | undefined {
  return request.extension?.find((one) => one.url === structureDefinition('expires'))?.valueDateTime;
}

/** Not after: an instant is itself, a bare day runs to its end in London. `undefined`: never, or not to be made out. */
export function expiresOf(request: CommunicationRequest): Date | undefined {
  const text = expiresText(request);
  const span = text === undefined ? undefined : spanOf(text);
  if (text === undefined || span === undefined) return undefined;
  return new Date(text.includes('T') ? span.from : span.until);
}

/** Whether it may wait for the end of quiet hours (contract 1). */
export const mayWait = ({ priority = 'routine' }: CommunicationRequest): boolean => priority === 'routine';

/**
 * When a message that may go at an instant does go: then, or once the quiet hours are over that the instant lies in. What
 * expires meanwhile goes at that time to its end, and not to anybody.
 */
export function goesAt(request: CommunicationRequest, from: Date, policy: Pick<Policy, 'quietHours'>): Date {
  const until = mayWait(request) ? quietUntil(policy.quietHours, from) : undefined;
  if (until === undefined) return from;
  const expires = expiresOf(request);
  if (expires === undefined || expires >= until) return until;
  return expires > from ? expires : from;
}
