import type { Coding } from '@medplum/fhirtypes';
import type { Channel } from './channel.ts';
import type { Objection, ProxyConsent } from './consent-facts.ts';
import type { EmergencyClaim } from './emergency-facts.ts';
import type { EndpointFact, MessageTypeFact } from './message-facts.ts';
import type { OverrideFacts } from './override-facts.ts';
import type { PersonFact, RecipientFact, SubjectFact } from './person-facts.ts';
import type { Controller, Policy } from './policy.ts';
import { isSensitive } from './sensitivity.ts';

/**
 * Something that the decision rests on: read in full, or not. "Could not be read" is never written as an empty list,
 * for nothing found and nothing known are opposite answers (contract 4).
 */
export type Fact<T> =
  | { readonly known: true; readonly value: T }
  /** `cause` goes to the caller: what could not be read, with no name, number or address in it. */
  | { readonly known: false; readonly cause: string };

/** All that a rule may look at. Built in one place, `src/send/gather.ts`. */
export interface PolicyFacts {
  readonly now: Date;
  /** The day in England, `YYYY-MM-DD`. */
  readonly today: string;
  readonly request: RequestFacts;
  readonly subject: Fact<SubjectFact>;
  /** As the request lists them; none means the subject. */
  readonly recipients: Fact<readonly RecipientFact[]>;
  readonly messageType: Fact<MessageTypeFact>;
  /** Everything that this person, or a record merged with theirs, objects to; in force or not. */
  readonly objections: Fact<readonly Objection[]>;
  /** What people decided about sending despite them. */
  readonly overrides: Fact<OverrideFacts>;
  /** The channels the organisation has approved, or once had. */
  readonly endpoints: Fact<readonly EndpointFact[]>;
  /** What the matter gives away, by whoever learns of the contact. */
  readonly sensitivity: Fact<Sensitivity>;
  /** Every authority on record for the one who would be written to in the person's stead, in force or not. */
  readonly proxyConsents: Fact<readonly ProxyConsent[]>;
  /** What people answered who were asked before this request might go. */
  readonly clearances: Fact<readonly Clearance[]>;
  /** Channels for which a provider is set up. */
  readonly providerChannels: readonly Channel[];
  readonly policy: Policy;
  readonly controller: Controller;
}

/** The facts once every one of them is known: what rules are written against. */
export type KnownFacts = {
  readonly [K in keyof PolicyFacts]: PolicyFacts[K] extends Fact<infer T> ? T : PolicyFacts[K];
};

/** What the request itself says, parsed. */
export interface RequestFacts {
  readonly requester: 'person' | 'system' | 'other' | 'none';
  /** v3-ActReason codes; a code without a system is read as one. */
  readonly reasons: readonly string[];
  /** Channels the caller allows; `undefined` where the caller leaves it to the type. */
  readonly medium: readonly Channel[] | undefined;
  /** Entries of `medium` that name no channel of ours, by index. */
  readonly unknownMedium: readonly number[];
  readonly occurrence: Date | undefined;
  /** Not after this instant; a bare day runs to its end in England. */
  readonly expires: Date | undefined;
  /** When it is to go, or until when, is given in a way that cannot be read. */
  readonly timesUnclear: boolean;
  /** Channels by which this message failed already. */
  readonly tried: readonly Channel[];
  /** Why confidential words must go by an open channel; a blank reason is none (MIN-4). */
  readonly necessity: string | undefined;
  /** What the requester says of results in the message (MIN-5). */
  readonly resultsStatement: 'none' | 'routine' | 'not-routine';
  /** It may wait for the end of quiet hours: `routine`, or no priority given. */
  readonly mayWait: boolean;
  /** Of one that claims to be an emergency; whether it is one, the rules say. */
  readonly emergency: EmergencyClaim | undefined;
}

/** The matter: labels of the request, the type, its service, and of what the request is about; and whose it is. */
export interface Sensitivity {
  /** As found, each once, sensitive or not. */
  readonly labels: readonly Coding[];
  /** The request points at something whose labels could not be looked at, for it is not kept here. */
  readonly unread: boolean;
  /** The appointment, stay or document that it is about says whose it is, and it is not the subject's (VER-1). */
  readonly ofAnother: boolean;
}

/** What somebody answered to a Task that holds this very request (contract 8). */
export interface Clearance {
  /** `Task/id`. */
  readonly reference: string;
  readonly code: 'check-with-person' | 'restricted-record' | 'second-reader';
  readonly agreed: boolean;
  /** Who answered, where the Task names them. */
  readonly by: string | undefined;
  readonly at: Date;
  /** Whose it was to answer (`staff-role`). */
  readonly roles: readonly string[];
}

/** The facts that could not be read, each once; or all of them, known. */
export function allKnown(
  facts: PolicyFacts,
):
  | { readonly known: true; readonly facts: KnownFacts }
  | { readonly known: false; readonly causes: readonly string[] } {
  const { subject, recipients, messageType, objections, endpoints, ...more } = facts;
  const { sensitivity, proxyConsents, clearances, overrides, ...others } = more;
  if (
    subject.known &&
    recipients.known &&
    messageType.known &&
    objections.known &&
    endpoints.known &&
    sensitivity.known &&
    proxyConsents.known &&
    clearances.known &&
    overrides.known
  ) {
    return {
      known: true,
      facts: {
        ...others,
        subject: subject.value,
        recipients: recipients.value,
        messageType: messageType.value,
        objections: objections.value,
        endpoints: endpoints.value,
        sensitivity: sensitivity.value,
        proxyConsents: proxyConsents.value,
        clearances: clearances.value,
        overrides: overrides.value,
      },
    };
  }
  const read: readonly Fact<unknown>[] = [subject, recipients, messageType, objections, endpoints];
  const all: readonly Fact<unknown>[] = [...read, sensitivity, proxyConsents, clearances, overrides];
  return { known: false, causes: [...new Set(all.flatMap((one) => (one.known ? [] : [one.cause])))].sort() };
}

/**
 * `Patient/id` under which a refusal may be filed. `undefined` where the person is in doubt: nothing about a message
 * is ever put into the record of somebody who may be somebody else (contract 3, VER-1).
 */
export function filedUnder(facts: PolicyFacts): string | undefined {
  if (!facts.subject.known || facts.subject.value.kind !== 'found') return undefined;
  const recipients = facts.recipients.known ? facts.recipients.value : [];
  if (recipients.some((one) => one.kind === 'mismatch')) return undefined;
  const { patient } = facts.subject.value;
  return patient.numberShared || patient.nhsNumbers.length > 1 ? undefined : patient.reference;
}

/** The labels that the record of the message carries; none while they are not known, for then nothing is recorded. */
export function sensitivityOf(facts: PolicyFacts): readonly Coding[] {
  return facts.sensitivity.known ? facts.sensitivity.value.labels.filter(isSensitive) : [];
}

/** For each recipient that the request lists, `Type/id` where it is known who that is. */
export function recipientReferences(facts: PolicyFacts): readonly (string | undefined)[] {
  if (!facts.recipients.known) return [];
  const patient = facts.subject.known && facts.subject.value.kind === 'found' ? facts.subject.value.patient : undefined;
  return facts.recipients.value.map((one) => {
    if (one.kind === 'related-person') return one.person.reference;
    return one.kind === 'patient' && one.isSubject ? patient?.reference : undefined;
  });
}

/** The one person who would be written to; `undefined` where there is none, or more than one. */
export function addressee(facts: KnownFacts): PersonFact | undefined {
  const patient = facts.subject.kind === 'found' ? facts.subject.patient.person : undefined;
  const [only, second] = facts.recipients;
  if (only === undefined) return patient;
  if (second !== undefined) return undefined;
  if (only.kind === 'patient') return only.isSubject ? patient : undefined;
  return only.kind === 'related-person' ? only.person : undefined;
}
