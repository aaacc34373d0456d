import type { Channel } from './channel.ts';
import type { Authority, ProxyConsent } from './consent-facts.ts';
import type { KnownFacts } from './facts.ts';
import { birthday, dayAfterMonths, londonDay, spanOf } from './london.ts';
import type { RecipientFact } from './person-facts.ts';

/** Why an authority on record does not count (contract 6). */
export type ProxyFault =
  /** `proposed`, `inactive` and their kind. */
  | { readonly kind: 'status'; readonly status: string }
  /** Needed elements, by their FHIRPath. */
  | { readonly kind: 'incomplete'; readonly missing: readonly string[] }
  | { readonly kind: 'no-basis' }
  | { readonly kind: 'unclear' }
  | { readonly kind: 'not-begun' }
  | { readonly kind: 'ended' }
  | { readonly kind: 'of-age' }
  | { readonly kind: 'no-birth-date' }
  | { readonly kind: 'review-due' }
  | { readonly kind: 'not-activated' }
  | { readonly kind: 'refuted' };

/** What the end of an authority hangs on beside the authority itself. */
export interface ProxyLimits {
  /** Of the patient. */
  readonly birthDate: string | undefined;
  readonly bestInterestMonths: number;
}

/** All that keeps an authority from counting at an instant; nothing where it counts. */
export function faultsOf(consent: Authority, now: Date, limits: ProxyLimits): ProxyFault[] {
  const faults: ProxyFault[] = [];
  if (consent.status !== 'active') faults.push({ kind: 'status', status: consent.status });
  const missing = missingIn(consent, now);
  if (missing.length > 0) faults.push({ kind: 'incomplete', missing });
  if (consent.basis === undefined) faults.push({ kind: 'no-basis' });
  if (!consent.clear) faults.push({ kind: 'unclear' });
  if (consent.refuted) faults.push({ kind: 'refuted' });
  else if (needsActivation(consent) && !isPast(consent.verifiedFrom, now)) faults.push({ kind: 'not-activated' });
  if (consent.period !== undefined) {
    if (now.getTime() < consent.period.from) faults.push({ kind: 'not-begun' });
    if (now.getTime() >= consent.period.until) faults.push({ kind: 'ended' });
  }
  if (consent.basis === 'parental-responsibility') {
    const adult = adultFrom(limits.birthDate);
    if (adult === undefined) faults.push({ kind: 'no-birth-date' });
    else if (now.getTime() >= adult) faults.push({ kind: 'of-age' });
  }
  if (now.getTime() >= reviewDue(consent, limits)) faults.push({ kind: 'review-due' });
  return faults;
}

/** The first instant at which an authority counts no more, whoever does what; infinite where none is set. */
export function endOf(consent: Authority, limits: ProxyLimits): number {
  const adult = consent.basis === 'parental-responsibility' ? adultFrom(limits.birthDate) : undefined;
  return Math.min(
    consent.period?.until ?? Number.POSITIVE_INFINITY,
    adult ?? Number.POSITIVE_INFINITY,
    reviewDue(consent, limits),
  );
}

/** The one recipient, if that is somebody in the patient's stead. */
export function proxyRecipient({
  recipients,
}: KnownFacts): Extract<RecipientFact, { kind: 'related-person' }> | undefined {
  const [only, second] = recipients;
  return only?.kind === 'related-person' && second === undefined ? only : undefined;
}

/** What stands against each authority that this patient's record has for this very recipient. */
export function judgedConsents(facts: KnownFacts): { consent: ProxyConsent; faults: readonly ProxyFault[] }[] {
  const proxy = proxyRecipient(facts);
  if (proxy === undefined || !proxy.isOfSubject || facts.subject.kind !== 'found') return [];
  const limits = {
    birthDate: facts.subject.patient.birthDate,
    bestInterestMonths: facts.policy.bestInterestMonths,
  };
  return facts.proxyConsents
    .filter((one) => one.isOfSubject && one.proxy === proxy.person.reference)
    .map((consent) => ({ consent, faults: faultsOf(consent, facts.now, limits) }));
}

/** The authorities on which this message may go to its recipient; by a channel, those that allow it. */
export function reliedOn(facts: KnownFacts, channel?: Channel): readonly ProxyConsent[] {
  return judgedConsents(facts)
    .filter(({ consent, faults }) => faults.length === 0 && coversKind(consent, facts))
    .map(({ consent }) => consent)
    .filter(({ channels }) => channel === undefined || channels === 'all' || channels.includes(channel));
}

/** Whether an authority speaks of messages of this type. Other than an objection it is never read widely. */
export function coversKind({ kinds }: ProxyConsent, { messageType }: KnownFacts): boolean {
  if (kinds === 'all') return true;
  if (messageType.kind !== 'found') return false;
  const own = messageType.type.kinds;
  return kinds.some((named) => own.some((one) => one.code === named.code && one.system === named.system));
}

/** Elements that an authority cannot do without, and that this one does not have at this time. */
function missingIn(consent: Authority, now: Date): string[] {
  return [
    ...consent.missing,
    ...(consent.period === undefined ? ['Consent.provision.period'] : []),
    ...(isPast(consent.evidencedFrom, now) ? [] : ['Consent.source']),
  ].filter((one, index, all) => all.indexOf(one) === index);
}

const needsActivation = ({ basis }: Authority): boolean => basis === 'health-and-welfare-lasting-power-of-attorney';

const isPast = (instant: number | undefined, now: Date): boolean => instant !== undefined && instant <= now.getTime();

/** PRX-5: the first instant of the 18th birthday; `undefined` where the date of birth is not a whole date. */
function adultFrom(birthDate: string | undefined): number | undefined {
  const day = birthDate === undefined ? undefined : birthday(birthDate, 18);
  return day === undefined ? undefined : spanOf(day)?.from;
}

/** PRX-4: when a decision in somebody's best interests that names no end has to be made anew. */
function reviewDue({ basis, period }: Authority, { bestInterestMonths }: ProxyLimits): number {
  if (basis !== 'best-interest' || period === undefined || Number.isFinite(period.until)) {
    return Number.POSITIVE_INFINITY;
  }
  if (!Number.isFinite(period.from)) return period.from;
  const day = dayAfterMonths(londonDay(new Date(period.from)), bestInterestMonths);
  return spanOf(day)?.from ?? Number.POSITIVE_INFINITY;
}
