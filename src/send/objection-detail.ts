import type { Consent, Extension } from '@medplum/fhirtypes';
import { codeSystem, structureDefinition } from '../canonical.ts';
import { intervalOf } from '../policy/london.ts';

/** What a Consent says of an objection beyond its scope: its reason, what was explained, and the risk (contract 7). */

const detailUrl = structureDefinition('objection-detail');

export interface ObjectionDetail {
  /** The person's reason in words; `undefined` where it has none, or nothing but spaces. */
  readonly reason: string | undefined;
  /** Known from elsewhere: the conversation about it is discreet (OBJ-13). */
  readonly discreet: boolean;
  readonly impactExplained: boolean;
  readonly riskOfSeriousHarm: boolean;
  readonly contactDetailDecision: string | undefined;
  /** Fingerprints of the contact details that left the record because of it. */
  readonly removed: readonly string[];
}

export function isObjection({ category = [] }: Consent): boolean {
  return category.some((one) =>
    one.coding?.some(({ system, code }) => system === codeSystem('consent-category') && code === 'messaging-objection'),
  );
}

export function detailOf(consent: Consent): ObjectionDetail {
  const parts = partsOf(consent);
  const part = (url: string) => parts.find((one) => one.url === url);
  return {
    reason: part('reason')?.valueCodeableConcept?.text?.trim() || undefined,
    discreet: part('reasonSource')?.valueCode === 'known-from-other-information',
    impactExplained: part('impactExplained')?.valueDateTime !== undefined,
    riskOfSeriousHarm: part('riskOfSeriousHarm')?.valueBoolean === true,
    contactDetailDecision: part('contactDetailDecision')?.valueCode,
    removed: parts.flatMap((one) => (one.url === 'removed' && one.valueString ? [one.valueString] : [])),
  };
}

/** The Consent with the parts of these names replaced by the given ones. */
export function withDetail<T extends Consent>(consent: T, names: readonly string[], parts: readonly Extension[]): T {
  const others = (consent.extension ?? []).filter((one) => one.url !== detailUrl);
  const kept = partsOf(consent).filter((one) => !names.includes(one.url));
  const extension = [...kept, ...parts];
  const detail = extension.length === 0 ? [] : [{ url: detailUrl, extension }];
  const { extension: _extension, ...rest } = consent;
  const all = [...detail, ...others];
  return (all.length === 0 ? rest : { ...rest, extension: all }) as T;
}

/** Whether it binds, or will once its period begins: neither ended nor over. */
export function stands(consent: Consent, now: Date): boolean {
  const { status, provision } = consent;
  return (status === 'active' || status === 'proposed') && intervalOf(provision?.period).until > now.getTime();
}

/** OBJ-8: whether the contact details of its channels have to leave the record, or have left it. */
export function removesDetails(consent: Consent): boolean {
  const { riskOfSeriousHarm, contactDetailDecision } = detailOf(consent);
  return riskOfSeriousHarm && contactDetailDecision === 'remove';
}

const partsOf = ({ extension = [] }: Consent): Extension[] =>
  extension.filter((one) => one.url === detailUrl).flatMap((one) => one.extension ?? []);
