import type { Address, Coding, ContactPoint } from '@medplum/fhirtypes';
import type { Channel } from './channel.ts';
import type { Interval } from './london.ts';
import type { Controller, Policy } from './policy.ts';

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
  /** The channels the organisation has approved, or once had. */
  readonly endpoints: Fact<readonly EndpointFact[]>;
  /** Labels of the matter: the request's, the type's, and those of what it is about. */
  readonly sensitivity: Fact<readonly Coding[]>;
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
}

export type SubjectFact =
  | { readonly kind: 'found'; readonly patient: PatientFact }
  /** The request names nobody. */
  | { readonly kind: 'none' }
  /** The reference leads to no record. */
  | { readonly kind: 'dangling' }
  /** No record has this identifier. */
  | { readonly kind: 'unknown-number' }
  /** The NHS number in the request fails the modulus 11 check. */
  | { readonly kind: 'invalid-number' }
  /** Several records have this identifier. */
  | { readonly kind: 'several' }
  /** Reference and identifier name different people. */
  | { readonly kind: 'mismatch' }
  | { readonly kind: 'group' }
  | { readonly kind: 'not-a-patient' };

export interface PatientFact {
  /** `Patient/id`. */
  readonly reference: string;
  /** Current NHS numbers, without spaces, as recorded: they may fail the check. */
  readonly nhsNumbers: readonly string[];
  readonly hasLocalNumber: boolean;
  readonly hasName: boolean;
  readonly birthDate: string | undefined;
  /** Another record, not merged with this one, has the same NHS number. */
  readonly numberShared: boolean;
  readonly deceased: boolean;
  readonly active: boolean;
  /** The record has been replaced. */
  readonly replaced: boolean;
  /** References of the records that replace this one, where they are named by reference. */
  readonly replacedBy: readonly string[];
  /** v3-Confidentiality R or V on the record. */
  readonly restricted: boolean;
  readonly person: PersonFact;
}

/** Somebody who can be written to: the patient, or the person who acts for them. */
export interface PersonFact {
  readonly reference: string;
  readonly contacts: readonly ContactFact[];
  /** `Extension-UKCore-ContactPreference`: the channels that meet it; none where Herald has no such way. */
  readonly preferred: readonly Channel[] | undefined;
  /** The preferred language, in lower case (`cy`, `pl-pl`). */
  readonly language: string | undefined;
}

/** One contact point, and what stands against using it. */
export interface ContactFact {
  readonly channel: Channel;
  readonly contactPoint: ContactPoint | Address;
  readonly form:
    | { readonly kind: 'usable'; readonly to: string }
    | { readonly kind: 'malformed' }
    | { readonly kind: 'not-mobile' }
    | { readonly kind: 'foreign'; readonly to: string };
  readonly old: boolean;
  readonly valid: Interval;
  /** `telecom.rank`; none is last. */
  readonly rank: number | undefined;
}

export type RecipientFact =
  | { readonly kind: 'patient'; readonly isSubject: boolean }
  | { readonly kind: 'related-person'; readonly isOfSubject: boolean; readonly person: PersonFact }
  | { readonly kind: 'colleague' }
  /** A Device or a Group: not one person. */
  | { readonly kind: 'not-a-person' }
  | { readonly kind: 'nobody' }
  | { readonly kind: 'mismatch' };

export type MessageTypeFact =
  | {
      readonly kind: 'found';
      readonly type: MessageType;
      readonly texts: readonly RenderedText[];
      readonly content: ContentFact;
    }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'retired' }
  /** The resource cannot be used; `faults` say why, element by element. */
  | { readonly kind: 'invalid'; readonly faults: readonly string[] };

/** v3-Confidentiality, lowest first. */
export const confidentialities = ['U', 'L', 'M', 'N', 'R', 'V'] as const;
export type Confidentiality = (typeof confidentialities)[number];

/** A kind of message, parsed from its ActivityDefinition (contract 3.2). */
export interface MessageType {
  readonly code: string;
  /** With version, as the record states it. */
  readonly canonical: string;
  readonly confidentiality: Confidentiality;
  readonly sensitivity: readonly Coding[];
  readonly templates: readonly ChannelTemplate[];
  readonly personalisation: readonly { readonly name: string; readonly required: boolean }[];
  readonly freeText: boolean;
  readonly proxiesAllowed: boolean;
  readonly fallback: boolean;
  readonly automatic: boolean;
  /** v3-ActReason codes. */
  readonly purposes: readonly string[];
  /** What an objection to a service or kind of message may name: the type's own codes and its service's. */
  readonly kinds: readonly { readonly system: string | undefined; readonly code: string }[];
}

export interface ChannelTemplate {
  readonly channel: Channel;
  readonly kind: 'full' | 'nudge';
  readonly rank: number | undefined;
  readonly language: string | undefined;
  readonly words:
    | { readonly held: 'here'; readonly text: string; readonly subject: string | undefined }
    /** The provider's own template: its words are not fetched by this release, so it cannot be checked or sent. */
    | { readonly held: 'at-provider' };
}

/** The exact words for one channel, as the provider will answer them, and what is wrong with them. */
export interface RenderedText {
  readonly channel: Channel;
  readonly kind: 'full' | 'nudge';
  readonly rank: number | undefined;
  readonly text: string;
  readonly subjectLine: string | undefined;
  readonly fragments: number | undefined;
  readonly faults: readonly TextFault[];
}

export type TextFault =
  | { readonly kind: 'placeholder'; readonly form: string }
  | { readonly kind: 'too-long'; readonly characters: number; readonly limit: number };

/** What the caller gave to fill the type's texts with. */
export interface ContentFact {
  /** Names of the keys without a value. */
  readonly missing: readonly string[];
  /** A payload that is not a flat JSON object of strings, or not a payload that requests take. */
  readonly unreadable: boolean;
  readonly freeText: 'none' | 'given' | 'missing' | 'not-taken';
  /** The free text has a link that is not https to an approved domain. */
  readonly strangeLink: boolean;
}

/** One thing that the person objects to (contract 7). */
export interface Objection {
  /** `Consent/id`. */
  readonly reference: string;
  readonly status: string;
  readonly period: Interval;
  /** A RelatedPerson, where it is that person's own objection and not the patient's. */
  readonly ofProxy: string | undefined;
  /** Reaches every message, whatever its channel or kind. */
  readonly everything: boolean;
  readonly channels: readonly Channel[] | 'all';
  readonly kinds: readonly { readonly system: string | undefined; readonly code: string }[] | 'all';
}

/** An approved channel (contract 3.1). */
export interface EndpointFact {
  readonly channel: Channel;
  readonly active: boolean;
  readonly period: Interval;
  readonly assured: boolean;
  /** What it may carry; one that does not say carries nothing confidential. */
  readonly ceiling: Confidentiality;
}

/** The facts that could not be read, each once; or all of them, known. */
export function allKnown(
  facts: PolicyFacts,
):
  | { readonly known: true; readonly facts: KnownFacts }
  | { readonly known: false; readonly causes: readonly string[] } {
  const { subject, recipients, messageType, objections, endpoints, sensitivity, ...others } = facts;
  if (
    subject.known &&
    recipients.known &&
    messageType.known &&
    objections.known &&
    endpoints.known &&
    sensitivity.known
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
      },
    };
  }
  const all: readonly Fact<unknown>[] = [subject, recipients, messageType, objections, endpoints, sensitivity];
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
  return facts.sensitivity.known ? facts.sensitivity.value : [];
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
