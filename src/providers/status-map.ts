/** The status words of GOV.UK Notify's API and callbacks, letters' two extra ones included. */
export const notifyStatuses = [
  'created',
  'pending-virus-check',
  'sending',
  'pending',
  'sent',
  'delivered',
  'temporary-failure',
  'permanent-failure',
  'technical-failure',
  'failed',
  'accepted',
  'received',
  'returned-letter',
  'cancelled',
  'validation-failed',
  'virus-scan-failed',
] as const;
export type NotifyStatus = (typeof notifyStatuses)[number];

export const notifyChannels = ['sms', 'email', 'letter'] as const;
export type NotifyChannel = (typeof notifyChannels)[number];

export interface StatusMeaning {
  /** `Communication.status` (R4 event status). */
  readonly communication: 'preparation' | 'in-progress' | 'completed' | 'stopped' | 'not-done';
  /** Nothing more is expected of the message. */
  readonly final: boolean;
  /** HL7's `communication-not-done-reason`, beside our own coding of Notify's word. */
  readonly reason: 'recipient-unavailable' | 'system-error' | 'unknown' | undefined;
  /** Notify's `completed_at` is when it arrived (`Communication.received`). */
  readonly arrived: boolean;
}

/**
 * What a status word of Notify's means for a Communication; `undefined` for a word, or a word on a channel, that
 * Notify is not known to use: it is never guessed, and nothing moves.
 *
 * `wasInProgress`: the Communication has been `in-progress`. What Notify gives up after having handed it to a carrier
 * is `stopped`; before, the provider never took it on and it is `not-done` (contract 5).
 */
export function statusMeaning(word: string, channel: NotifyChannel, wasInProgress: boolean): StatusMeaning | undefined {
  const status = notifyStatuses.find((one) => one === word);
  const meaning = status && statusTable[status][channel];
  if (meaning?.communication === 'not-done' && wasInProgress) return { ...meaning, communication: 'stopped' };
  return meaning;
}

const preparation: StatusMeaning = { communication: 'preparation', final: false, reason: undefined, arrived: false };
const inProgress: StatusMeaning = { communication: 'in-progress', final: false, reason: undefined, arrived: false };
/** It left for the person, and nobody will say whether it came. */
const dispatched: StatusMeaning = { communication: 'completed', final: true, reason: undefined, arrived: false };
const arrived: StatusMeaning = { communication: 'completed', final: true, reason: undefined, arrived: true };
const stopped = (reason: StatusMeaning['reason']): StatusMeaning => ({
  communication: 'stopped',
  final: true,
  reason,
  arrived: false,
});
const notDone = (reason: StatusMeaning['reason']): StatusMeaning => ({
  communication: 'not-done',
  final: true,
  reason,
  arrived: false,
});
const all = (meaning: StatusMeaning): Meanings => ({ sms: meaning, email: meaning, letter: meaning });
const only = (channel: NotifyChannel, meaning: StatusMeaning): Meanings => ({ [channel]: meaning });
const except = (letter: StatusMeaning | undefined, others: StatusMeaning): Meanings => ({
  sms: others,
  email: others,
  ...(letter ? { letter } : {}),
});

/** A channel that is not there is one on which Notify does not use the word. */
type Meanings = Readonly<Partial<Record<NotifyChannel, StatusMeaning>>>;

/** The source of `terminology/ConceptMap-govuk-notify-status.json`. */
export const statusTable: Readonly<Record<NotifyStatus, Meanings>> = {
  created: all(preparation),
  'pending-virus-check': only('letter', preparation),
  sending: all(inProgress),
  pending: only('sms', inProgress),
  // A text abroad: most countries tell no more than this.
  sent: only('sms', dispatched),
  // A letter is "delivered" when it leaves the printer.
  delivered: except(dispatched, arrived),
  'temporary-failure': except(undefined, stopped('recipient-unavailable')),
  // Not `invalid-phone-number`: Notify's causes are mixed. A letter's is refused before print.
  'permanent-failure': except(notDone('unknown'), stopped('unknown')),
  'technical-failure': all(notDone('system-error')),
  failed: all(stopped('unknown')),
  accepted: only('letter', inProgress),
  received: only('letter', dispatched),
  'returned-letter': only('letter', stopped('recipient-unavailable')),
  cancelled: all(notDone('unknown')),
  'validation-failed': all(notDone('unknown')),
  'virus-scan-failed': all(notDone('unknown')),
};
