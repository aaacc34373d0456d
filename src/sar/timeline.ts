import type { Communication, CommunicationRequest } from '@medplum/fhirtypes';
import { identifierSystem, structureDefinition } from '../canonical.ts';
import { londonDay, spanOf } from '../policy/london.ts';
import { localReference } from '../send/naming.ts';
import { type FhirStore, type Stored, searchEach } from '../store/fhir-store.ts';
import type { AccessSubject } from './subject.ts';

/**
 * What is in a history, and in which order: names and times alone, so that ten thousand messages are a few megabytes, and
 * their content is read when its turn comes.
 */
export interface TimelineKey {
  /** `Type/id`. */
  readonly reference: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** `CommunicationRequest/id` that a message belongs to. */
  readonly request?: string;
  /** About somebody else: sent to or by the person as a proxy. */
  readonly asProxy: boolean;
}

export interface Timeline {
  /** Oldest first. */
  readonly keys: readonly TimelineKey[];
  /** Of those, requests that have messages in the history. */
  readonly withMessages: ReadonlySet<string>;
  /** Everything, whatever the period that was asked for. */
  readonly known: ReadonlyMap<string, TimelineKey>;
}

/** Days in England, both included. */
export interface Period {
  readonly start?: string;
  readonly end?: string;
}

/** Errors: StoreError. */
export async function timelineOf(store: FhirStore, subject: AccessSubject, period: Period): Promise<Timeline> {
  const keys = new Map<string, TimelineKey>();
  const earliest = new Map<string, number>();
  for await (const one of messagesOf(store, subject)) {
    const key = keyOfMessage(one, subject);
    if (key === undefined || keys.has(key.reference)) continue;
    keys.set(key.reference, key);
    if (key.request !== undefined) earliest.set(key.request, Math.min(earliest.get(key.request) ?? key.at, key.at));
  }
  for await (const one of searchEach(store, 'CommunicationRequest', [['subject', subject.references.join(',')]])) {
    const reference = `CommunicationRequest/${one.id}`;
    keys.set(reference, { reference, at: timeOfRequest(one, earliest.get(reference)), asProxy: false });
  }
  const ordered = [...keys.values()].sort((a, b) => a.at - b.at || (a.reference < b.reference ? -1 : 1));
  return {
    keys: ordered.filter((one) => isIn(period, one.at)),
    withMessages: new Set(earliest.keys()),
    known: keys,
  };
}

/** By subject, sender and recipient, those who act or acted for the person included; what comes twice comes twice. */
async function* messagesOf(store: FhirStore, subject: AccessSubject): AsyncGenerator<Stored<Communication>> {
  const { references, proxies, acting } = subject;
  const everybody = [...references, ...[...proxies, ...acting].map((one) => `RelatedPerson/${one.id}`)].join(',');
  yield* searchEach(store, 'Communication', [['subject', references.join(',')]]);
  yield* searchEach(store, 'Communication', [['sender', everybody]]);
  yield* searchEach(store, 'Communication', [['recipient', everybody]]);
}

/** `undefined` for what is between a proxy and the trust about somebody else. */
function keyOfMessage(message: Stored<Communication>, subject: AccessSubject): TimelineKey | undefined {
  const about = localReference(message.subject?.reference, 'Patient');
  const isTheirs = message.subject === undefined || (about !== undefined && subject.references.includes(about));
  const involved = [...(message.recipient ?? []), ...(message.sender === undefined ? [] : [message.sender])];
  const own = new Set([...subject.references, ...subject.acting.map((one) => `RelatedPerson/${one.id}`)]);
  if (!isTheirs && !involved.some((one) => own.has(one.reference ?? ''))) return undefined;
  const request = localReference(message.basedOn?.[0]?.reference, 'CommunicationRequest');
  return {
    reference: `Communication/${message.id}`,
    at: timeOfMessage(message),
    ...(request === undefined ? {} : { request }),
    asProxy: !isTheirs,
  };
}

/** When it was sent or received, or else when it ended or was withheld. */
export function timeOfMessage(message: Stored<Communication>): number {
  const ended = message.extension?.find((one) => one.url === structureDefinition('status-date'))?.valueDateTime;
  const said = [message.sent, message.received, ended].flatMap((one) => instantOf(one) ?? []);
  return said[0] ?? timeOfAttempt(message) ?? Date.parse(message.meta.lastUpdated);
}

/** Herald's own ids begin with the millisecond in which they were made (RFC 9562 5.7). */
function timeOfAttempt({ identifier = [] }: Communication): number | undefined {
  const value = identifier.find((one) => one.system === identifierSystem.attempt)?.value;
  const [, high, low] = /^([\da-f]{8})-([\da-f]{4})-7/.exec(value ?? '') ?? [];
  return high === undefined || low === undefined ? undefined : Number.parseInt(high + low, 16);
}

/** When it was asked for; where nobody said, no later than its first message. */
function timeOfRequest(request: Stored<CommunicationRequest>, firstMessage: number | undefined): number {
  const updated = Date.parse(request.meta.lastUpdated);
  return instantOf(request.authoredOn) ?? Math.min(updated, firstMessage ?? updated);
}

function instantOf(value: string | undefined): number | undefined {
  return value === undefined ? undefined : spanOf(value)?.from;
}

function isIn({ start, end }: Period, at: number): boolean {
  if (start === undefined && end === undefined) return true;
  const day = londonDay(new Date(at));
  return (start === undefined || day >= start) && (end === undefined || day <= end);
}
