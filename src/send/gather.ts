import type { CommunicationRequest, Flag } from '@medplum/fhirtypes';
import { codeSystem, structureDefinition, system } from '../canonical.ts';
import type { Clock } from '../clock.ts';
import { type Channel, channels } from '../policy/channel.ts';
import type { Objection } from '../policy/consent-facts.ts';
import type { Fact, PolicyFacts, RequestFacts } from '../policy/facts.ts';
import { londonDay } from '../policy/london.ts';
import type { MessageTypeFact } from '../policy/message-facts.ts';
import type { PersonFact, RecipientFact, SubjectFact } from '../policy/person-facts.ts';
import type { Controller, Policy } from '../policy/policy.ts';
import type { Provider } from '../providers/provider.ts';
import { type FhirStore, StoreError } from '../store/fhir-store.ts';
import { contentClaims } from './content-claims.ts';
import { emergencyClaim } from './emergency-claim.ts';
import { endpointsOf, type NamedType, namedType } from './gather-catalogue.ts';
import { type ClosedNumbers, closedNumbersOf, type Fingerprint, withClosed } from './gather-checks.ts';
import { sensitivityOfMatter } from './gather-labels.ts';
import { flagsOf, withNeeds } from './gather-needs.ts';
import { objectionsOf } from './gather-objections.ts';
import { overrideFactsOf } from './gather-overrides.ts';
import { type ResolvedRecipient, type ResolvedSubject, recipientsOf, subjectOf } from './gather-people.ts';
import { type ProxyFacts, proxyFactsOf } from './gather-proxies.ts';
import { clearancesIn, completedTasksOf } from './gather-tasks.ts';
import { actReasons } from './message-type.ts';
import { referenceType } from './naming.ts';
import { readPayload } from './personalisation.ts';
import { renderTexts } from './render.ts';
import { scannedTexts } from './scanned.ts';
import { type ProviderTemplates, providerTemplatesOf } from './template-facts.ts';
import { expiresOf, mayWait, occurrenceOf } from './times.ts';

export interface GatherDeps {
  readonly store: FhirStore;
  readonly clock: Clock;
  readonly policy: Policy;
  readonly controller: Controller;
  /** Channels for which a provider is set up. */
  readonly providerChannels: readonly Channel[];
  /** Reads a template that the provider keeps. */
  readonly findTemplate: Provider['findTemplate'];
  /** By what a number that is closed for now is known. */
  readonly fingerprint: Fingerprint;
}

/**
 * All that the rules may look at, freshly read: the only builder of PolicyFacts. Every search is read to its last page,
 * and what the store does not answer is an unknown fact, never an empty one. Never throws for the store's sake.
 *
 * `tried`: channels by which this message failed already. `leavesDraft`: the request is new or a draft, and what people
 * have decided about it by now counts (contract 8).
 * References to people are literal (`Patient/1`) or logical (NHS number, or a local identifier with its system).
 */
export async function gatherFacts(
  request: CommunicationRequest,
  deps: GatherDeps,
  tried: readonly Channel[] = [],
  leavesDraft = false,
): Promise<PolicyFacts> {
  const { store, policy, controller } = deps;
  const now = deps.clock.now();
  const [subject, type, endpoints, tasks] = await Promise.all([
    fact('the record of the subject', () => subjectOf(store, request, now)),
    fact('the message type', () => namedType(store, canonicalOf(request), now)),
    fact('the approved channels', () => endpointsOf(store)),
    fact('what was answered about this request', () => completedTasksOf(store, request)),
  ]);
  const asked = requestFacts(request, tried);
  const [resolved, own, sensitivity, templates, flags] = await Promise.all([
    after(subject, 'the record of the recipient', (one) => recipientsOf(store, request, one, now)),
    after(subject, 'the objections of the person', (one) => objectionsOf(store, one)),
    after(type, 'what the message is about', (one) =>
      sensitivityOfMatter(store, request, one, subject.known ? subject.value.records : []),
    ),
    type.known ? providerTemplatesOf(type.value, asked.medium, deps.findTemplate) : type,
    after(subject, 'what the person needs', (one) => flagsOf(store, one.records)),
  ]);
  const ofProxy = await after(resolved, 'the authority of the proxy', (one) => proxyFacts(store, subject, one, now));
  const { deceased, removed } = ofProxy.known ? ofProxy.value : noProxy;
  const asProxy = (one: RecipientFact) => withoutRemoved(withDeath(one, deceased), removed, deps.fingerprint);
  const recipients = flags.known
    ? mapped(resolved, (all) => all.map((one) => withProxyNeeds(asProxy(one.fact), flags.value, now)))
    : flags;
  const objections: Fact<readonly Objection[]> = ofProxy.known
    ? mapped(own, (some) => merged(some, ofProxy.value.objections))
    : ofProxy;
  const person = subject.known && recipients.known ? writtenTo(subject.value.person, recipients.value) : undefined;
  const decisions = after(objections, 'what was decided about objections', async (all) => {
    const to = recipients.known && subject.known ? writtenTo(subject.value.person, recipients.value) : undefined;
    if (!subject.known || !tasks.known) throw new StoreError('unavailable', 'what decisions are about');
    const [objected, addressee] = [all.length > 0, to?.reference];
    const about = { subject: subject.value, addressee, objected, tasks: tasks.value, leavesDraft, now };
    return overrideFactsOf(store, request, about);
  });
  const [overrides, closed] = await Promise.all([
    decisions,
    after(recipients, 'which numbers are being checked', () =>
      closedNumbersOf(store, person, asked.medium, deps.fingerprint),
    ),
  ]);
  return {
    now,
    today: londonDay(now),
    request: asked,
    subject: flags.known
      ? mapped(subject, (one) => withSubjectNeeds(withClosedSubject(one.fact, closed), flags.value, now))
      : flags,
    recipients: closed.known ? mapped(recipients, (all) => all.map((one) => withClosedRecipient(one, closed))) : closed,
    messageType: type.known ? mapped(templates, (held) => rendered(request, type.value, held, person, deps)) : type,
    objections,
    overrides,
    proxyConsents: mapped(ofProxy, (one) => one.consents),
    clearances: subject.known ? mapped(tasks, (all) => clearancesIn(all, subject.value)) : subject,
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

function mapped<A, B>(of: Fact<A>, change: (value: A) => B): Fact<B> {
  return of.known ? { known: true, value: change(of.value) } : of;
}

const noProxy: ProxyFacts = { consents: [], objections: [], deceased: false, removed: new Set() };

/** What is on record about the one recipient who is named in the patient's stead. Errors: StoreError. */
async function proxyFacts(
  store: FhirStore,
  subject: Fact<ResolvedSubject>,
  recipients: readonly ResolvedRecipient[],
  now: Date,
): Promise<ProxyFacts> {
  const [only, second] = recipients;
  if (!subject.known || subject.value.records.length === 0) return noProxy;
  if (only?.record === undefined || second !== undefined) return noProxy;
  return proxyFactsOf(store, subject.value, only.record, now);
}

/** Whether the proxy has died is looked for with their authority, in one turn of the store. */
function withDeath(fact: RecipientFact, deceased: boolean): RecipientFact {
  return fact.kind === 'related-person' ? { ...fact, deceased } : fact;
}

/** OBJ-8: a copy of a detail that puts somebody at risk is as if it were not there. */
function withoutRemoved(fact: RecipientFact, removed: ReadonlySet<string>, fingerprint: Fingerprint): RecipientFact {
  if (fact.kind !== 'related-person' || removed.size === 0) return fact;
  const contacts = fact.person.contacts.filter((one) => !removed.has(fingerprint(one.contactPoint) ?? ''));
  return { ...fact, person: { ...fact.person, contacts } };
}

/** An objection that two searches found is one. */
function merged(some: readonly Objection[], more: readonly Objection[]): readonly Objection[] {
  return [...new Map([...some, ...more].map((one) => [one.reference, one])).values()];
}

function withClosedSubject(fact: SubjectFact, closed: Fact<ClosedNumbers>): SubjectFact {
  if (fact.kind !== 'found' || !closed.known) return fact;
  return { ...fact, patient: { ...fact.patient, person: withClosed(fact.patient.person, closed.value) } };
}

function withClosedRecipient(fact: RecipientFact, closed: { readonly value: ClosedNumbers }): RecipientFact {
  return fact.kind === 'related-person' ? { ...fact, person: withClosed(fact.person, closed.value) } : fact;
}

function withSubjectNeeds(fact: SubjectFact, flags: readonly Flag[], now: Date): SubjectFact {
  if (fact.kind !== 'found') return fact;
  return { ...fact, patient: { ...fact.patient, person: withNeeds(fact.patient.person, flags, now) } };
}

function withProxyNeeds(fact: RecipientFact, flags: readonly Flag[], now: Date): RecipientFact {
  return fact.kind === 'related-person' ? { ...fact, person: withNeeds(fact.person, flags, now) } : fact;
}

function writtenTo(patient: PersonFact | undefined, recipients: readonly RecipientFact[]): PersonFact | undefined {
  const proxy = recipients.find((one) => one.kind === 'related-person');
  return proxy?.kind === 'related-person' ? proxy.person : patient;
}

function rendered(
  request: CommunicationRequest,
  named: NamedType,
  providerTemplates: ProviderTemplates,
  person: PersonFact | undefined,
  { policy, controller }: GatherDeps,
): MessageTypeFact {
  if (named.kind !== 'found') return named;
  const { type } = named;
  const given = readPayload(request);
  const language = person?.language;
  const { texts, content } = renderTexts({ type, given, language, providerTemplates, policy, controller });
  return { kind: 'found', type, content, texts: scannedTexts(texts, { policy, controller }) };
}

function canonicalOf(request: CommunicationRequest): string | undefined {
  return request.extension?.find((one) => one.url === system.instantiatesCanonical)?.valueCanonical;
}

function requestFacts(request: CommunicationRequest, tried: readonly Channel[]): RequestFacts {
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
    tried,
    mayWait: mayWait(request),
    emergency: emergencyClaim(request),
    ...contentClaims(request),
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
