import type { Channel } from './channel.ts';
import type { Interval } from './london.ts';

/** `$MSG/CodeSystem/override-ground`: compelling legitimate grounds (OBJ-7). */
export const overrideGrounds = [
  'communicable-disease',
  'waiting-list-validation',
  'imminent-appointment-change',
  'extreme-event-vulnerable',
  'primary-contact-failed',
  'virtual-consultation-link',
  'credible-threat',
  'prescribing-error',
  'urgent-treatment-offer',
  'other',
] as const;
export type OverrideGround = (typeof overrideGrounds)[number];

/** What somebody decided about sending despite an objection (contract 8), as its Task has it. */
export interface Override {
  /** `Task/id`. */
  readonly reference: string;
  readonly approved: boolean;
  /** Its focus is this very request. */
  readonly isOfRequest: boolean;
  /** It is for the person whom the message is about. */
  readonly isOfSubject: boolean;
  /** `Consent/id` of the one objection that it speaks of. */
  readonly objection: string | undefined;
  readonly ground: OverrideGround | undefined;
  readonly hasRationale: boolean;
  /** Who decided: `Practitioner/id` or `PractitionerRole/id`, or an identifier's value. */
  readonly decidedBy: string | undefined;
  readonly reasonConsidered: boolean;
  /** `undefined`: it does not say. */
  readonly guardianConsulted: boolean | undefined;
  /** When it may be used; `undefined` where that cannot be read. */
  readonly period: Interval | undefined;
  /** The request had left `draft` without it. */
  readonly late: boolean;
}

/** One attempt to reach the person that went out, or that the provider would not take. */
export interface ContactAttempt {
  readonly channel: Channel;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** It ended `stopped` or `not-done`. */
  readonly failed: boolean;
}

/** The decisions to override, and what the grounds that can be checked are checked against. */
export interface OverrideFacts {
  readonly overrides: readonly Override[];
  /** When appointments of the person that the request is about start, or once did; milliseconds since the epoch. */
  readonly appointmentStarts: readonly number[];
  readonly attempts: readonly ContactAttempt[];
}

export const noOverrides: OverrideFacts = { overrides: [], appointmentStarts: [], attempts: [] };
