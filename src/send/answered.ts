import type { CommunicationRequest, Reference } from '@medplum/fhirtypes';
import type { Caller } from '../auth/caller.ts';
import { AppError } from '../errors.ts';
import type { Reason } from '../policy/decision.ts';
import type { FhirStore, Stored, Write } from '../store/fhir-store.ts';
import { provenance } from './authors.ts';
import { release } from './change.ts';
import { newId } from './ids.ts';
import { linkedRecords } from './linked-records.ts';
import { localReference, referenceType } from './naming.ts';
import { type AcceptDeps, available, create, withheld } from './plan.ts';
import { reasonConcept, withDecision } from './record.ts';
import type { HoldAnswer, Refusal, RequestUnit } from './requests.ts';
import { settledRequest } from './settled.ts';

type AnswerDeps = Pick<AcceptDeps, 'gather' | 'clock' | 'context'>;

/** A held request once somebody has answered: see `Requests.answer`. Errors: AppError. */
export async function plannedAnswer(
  deps: AcceptDeps,
  answered: HoldAnswer,
  view: FhirStore,
  caller: Caller,
): Promise<RequestUnit | undefined> {
  const current = await available(() => settledRequest(deps, answered.request));
  if (current === undefined || !isWaiting(current, answered)) return undefined;
  if (!(await available(() => isOfPatient(deps.store, current, answered)))) return undefined;
  const said = { caller, author: isPerson(answered.by) ? answered.by : undefined, sources: [answered.task] };
  if (answered.answer !== 'agreed') {
    const writes = await revokedHold(deps, current, reasonOf(answered), view, said);
    return { writes, jobs: [] };
  }
  return releasedHold(deps, current, view, said);
}

/** A draft waits for nobody's answer, but a decision that the objection stands ends it (contract 8). */
const isWaiting = ({ status }: CommunicationRequest, { code }: HoldAnswer): boolean =>
  status === 'on-hold' || (status === 'draft' && code === 'override-objection');

/** VER-1: an answer that was given for somebody else says nothing about this request. Errors: StoreError. */
async function isOfPatient(store: FhirStore, current: CommunicationRequest, answered: HoldAnswer): Promise<boolean> {
  const asked = localReference(current.subject?.reference, 'Patient');
  if (asked === undefined || answered.patient === undefined) return true;
  const named = localReference(answered.patient.reference, 'Patient');
  if (named === undefined || named === asked) return named === asked;
  const record = await store.read('Patient', asked.slice('Patient/'.length));
  return record !== undefined && (await linkedRecords(store, [record])).has(named);
}

/**
 * A held request is decided again, on what `view` shows; `undefined`: it goes on waiting for what it waits for. Errors:
 * AppError.
 */
export async function releasedHold(
  deps: AcceptDeps,
  current: Stored<CommunicationRequest>,
  view: FhirStore,
  said: Said,
): Promise<RequestUnit | undefined> {
  const again = await release(deps, current, view, said.caller);
  switch (again.kind) {
    case 'existing':
      return undefined;
    case 'planned':
      return again.unit;
    case 'refused': {
      // Nobody is asking any more, so that it would wait for nothing.
      const ended = revokedRequest(deps, current, again.decision, said);
      return { writes: [...ended, ...again.withheld(() => false)], jobs: [] };
    }
    default:
      return again satisfies never;
  }
}

/** On whose word a held request ends. */
export interface Said {
  readonly caller: Caller;
  readonly author: Reference | undefined;
  /** References of what says so. */
  readonly sources: readonly string[];
}

/** A held request ends unsent, and the record says why (REC-5); the request is the first write. Errors: AppError. */
export async function revokedHold(
  deps: AnswerDeps,
  current: Stored<CommunicationRequest>,
  reason: Reason,
  view: FhirStore,
  said: Said,
): Promise<Write[]> {
  const facts = await available(() => deps.gather({ ...current, status: 'active' }, { view }));
  if (!facts.subject.known || !facts.recipients.known || !facts.sensitivity.known) {
    throw new AppError('FACTS_UNKNOWN', 'Whom the message is about could not be read. Nothing was changed; ask again.');
  }
  const decision: Refusal = { kind: 'refuse', reasons: [reason], warnings: [] };
  const basedOn = { reference: `CommunicationRequest/${current.id}` };
  return [
    ...revokedRequest(deps, current, decision, said),
    ...withheld(deps, current, facts, decision, said.caller, basedOn),
  ];
}

function revokedRequest(
  deps: AnswerDeps,
  current: Stored<CommunicationRequest>,
  decision: Refusal,
  { caller, author, sources }: Said,
): Write[] {
  const now = deps.clock.now();
  const [first] = decision.reasons;
  const revoked: CommunicationRequest & { id: string } = {
    ...current,
    status: 'revoked',
    ...(first === undefined ? {} : { statusReason: reasonConcept(first) }),
  };
  const by = { caller, author, activity: 'UPDATE' as const, sources };
  const targets = [`CommunicationRequest/${current.id}`];
  return [
    { op: 'update', resource: withDecision(revoked, decision), ifMatch: current.meta.versionId },
    create(provenance(newId(now), targets, by, { ...deps.context, now })),
  ];
}

const questions = {
  'check-with-person': {
    code: 'sensitive-proxy',
    clause: 'PRX-7',
    rule: 'sensitive-checked',
    refused:
      'The patient, or whoever decides in their stead, did not agree that this goes to the proxy. It was not sent. Reach the patient themselves if it still matters.',
  },
  'restricted-record': {
    code: 'restricted-record',
    clause: 'VER-2',
    rule: 'record-not-restricted',
    refused:
      "The person's record is restricted, and it was decided that this message may not go. It was not sent. Reach the person in a way that is safe for them.",
  },
  'second-reader': {
    code: 'second-reader',
    clause: 'MIN-6',
    rule: 'second-reader',
    refused:
      'The second reader did not agree to this message. It was not sent. Change its words with them and ask again.',
  },
  'override-objection': {
    code: 'objection',
    clause: 'OBJ-6',
    rule: 'overrides-hold',
    refused:
      'It was decided that the objection on record stands for this message. It was not sent. Reach the person in a way they accept.',
  },
} as const satisfies Record<HoldAnswer['code'], Omit<Reason, 'text'> & { readonly refused: string }>;

const unanswered =
  'The question that this message waited for was ended without an answer, so it was not sent. Ask for it again if it still matters.';

function reasonOf({ code, answer }: HoldAnswer): Reason {
  const { refused, ...reason } = questions[code];
  return { ...reason, text: answer === 'refused' ? refused : unanswered };
}

function isPerson(reference: Reference | undefined): boolean {
  const type = reference === undefined ? undefined : referenceType(reference);
  return type === 'Practitioner' || type === 'PractitionerRole';
}
