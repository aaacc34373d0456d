import type {
  Coding,
  Consent,
  ConsentProvision,
  ConsentProvisionActor,
  Patient,
  Reference,
  RelatedPerson,
} from '@medplum/fhirtypes';
import { codeSystem } from '../canonical.ts';
import { channels } from '../policy/channel.ts';
import { type Authority, type Objection, type ProxyConsent, proxyBases } from '../policy/consent-facts.ts';
import { readableIntervalOf, spanOf } from '../policy/london.ts';
import type { Kind } from '../policy/message-facts.ts';
import { type FhirStore, type Stored, searchAll } from '../store/fhir-store.ts';
import { objectionCategory, objectionOf } from './gather-objections.ts';
import { holdersOf, isDeceased, isOfSubject, namesPerson, type ResolvedSubject } from './gather-people.ts';
import { nhsNumbersOf } from './naming.ts';
import { detailOf, removesDetails, stands } from './objection-detail.ts';

/** As a search takes it. */
export const proxyCategory = `${codeSystem('consent-category')}|proxy-messaging`;

export interface ProxyFacts {
  readonly consents: readonly ProxyConsent[];
  readonly objections: readonly Objection[];
  readonly deceased: boolean;
  /** Fingerprints of contact details that left the record of the person, or of the proxy as a patient (OBJ-8). */
  readonly removed: ReadonlySet<string>;
}

/**
 * What is on record about one who acts for a person: every authority, whatever its status, on any of the person's
 * records; those of other people's records that name this proxy, which show that the wrong two were put together; what
 * the proxy objects to, whosever record it was filed in; and whether the proxy has died. Errors: StoreError.
 */
export async function proxyFactsOf(
  store: FhirStore,
  subject: ResolvedSubject,
  proxy: Stored<RelatedPerson>,
  now: Date,
): Promise<ProxyFacts> {
  const [ofPatient, ofProxy, own] = await Promise.all([
    searchAll(store, 'Consent', [
      ['patient', subject.records.join(',')],
      ['category', proxyCategory],
    ]),
    searchAll(store, 'Consent', [
      ['actor', `RelatedPerson/${proxy.id}`],
      ['category', `${proxyCategory},${objectionCategory}`],
    ]),
    ownRecords(store, proxy, now),
  ]);
  const all = [...new Map([...ofPatient, ...ofProxy].map((one) => [one.id, one])).values()];
  return {
    consents: all.filter(isProxyConsent).map((one) => ({
      ...authorityOf(one),
      isOfSubject: one.patient !== undefined && isOfSubject(one.patient, subject),
      proxy: soleProxy(one, (reference) => namesPerson(reference, proxy, now))
        ? `RelatedPerson/${proxy.id}`
        : undefined,
    })),
    objections: ofProxy
      .filter((one) => hasCategory(one, 'messaging-objection'))
      .map(objectionOf)
      .filter((one) => one.ofProxy === `RelatedPerson/${proxy.id}`),
    deceased: own.some(isDeceased),
    removed: await removedDetails(store, [...subject.records, ...own.map((one) => `Patient/${one.id}`)], now),
  };
}

/** Somebody who acts for others may be a patient too: their records as one (VER-3). */
async function ownRecords(
  store: FhirStore,
  record: Stored<RelatedPerson>,
  now: Date,
): Promise<readonly Stored<Patient>[]> {
  const [linked, holders] = await Promise.all([
    searchAll(store, 'Patient', [['link', `RelatedPerson/${record.id}`]]),
    holdersOf(store, nhsNumbersOf(record, now), now),
  ]);
  return [...linked, ...holders];
}

/** What left these records because it puts somebody at risk: a copy that is back elsewhere is not used. */
async function removedDetails(store: FhirStore, records: readonly string[], now: Date): Promise<ReadonlySet<string>> {
  const objections = await searchAll(store, 'Consent', [
    ['patient', [...new Set(records)].join(',')],
    ['category', objectionCategory],
    ['status', 'active,proposed'],
  ]);
  const removing = objections.filter((one) => stands(one, now) && removesDetails(one));
  return new Set(removing.flatMap((one) => detailOf(one).removed));
}

/** A Consent that gives a proxy authority (contract 6). */
export function isProxyConsent(consent: Consent): boolean {
  return hasCategory(consent, 'proxy-messaging');
}

/** The RelatedPerson whom a Consent names as the proxy; `undefined` where it does not name exactly one. */
export function namedProxy(consent: Consent): Reference | undefined {
  const [only, second] = proxyActors(consent);
  return second === undefined ? only : undefined;
}

/** What a Consent says of an authority, as far as it can be made out; what cannot, never widens it. */
export function authorityOf(consent: Consent & { id: string }): Authority {
  const { provision, verification = [] } = consent;
  const bases = proxyBases.filter((basis) =>
    (consent.policyRule?.coding ?? []).some((one) => one.system === basisSystem && one.code === basis),
  );
  const isPower = bases.includes('health-and-welfare-lasting-power-of-attorney');
  const hasSource = consent.sourceAttachment !== undefined || consent.sourceReference !== undefined;
  const [first] = verification;
  const firstFrom = first?.verified === true && first.verificationDate !== undefined ? fromOf(first) : undefined;
  const verified = verification.filter((one) => one.verified === true).flatMap((one) => fromOf(one) ?? []);
  const denials = denialsIn(provision);
  return {
    reference: `Consent/${consent.id}`,
    status: consent.status,
    basis: bases.length === 1 ? bases[0] : undefined,
    period: provision?.period?.start === undefined ? undefined : readableIntervalOf(provision.period),
    missing: [
      ...(consent.dateTime === undefined || spanOf(consent.dateTime) === undefined ? ['Consent.dateTime'] : []),
      ...(consent.performer === undefined || consent.performer.length === 0 ? ['Consent.performer'] : []),
      ...(isPower && !hasSource ? ['Consent.source'] : []),
    ],
    evidencedFrom: hasSource ? Number.NEGATIVE_INFINITY : firstFrom,
    verifiedFrom: verified.length === 0 ? undefined : Math.min(...verified),
    refuted: verification.some((one) => one.verified === false),
    clear:
      permits(consent) &&
      isUnlimited(provision) &&
      denials !== undefined &&
      !hasCategory(consent, 'messaging-objection'),
    channels: channelsOf(provision, denials?.channels ?? []),
    kinds: kindsOf(provision),
    denied: denials?.labels ?? [],
  };
}

const basisSystem = 'https://fhir.nhs.uk/England/CodeSystem/England-NHSProxyLegalBasis';
const participation = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType';
const consentAction = 'http://terminology.hl7.org/CodeSystem/consentaction';

function hasCategory({ category = [] }: Consent, code: string): boolean {
  return category.some((one) =>
    one.coding?.some((coding) => coding.system === codeSystem('consent-category') && coding.code === code),
  );
}

function proxyActors({ provision }: Consent): Reference[] {
  // Other systems are known to leave out the role, which R4 asks for.
  const actors: readonly Partial<ConsentProvisionActor>[] = provision?.actor ?? [];
  return actors
    .filter((one) => one.role?.coding?.some((coding) => coding.system === participation && coding.code === 'IRCP'))
    .map((one) => one.reference ?? {});
}

function soleProxy(consent: Consent, isNamed: (reference: Reference) => boolean): boolean {
  const only = namedProxy(consent);
  return only !== undefined && isNamed(only);
}

/** From when a verification holds; one without a date holds whenever it is looked at. */
function fromOf({ verificationDate }: { readonly verificationDate?: string }): number | undefined {
  return verificationDate === undefined ? Number.NEGATIVE_INFINITY : spanOf(verificationDate)?.from;
}

/** It says nowhere that it forbids, and nothing that readers must understand and Herald does not. */
function permits({ provision, policyRule, modifierExtension }: Consent): boolean {
  const type = provision?.type;
  const optsOut = (policyRule?.coding ?? []).some((one) => one.code === 'OPTOUT');
  const unknown = (modifierExtension ?? []).length > 0 || (provision?.modifierExtension ?? []).length > 0;
  return (type === undefined || type === 'permit') && !optsOut && !unknown;
}

/** It is not limited to some data or some labels: no rule could hold a message against that. */
function isUnlimited(provision: ConsentProvision | undefined): boolean {
  const limits = [provision?.data, provision?.dataPeriod, provision?.class, provision?.securityLabel];
  return limits.every((one) => one === undefined);
}

/**
 * What nested provisions keep from the proxy: matters by label, and channels. One that denies something else, or
 * nothing that can be made out, leaves it open what is permitted: `undefined`.
 */
function denialsIn(
  provision: ConsentProvision | undefined,
): { readonly labels: Coding[]; readonly channels: string[] } | undefined {
  const labels: Coding[] = [];
  const denied: string[] = [];
  for (const nested of provision?.provision ?? []) {
    if (nested.type === 'permit') continue;
    const named = (nested.securityLabel ?? []).filter(({ code }) => code !== undefined);
    if (named.length > 0) labels.push(...named);
    else {
      const codes = channelCodes(nested);
      const isOfChannelsAlone = codes.length > 0 && nested.code === undefined && isUnlimited(nested);
      if (!isOfChannelsAlone) return undefined;
      denied.push(...codes);
    }
  }
  return { labels, channels: denied };
}

function channelsOf(provision: ConsentProvision | undefined, denied: readonly string[]): ProxyConsent['channels'] {
  const actions = provision?.action ?? [];
  const codes = channelCodes(provision);
  // Actions that are no channel say what may be done, not how; one that nobody can read permits nothing.
  const isReadable = actions.some((one) => one.coding?.some((coding) => coding.system === consentAction));
  const any = actions.length === 0 || (codes.length === 0 && isReadable) || codes.includes('all');
  if (any && denied.length === 0) return 'all';
  return channels.filter((one) => (any || codes.includes(one)) && !denied.includes(one) && !denied.includes('all'));
}

function channelCodes(provision: ConsentProvision | undefined): string[] {
  return (provision?.action ?? [])
    .flatMap((one) => one.coding ?? [])
    .flatMap(({ system: of, code }) => (of === codeSystem('channel') && code !== undefined ? [code] : []));
}

function kindsOf(provision: ConsentProvision | undefined): readonly Kind[] | 'all' {
  const concepts = provision?.code;
  if (concepts === undefined || concepts.length === 0) return 'all';
  return concepts
    .flatMap((one) => one.coding ?? [])
    .flatMap(({ system: of, code }) => (code === undefined ? [] : [{ system: of, code }]));
}
