import type { Consent, Flag, Patient, Reference, RelatedPerson } from '@medplum/fhirtypes';
import { auditEvent } from '../audit.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { spanOf } from '../policy/london.ts';
import { type FhirStore, type Stored, StoreError, searchAll, type Write } from '../store/fhir-store.ts';
import type { RecordContext } from './authors.ts';
import { hourly, sweepConsents } from './consent-sweep.ts';
import { namedProxy, proxyCategory } from './gather-proxies.ts';
import { linkedRecords } from './linked-records.ts';
import { localReference } from './naming.ts';
import { isNoteOf, noteId, noteOf } from './proxy-note.ts';
import { worker } from './worker-caller.ts';

/** PRX-3: keeps the notes of proxies in step with the authorities that they are made from. */

interface NoteStore {
  readonly store: FhirStore;
}

/**
 * What goes into the same commit as a Consent that gives, changes or ends the authority of a proxy. An end of the
 * authority by time is the sweep's to write. Errors: StoreError.
 */
export async function proxyNoteWrites(
  { store }: NoteStore,
  consent: Consent & { id: string },
  context: Pick<RecordContext, 'now' | 'policy'>,
  author: Reference | undefined,
): Promise<Write[]> {
  const subject = localReference(consent.patient?.reference, 'Patient');
  const proxy = localReference(namedProxy(consent)?.reference, 'RelatedPerson');
  const [own, ofPatient, patient, person] = await Promise.all([
    store.read('Flag', noteId(consent.id)),
    subject === undefined ? [] : searchAll(store, 'Flag', [['patient', subject]]),
    subject === undefined ? undefined : store.read('Patient', idIn(subject)),
    proxy === undefined ? undefined : store.read('RelatedPerson', idIn(proxy)),
  ]);
  const existing = own ?? ofPatient.find((one) => isNoteOf(one, consent.id));
  const proxyInUse = await isInUse(store, person, patient, context.now);
  const note = noteOf({ consent, birthDate: patient?.birthDate, proxyInUse }, existing, context, author);
  return note === undefined ? [] : [writeOf(note, existing)];
}

/** What the service's sweeper works with. */
export interface ProxyNoteSweepDeps extends NoteStore {
  readonly clock: Clock;
  readonly log: Log;
  readonly context: Omit<RecordContext, 'now'>;
}

/** For the service's sweeper: see `hourly`. Answers how many notes were written. Errors: StoreError. */
export function createProxyNoteSweeper(deps: ProxyNoteSweepDeps): () => Promise<number> {
  return hourly(deps.clock, (changedSince) => sweepProxyNotes(deps, changedSince));
}

/**
 * Ends the notes of authorities that ended by time (their period, the 18th birthday, a review that is due), and makes
 * right what was written past Herald. Repeating it changes nothing. `changedSince`: Consents that ended before are not
 * looked at again. Errors: StoreError.
 */
export async function sweepProxyNotes(deps: ProxyNoteSweepDeps, changedSince?: Date): Promise<number> {
  const of = { category: proxyCategory, status: 'active' };
  const written = await sweepConsents(deps.store, of, changedSince, (some) => keepInStep(deps, some));
  if (written > 0) deps.log.info('proxy-notes.written', { count: written });
  return written;
}

async function keepInStep(deps: ProxyNoteSweepDeps, consents: readonly Stored<Consent>[]): Promise<number> {
  const subjects = distinct(consents.map((one) => localReference(one.patient?.reference, 'Patient')));
  const proxies = distinct(consents.map((one) => localReference(namedProxy(one)?.reference, 'RelatedPerson')));
  if (subjects.length === 0) return 0;
  const [flags, patients, people] = await Promise.all([
    searchAll(deps.store, 'Flag', [['patient', subjects.join(',')]]),
    searchAll(deps.store, 'Patient', [['_id', subjects.map(idIn).join(',')]]),
    proxies.length === 0 ? [] : searchAll(deps.store, 'RelatedPerson', [['_id', proxies.map(idIn).join(',')]]),
  ]);
  const context = { ...deps.context, now: deps.clock.now() };
  let written = 0;
  for (const consent of consents) {
    const patient = patients.find((one) => `Patient/${one.id}` === consent.patient?.reference);
    const named = namedProxy(consent)?.reference;
    const person = people.find((one) => `RelatedPerson/${one.id}` === named);
    const own = flags.filter((one) => isNoteOf(one, consent.id));
    const existing = own.find((one) => one.id === noteId(consent.id)) ?? own[0];
    const proxyInUse = await isInUse(deps.store, person, patient, context.now);
    const note = noteOf({ consent, birthDate: patient?.birthDate, proxyInUse }, existing, context);
    if (note !== undefined && (await kept(deps, note, existing, context))) written += 1;
  }
  return written;
}

/** Somebody else's change of the same note goes first: the next sweep sees it. */
async function kept(
  { store }: NoteStore,
  note: Flag & { id: string },
  existing: Stored<Flag> | undefined,
  { now, controller }: RecordContext,
): Promise<boolean> {
  const patient = note.subject.reference;
  const event = auditEvent({
    action: existing === undefined ? 'C' : 'U',
    subtype: existing === undefined ? 'create' : 'update',
    outcome: '0',
    recorded: now,
    caller: worker,
    controller,
    ...(patient === undefined ? {} : { patient }),
    entities: [`Flag/${note.id}`],
  });
  try {
    await store.commit([writeOf(note, existing), { op: 'create', resource: event }]);
    return true;
  } catch (error) {
    if (error instanceof StoreError && error.code === 'conflict') return false;
    throw error;
  }
}

const writeOf = (note: Flag & { id: string }, existing: Stored<Flag> | undefined): Write =>
  existing === undefined
    ? { op: 'create', resource: note }
    : { op: 'update', resource: note, ifMatch: existing.meta.versionId };

/** Whether somebody's record says that they act for this patient now; what is not there says nothing. Errors: StoreError. */
async function isInUse(
  store: FhirStore,
  person: RelatedPerson | undefined,
  patient: Stored<Patient> | undefined,
  now: Date,
): Promise<boolean> {
  if (person === undefined) return true;
  const until = person.period?.end === undefined ? undefined : spanOf(person.period.end)?.until;
  if (person.active === false || (until !== undefined && now.getTime() >= until)) return false;
  const whose = localReference(person.patient?.reference, 'Patient');
  if (patient === undefined || whose === undefined || whose === `Patient/${patient.id}`) return true;
  return (await linkedRecords(store, [patient])).has(whose);
}

const idIn = (reference: string): string => reference.slice(reference.indexOf('/') + 1);

const distinct = (references: readonly (string | undefined)[]): string[] => [
  ...new Set(references.filter((one) => one !== undefined)),
];
