import type { Address, ContactPoint } from '@medplum/fhirtypes';
import type { AddressFault, Channel } from './channel.ts';
import type { Interval } from './london.ts';

/** Of the facts that a decision rests on (`facts.ts`): the people, and how they can be reached. */

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
  /** An interpreter, or another communication professional, is on record as needed. */
  readonly interpreter: boolean;
  /** What a disability, impairment or sensory loss asks for, each once (PRF-6). */
  readonly needs: readonly NeedFact[];
}

/** A recorded need in how somebody is told things (Accessible Information Standard). */
export interface NeedFact {
  /** As staff speak of it: `large print`. */
  readonly name: string;
  /** Channels that meet it. */
  readonly metBy: readonly Channel[];
  /** Channels that come nearest, where none meets it. */
  readonly near: readonly Channel[];
  /** It is about telephone calls, which every channel spares the person; a message that announces one does not. */
  readonly noCalls?: true;
}

/** One contact point, and what stands against using it. */
export interface ContactFact {
  readonly channel: Channel;
  readonly contactPoint: ContactPoint | Address;
  readonly form:
    | { readonly kind: 'usable'; readonly to: string }
    | { readonly kind: 'malformed' }
    | { readonly kind: 'not-mobile' }
    | { readonly kind: 'foreign'; readonly to: string }
    | { readonly kind: 'unaddressable'; readonly fault: AddressFault };
  readonly old: boolean;
  readonly valid: Interval;
  /** `telecom.rank`; none is last. */
  readonly rank: number | undefined;
  /** The London day on which it was last confirmed with the person; none since it came into use: `undefined` (PRF-4). */
  readonly confirmedOn: string | undefined;
  /**
   * Not to be used while a Task about it stands: somebody says that it is not the person's (VER-1), or STOP came from it
   * and it is not certain whose wish that is (OBJ-11).
   */
  readonly closed?: 'wrong-number' | 'stop';
}

export type RecipientFact =
  | { readonly kind: 'patient'; readonly isSubject: boolean }
  | {
      readonly kind: 'related-person';
      readonly isOfSubject: boolean;
      readonly person: PersonFact;
      /** Not marked as out of use. */
      readonly active: boolean;
      readonly valid: Interval;
      /** A record of their own as a patient says that they have died. */
      readonly deceased: boolean;
    }
  | { readonly kind: 'colleague' }
  /** A Device or a Group: not one person. */
  | { readonly kind: 'not-a-person' }
  | { readonly kind: 'nobody' }
  | { readonly kind: 'mismatch' };
