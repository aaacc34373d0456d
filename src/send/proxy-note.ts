import type { Consent, Flag, Reference } from '@medplum/fhirtypes';
import { codeSystem } from '../canonical.ts';
import type { ProxyBasis } from '../policy/consent-facts.ts';
import { londonDay, readableIntervalOf, spanOf } from '../policy/london.ts';
import { endOf, faultsOf, type ProxyLimits } from '../policy/proxy.ts';
import type { Stored } from '../store/fhir-store.ts';
import type { RecordContext } from './authors.ts';
import { authorityOf, isProxyConsent } from './gather-proxies.ts';
import { canonicalJson, idOfKey } from './ids.ts';
import { localReference } from './naming.ts';

/**
 * PRX-3: the note in a person's record that somebody may receive messages in their stead. It is made from the Consent
 * and follows it: nobody writes it by hand, and nobody need.
 */

/** What a note is made from. */
export interface Noted {
  readonly consent: Consent & { id: string };
  readonly birthDate: string | undefined;
  /** The proxy's own record says that they act for the person now. */
  readonly proxyInUse: boolean;
}

/**
 * The note as it should be, upon what is there already; `undefined` where nothing has to be written. Pure.
 * `author`: who recorded the authority, for a note that is new.
 */
export function noteOf(
  { consent, birthDate, proxyInUse }: Noted,
  existing: Stored<Flag> | undefined,
  { now, policy }: Pick<RecordContext, 'now' | 'policy'>,
  author?: Reference,
): (Flag & { id: string }) | undefined {
  const subject = localReference(consent.patient?.reference, 'Patient');
  const limits = { birthDate, bestInterestMonths: policy.bestInterestMonths };
  const authority = authorityOf(consent);
  const counts = isProxyConsent(consent) && faultsOf(authority, now, limits).every((one) => one.kind === 'not-begun');
  if (!counts || !proxyInUse || subject === undefined) {
    return existing?.status === 'active' ? ended(existing, consent, now) : undefined;
  }
  const last = lastOf(consent, limits);
  const start = consent.provision?.period?.start;
  const wanted: Flag & { id: string } = {
    ...(existing ?? newNote(consent.id, author)),
    resourceType: 'Flag',
    id: existing?.id ?? noteId(consent.id),
    status: 'active',
    subject: { reference: subject },
    period: { ...(start === undefined ? {} : { start }), ...(last === undefined ? {} : { end: last }) },
    code: codeOf(existing, consent.id, textOf(authority.basis, last)),
  };
  return existing !== undefined && canonicalJson(existing) === canonicalJson(wanted) ? undefined : wanted;
}

/** The id that Herald's own note of a Consent has, always the same: written twice, it is one note. */
export const noteId = (consentId: string): string => idOfKey(`proxy note of ${consentId}`);

const detailUrl = 'http://hl7.org/fhir/StructureDefinition/flag-detail';
const proxyNote = 'proxy-receives-messages';

/** A note that somebody else keeps for the same Consent stays in their words. */
function codeOf(existing: Flag | undefined, consentId: string, text: string): Flag['code'] {
  if (existing !== undefined && existing.id !== noteId(consentId)) return existing.code;
  return { coding: [{ system: codeSystem('flag-code'), code: proxyNote }], text };
}

function newNote(consentId: string, author: Reference | undefined) {
  return {
    extension: [{ url: detailUrl, valueReference: { reference: `Consent/${consentId}` } }],
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/flag-category', code: 'contact' }] }],
    ...(author === undefined ? {} : { author: author as NonNullable<Flag['author']> }),
  };
}

/** Ended when the authority did; by a withdrawal that says no time, now. */
function ended(existing: Stored<Flag>, consent: Consent & { id: string }, now: Date): Flag & { id: string } {
  const spans = [existing.period?.end, consent.provision?.period?.end].flatMap((end) => {
    const span = end === undefined ? undefined : spanOf(end);
    return end === undefined || span === undefined || span.until > now.getTime() ? [] : [{ end, until: span.until }];
  });
  const [earliest] = spans.sort((a, b) => a.until - b.until);
  const end = earliest ?? { end: now.toISOString(), until: now.getTime() };
  const start = existing.period?.start;
  // Withdrawn before it began: a Period that ends before it starts is none.
  const began = start !== undefined && (spanOf(start)?.from ?? Number.POSITIVE_INFINITY) < end.until;
  return {
    ...existing,
    status: 'inactive',
    period: { ...(began ? { start } : {}), end: end.end },
    code: codeOf(existing, consent.id, 'A proxy no longer receives messages about this person.'),
  };
}

/** The last day, or the last instant, of an authority whose end is known beforehand, as FHIR has it. */
function lastOf(consent: Consent & { id: string }, limits: ProxyLimits): string | undefined {
  const end = endOf(authorityOf(consent), limits);
  if (!Number.isFinite(end)) return undefined;
  const period = consent.provision?.period;
  const stated = period?.end === undefined ? undefined : readableIntervalOf(period)?.until;
  return stated === end ? period?.end : londonDay(new Date(end - 1));
}

function textOf(basis: ProxyBasis | undefined, last: string | undefined): string {
  const until = last === undefined ? '' : `, until ${inWords(last)}`;
  return `A proxy may receive messages about this person (${basis === undefined ? 'basis unknown' : basisText[basis]})${until}.`;
}

const basisText = {
  'parental-responsibility': 'parental responsibility',
  'health-and-welfare-lasting-power-of-attorney': 'lasting power of attorney for health and welfare',
  'court-appointed-personal-welfare-deputy': 'deputy appointed by the court',
  'best-interest': "decision in the person's best interests",
  consent: "the person's own consent",
} as const satisfies Record<ProxyBasis, string>;

/** A FHIR date or dateTime as people write days. */
function inWords(value: string): string {
  const span = spanOf(value);
  if (span === undefined) return value;
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'Europe/London' }).format(span.until - 1);
}

/** Whether a Flag is the note of this Consent, whoever keeps it. */
export function isNoteOf(flag: Flag, consentId: string): boolean {
  const isProxyNote = flag.code.coding?.some((one) => one.system === codeSystem('flag-code') && one.code === proxyNote);
  const details = (flag.extension ?? []).filter((one) => one.url === detailUrl);
  return (
    isProxyNote === true &&
    details.some((one) => localReference(one.valueReference?.reference, 'Consent') === `Consent/${consentId}`)
  );
}
