import type { Channel } from './channel.ts';

/** The organisation's own settings of the rules: the policy file, read once at start (contract 1). */
export interface Policy {
  readonly lawfulBases: readonly LawfulBasis[];
  readonly contactConfirmedMonths: number;
  readonly channelOrder: readonly Channel[];
  /** Domains a link may lead to, each with everything below it. */
  readonly linkDomains: readonly string[];
  readonly contactLine?: string;
  readonly smsPrefix?: string;
  readonly foreignNumbers: boolean;
  readonly quietHours?: { readonly from: string; readonly to: string };
  readonly reviewDays: number;
  readonly bestInterestMonths: number;
  readonly fourEyes: boolean;
  readonly secondReader: readonly string[];
  readonly teamHours: TeamHours;
  readonly urgentWords?: readonly string[];
  readonly contactOfTheDay?: string;
  readonly responseMinutes: number;
  readonly staffRoles: Readonly<Partial<Record<StaffRole, string>>>;
  readonly providerLimits: ProviderLimits;
}

/** How much is asked of the provider and of the telephone networks behind it; whole numbers of messages. */
export interface ProviderLimits {
  /** Below the account's own limit, which other systems on the same account share. */
  readonly perMinute: number;
  /** Texts to one number, beyond which all but `stat` and `asap` wait; absent: no limit. */
  readonly perNumberAndHour?: number;
  /** The same text to one number; absent: no limit. */
  readonly sameTextPerNumberAndHour?: number;
}

/** A lawful basis as it is stated on each record: its label and the law that it stands in (CON-2). */
export interface LawfulBasis {
  readonly label: string;
  readonly url?: string;
}

export const staffRoles = ['caldicott-guardian', 'dpo', 'ig-team', 'records', 'clinic'] as const;
export type StaffRole = (typeof staffRoles)[number];

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof weekdays)[number];

export interface TeamHours {
  readonly days: readonly Weekday[];
  /** `HH:MM` in Europe/London. */
  readonly from: string;
  readonly to: string;
  /** Closed on England's bank holidays. */
  readonly bankHolidaysClosed: boolean;
}

/** The controller, as every record names it. */
export interface Controller {
  readonly ods: string;
  readonly name: string;
}
