import type {
  Consent,
  DocumentReference,
  Extension,
  Flag,
  Patient,
  Reference,
  RelatedPerson,
  Task,
} from '@medplum/fhirtypes';
import { codeSystem, structureDefinition } from '../canonical.ts';
import { channelName, channels } from '../policy/channel.ts';
import { codesIn } from '../send/gather-tasks.ts';
import { MASKED } from './history.ts';
import { isMasked } from './mask.ts';
import { type Names, nameOf } from './names.ts';
import { addressText, codeText, conceptText, contactText, dateText, periodText, textOf } from './readable.ts';

/** What a reader sees of one thing beside the messages: a heading and labelled values. */
export interface Description {
  readonly title: string;
  readonly at?: string | undefined;
  readonly fields: readonly { readonly label: string; readonly value: string }[];
}

type Field = readonly [label: string, value: string | undefined];

const described = (title: string, at: string | undefined, fields: readonly Field[]): Description => ({
  ...{ title, at },
  fields: fields.flatMap(([label, value]) => (value === undefined || value === '' ? [] : [{ label, value }])),
});

/** One of the person's own records. */
export function describePatient(patient: Patient): Description {
  return described(nameOf(patient.name) || 'Your record', undefined, [
    ['Numbers', (patient.identifier ?? []).map((one) => textOf(one, 'value')).join(', ')],
    ['Date of birth', dateOf(patient, 'birthDate')],
    ['Contact details', contactsOf(patient)],
    ['Addresses', addressesOf(patient)],
    ['Languages', (patient.communication ?? []).map((one) => conceptText(one.language)).join(', ')],
  ]);
}

/** Somebody who acts or acted for the person, or the person as they act for somebody. */
export function describeRelatedPerson(person: RelatedPerson): Description {
  const name = isMasked(person, 'name') ? MASKED : nameOf(person.name);
  return described(name || 'Somebody whose name is not recorded', undefined, [
    ['Relationship', (person.relationship ?? []).map(conceptText).join(', ')],
    ['In use', person.active === false ? 'No longer' : 'Yes'],
    ['Period', person.period === undefined ? '' : periodText(person.period)],
    ['Numbers', partsOf(person, 'identifier', (one) => textOf(one, 'value'))],
    ['Date of birth', dateOf(person, 'birthDate')],
    ['Contact details', contactsOf(person)],
    ['Addresses', addressesOf(person)],
  ]);
}

/** An objection, or another Consent (OBJ-2 to OBJ-9). Errors: StoreError. */
export async function describeConsent(consent: Consent, names: Names, recordedBy: string): Promise<Description> {
  const detail = consent.extension?.find((one) => one.url === structureDefinition('objection-detail'));
  const part = (name: string): Extension | undefined => detail?.extension?.find((one) => one.url === name);
  const about = (consent.category ?? []).map(conceptText).filter((one) => one !== '');
  const proxies = (consent.provision?.actor ?? []).filter((one) =>
    one.role?.coding?.some(({ code }) => code === 'IRCP'),
  );
  const acting = await Promise.all(proxies.map((one) => names.of(one.reference as Reference)));
  const source = consent.sourceAttachment ?? consent.sourceReference;
  return described(about.join(': ') || 'Consent', consent.dateTime, [
    ['Status', codeText(consent.status ?? '')],
    ['Who may act', acting.join(', ')],
    [
      'Legal basis',
      (consent.policyRule?.coding ?? []).flatMap(({ code }) => (code ? [codeText(code)] : [])).join(', '),
    ],
    ['Period', consent.provision?.period === undefined ? '' : periodText(consent.provision.period)],
    ['Ways of contact', (consent.provision?.action ?? []).map(channelText).join(', ')],
    ['Services and kinds of message', (consent.provision?.code ?? []).map(conceptText).join(', ')],
    ['Reason', maskedPart(part('reason')) ?? conceptText(part('reason')?.valueCodeableConcept)],
    ['Who gave the reason', codeText(part('reasonSource')?.valueCode ?? '')],
    ['Effect on care explained', dateText(part('impactExplained')?.valueDateTime ?? '')],
    ['What was explained', maskedPart(part('impactText')) ?? textOf(part('impactText'), 'valueString')],
    ['Risk of serious harm', yesOrNo(part('riskOfSeriousHarm')?.valueBoolean)],
    ['Contact detail', codeText(part('contactDetailDecision')?.valueCode ?? '')],
    ['Evidence', source === undefined ? '' : textOf(source, 'title') || textOf(source, 'display') || 'On file'],
    ['Recorded', dateText(consent.dateTime ?? '')],
    ['Recorded by', recordedBy],
  ]);
}

/** A need or a notice. */
export function describeFlag(flag: Flag): Description {
  return described(conceptText(flag.code) || 'Notice', flag.period?.start, [
    ['Status', codeText(flag.status ?? '')],
    ['Kind', (flag.category ?? []).map(conceptText).join(', ')],
    ['Period', flag.period === undefined ? '' : periodText(flag.period)],
  ]);
}

/** What people were asked to decide or to do, and what they decided. Errors: StoreError. */
export async function describeTask(task: Task, names: Names): Promise<Description> {
  const outputs = (task.output ?? []).map(
    (one) =>
      conceptText(one.valueCodeableConcept) || textOf(one, 'valueString') || textOf(one.valueReference, 'reference'),
  );
  const inputs = (task.input ?? []).map((one) => {
    const value =
      conceptText(one.valueCodeableConcept) ||
      textOf(one, 'valueString') ||
      yesOrNo(one.valueBoolean) ||
      (one.valuePeriod === undefined ? '' : periodText(one.valuePeriod)) ||
      dateText(one.valueDate ?? one.valueDateTime ?? '');
    return value === '' ? '' : `${conceptText(one.type)}: ${value}`;
  });
  return described(
    codeText(codesIn(task.code, 'task-code')[0] ?? (conceptText(task.code) || 'Task')),
    task.authoredOn,
    [
      ['Status', codeText(task.status ?? '')],
      ['What for', textOf(task, 'description')],
      ['About', textOf(task.focus, 'reference')],
      ['Reason', conceptText(task.reasonCode)],
      ['Asked for', dateText(task.authoredOn ?? '')],
      ['Due', dateText(task.restriction?.period?.end ?? '')],
      ['Decided by', task.owner === undefined ? '' : await names.of(task.owner as Reference)],
      ['Decision', outputs.filter((one) => one !== '').join(', ')],
      ['Particulars', inputs.filter((one) => one !== '').join('; ')],
      ['Notes', (task.note ?? []).map((one) => textOf(one, 'text')).join('\n')],
    ],
  );
}

/** Evidence that is kept. */
export function describeDocument(document: DocumentReference): Description {
  const files = (document.content ?? []).map(
    ({ attachment }) => textOf(attachment, 'title') || attachment?.contentType,
  );
  return described(textOf(document, 'description') || conceptText(document.type) || 'Document', document.date, [
    ['Status', codeText(document.status ?? '')],
    ['Files', files.join(', ')],
    ['Date', dateText(document.date ?? '')],
  ]);
}

const contactsOf = (person: Patient | RelatedPerson): string => partsOf(person, 'telecom', contactText);
const addressesOf = (person: Patient | RelatedPerson): string => partsOf(person, 'address', addressText);

function partsOf<K extends 'telecom' | 'address' | 'identifier'>(
  person: Patient | RelatedPerson,
  key: K,
  text: (one: NonNullable<Patient[K]>[number]) => string,
): string {
  const parts = (person[key] ?? []) as NonNullable<Patient[K]>;
  const texts = parts.map((one) => (isMasked({ one }, 'one') ? MASKED : text(one)));
  return [...new Set(texts)].filter((one) => one !== '').join('; ');
}

const dateOf = (holder: Patient | RelatedPerson, key: 'birthDate'): string =>
  isMasked(holder, key) ? MASKED : dateText(holder[key] ?? '');

const maskedPart = (part: Extension | undefined): string | undefined =>
  part !== undefined && isMasked({ part }, 'part') ? MASKED : undefined;

const yesOrNo = (value: boolean | undefined): string => (value === undefined ? '' : value ? 'Yes' : 'No');

function channelText(concept: { coding?: { system?: string; code?: string }[]; text?: string }): string {
  const code = concept.coding?.find((one) => one.system === codeSystem('channel'))?.code;
  const known = channels.find((one) => one === code);
  if (code === 'all') return 'all';
  return known === undefined ? conceptText(concept as never) : channelName[known];
}
