import type { CommunicationRequest } from '@medplum/fhirtypes';
import { codeSystem, structureDefinition, system } from '../canonical.ts';
import type { Clock } from '../clock.ts';
import { type Channel, channels } from '../policy/channel.ts';
import type { Fact, MessageTypeFact, PersonFact, PolicyFacts, RecipientFact, RequestFacts } from '../policy/facts.ts';
import { londonDay } from '../policy/london.ts';
import type { Controller, Policy } from '../policy/policy.ts';
import { type FhirStore, StoreError } from '../store/fhir-store.ts';
import { endpointsOf, labelsOf, type NamedType, namedType } from './gather-catalogue.ts';
import { objectionsOf } from './gather-objections.ts';
import { recipientsOf, referenceType, subjectOf } from './gather-people.ts';
import { actReasons } from './message-type.ts';
import { readPayload } from './personalisation.ts';
import { renderTexts } from './render.ts';
import { expiresOf, occurrenceOf } from './times.ts';

export interface GatherDeps {
  readonly store: FhirStore;
  readonly clock: Clock;
  readonly policy: Policy;
  readonly controller: Controller;
  /** Channels for which a provider is set up. */
  readonly providerChannels: readonly Channel[];
}

/**
 * All that the rules may look at, freshly read: the only builder of PolicyFacts. Every search is read to its last page,
 * and what the store does not answer is an unknown fact, never an empty one. Never throws for the store's sake.
 *
 * References to people are literal (`Patient/1`) or logical (NHS number, or a local identifier with its system).
 */
export async function gatherFacts(request: CommunicationRequest, deps: GatherDeps): Promise<PolicyFacts> {
  const { store, policy, controller } = deps;
  const now = deps.clock.now();
  const [subject, type, endpoints] = await Promise.all([
    fact('the record of the subject', () => subjectOf(store, request, now)),
    fact('the message type', () => namedType(store, canonicalOf(request), now)),
    fact('the approved channels', () => endpointsOf(store)),
  ]);
  const [recipients, objections, sensitivity] = await Promise.all([
    after(subject, 'the record of the recipient', (one) => recipientsOf(store, request, one, now)),
    after(subject, 'the objections of the person', (one) => objectionsOf(store, one)),
    after(type, 'what the message is about', (one) => labelsOf(store, request, one)),
  ]);
  const person = subject.known && recipients.known ? writtenTo(subject.value.person, recipients.value) : undefined;
  return {
    now,
    today: londonDay(now),
    request: requestFacts(request),
    subject: subject.known ? { known: true, value: subject.value.fact } : subject,
    recipients,
    messageType: type.known ? { known: true, value: rendered(request, type.value, person, deps) } : type,
    objections,
    endpoints,
    sensitivity,
    providerChannels: deps.providerChannels,
    policy,
    controller,
  };
}

/** Whether a request is for many people at once, which this release does not take: 422 `not-supported` (contract 9). */
export function isForGroup(request: CommunicationRequest): boolean {
  return request.subject !== undefined && referenceType(request.subject) === 'Group';
}

async function fact<T>(what: string, read: () => Promise<T>): Promise<Fact<T>> {
  try {
    return { known: true, value: await read() };
  } catch (error) {
    if (error instanceof StoreError) return { known: false, cause: what };
    throw error;
  }
}

/** A fact that can only be read once another is known. */
function after<A, B>(first: Fact<A>, what: string, read: (value: A) => Promise<B>): Promise<Fact<B>> {
  return first.known ? fact(what, () => read(first.value)) : Promise.resolve(first);
}

function writtenTo(patient: PersonFact | undefined, recipients: readonly RecipientFact[]): PersonFact | undefined {
  const proxy = recipients.find((one) => one.kind === 'related-person');
  return proxy?.kind === 'related-person' ? proxy.person : patient;
}

function rendered(
  request: CommunicationRequest,
  named: NamedType,
  person: PersonFact | undefined,
  { policy, controller }: GatherDeps,
): MessageTypeFact {
  if (named.kind !== 'found') return named;
  const { type } = named;
  const words = renderTexts({ type, given: readPayload(request), language: person?.language, policy, controller });
  return { kind: 'found', type, ...words };
}

function canonicalOf(request: CommunicationRequest): string | undefined {
  return request.extension?.find((one) => one.url === system.instantiatesCanonical)?.valueCanonical;
}

function requestFacts(request: CommunicationRequest): RequestFacts {
  const named = (request.medium ?? []).map((concept) => {
    const codes = (concept.coding ?? []).filter((one) => one.system === codeSystem('channel')).map((one) => one.code);
    return channels.filter((channel) => codes.includes(channel));
  });
  const occurrence = occurrenceOf(request);
  const expires = expiresOf(request);
  return {
    requester: requesterOf(request),
    reasons: actReasons((request.reasonCode ?? []).flatMap((one) => one.coding ?? [])),
    medium: request.medium === undefined ? undefined : [...new Set(named.flat())],
    unknownMedium: named.flatMap((one, index) => (one.length === 0 ? [index] : [])),
    occurrence,
    expires,
    timesUnclear:
      (request.extension?.some((one) => one.url === structureDefinition('expires')) === true &&
        expires === undefined) ||
      (request.occurrenceDateTime !== undefined && occurrence === undefined) ||
      request.occurrencePeriod !== undefined,
  };
}

function requesterOf({ requester }: CommunicationRequest): RequestFacts['requester'] {
  if (requester === undefined || (requester.reference === undefined && requester.identifier === undefined)) {
    return 'none';
  }
  switch (referenceType(requester)) {
    case 'Practitioner':
    case 'PractitionerRole':
      return 'person';
    case 'Device':
    case 'Organization':
      return 'system';
    default:
      return 'other';
  }
}
