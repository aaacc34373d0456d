import type { Appointment, Communication, CommunicationRequest, Reference, Task } from '@medplum/fhirtypes';
import { codeSystem, structureDefinition } from '../canonical.ts';
import { always, readableIntervalOf, spanOf } from '../policy/london.ts';
import {
  type ContactAttempt,
  noOverrides,
  type Override,
  type OverrideFacts,
  type OverrideGround,
  overrideGrounds,
} from '../policy/override-facts.ts';
import { type FhirStore, type Stored, searchAll } from '../store/fhir-store.ts';
import { isOfSubject, type ResolvedSubject } from './gather-people.ts';
import { codesIn, decisionsIn } from './gather-tasks.ts';
import { localReference, referenceType } from './naming.ts';
import { channelOfAttempt } from './tried.ts';

/** How far back attempts are looked at; the rules take no older one. */
const ATTEMPTS_SINCE_MS = 29 * 24 * 60 * 60_000;

/** Whom the decisions about a request concern, and what is known of them. */
export interface OverridesAsked {
  readonly subject: ResolvedSubject;
  /** Who is written to: `Type/id`. */
  readonly addressee: string | undefined;
  /** Something is objected to; otherwise nothing is looked for. */
  readonly objected: boolean;
  /** Completed Tasks about the request. */
  readonly tasks: readonly Stored<Task>[];
  /** The request is new or a draft: decisions that are there now count for it, and none that comes later. */
  readonly leavesDraft: boolean;
  readonly now: Date;
}

/**
 * What was decided about sending despite objections (contract 8), and what Herald can see of the grounds. Decisions about
 * other requests are found too, so that nobody is left to wonder why theirs does not count. Errors: StoreError.
 */
export async function overrideFactsOf(
  store: FhirStore,
  request: CommunicationRequest,
  asked: OverridesAsked,
): Promise<OverrideFacts> {
  const { subject, addressee, now } = asked;
  if (!asked.objected || subject.records.length === 0) return noOverrides;
  const own = asked.tasks.filter(isOverride);
  const ofPerson = await searchAll(store, 'Task', [
    ['patient', subject.records.join(',')],
    ['code', `${codeSystem('task-code')}|override-objection`],
    ['status', 'completed'],
  ]);
  const all = [...new Map([...ofPerson.filter(isOverride), ...own].map((one) => [one.id, one])).values()];
  const onTime = asked.leavesDraft || own.length === 0 ? undefined : await recordedWith(store, request);
  const overrides = all.map((one) => overrideOf(one, request, subject, onTime));
  const grounds = new Set(overrides.filter((one) => one.isOfRequest).map((one) => one.ground));
  const needsAppointment = grounds.has('imminent-appointment-change') || grounds.has('urgent-treatment-offer');
  return {
    overrides,
    appointmentStarts: needsAppointment ? await startsOf(store, request, subject) : [],
    attempts:
      grounds.has('primary-contact-failed') && addressee !== undefined
        ? await attemptsTo(store, addressee.startsWith('Patient/') ? subject.records : [addressee], now)
        : [],
  };
}

const isOverride = (task: Task): boolean =>
  task.status === 'completed' && codesIn(task.code, 'task-code').includes('override-objection');

function overrideOf(
  task: Stored<Task>,
  request: CommunicationRequest,
  subject: ResolvedSubject,
  onTime: ReadonlySet<string> | undefined,
): Override {
  const reference = `Task/${task.id}`;
  const focus = localReference(task.focus?.reference, 'CommunicationRequest');
  const decisions = decisionsIn(task);
  const period = task.restriction?.period;
  return {
    reference,
    approved: decisions.length === 1 && decisions[0] === 'override-approved',
    isOfRequest: request.id !== undefined && focus === `CommunicationRequest/${request.id}`,
    isOfSubject: task.for !== undefined && isOfSubject(task.for, subject),
    objection: localReference(task.reasonReference?.reference, 'Consent'),
    ground: groundOf(task),
    hasRationale: task.note?.some((one) => one.text?.trim()) ?? false,
    decidedBy: personIn(task.owner),
    reasonConsidered: booleanInput(task, 'reason-considered') === true,
    guardianConsulted: booleanInput(task, 'caldicott-consulted'),
    period: period === undefined ? always : readableIntervalOf(period),
    late: onTime !== undefined && !onTime.has(reference),
  };
}

/** The one ground; several, or none of the list, are none. */
function groundOf({ reasonCode }: Task): OverrideGround | undefined {
  const [code, ...more] = new Set(codesIn(reasonCode, 'override-ground'));
  return more.length === 0 ? overrideGrounds.find((one) => one === code) : undefined;
}

function personIn(owner: Reference | undefined): string | undefined {
  if (owner === undefined) return undefined;
  const type = referenceType(owner);
  return type === 'Practitioner' || type === 'PractitionerRole'
    ? (owner.reference ?? owner.identifier?.value)
    : undefined;
}

/** Two answers that differ are none. */
function booleanInput({ input = [] }: Task, code: string): boolean | undefined {
  const given = input
    .filter((one) => codesIn(one.type, 'task-parameter').includes(code))
    .map((one) => one.valueBoolean);
  const [answer, ...more] = new Set(given);
  return more.length === 0 ? answer : undefined;
}

/**
 * The decisions that were there when a request left `draft`, as the Provenance of that step names them: what is decided
 * later is not about what was asked for then. Errors: StoreError.
 */
async function recordedWith(store: FhirStore, { id }: CommunicationRequest): Promise<ReadonlySet<string>> {
  const records = await searchAll(store, 'Provenance', [['target', `CommunicationRequest/${id}`]]);
  return new Set(records.flatMap(({ entity = [] }) => entity.flatMap((one) => one.what.reference ?? [])));
}

/** When the appointments that a request is about start, and did start in earlier versions. Errors: StoreError. */
async function startsOf(store: FhirStore, request: CommunicationRequest, subject: ResolvedSubject): Promise<number[]> {
  const ids = (request.about ?? []).flatMap((one) => localReference(one.reference, 'Appointment')?.split('/')[1] ?? []);
  const versions = await Promise.all([...new Set(ids)].map((id) => versionsOf(store, id)));
  return versions
    .filter(([current]) => current !== undefined && isOfPerson(current, subject))
    .flat()
    .flatMap(({ start }) => (start === undefined ? [] : (spanOf(start)?.from ?? [])));
}

/** Newest first. */
async function versionsOf(store: FhirStore, id: string): Promise<Stored<Appointment>[]> {
  const versions: Stored<Appointment>[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.history('Appointment', cursor === undefined ? { id } : { id, cursor });
    versions.push(...page.matches);
    cursor = page.next;
  } while (cursor !== undefined);
  return versions;
}

/** Not somebody else's: one that names patients names this one among them. */
function isOfPerson({ participant = [] }: Appointment, subject: ResolvedSubject): boolean {
  const patients = participant.flatMap(({ actor }) =>
    actor !== undefined && referenceType(actor) === 'Patient' ? [actor] : [],
  );
  return patients.length === 0 || patients.some((one) => isOfSubject(one, subject));
}

/** What went out to somebody lately, or what the provider would not take. Errors: StoreError. */
async function attemptsTo(store: FhirStore, recipients: readonly string[], now: Date): Promise<ContactAttempt[]> {
  const since = new Date(now.getTime() - ATTEMPTS_SINCE_MS);
  const found = await searchAll(store, 'Communication', [
    ['recipient', recipients.join(',')],
    ['_lastUpdated', `ge${since.toISOString()}`],
  ]);
  return found.flatMap((one): ContactAttempt[] => {
    const channel = channelOfAttempt(one);
    if (channel === undefined || !wentOut(one)) return [];
    const failed = one.status === 'stopped' || one.status === 'not-done';
    return [{ channel, at: timeOf(one), failed }];
  });
}

/** What a rule withheld, or somebody took back, says nothing about a contact detail. */
function wentOut({ status, statusReason }: Communication): boolean {
  if (status !== 'not-done') return status !== 'preparation' && status !== 'entered-in-error';
  const codings = statusReason?.coding ?? [];
  const ofProvider = codings.some((one) => one.system === codeSystem('govuk-notify-status'));
  return ofProvider || codesIn(statusReason, 'block-reason').includes('undeliverable');
}

function timeOf(communication: Stored<Communication>): number {
  const dated = communication.extension?.find((one) => one.url === structureDefinition('status-date'))?.valueDateTime;
  const said = [communication.sent, dated].flatMap((one) => (one === undefined ? [] : (spanOf(one)?.from ?? [])));
  return said[0] ?? Date.parse(communication.meta.lastUpdated);
}
