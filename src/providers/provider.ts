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

  /** Milliseconds after which a call that nobody can see by reference was certainly not accepted. */
  readonly quietPeriodMs: number;

  /** Milliseconds for which the provider keeps what it knows: after that "not found" proves nothing. */
  readonly retentionMs: number;
}

export type ProviderChannel = 'sms' | 'email';

export interface OutboundMessage {
  readonly channel: ProviderChannel;
  /** E.164 number or email address. */
  readonly to: string;
  readonly text: string;
  /** Emails only. */
  readonly subjectLine?: string;
  /** Ours: the attempt's UUID. Carries no personal data. */
  readonly reference: string;
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
