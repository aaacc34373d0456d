import type { CodeableConcept, Consent } from '@medplum/fhirtypes';
import { codeSystem } from '../canonical.ts';
import { channels } from '../policy/channel.ts';
import type { Objection } from '../policy/facts.ts';
import { intervalOf } from '../policy/london.ts';
import { type FhirStore, type Stored, searchAll } from '../store/fhir-store.ts';
import { localReference, type ResolvedSubject } from './gather-people.ts';

/**
 * Everything that a person objects to, whichever of their linked records it is on (contract 7). All of it is fetched
 * and judged by the rules: a search for one channel would miss an objection to all of them. Errors: StoreError.
 */
export async function objectionsOf(store: FhirStore, subject: ResolvedSubject): Promise<Objection[]> {
  if (subject.records.length === 0) return [];
  const consents = await searchAll(store, 'Consent', [
    ['patient', subject.records.join(',')],
    ['category', `${codeSystem('consent-category')}|messaging-objection`],
    ['status', 'active,proposed'],
  ]);
  return consents.map(objectionOf);
}

/**
 * One objection. Whatever in it cannot be made out is read as the wider of its meanings: too much is withheld, and a
 * person looks at it, rather than too little.
 */
export function objectionOf(consent: Stored<Consent>): Objection {
  const scopes = codesOf(consent.category, codeSystem('objection-scope'));
  const { provision } = consent;
  return {
    reference: `Consent/${consent.id}`,
    status: consent.status,
    period: intervalOf(provision?.period),
    ofProxy: proxyOf(consent),
    everything: scopes.includes('all-messages') || scopes.includes('care-processing'),
    channels: channelsOf(provision?.action ?? []),
    kinds: kindsOf(provision?.code ?? []),
  };
}

function channelsOf(actions: readonly CodeableConcept[]): Objection['channels'] {
  const codes = codesOf(actions, codeSystem('channel'));
  return codes.length === 0 || codes.includes('all') ? 'all' : channels.filter((one) => codes.includes(one));
}

function kindsOf(concepts: readonly CodeableConcept[]): Objection['kinds'] {
  const codings = concepts.flatMap((one) => one.coding ?? []);
  const kinds = codings.flatMap(({ system, code }) => (code === undefined ? [] : [{ system, code }]));
  const allReadable = concepts.every((one) => one.coding?.some(({ code }) => code !== undefined));
  return concepts.length === 0 || !allReadable ? 'all' : kinds;
}

/** The RelatedPerson whose own objection it is: the one who made it, and whom its IRCP actor names. */
function proxyOf({ performer = [], provision }: Consent): string | undefined {
  const made = performer.flatMap((one) => localReference(one.reference, 'RelatedPerson') ?? []);
  return (provision?.actor ?? [])
    .filter((one) => one.role.coding?.some(({ code }) => code === 'IRCP'))
    .flatMap((one) => localReference(one.reference.reference, 'RelatedPerson') ?? [])
    .find((one) => made.includes(one));
}

function codesOf(concepts: readonly CodeableConcept[] | undefined, of: string): string[] {
  return (concepts ?? [])
    .flatMap((one) => one.coding ?? [])
    .flatMap(({ system, code }) => (system === of && code !== undefined ? [code] : []));
}
