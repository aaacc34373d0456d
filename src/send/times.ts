import type { CommunicationRequest } from '@medplum/fhirtypes';
import { structureDefinition } from '../canonical.ts';
import { spanOf } from '../policy/london.ts';

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
