/** The narrow port to a message provider. GOV.UK Notify is the first; NHS Notify comes later behind the same one. */
export interface Provider {
  /** The channels this provider can carry as configured. */
  readonly channels: readonly ProviderChannel[];

  /**
   * Asks the provider to send one message, once. Never throws: what happened is the answer.
   * `mayStillSend` is asked at the last moment before bytes leave; false ends it as `unavailable`.
   */
  send(message: OutboundMessage, mayStillSend: () => boolean): Promise<SendResult>;

  /** What the provider knows under our reference; the way to settle an `uncertain`. Never throws. */
  findByReference(reference: string, channel: ProviderChannel): Promise<LookupResult>;

  /** What became of a message the provider took. Never throws. */
  findById(id: string): Promise<LookupResult>;

  /** The letter as it is printed. Never throws. */
  findDocument(id: string): Promise<DocumentResult>;

  /** The provider's own template as it is now, or was a moment ago (contract 3.1). Never throws. */
  findTemplate(id: string): Promise<TemplateResult>;

  /** Milliseconds after which a call that nobody can see by reference was certainly not accepted. */
  readonly quietPeriodMs: number;

  /** Milliseconds for which the provider keeps what it knows: after that "not found" proves nothing. */
  readonly retentionMs: number;
}

export type ProviderChannel = 'sms' | 'email' | 'letter';

export interface OutboundMessage {
  readonly channel: ProviderChannel;
  /** E.164 number, email address, or the lines of a postal address. */
  readonly to: string;
  readonly text: string;
  /** Emails and letters only. */
  readonly subjectLine?: string;
  /** The provider's own template that makes the text; absent: the text goes as it is. */
  readonly template?: TemplateUse;
  /** The provider's id of the sender that the recipient sees or answers to, where it is not the usual one. */
  readonly senderId?: string;
  /** Ours: the attempt's UUID. Carries no personal data. */
  readonly reference: string;
}

/** A template of the provider's, and what to fill it in with. */
export interface TemplateUse {
  readonly id: string;
  /** The one that was looked at; the provider uses its latest. */
  readonly version: number;
  readonly values: Readonly<Record<string, string>>;
}

/** A template that the provider keeps: text with `((placeholders))`. */
export interface ProviderTemplate {
  readonly id: string;
  readonly version: number;
  readonly channel: ProviderChannel;
  readonly body: string;
  readonly subject: string | undefined;
  /** Letters only: who writes, at the top of the page. */
  readonly contactBlock: string | undefined;
}

/** What the provider says it has, whatever asked: the answer to a send, or a look-up. */
export interface ProviderNotification {
  readonly id: string;
  readonly reference: string | undefined;
  readonly status: string;
  readonly body: string;
  readonly subject: string | undefined;
  /** Resolvable URI of the template version that made the text. */
  readonly templateUri: string | undefined;
  readonly templateVersion: number | undefined;
  readonly sentAt: string | undefined;
  readonly completedAt: string | undefined;
}

export type SendResult =
  | { readonly kind: 'accepted'; readonly notification: ProviderNotification }
  /** The provider will never take this message (its recipient or content); nothing was sent. */
  | { readonly kind: 'rejected'; readonly code: 'recipient' | 'content' | 'not-permitted' }
  /** Key, template or clock is wrong: an operator must act; nothing was sent. */
  | { readonly kind: 'misconfigured'; readonly code: string }
  | { readonly kind: 'throttled'; readonly until: 'minute' | 'day' }
  /** Certainly not accepted; may be tried again. */
  | { readonly kind: 'unavailable'; readonly code: string }
  /** May have been accepted: ask by reference before anything else. */
  | { readonly kind: 'uncertain'; readonly code: string };

export type LookupResult =
  | { readonly kind: 'found'; readonly notification: ProviderNotification }
  /** Several under one reference: it was sent more than once. The oldest is given. */
  | { readonly kind: 'several'; readonly notification: ProviderNotification; readonly count: number }
  | { readonly kind: 'none' }
  | { readonly kind: 'unavailable'; readonly code: string };

export type TemplateResult =
  | { readonly kind: 'found'; readonly template: ProviderTemplate }
  /** The provider has none of that id for us. */
  | { readonly kind: 'none' }
  | { readonly kind: 'unavailable'; readonly code: string };

export type DocumentResult =
  | { readonly kind: 'found'; readonly pdf: Buffer }
  /** It is still being made, or looked at for viruses. */
  | { readonly kind: 'not-yet' }
  /** There is none and will be none: no letter, one that is not printed, or no longer kept. */
  | { readonly kind: 'none' }
  | { readonly kind: 'unavailable'; readonly code: string };
