/** What a caller puts under each key of the shipped message types. Keys are stable: callers rely on them. */
export const meanings = {
  date: 'The day, as people say it: Tuesday 3 June 2027',
  time: 'The time of day: 10:30am',
  place: 'Where to go, without naming a service that would tell what it is about: Example Hospital, entrance B',
  phone: "The team's own telephone number, never a switchboard: 0113 496 0123",
  replyBy: 'By when the person has to answer, as people say it: Friday 6 June at midday',
  joining:
    'How to join, in words: open the NHS App and choose your appointments. A value cannot bring a link; a trust that sends one puts its own address into a type of its own, see docs/message-types.md',
  test: 'What was tested, as the person knows it: blood test of 3 June',
  result: 'The result in plain words: your kidney function is normal',
  next: 'What happens next: we will see you as planned in September',
  summary: 'What was talked about and agreed, in plain words',
  information: 'About the treatment, in plain words: what it is for, what to expect, what to look out for',
  event: 'What happened, in few words: the power cut in your area',
  hours: 'When the team reads messages: Monday to Friday, 9am to 5pm',
} as const;
export type Key = keyof typeof meanings;

/** The words of a message type, before they become FHIR. */
export interface Shipped {
  readonly code: string;
  readonly title: string;
  readonly purpose: string;
  readonly purposeOfUse: 'PATADMIN' | 'TREAT' | 'PUBHLTH';
  /** A system may ask for it (ACC-1). */
  readonly automatic?: true;
  readonly freeText?: true;
  readonly withoutProxies?: true;
  readonly withoutFallback?: true;
  /** v3-ActCode: what the mere contact would tell others (PRX-7). */
  readonly sensitivity?: 'VIO';
  readonly keys: readonly Key[];
  readonly words: Words;
}

/**
 * `sms`: by text alone. `full`: the same words by email and letter, and short ones by text, none of them confidential.
 * `nudged`: the words are confidential and go by letter and secure ways; texts and emails only say how to get them.
 */
export type Words =
  | { readonly kind: 'sms'; readonly sms: string }
  | { readonly kind: 'full'; readonly sms: string; readonly subject: string; readonly body: readonly string[] }
  | {
      readonly kind: 'nudged';
      readonly sms: string;
      readonly nudge: { readonly subject: string; readonly body: readonly string[] };
      readonly subject: string;
      readonly body: readonly string[];
    };

/** How people tell a message of ours from a scam (SUS-3); the number is the team's own. */
export const CHECK = 'To check that this message is from us, you can call the same number.';
