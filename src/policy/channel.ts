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

/** By itself, as a heading or the name of a code. */
export const channelTitle = {
  nhsapp: 'NHS App',
  sms: 'Text message',
  email: 'Email',
  'secure-email': 'Secure email',
  letter: 'Letter',
} as const satisfies Record<Channel, string>;

/** What is wrong with a postal address to which nothing can be sent, in words that do not repeat it. */
export const addressFaultText = {
  'no-name': 'no name to write on the envelope',
  'too-few-lines': 'too short: a letter needs the name, a line of the address, and the postcode',
  'too-many-lines': 'more than 7 lines, the name among them',
  'no-words': 'a name or a first line without letters or digits',
  'bfpo-abroad': 'a BFPO address with a country',
  'no-postcode': 'not ending with a UK postcode',
  'first-character': 'a line that begins with a character that addresses do not begin with, such as a bracket',
  'no-fixed-abode': 'no fixed abode',
} as const;
export type AddressFault = keyof typeof addressFaultText;
