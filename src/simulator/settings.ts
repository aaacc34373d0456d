/** What a GOV.UK Notify service is set to, and the pace of the simulated networks. */

export type Channel = 'sms' | 'email' | 'letter';
export type KeyType = 'normal' | 'team' | 'test';
export const permissions = [
  'sms',
  'email',
  'letter',
  'international_sms',
  'sms_to_uk_landlines',
  'international_letters',
] as const;
export type Permission = (typeof permissions)[number];
export type DailyLimit = 'sms' | 'email' | 'international_sms' | 'letter';

export interface ApiKey {
  readonly name: string;
  readonly secret: string;
  readonly type: KeyType;
  readonly revoked: boolean;
}

export interface ServiceSettings {
  readonly id: string;
  readonly name: string;
  readonly active: boolean;
  /** Trial mode: a live key reaches only the team and the guest list. */
  readonly trial: boolean;
  /** Whether the service name goes in front of texts on the phone. */
  readonly prefixSms: boolean;
  readonly permissions: readonly Permission[];
  /** Phone numbers and email addresses of team members, in any form. */
  readonly team: readonly string[];
  readonly guestList: readonly string[];
  readonly ratePerMinute: number;
  /** Letters have Notify's usual limit unless one is given. */
  readonly dailyLimits: Readonly<Record<Exclude<DailyLimit, 'letter'>, number>> & { readonly letter?: number };
  /** The first is the default. */
  readonly smsSenders: readonly { readonly id: string; readonly text: string }[];
  readonly replyTos: readonly { readonly id: string; readonly address: string }[];
  /** Needed for files by email. */
  readonly contactLink: string | null;
  readonly emailFrom: string;
  readonly retentionDays: number;
  readonly pageSize: number;
  /** Pounds for a fragment; an example, not Notify's price. */
  readonly smsRate: number;
  /** Pence for a letter of one sheet, and for each sheet more; examples. */
  readonly letterRate: { readonly first: number; readonly more: number };
  readonly keys: readonly ApiKey[];
}

/** Milliseconds of the simulator's clock, except `callbackTimeoutMs`, which are real. */
export interface Timings {
  /** From accepted to handed to the network. */
  readonly sendMs: number;
  /** From handed over to the network's answer. */
  readonly outcomeMs: number;
  /**
   * Whether letters keep to Notify's calendar: printed at 17:50 in London, with the post on the next working day. If
   * not, they are as quick as texts.
   */
  readonly letterCalendar: boolean;
  readonly callbackTimeoutMs: number;
  readonly callbackRetryMs: number;
  /** Tries after the first. */
  readonly callbackRetries: number;
}

/** Where Notify posts, and the bearer token it carries. */
export interface CallbackTarget {
  readonly url: string;
  readonly token: string;
}

export interface CallbackTargets {
  readonly deliveryReceipt?: CallbackTarget | undefined;
  readonly receivedText?: CallbackTarget | undefined;
  readonly returnedLetter?: CallbackTarget | undefined;
}

/** Notify's usual limit. */
export const LETTERS_A_DAY = 20_000;

export const serviceId = '2c1a0b6e-5d0f-4f39-9a55-0f6b8f1d7e10';

/** Fixed on purpose, so that every example works as written; they open nothing but a simulator. */
export const apiKeys = {
  normal: { name: 'simulator-live', secret: '7d2f3a64-9b0c-4c5e-8a1d-3e5f60718293', type: 'normal', revoked: false },
  team: { name: 'simulator-team', secret: '0c9e4b1a-26d7-4f83-b5a0-9d8c7b6a5f4e', type: 'team', revoked: false },
  test: { name: 'simulator-test', secret: 'b1f0c2d3-e4a5-4b67-8c9d-0e1f2a3b4c5d', type: 'test', revoked: false },
  revoked: { name: 'simulator-old', secret: 'e6d5c4b3-a291-4807-9f6e-5d4c3b2a1908', type: 'normal', revoked: true },
} as const satisfies Record<string, ApiKey>;

/** The text that an API user is given: name, service and secret. */
export function keyText(key: ApiKey): string {
  return `${key.name}-${serviceId}-${key.secret}`;
}

export const defaultTimings: Timings = {
  sendMs: 100,
  outcomeMs: 200,
  letterCalendar: true,
  callbackTimeoutMs: 5_000,
  callbackRetryMs: 300_000,
  callbackRetries: 5,
};

export const defaultService: ServiceSettings = {
  id: serviceId,
  name: 'Example NHS Trust',
  active: true,
  trial: false,
  prefixSms: false,
  permissions: ['sms', 'email', 'letter'],
  team: ['07700 900801', 'team.member@example.org'],
  guestList: ['07700 900802', 'guest@example.org'],
  ratePerMinute: 3_000,
  dailyLimits: { sms: 250_000, email: 250_000, international_sms: 100 },
  smsSenders: [{ id: '9f0a7c52-1c1e-4d1b-8a39-4be0a3b6d2c1', text: 'ExampleNHS' }],
  replyTos: [{ id: '5b8e1d3f-7a64-4f0e-9c2b-1d6a8e7f3b90', address: 'replies@example.org' }],
  contactLink: 'https://www.example.org/contact',
  emailFrom: 'example.nhs.trust@notifications.service.gov.uk',
  retentionDays: 7,
  pageSize: 250,
  smsRate: 0.0227,
  letterRate: { first: 56, more: 6 },
  keys: Object.values(apiKeys),
};
