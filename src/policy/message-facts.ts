import type { Coding } from '@medplum/fhirtypes';
import type { Channel } from './channel.ts';
import type { Interval } from './london.ts';

/** Of the facts that a decision rests on (`facts.ts`): the kind of message, its words, and the channels. */

export type MessageTypeFact =
  | {
      readonly kind: 'found';
      readonly type: MessageType;
      readonly texts: readonly ScannedText[];
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
  readonly kinds: readonly Kind[];
}

export interface ChannelTemplate {
  readonly channel: Channel;
  readonly kind: 'full' | 'nudge';
  readonly rank: number | undefined;
  readonly language: string | undefined;
  readonly words:
    | { readonly held: 'here'; readonly text: string; readonly subject: string | undefined }
    /** The provider's own template, by the provider's id: its words are fetched before anything is decided. */
    | { readonly held: 'at-provider'; readonly templateId: string };
  /** The provider's id of the sender that the recipient is to see, where it is not the usual one. */
  readonly senderId?: string;
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
  /** The provider's own template that makes this text, and the values that it is given; absent: the text goes as it is. */
  readonly template?: {
    readonly id: string;
    readonly version: number;
    readonly values: Readonly<Record<string, string>>;
  };
  readonly senderId?: string;
}

/** A text, and what the scanner found in it beside the organisation's own name. */
export interface ScannedText extends RenderedText {
  readonly found: readonly WordsFound[];
}

/** Something that stands out in a text: confidential (MIN-4), out of scope (CON-3), or as scams are written (SUS-1, SUS-2). */
export interface WordsFound {
  readonly of:
    | ConfidentialFamily
    | 'appeal'
    | 'study'
    | 'pressure'
    | 'payment'
    | 'text-speak'
    | 'shouting'
    | 'exclamation'
    | 'look-alike'
    | 'link';
  /** As they stand in the text; of an identifier only what it is. */
  readonly words: string;
}

export const confidentialFamilies = ['identifier', 'diagnosis', 'medicine', 'sensitive-service'] as const;

export type ConfidentialFamily = (typeof confidentialFamilies)[number];

export type TextFault =
  | { readonly kind: 'placeholder'; readonly form: string }
  | { readonly kind: 'too-long'; readonly characters: number; readonly limit: number }
  /** A text that Herald adds nothing to does not say who writes, or gives no way to check it (SUS-3). */
  | { readonly kind: 'sender'; readonly lacks: 'name' | 'way-to-check' };

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

/** An approved channel (contract 3.1). */
export interface EndpointFact {
  readonly channel: Channel;
  readonly active: boolean;
  readonly period: Interval;
  readonly assured: boolean;
  /** What it may carry; one that does not say carries nothing confidential. */
  readonly ceiling: Confidentiality;
}

/** A service or kind of message, as the type's own codes name it. */
export interface Kind {
  readonly system: string | undefined;
  readonly code: string;
}
