import type { Communication, CommunicationRequest } from '@medplum/fhirtypes';
import { identifierSystem, structureDefinition } from '../canonical.ts';
import { londonDay, spanOf } from '../policy/london.ts';
import { localReference } from '../send/naming.ts';
import { type FhirStore, type Stored, searchEach } from '../store/fhir-store.ts';
import type { UsedDetails } from './details.ts';
import { detailsOfOthers, removedDetailsIn } from './proposals.ts';
import { type AccessSubject, selfOf } from './subject.ts';

/**
 * What is in a history, and in which order: names and times alone, so that ten thousand messages are a few megabytes, and
 * their content is read when its turn comes.
 */
export interface TimelineKey {
  /** `Type/id`. */
  readonly reference: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** As it was found: whether it is still the same. */
  readonly version: string;
  /** `CommunicationRequest/id` that a message about the person belongs to; another's request is theirs. */
  readonly request?: string;
  /** About somebody else: sent to or by the person as a proxy. */
  readonly asProxy: boolean;
}

export interface Timeline extends UsedDetails {
  /** Oldest first. */
  readonly keys: readonly TimelineKey[];
  /** Requests that messages of those belong to. */
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
  const [removed, used] = [new Set<string>(), new Set<string>()];
  const proxies = new Set(subject.proxies.map((one) => `RelatedPerson/${one.id}`));
  for await (const one of messagesOf(store, subject)) {
    const key = keyOfMessage(one, subject);
    if (key === undefined || keys.has(key.reference)) continue;
    keys.set(key.reference, key);
    for (const detail of removedDetailsIn(one)) removed.add(detail);
    for (const detail of detailsOfOthers(one, proxies)) used.add(detail);
    if (key.request !== undefined) earliest.set(key.request, Math.min(earliest.get(key.request) ?? key.at, key.at));
  }
  for await (const one of searchEach(store, 'CommunicationRequest', [['subject', subject.references.join(',')]])) {
    const reference = `CommunicationRequest/${one.id}`;
    const at = timeOfRequest(one, earliest.get(reference));
    keys.set(reference, { reference, at, version: one.meta.versionId, asProxy: false });
  }
  const ordered = [...keys.values()].sort((a, b) => a.at - b.at || (a.reference < b.reference ? -1 : 1));
  const inPeriod = ordered.filter((one) => isIn(period, one.at));
  return {
    keys: inPeriod,
    withMessages: new Set(inPeriod.flatMap((one) => one.request ?? [])),
    known: keys,
    ...{ removed, used },
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
  const self = selfOf(subject);
  const involved = [...(message.recipient ?? []), ...(message.sender === undefined ? [] : [message.sender])];
  const named = involved.flatMap(({ reference = '' }) => (self.has(reference) ? [reference] : []));
  // What nobody filed is about whoever the number's entry is about.
  const isUnfiled = message.subject === undefined && !named.some((one) => one.startsWith('RelatedPerson/'));
  const isTheirs = isUnfiled || (about !== undefined && subject.references.includes(about));
  if (!isTheirs && named.length === 0) return undefined;
  const request = isTheirs ? localReference(message.basedOn?.[0]?.reference, 'CommunicationRequest') : undefined;
  return {
    reference: `Communication/${message.id}`,
    at: timeOfMessage(message),
    version: message.meta.versionId,
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
