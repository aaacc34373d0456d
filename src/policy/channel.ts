/** The channels of `$MSG/CodeSystem/channel`. */
export const channels = ['nhsapp', 'sms', 'email', 'secure-email', 'letter'] as const;
export type Channel = (typeof channels)[number];
