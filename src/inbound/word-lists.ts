/**
 * What is looked for in texts that come in, each list published as `$MSG/CodeSystem/words-NAME`; their sources are in
 * `profiles/words/`.
 */
export const inboundListNames = [
  // Urgency and distress, and what looks like it and is none (TWO-3).
  'urgent',
  'not-urgent',
  // What only says where, beside a doubtful word.
  'body-and-device',
  // The whole of a text that stops texts, and how longer ones begin (OBJ-11).
  'stop',
  'stop-begins',
  // Anything else that may be a refusal, or the end of one.
  'refusal',
  'wrong-number',
  'automatic-reply',
] as const;
export type InboundListName = (typeof inboundListNames)[number];
