import type { Consent, Reference } from '@medplum/fhirtypes';
import { actsAsProxy } from '../send/gather-objections.ts';
import { canonicalValue, localReference, referenceType, tokens } from '../send/naming.ts';
import { searchAll } from '../store/fhir-store.ts';
import { recordsOf } from './concerned.ts';
import type { ObjectionDeps } from './deps.ts';

/**
 * A proxy's own objection that names them by number alone gets the literal reference as well: what is not found under the
 * proxy would not close them (OBJ-1, PRX-9). Where the number is not certainly one proxy's of this patient, it stays as it
 * came, and is read as the wider of its meanings. Errors: StoreError.
 */
export async function withNamedProxy<T extends Consent>(
  deps: Pick<ObjectionDeps, 'store' | 'clock'>,
  consent: T,
): Promise<T> {
  const actors = consent.provision?.actor ?? [];
  const named = actors.filter(actsAsProxy).flatMap(({ reference }) => reference ?? []);
  if (!named.some(isLogical)) return consent;
  const found = new Map<string, string>();
  for (const one of named.filter(isLogical)) {
    const literal = await proxyWith(deps, consent, one);
    if (literal !== undefined) found.set(keyOf(one), literal);
  }
  const literalOf = <R extends Reference>(one: R): R => {
    const reference = isLogical(one) ? found.get(keyOf(one)) : undefined;
    return reference === undefined ? one : { ...one, reference };
  };
  return {
    ...consent,
    ...(consent.performer === undefined ? {} : { performer: consent.performer.map(literalOf) }),
    provision: {
      ...consent.provision,
      actor: actors.map((one) =>
        actsAsProxy(one) && one.reference !== undefined ? { ...one, reference: literalOf(one.reference) } : one,
      ),
    },
  };
}

const isLogical = (one: Reference): boolean =>
  one.reference === undefined &&
  one.identifier?.system !== undefined &&
  one.identifier.value !== undefined &&
  (referenceType(one) ?? 'RelatedPerson') === 'RelatedPerson';

const keyOf = ({ identifier = {} }: Reference): string => `${identifier.system}|${canonicalValue(identifier)}`;

/** `RelatedPerson/id`. Errors: StoreError. */
async function proxyWith(
  { store, clock }: Pick<ObjectionDeps, 'store' | 'clock'>,
  consent: Consent,
  { identifier = {} }: Reference,
): Promise<string | undefined> {
  const id = localReference(consent.patient?.reference, 'Patient')?.split('/')[1];
  const record = id === undefined ? undefined : await store.read('Patient', id);
  if (record === undefined) return undefined;
  const records = await recordsOf(store, record, clock.now());
  const [only, second] = await searchAll(store, 'RelatedPerson', [
    ['patient', records.map((one) => `Patient/${one.id}`).join(',')],
    ['identifier', tokens(identifier.system ?? '', canonicalValue(identifier))],
  ]);
  return only === undefined || second !== undefined ? undefined : `RelatedPerson/${only.id}`;
}
