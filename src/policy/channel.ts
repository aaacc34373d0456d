/** The channels of `$MSG/CodeSystem/channel`. */
export const channels = ['nhsapp', 'sms', 'email', 'secure-email', 'letter'] as const;
export type Channel = (typeof channels)[number];

/** Channels as staff speak of them: "by text". */
export const channelName = {
  nhsapp: 'NHS App message',
  sms: 'text',
  email: 'email',
  'secure-email': 'secure email',
  letter: 'letter',
} as const satisfies Record<Channel, string>;
