import type { CommunicationRequest } from '@medplum/fhirtypes';
import { structureDefinition } from '../canonical.ts';
import type { Fault } from '../errors.ts';
import { compactNhsNumber } from '../policy/nhs-number.ts';
import { linkedRecords } from '../send/linked-records.ts';
import { localReference } from '../send/naming.ts';
import { answeredText } from '../send/record.ts';
import type { FhirStore } from '../store/fhir-store.ts';
import { isInbound } from './text.ts';

/**
 * What is wrong with the text that a request answers (`extension[in-reply-to]`): an answer goes into the record of whoever
 * wrote, and to nobody else (VER-1). That the text is there is looked at before. Errors: StoreError.
 */
export async function inReplyToFaults(store: FhirStore, request: CommunicationRequest): Promise<Fault[]> {
  const answered = answeredText(request);
  if (answered === undefined) return [];
  const id = localReference(answered.reference, 'Communication')?.split('/')[1];
  const text = id === undefined ? undefined : await store.read('Communication', id);
  if (text === undefined || !isInbound(text)) {
    return [fault('in-reply-to names the text that came in: a Communication of the category "inbound".')];
  }
  const whose = localReference(text.subject?.reference, 'Patient');
  if (whose === undefined) {
    return [fault('It is not known yet whose text this is. Complete its Task triage-inbound first, with the person.')];
  }
  const { subject } = request;
  // A number alone is compared with the record's; whether the two agree is for the rules to say.
  const named =
    localReference(subject?.reference, 'Patient') ?? (await byNumber(store, whose, subject?.identifier?.value));
  if (named === whose || (named !== undefined && (await isSamePerson(store, named, whose)))) return [];
  return [fault('The text that this answers is in the record of another person. Answer in the record where it is.')];
}

/** Records that were merged are one person. Errors: StoreError. */
async function isSamePerson(store: FhirStore, named: string, whose: string): Promise<boolean> {
  const record = await store.read('Patient', named.slice('Patient/'.length));
  return record !== undefined && (await linkedRecords(store, [record])).has(whose);
}

/** The record, where it has this number. */
async function byNumber(store: FhirStore, whose: string, number: string | undefined): Promise<string | undefined> {
  if (number === undefined) return undefined;
  const record = await store.read('Patient', whose.slice('Patient/'.length));
  const held = (record?.identifier ?? []).map(({ value = '' }) => compactNhsNumber(value));
  return held.includes(compactNhsNumber(number)) ? whose : undefined;
}

const expression = `CommunicationRequest.extension.where(url = '${structureDefinition('in-reply-to')}')`;
const fault = (text: string): Fault => ({ expression, issue: 'business-rule', text });
