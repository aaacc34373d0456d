import type { Flag } from '@medplum/fhirtypes';
import type { Fault } from '../errors.ts';
import { holdsAt, intervalOf } from '../policy/london.ts';
import { codesIn } from '../send/gather-tasks.ts';
import { linkedRecords } from '../send/linked-records.ts';
import { localReference, referenceType } from '../send/naming.ts';
import { type FhirStore, searchAll } from '../store/fhir-store.ts';
import type { Sender } from './senders.ts';

/**
 * TWO-6: a person has limited a sender, for a reason. R4's `Flag.subject` takes no RelatedPerson: the Flag of a proxy is
 * on the patient, and its `flag-detail` names the proxy; without one it is about the patient's own texts.
 */
const detailUrl = 'http://hl7.org/fhir/StructureDefinition/flag-detail';

/** Whether this sender's texts get no automatic reply, whichever of the patient's records says so. Errors: StoreError. */
export async function isLimited(store: FhirStore, { person, patient }: Sender, now: Date): Promise<boolean> {
  const record = await store.read('Patient', patient.slice('Patient/'.length));
  const records = record === undefined ? [patient] : [...(await linkedRecords(store, [record])).keys()];
  const flags = await searchAll(store, 'Flag', [['patient', records.join(',')]]);
  return flags.some(
    (one) =>
      isLimit(one) &&
      one.status === 'active' &&
      holdsAt(intervalOf(one.period), now) &&
      // It is about the patient's own texts, unless it names a proxy.
      (limitedProxy(one) ?? patient) === person,
  );
}

/** What a Flag that limits a sender lacks: its reason, who set it, and whom it is about. Pure. */
export function limitFaults(flag: Flag): Fault[] {
  if (!isLimit(flag) || flag.status !== 'active') return [];
  const faults: Fault[] = [];
  if (!flag.code.text?.trim()) {
    faults.push(fault('Flag.code.text', 'Say in code.text why this sender is limited (TWO-6).'));
  }
  if (localReference(flag.subject.reference, 'Patient') === undefined && flag.subject.identifier === undefined) {
    faults.push(
      fault('Flag.subject', 'A limited sender is a Patient, or a proxy of theirs: name the proxy in flag-detail.'),
    );
  }
  const detail = flag.extension?.find((one) => one.url === detailUrl)?.valueReference;
  if (detail !== undefined && referenceType(detail) !== 'RelatedPerson') {
    faults.push(fault('Flag.extension', 'In a Flag that limits a sender, flag-detail names a RelatedPerson.'));
  }
  return faults;
}

const isLimit = ({ code }: Flag): boolean => codesIn(code, 'flag-code').includes('limited-sender');

const limitedProxy = ({ extension = [] }: Flag): string | undefined =>
  localReference(extension.find((one) => one.url === detailUrl)?.valueReference?.reference, 'RelatedPerson');

const fault = (expression: string, text: string): Fault => ({ expression, issue: 'business-rule', text });
