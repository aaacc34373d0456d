import type { Communication, Reference } from '@medplum/fhirtypes';
import type { Caller } from '../auth/caller.ts';
import { codeSystem, identifierSystem, structureDefinition } from '../canonical.ts';
import type { Fault } from '../errors.ts';
import { channels } from '../policy/channel.ts';
import { holdsAt, spanOf } from '../policy/london.ts';
import { provenance } from '../send/authors.ts';
import { outsideReviewTask } from '../send/emergency-review.ts';
import { endpointsOf } from '../send/gather-catalogue.ts';
import { isOfSubject } from '../send/gather-people.ts';
import { newId } from '../send/ids.ts';
import { actReasons } from '../send/message-type.ts';
import { localReference, referenceType } from '../send/naming.ts';
import type { FhirStore, Write } from '../store/fhir-store.ts';
import { recorderOf } from './authorship.ts';
import type { FhirDeps } from './call.ts';
import { recordsOf } from './proxy-consent.ts';

/** Messages sent or received outside Herald, that somebody records afterwards (REC-1, EMG-2, contract 5). */

type Outside = Communication & { id: string };

/** What keeps a Communication from being such a record; everything else about messages Herald writes itself. Errors: StoreError. */
export async function outsideFaults(
  { store, clock }: Pick<FhirDeps, 'store' | 'clock'>,
  communication: Communication,
): Promise<Fault[]> {
  const now = clock.now();
  return [
    ...(communication.status === 'completed'
      ? []
      : [
          fault(
            'status',
            'What was sent or received outside Herald is completed; Herald writes every other record itself.',
          ),
        ]),
    ...timeFaults(communication, now),
    ...ownFaults(communication),
    ...(await peopleFaults(store, communication)),
  ];
}

/**
 * What goes into the same commit: who recorded it, and when that was beside when it happened; and the review of a message
 * that was sent in an emergency, or by a way that the organisation has not approved (EMG-2). Errors: StoreError.
 */
export async function outsideRecords(deps: FhirDeps, communication: Outside, caller: Caller): Promise<Write[]> {
  const now = deps.clock.now();
  const context = { now, controller: deps.controller, policy: deps.policy };
  const targets = [`Communication/${communication.id}`];
  const by = { caller, author: recorderOf(communication), activity: 'CREATE' as const };
  const occurred = communication.sent ?? communication.received;
  const record = {
    ...provenance(newId(now), targets, by, context),
    ...(occurred === undefined ? {} : { occurredDateTime: occurred }),
  };
  const review = await reviewReason(deps.store, communication, now);
  const writes: Write[] = [{ op: 'create', resource: record }];
  if (review !== undefined) {
    writes.push({ op: 'create', resource: outsideReviewTask(communication, review, context) });
  }
  return writes;
}

function timeFaults(communication: Communication, now: Date): Fault[] {
  const named = ['sent', 'received'] as const;
  if (named.every((name) => communication[name] === undefined)) {
    return [fault('sent', 'Say when it was sent, or received.')];
  }
  return named.flatMap((name) => {
    const value = communication[name];
    const span = value === undefined ? undefined : spanOf(value);
    return span !== undefined && span.from > now.getTime()
      ? [fault(name, 'This is in the future. Record a message once it was sent or received.')]
      : [];
  });
}

/** What only Herald says of a message: a record that had it would be taken for one of Herald's own. */
function ownFaults({ identifier = [], basedOn, extension = [] }: Communication): Fault[] {
  const ours: readonly (string | undefined)[] = Object.values(identifierSystem);
  const decided = structureDefinition('decision');
  return [
    ...identifier.flatMap((one, index) =>
      ours.includes(one.system)
        ? [fault(`identifier[${index}]`, "This is Herald's own identifier of a message. Use one of your own system.")]
        : [],
    ),
    ...(basedOn === undefined
      ? []
      : [fault('basedOn', 'What Herald was asked for it sends and records itself. Leave this out.')]),
    ...extension.flatMap((one, index) =>
      one.url === decided ? [fault(`extension[${index}]`, 'Herald alone says what it decided. Leave this out.')] : [],
    ),
  ];
}

async function peopleFaults(store: FhirStore, communication: Communication): Promise<Fault[]> {
  const { subject, sender, recipient = [] } = communication;
  const records = subject === undefined ? undefined : await recordsOf(store, subject);
  const whose = records === undefined ? [fault('subject', 'Name the patient whom the message is about.')] : [];
  if (sender === undefined) return [...whose, fault('sender', senderText)];
  const type = referenceType(sender);
  const isStaff = type === 'Practitioner' || type === 'PractitionerRole';
  const isPerson = records !== undefined && type === 'Patient' && isOfSubject(sender, records);
  // Of a subject that leads nowhere it cannot be said who is the same.
  if (!isStaff && !isPerson && !(type === 'Patient' && records === undefined)) whose.push(fault('sender', senderText));
  if (!isStaff || records === undefined) return whose;
  for (const [index, one] of recipient.entries()) {
    if (!(await isRecipient(store, one, records))) {
      whose.push(
        fault(
          `recipient[${index}]`,
          'A message goes to the patient whom it is about, or to somebody who acts for them.',
        ),
      );
    }
  }
  return whose;
}

const senderText =
  'Name who sent it: a member of staff (Practitioner or PractitionerRole), or the patient whom it is about.';

async function isRecipient(
  store: FhirStore,
  recipient: Reference,
  records: NonNullable<Awaited<ReturnType<typeof recordsOf>>>,
): Promise<boolean> {
  const type = referenceType(recipient);
  if (type !== 'RelatedPerson') return type === 'Patient' && isOfSubject(recipient, records);
  const id = localReference(recipient.reference, 'RelatedPerson')?.split('/')[1];
  const person = id === undefined ? undefined : await store.read('RelatedPerson', id);
  return person !== undefined && isOfSubject(person.patient, records);
}

/** Why information governance looks at it; `undefined` for what came in, and for what went an approved way. */
async function reviewReason(
  store: FhirStore,
  { sender, reasonCode = [], medium = [] }: Communication,
  now: Date,
): Promise<'emergency-send' | 'unapproved-channel' | undefined> {
  if (sender === undefined || referenceType(sender) === 'Patient') return undefined;
  if (actReasons(reasonCode.flatMap((one) => one.coding ?? [])).includes('ETREAT')) return 'emergency-send';
  if (medium.length === 0) return undefined;
  const codes = medium
    .flatMap((one) => one.coding ?? [])
    .flatMap(({ system, code }) => (system === codeSystem('channel') ? [code] : []));
  const used = channels.filter((one) => codes.includes(one));
  const endpoints = await endpointsOf(store);
  const isOpen = used.some((channel) =>
    endpoints.some((one) => one.channel === channel && one.active && one.assured && holdsAt(one.period, now)),
  );
  return isOpen ? undefined : 'unapproved-channel';
}

const fault = (element: string, text: string): Fault => ({
  expression: `Communication.${element}`,
  issue: 'business-rule',
  text,
});
