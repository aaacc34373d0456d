import type { Attachment, Communication, CommunicationRequest, Provenance, Resource } from '@medplum/fhirtypes';
import type { Controller } from '../policy/policy.ts';
import type { Stored } from '../store/fhir-store.ts';

/**
 * A person's history as it may be shown at one stage of their request (SAR-1): every form (Bundle, page, PDF, CSV) is made
 * from it, and none reads the store. Whatever is hidden at this stage is hidden in here already; a form writes all
 * that it finds.
 */
export interface SubjectHistory {
  readonly stage: Stage;
  /** One run of the export: the Bundle's identifier, a UUID. */
  readonly documentId: string;
  readonly madeAt: Date;
  readonly controller: Controller;
  readonly person: HistoryPerson;
  readonly request: RequestDetails;
  /** Days in England, `YYYY-MM-DD`, both included, where only a part of the history was asked for. */
  readonly period: { readonly start?: string; readonly end?: string };
  /** How many entries `entries` will yield, and how many of them stand alone. */
  readonly total: number;
  readonly standing: number;
  /**
   * The messages and requests, oldest first, newest last. Each call reads the store afresh, a page at a time: never keep
   * them all. Errors: StoreError, at any step.
   */
  entries(): AsyncIterable<HistoryEntry>;
  /** `Type/id` of what `entries` yields, in its order: for a table of contents. */
  readonly references: readonly string[];
  /** Of each of those, the version that was found: to tell whether the record is still as it was. */
  readonly versions: readonly string[];
  /** All else, in the order in which it is printed; small enough to be kept. */
  readonly sections: readonly HistorySection[];
  /** What is masked or proposed. Whole only once `entries` was read to its end; complete for `sections` at once. */
  readonly masks: MaskTally;
  /** What the Task's decisions ask and nothing of the history has; known once `entries` was read to its end. */
  readonly unmatched: readonly UnmatchedDecision[];
}

/** `review`: for staff, everything readable, with what would be masked. `release`: for the person, masked. */
export const stages = ['review', 'release'] as const;
export type Stage = (typeof stages)[number];

/** What stands in place of words that are masked, in every form. */
export const MASKED = '[masked]';

export interface HistoryPerson {
  /** `Patient/id` that the export was asked for. */
  readonly reference: string;
  readonly name: string;
  /** `YYYY-MM-DD`. */
  readonly birthDate?: string;
  /** Ten digits, as `999 123 4567`. */
  readonly nhsNumber?: string;
  /** `Patient/id` of all records of theirs, this one first. */
  readonly records: readonly string[];
}

export interface RequestDetails {
  /** `Task/id`. */
  readonly task: string;
  /** The request's own number where it has one, otherwise the Task's id: printed on each page. */
  readonly number: string;
  /** `YYYY-MM-DD`. */
  readonly received: string;
  readonly due: string;
  readonly extended: boolean;
}

/** One message, or one request for a message. Texts are as they may be shown: see `MASKED`. */
export interface HistoryEntry {
  /** `Type/id`. */
  readonly reference: string;
  readonly kind: 'message' | 'request';
  /** False for a request that has messages of its own in the history: print those alone. The Bundles hold both. */
  readonly standsAlone: boolean;
  /** When it was sent or received, or withheld or asked for where it was neither: an instant, ISO 8601 with a zone. */
  readonly at: string;
  /** The same in England, for readers: `3 June 2026, 9:00am`. */
  readonly atText: string;
  readonly direction: 'outbound' | 'inbound';
  /** What became of it, in a word: see `status-words.ts`. */
  readonly status: string;
  /** The codes beside the word: Communication.status or CommunicationRequest.status. */
  readonly statusCode: string;
  /** Text, email, letter, NHS App; absent where none was chosen. */
  readonly channel?: string;
  readonly from: string;
  readonly to: string;
  /** The telephone number or address used. */
  readonly contact?: string;
  /** The message type's title or code. */
  readonly messageType?: string;
  readonly subjectLine?: string;
  /** Empty where nothing was written. */
  readonly text: string;
  readonly attachments: readonly HistoryAttachment[];
  /** Why it was withheld, held, cancelled, or could not be delivered: sentences. */
  readonly reasons: readonly string[];
  readonly notes: readonly string[];
  /** Who asked for it, and who recorded it. */
  readonly requester?: string;
  readonly recordedBy: readonly string[];
  /** Labels of the lawful bases. */
  readonly lawfulBases: readonly string[];
  /** `sent`, `delivered`… with their instants, where known. */
  readonly times: readonly { readonly what: string; readonly at: string; readonly atText: string }[];
  /** On which of the person's records, where it is not the one asked for. */
  readonly otherRecord?: string;
  /** Sent to or by them as somebody's proxy: only what is their own is in it. */
  readonly asProxy: boolean;
  readonly masks: readonly EntryMask[];
  /** As exported at this stage: the message or the request, then who recorded it. */
  readonly resources: readonly [Stored<Communication> | Stored<CommunicationRequest>, ...Stored<Provenance>[]];
}

export interface HistoryAttachment {
  readonly title: string;
  readonly contentType: string;
  readonly size?: number;
  /** The content itself where the record holds it; none where it is masked or kept elsewhere. */
  readonly data?: Uint8Array;
  readonly url?: string;
  readonly masked: boolean;
  readonly source: Attachment;
}

export interface EntryMask {
  readonly reference: string;
  /** In words: "text of the message", "contact detail". */
  readonly what: string;
  /**
   * `decided`: an input `mask`. `proposed`: found by Herald, and masked unless shown. `shown`: proposed, and an input
   * `show` lifts it. `fixed`: masked in every release.
   */
  readonly origin: 'decided' | 'proposed' | 'shown' | 'fixed';
  /** Only in `review`. */
  readonly path?: string;
  readonly text?: string;
  readonly ground?: MaskGround;
  readonly why?: string;
}

export const maskGrounds = ['third-party', 'serious-harm', 'legal-privilege', 'other'] as const;
export type MaskGround = (typeof maskGrounds)[number];

export interface MaskTally {
  /** Parts that are hidden in the released copy. */
  readonly hidden: number;
  /** In `review` alone: each, sections first, then in the order of the entries; at most `MASKS_LISTED`. */
  readonly listed: readonly EntryMask[];
  /** Whether there were more than are listed; each entry has its own all the same. */
  readonly more: boolean;
}

export interface UnmatchedDecision {
  /** FHIRPath: `Task.input[3]`. */
  readonly expression: string;
  readonly text: string;
}

/** One part of the copy beside the messages. */
export interface HistorySection {
  readonly id: SectionId;
  readonly title: string;
  /** Paragraphs before the items. */
  readonly text: readonly string[];
  /** Oldest first, newest last. */
  readonly items: readonly HistoryItem[];
  /** What is said when there are no items; absent where a section has words alone. */
  readonly none?: string;
}

export const sectionIds = [
  'about-this-copy',
  'person',
  'objections',
  'proxies',
  'needs',
  'decisions',
  'acting-for-others',
  'documents',
  'purposes',
  'recipients',
  'retention',
  'rights',
  'masked',
] as const;
export type SectionId = (typeof sectionIds)[number];

/** One thing in a section: a heading and labelled values, in order. */
export interface HistoryItem {
  readonly title: string;
  readonly at?: string;
  readonly fields: readonly { readonly label: string; readonly value: string }[];
  readonly masks: readonly EntryMask[];
  /** As exported at this stage. */
  readonly resources: readonly Stored<Resource>[];
}
