import type { ActivityDefinition, Communication, Consent, Flag, Resource, Task } from '@medplum/fhirtypes';
import type { Caller } from '../auth/caller.ts';
import { codeSystem } from '../canonical.ts';
import { AppError, type Fault } from '../errors.ts';
import { limitFaults } from '../inbound/limited.ts';
import { keptMasked, keptOut } from '../objections/kept-out.ts';
import { withNamedProxy } from '../objections/named-proxy.ts';
import { needTasks } from '../objections/need-tasks.ts';
import { withRemoved } from '../objections/removal.ts';
import { finishRemoval } from '../objections/sweep.ts';
import type { TaskCode } from '../policy/codes.ts';
import type { Warning } from '../policy/decision.ts';
import { approvalRecords } from '../sar/approval.ts';
import { accessRequestFaults, isAccessRequest, withDueDate } from '../sar/request.ts';
import { isOfDeceased } from '../sar/subject.ts';
import { fixedWordsFaults } from '../send/fixed-words.ts';
import { parseMessageType } from '../send/message-type.ts';
import { isObjection } from '../send/objection-detail.ts';
import type { HoldAnswer } from '../send/requests.ts';
import type { FhirStore, Stored, Write } from '../store/fhir-store.ts';
import { assertRecorder, consentRecords } from './authorship.ts';
import type { FhirDeps } from './call.ts';
import { profilesFor } from './conformance/checks.ts';
import { duplicateRecordTask, lateDuplicateRecordTask } from './duplicate-record.ts';
import { objectionFaults } from './objection-consent.ts';
import { objectionIn } from './objection-effects.ts';
import { outsideFaults, outsideRecords } from './outside-communication.ts';
import { proxyConsentFaults } from './proxy-consent.ts';
import type { ServedType } from './routes.ts';
import { effectFaults, effectWrites } from './task-effects.ts';
import { samePersonFaults } from './task-people.ts';
import { answerIn, needsAnotherPerson, taskCodeOf, taskFaults } from './task-rules.ts';

/** What writing a type means beyond storing it. */
interface WritingRules {
  /** Errors: AppError. */
  check?(caller: Caller, resource: Resource, previous: Resource | undefined): void;
  /** What is wrong with it that only its former version or other resources show. Errors: StoreError. */
  faults?(
    deps: Pick<FhirDeps, 'store' | 'policy' | 'clock' | 'controller'>,
    resource: Resource & { id: string },
    previous: Stored | undefined,
    caller: Caller,
  ): Promise<Fault[]>;
  /** It as it is kept, where that is not as it came, and what its writer has to know of that. Errors: StoreError. */
  kept?(
    deps: Pick<FhirDeps, 'store' | 'clock' | 'fingerprint'>,
    resource: Resource & { id: string },
    previous: Stored | undefined,
  ): Promise<{ readonly resource: Resource & { id: string }; readonly warnings: readonly Warning[] }>;
  /** Goes into the same commit, which is upon the version `previous`. Errors: StoreError. */
  beside?(
    deps: FhirDeps,
    resource: Resource & { id: string },
    previous: Stored | undefined,
    caller: Caller,
  ): Promise<Write[]>;
  /** What it says to a request that waits for it, which then changes in the same commit. */
  answers?(resource: Resource & { id: string }, previous: Stored | undefined): HoldAnswer | undefined;
  /** Once the write is durable; `beside` says whether something went with it. */
  after?(deps: FhirDeps, resource: Stored, beside: boolean): Promise<void>;
}

export const writingRules: Readonly<Partial<Record<ServedType, WritingRules>>> = {
  ActivityDefinition: {
    check: (_caller, resource) => assertUsable(resource as ActivityDefinition),
    faults: async (own, resource) => {
      const definition = resource as ActivityDefinition;
      return definition.status === 'active' ? fixedWordsFaults(definition, own) : [];
    },
  },
  Communication: {
    check: (caller, resource) => assertRecorder(caller, resource as Communication),
    kept: async (deps, resource) => ({
      resource: await keptMasked(deps, resource as Communication & { id: string }),
      warnings: [],
    }),
    faults: (deps, resource) => outsideFaults(deps, resource as Communication),
    beside: (deps, resource, _previous, caller) =>
      outsideRecords(deps, resource as Communication & { id: string }, caller),
  },
  Consent: {
    check: (caller, resource) => assertRecorder(caller, resource as Consent),
    faults: async (deps, resource) => [
      ...(await proxyConsentFaults(deps.store, resource as Consent)),
      ...(await objectionFaults(deps, resource as Consent & { id: string })),
    ],
    kept: async (deps, resource, previous) => {
      if (!isObjection(resource as Consent)) return { resource, warnings: [] };
      const consent = await withNamedProxy(deps, resource as Consent & { id: string });
      return { resource: await withRemoved(deps, consent, previous as Consent | undefined), warnings: [] };
    },
    beside: (deps, resource, previous, caller) =>
      consentRecords(deps, resource as Consent & { id: string }, previous, caller),
    after: (deps, resource) => finishRemoval(deps, resource as Stored<Consent>),
  },
  Flag: {
    faults: async (_deps, resource) => limitFaults(resource as Flag),
    beside: (deps, resource) => needTasks(deps, resource as Flag & { id: string }),
  },
  Patient: {
    kept: keptOut,
    beside: duplicateRecordTask,
    after: async (deps, resource, beside) => {
      if (!beside && resource.meta.versionId === '1') await lateDuplicateRecordTask(deps, resource);
    },
  },
  RelatedPerson: { kept: keptOut },
  Task: {
    check: assertTaskOfRole,
    faults: (deps, resource, previous, caller) =>
      faultsOfTask(deps, resource as Task & { id: string }, previous as Stored<Task> | undefined, caller),
    kept: async ({ clock }, resource) => ({
      resource: withDueDate(resource as Task & { id: string }, clock.now()),
      warnings: [],
    }),
    beside: async (deps, resource, previous, caller) => {
      const [task, before] = [resource as Task & { id: string }, previous as Stored<Task> | undefined];
      const context = { now: deps.clock.now(), controller: deps.controller, policy: deps.policy };
      const approvals = approvalRecords(task, before, caller, context);
      return [...approvals, ...(await effectWrites(deps, task, before, caller))];
    },
    answers: (resource, previous) => answerIn(resource as Task & { id: string }, previous as Task | undefined),
    after: async (deps, resource) => {
      const task = resource as Stored<Task>;
      if (taskCodeOf(task) !== 'discuss-removal' || task.status !== 'completed') return;
      const consent = await objectionIn(deps.store, task);
      if (consent !== undefined) await finishRemoval(deps, consent);
    },
  },
};

async function faultsOfTask(
  deps: Pick<FhirDeps, 'store' | 'policy'>,
  task: Task & { id: string },
  previous: Stored<Task> | undefined,
  caller: Caller,
): Promise<Fault[]> {
  const faults = [...taskFaults(task, previous), ...(await effectFaults(deps, task, previous, caller))];
  if (isAccessRequest(task)) faults.push(...(await accessFaults(deps.store, task, previous)));
  if (!needsAnotherPerson(task, previous, deps.policy.fourEyes)) return faults;
  return [...faults, ...(await samePersonFaults(deps.store, task, caller))];
}

/** SAR-3: what is wrong with a subject access request. Errors: StoreError. */
async function accessFaults(store: FhirStore, task: Task, previous: Task | undefined): Promise<Fault[]> {
  return accessRequestFaults(task, previous, await isOfDeceased(store, task.for));
}

/**
 * Contract 3.2: a message type that is in use can be read as one. What the profile finds was said before this is asked, so
 * that nothing is said twice; one that is being drafted may be incomplete, and any can be retired. Errors: AppError
 * PROFILE_INVALID with every fault.
 */
function assertUsable(definition: ActivityDefinition): void {
  if (definition.status !== 'active' || profilesFor({ ...definition }).length === 0) return;
  const parsed = parseMessageType(definition);
  if (parsed.kind === 'bad') {
    throw new AppError(
      'PROFILE_INVALID',
      parsed.faults.map((one) => ({ ...one, issue: 'business-rule' })),
    );
  }
}

/** Contract 10: subject access has its own role, which has nothing else to write. Errors: AppError ROLE_INSUFFICIENT. */
function assertTaskOfRole(caller: Caller, resource: Resource, previous: Resource | undefined): void {
  const subjectAccess = [resource, previous].flatMap((one) =>
    one === undefined ? [] : [isSubjectAccess(one as Task)],
  );
  const allowed = {
    epr: !subjectAccess.includes(true),
    sar: !subjectAccess.includes(false),
    ig: true,
    admin: false,
  } as const satisfies Record<Caller['role'], boolean>;
  if (!allowed[caller.role]) throw new AppError('ROLE_INSUFFICIENT', 'This token may not write a Task of this kind.');
}

function isSubjectAccess(task: Task): boolean {
  const code: TaskCode = 'subject-access-request';
  return task.code?.coding?.some((one) => one.system === codeSystem('task-code') && one.code === code) ?? false;
}
