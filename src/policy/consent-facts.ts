import type { Coding } from '@medplum/fhirtypes';
import type { Channel } from './channel.ts';
import type { Interval } from './london.ts';
import type { Kind } from './message-facts.ts';

/** Of the facts that a decision rests on (`facts.ts`): objections, and the authority of those who act for others. */

/** One thing that the person objects to (contract 7). */
export interface Objection {
  /** `Consent/id`. */
  readonly reference: string;
  readonly status: string;
  readonly period: Interval;
  /** A RelatedPerson, where it is that person's own objection and not the patient's. */
  readonly ofProxy: string | undefined;
  /** Reaches every message, whatever its channel or kind. */
  readonly everything: boolean;
  /** Is about a way of being contacted alone: it speaks of the person's own devices, not of their proxy's (OBJ-12). */
  readonly ownDevicesOnly: boolean;
  readonly channels: readonly Channel[] | 'all';
  readonly kinds: readonly Kind[] | 'all';
  /** There is a risk of serious harm, and nobody decided that its contact details stay: nothing lifts it (OBJ-8). */
  readonly removed: boolean;
}

/** England-NHSProxyLegalBasis: why somebody may receive messages for another (PRX-2). */
export const proxyBases = [
  'parental-responsibility',
  'health-and-welfare-lasting-power-of-attorney',
  'court-appointed-personal-welfare-deputy',
  'best-interest',
  'consent',
] as const;

export type ProxyBasis = (typeof proxyBases)[number];

/** The authority of a proxy that concerns this request or shows that the wrong two were put together. */
export interface ProxyConsent extends Authority {
  /** It is on a record of the person whom the message is about. */
  readonly isOfSubject: boolean;
  /** `RelatedPerson/id` of the one whom it names; `undefined` where that is somebody else, nobody or several. */
  readonly proxy: string | undefined;
}

/** What a Consent says about the authority of a proxy (contract 6). Instants are milliseconds since the epoch. */
export interface Authority {
  /** `Consent/id`. */
  readonly reference: string;
  readonly status: string;
  readonly basis: ProxyBasis | undefined;
  /** `undefined` where it has no start, or an end that cannot be read. */
  readonly period: Interval | undefined;
  /** Elements that an authority needs and this one lacks, by their FHIRPath; the period and the evidence have their own. */
  readonly missing: readonly string[];
  /** From when there is evidence for it; `undefined`: there is none. */
  readonly evidencedFrom: number | undefined;
  /** From when somebody has verified that it is in effect: for a power of attorney, that it was activated. */
  readonly verifiedFrom: number | undefined;
  /** Somebody looked, and it did not hold. */
  readonly refuted: boolean;
  /** Nothing in it contradicts it, or limits it in a way that the rules cannot hold a message against. */
  readonly clear: boolean;
  readonly channels: readonly Channel[] | 'all';
  readonly kinds: readonly Kind[] | 'all';
  /** Labels of matters that it keeps from the proxy. */
  readonly denied: readonly Coding[];
}
