import type { Address, ContactPoint, Reference } from '@medplum/fhirtypes';
import type { Channel } from './channel.ts';
import type { ClauseId } from './clauses.ts';
import type { BlockReason, TaskCode, WarningCode } from './codes.ts';
import type { RenderedText } from './message-facts.ts';
import type { AppliedOverride } from './overrides.ts';

/** Why a message may not go, or not yet. The sentence is for staff: no contact detail, no objection's reason. */
export interface Reason {
  readonly code: BlockReason;
  readonly clause: ClauseId;
  /** The rule that says so. */
  readonly rule: string;
  readonly text: string;
  /** FHIRPath of the element in the request to mend, where there is one. */
  readonly expression?: string;
}

export interface Warning {
  readonly code: WarningCode;
  readonly clause: ClauseId;
  readonly text: string;
}

/** What a person must do before a held request may go. */
export interface TaskNeeded {
  readonly code: TaskCode;
  readonly clause: ClauseId;
  readonly text: string;
  readonly performerType?: string;
}

/** Exactly what would leave, and by which way. */
export interface Delivery {
  readonly recipient: Reference;
  readonly channel: Channel;
  readonly contactPoint: ContactPoint | Address;
  /** What the provider is given: E.164 or an email address. */
  readonly to: string;
  readonly text: string;
  readonly subjectLine?: string;
  readonly fragments?: number;
  /** The provider's own template that makes the text, and what it is given; absent: the text goes as it is. */
  readonly template?: NonNullable<RenderedText['template']>;
  readonly senderId?: string;
  /** Canonical with version, as the record states it. */
  readonly messageType: string;
  /** `Consent/id` of all that allow it, where it goes to a proxy. */
  readonly authority?: readonly string[];
}

/**
 * What the rules say. `refuse` beats `hold` beats `send`; every reason that applies is there, severest first.
 * `unknown`: a fact that the decision rests on could not be read, so there is none; it never sends.
 */
export type Decision =
  | {
      readonly kind: 'send';
      readonly delivery: Delivery;
      readonly warnings: readonly Warning[];
      /** Ids of the rules that were asked and allowed it. */
      readonly rules: readonly string[];
      readonly preferencePassedOver?: string;
      /** What would have kept it from going, and was set aside by somebody's decision or by an emergency (contract 8). */
      readonly setAside?: readonly Reason[];
      /** Without these it would not go. */
      readonly overrides?: readonly AppliedOverride[];
      /** `Task/id` of the decisions that count too, and that its way does not need: they go on counting for it. */
      readonly spareOverrides?: readonly string[];
      readonly emergency?: true;
    }
  | {
      readonly kind: 'hold';
      readonly reasons: readonly Reason[];
      readonly tasks: readonly TaskNeeded[];
      readonly warnings: readonly Warning[];
      readonly overrides?: readonly AppliedOverride[];
      readonly spareOverrides?: readonly string[];
    }
  | { readonly kind: 'refuse'; readonly reasons: readonly Reason[]; readonly warnings: readonly Warning[] }
  | { readonly kind: 'unknown'; readonly causes: readonly string[] };
