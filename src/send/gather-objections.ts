import type { CodeableConcept, Consent, ConsentProvisionActor } from '@medplum/fhirtypes';
import { codeSystem } from '../canonical.ts';
import { channels } from '../policy/channel.ts';
import type { Objection } from '../policy/consent-facts.ts';
import { intervalOf } from '../policy/london.ts';
import { type FhirStore, type Stored, searchAll } from '../store/fhir-store.ts';
import type { ResolvedSubject } from './gather-people.ts';
import { localReference } from './naming.ts';
import { detailOf } from './objection-detail.ts';

/** As a search takes it. */
export const objectionCategory = `${codeSystem('consent-category')}|messaging-objection`;

/**
 * Everything that a person objects to, whichever of their linked records it is on (contract 7). All of it is fetched
 * and judged by the rules: a search for one channel would miss an objection to all of them. Errors: StoreError.
 */
export async function objectionsOf(store: FhirStore, subject: Pick<ResolvedSubject, 'records'>): Promise<Objection[]> {
  if (subject.records.length === 0) return [];
  const consents = await searchAll(store, 'Consent', [
    ['patient', subject.records.join(',')],
    ['category', objectionCategory],
    ['status', 'active,proposed'],
  ]);
  return consents.map(objectionOf);
}

/**
 * One objection. Whatever in it cannot be made out is read as the wider of its meanings: too much is withheld, and a
 * person looks at it, rather than too little.
 */
export function objectionOf(consent: Stored<Consent>): Objection {
  const scopes = scopesOf(consent);
  const { provision } = consent;
  const kinds = kindsOf(provision?.code ?? []);
  const { riskOfSeriousHarm, contactDetailDecision } = detailOf(consent);
  return {
    reference: `Consent/${consent.id}`,
    status: consent.status,
    period: intervalOf(provision?.period),
    ofProxy: objectingProxy(consent),
    everything: scopes.includes('all-messages') || scopes.includes('care-processing'),
    ownDevicesOnly:
      kinds === 'all' && scopes.length > 0 && scopes.every((one) => one === 'channel') && !isOfUnclearProxy(consent),
    channels: objectedChannels(consent),
    kinds,
    // A risk that was recorded without a decision counts as much as one whose contact details were removed (OBJ-8).
    removed: riskOfSeriousHarm && contactDetailDecision !== 'keep',
  };
}

/** The channels that an objection speaks of. */
export const objectedChannels = ({ provision }: Consent): Objection['channels'] => channelsOf(provision?.action ?? []);

function channelsOf(actions: readonly CodeableConcept[]): Objection['channels'] {
  const codes = codesOf(actions, codeSystem('channel'));
  const any = codes.length === 0 || codes.includes('all') || !actions.every(isCoded);
  return any ? 'all' : channels.filter((one) => codes.includes(one));
}

const isCoded = ({ coding = [] }: CodeableConcept): boolean => coding.some(({ code }) => code !== undefined);

function kindsOf(concepts: readonly CodeableConcept[]): Objection['kinds'] {
  const codings = concepts.flatMap((one) => one.coding ?? []);
  const kinds = codings.flatMap(({ system, code }) => (code === undefined ? [] : [{ system, code }]));
  return concepts.length === 0 || !concepts.every(isCoded) ? 'all' : kinds;
}

/** The RelatedPerson whose own objection it is: the one who made it, and whom its IRCP actor names. */
export function objectingProxy({ performer = [], provision }: Consent): string | undefined {
  const made = performer.flatMap((one) => localReference(one.reference, 'RelatedPerson') ?? []);
  const actors: readonly Partial<ConsentProvisionActor>[] = provision?.actor ?? [];
  return actors
    .filter(actsAsProxy)
    .flatMap((one) => localReference(one.reference?.reference, 'RelatedPerson') ?? [])
    .find((one) => made.includes(one));
}

/** Whether an actor of a Consent is the one who is written to in the person's stead (IRCP). */
export const actsAsProxy = ({ role }: Partial<ConsentProvisionActor>): boolean =>
  role?.coding?.some(({ code }) => code === 'IRCP') ?? false;

/** It speaks of a proxy, and it cannot be made out as their own: nobody whom it may mean is written to that way. */
const isOfUnclearProxy = (consent: Consent): boolean =>
  (consent.provision?.actor ?? []).some(actsAsProxy) && objectingProxy(consent) === undefined;

/** How far an objection goes, as its categories say: `channel`, `all-messages` and so on. */
export const scopesOf = ({ category }: Consent): string[] => codesOf(category, codeSystem('objection-scope'));

function codesOf(concepts: readonly CodeableConcept[] | undefined, of: string): string[] {
  return (concepts ?? [])
    .flatMap((one) => one.coding ?? [])
    .flatMap(({ system, code }) => (system === of && code !== undefined ? [code] : []));
}
