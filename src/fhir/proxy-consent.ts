import type { Consent, Identifier, Reference, RelatedPerson } from '@medplum/fhirtypes';
import type { Fault } from '../errors.ts';
import { isOfSubject } from '../send/gather-people.ts';
import { isProxyConsent, namedProxy } from '../send/gather-proxies.ts';
import { linkedRecords } from '../send/linked-records.ts';
import { localReference, sameIdentifier, tokens } from '../send/naming.ts';
import { type FhirStore, type Stored, searchAll } from '../store/fhir-store.ts';

/**
 * What is wrong with the authority of a proxy that its profile cannot see, because it is in other resources (contract 6):
 * the proxy must act for the very patient in whose record the Consent is. What does not hold today is no fault, and
 * what ends an authority is never kept from being written. Errors: StoreError.
 */
export async function proxyConsentFaults(store: FhirStore, consent: Consent): Promise<Fault[]> {
  const named = namedProxy(consent);
  if (!isProxyConsent(consent) || hasEnded(consent) || named === undefined) return [];
  const [people, subject] = await Promise.all([peopleNamed(store, named), recordsOf(store, consent.patient)]);
  const [literal] = people;
  if (literal !== undefined && named.reference !== undefined && contradicts(named.identifier, literal)) {
    return [faultAt(consent, named, 'Reference and identifier name different people (VER-1). Correct the wrong one.')];
  }
  if (consent.patient !== undefined && localReference(consent.patient.reference, 'Patient') === undefined) {
    const text =
      'No record kept here is named as the patient, so that it would authorise nobody (PRX-2). Name the Patient by reference, or by a number that one record has.';
    return [{ expression: 'Consent.patient', issue: 'business-rule', text }];
  }
  // Nobody there, or no patient: the reference dangles, and that is said of it.
  if (people.length === 0 || subject === undefined) return [];
  if (people.some((one) => isOfSubject(one.patient, subject))) return [];
  const text =
    'This proxy is recorded as acting for another patient. RelatedPerson.patient and Consent.patient must be the same person (PRX-1): correct the wrong one.';
  return [faultAt(consent, named, text)];
}

const hasEnded = ({ status }: Consent): boolean =>
  status === 'inactive' || status === 'rejected' || status === 'entered-in-error';

async function peopleNamed(store: FhirStore, { reference, identifier }: Reference): Promise<Stored<RelatedPerson>[]> {
  const literal = localReference(reference, 'RelatedPerson');
  if (literal !== undefined) {
    const found = await store.read('RelatedPerson', literal.slice('RelatedPerson/'.length));
    return found === undefined ? [] : [found];
  }
  if (reference !== undefined || !identifier?.system || !identifier.value) return [];
  return searchAll(store, 'RelatedPerson', [['identifier', tokens(identifier.system, identifier.value)]]);
}

/** All that is known to be the patient's: their record and those that it is linked with. */
export async function recordsOf(store: FhirStore, patient: Reference | undefined) {
  const literal = localReference(patient?.reference, 'Patient');
  const record = literal === undefined ? undefined : await store.read('Patient', literal.slice('Patient/'.length));
  if (record === undefined) return undefined;
  const linked = await linkedRecords(store, [record]);
  return {
    records: [...linked.keys()],
    allIdentifiers: [...linked.values()].flatMap((one) => one.identifier ?? []),
  };
}

function contradicts(identifier: Identifier | undefined, person: RelatedPerson): boolean {
  if (!identifier?.system || !identifier.value) return false;
  return !(person.identifier ?? []).some((one) => sameIdentifier(one, identifier));
}

function faultAt(consent: Consent, named: Reference, text: string): Fault {
  const index = (consent.provision?.actor ?? []).findIndex((one) => one.reference === named);
  return { expression: `Consent.provision.actor[${index}].reference`, issue: 'business-rule', text };
}
