import type { Consent, RelatedPerson } from '@medplum/fhirtypes';
import { codeSystem } from '../canonical.ts';
import type { Fault } from '../errors.ts';
import { recordsOf } from '../objections/concerned.ts';
import { channels } from '../policy/channel.ts';
import { objectingProxy } from '../send/gather-objections.ts';
import { isOfSubject } from '../send/gather-people.ts';
import { currentIdentifiers, localReference } from '../send/naming.ts';
import { detailOf, isObjection } from '../send/objection-detail.ts';
import type { Stored } from '../store/fhir-store.ts';
import type { FhirDeps } from './call.ts';

/**
 * What is wrong with an objection that its profile cannot see (contract 7). What ends one is never kept from being
 * written. Errors: StoreError.
 */
export async function objectionFaults(
  deps: Pick<FhirDeps, 'store' | 'clock'>,
  consent: Consent & { id: string },
): Promise<Fault[]> {
  if (!isObjection(consent) || (consent.status !== 'active' && consent.status !== 'proposed')) return [];
  return [
    ...patientFaults(consent),
    ...channelFaults(consent),
    ...reasonFaults(consent),
    ...decisionFaults(consent),
    ...(await proxyFaults(deps, consent)),
  ];
}

/** Searches find a literal reference alone, and nobody would heed what they do not find. */
function patientFaults(consent: Consent): Fault[] {
  if (consent.patient === undefined || localReference(consent.patient.reference, 'Patient') !== undefined) return [];
  const text =
    'No record kept here is named as the person who objects, so that nobody would heed it (OBJ-1). Name the Patient by reference, or by a number that one record has.';
  return [fault('patient', text)];
}

/** A channel that Herald does not have is one that it would never keep closed: a slip of the pen, as a rule. */
function channelFaults({ provision }: Consent): Fault[] {
  return (provision?.action ?? []).flatMap(({ coding = [] }, at): Fault[] => {
    const isUnknown = coding.some(
      ({ system, code }) => system === codeSystem('channel') && !objectionChannels.includes(code ?? ''),
    );
    const text = `This is none of the channels that can be objected to: ${objectionChannels.join(', ')} (OBJ-5). Name one of them.`;
    return isUnknown ? [fault(`provision.action[${at}]`, text)] : [];
  });
}

const objectionChannels: readonly string[] = [...channels, 'all'];

/** The profile asks for a text; one of spaces says nothing. */
function reasonFaults(consent: Consent): Fault[] {
  if (consent.status !== 'active' || detailOf(consent).reason !== undefined) return [];
  return [
    fault(
      'extension',
      'An active objection has its reason in words (OBJ-3). Ask the person; until then it is proposed.',
    ),
  ];
}

function decisionFaults(consent: Consent): Fault[] {
  const { contactDetailDecision, riskOfSeriousHarm } = detailOf(consent);
  if (contactDetailDecision !== 'remove' || riskOfSeriousHarm) return [];
  const text =
    'Contact details leave the record only where they put the person at risk of serious harm (OBJ-8). Record riskOfSeriousHarm as true, or leave contactDetailDecision out.';
  return [fault('extension', text)];
}

/** A proxy's own objection is in the record of the patient they act for: anywhere else nobody would find it. */
async function proxyFaults(
  { store, clock }: Pick<FhirDeps, 'store' | 'clock'>,
  consent: Consent & { id: string },
): Promise<Fault[]> {
  const proxy = objectingProxy(consent);
  const patient = localReference(consent.patient?.reference, 'Patient');
  if (proxy === undefined || patient === undefined) return [];
  const [person, record]: [Stored<RelatedPerson> | undefined, unknown] = await Promise.all([
    store.read('RelatedPerson', idIn(proxy)),
    store.read('Patient', idIn(patient)),
  ]);
  // What is not there is said of its reference.
  if (person === undefined || record === undefined) return [];
  const records = await recordsOf(store, record as never, clock.now());
  const subject = {
    records: records.map((one) => `Patient/${one.id}`),
    allIdentifiers: records.flatMap((one) => currentIdentifiers(one, clock.now())),
  };
  if (isOfSubject(person.patient, subject)) return [];
  const text =
    'This proxy is recorded as acting for another patient. RelatedPerson.patient and Consent.patient must be the same person: correct the wrong one.';
  return [fault('provision.actor', text)];
}

const idIn = (reference: string): string => reference.slice(reference.indexOf('/') + 1);

const fault = (element: string, text: string): Fault => ({
  expression: `Consent.${element}`,
  issue: 'business-rule',
  text,
});
