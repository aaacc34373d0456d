import type { Consent, Endpoint, Resource, Task } from '@medplum/fhirtypes';
import type { Caller } from '../auth/caller.ts';
import { codeSystem, structureDefinition } from '../canonical.ts';
import { AppError } from '../errors.ts';
import type { TaskCode } from '../policy/codes.ts';
import type { Stored, Write } from '../store/fhir-store.ts';
import { assertRecorder, consentProvenance } from './authorship.ts';
import type { FhirDeps } from './call.ts';
import { duplicateRecordTask, lateDuplicateRecordTask } from './duplicate-record.ts';
import type { ServedType } from './routes.ts';

/** What writing a type means beyond storing it. */
interface WritingRules {
  /** Errors: AppError. */
  check?(caller: Caller, resource: Resource, previous: Resource | undefined): void;
  /** Goes into the same commit, which is upon the version `previous`. Errors: StoreError. */
  beside?(
    deps: FhirDeps,
    resource: Resource & { id: string },
    previous: Stored | undefined,
    caller: Caller,
  ): Promise<Write[]>;
  /** Once the write is durable; `beside` says whether something went with it. */
  after?(deps: FhirDeps, resource: Stored, beside: boolean): Promise<void>;
}

export const writingRules: Readonly<Partial<Record<ServedType, WritingRules>>> = {
  Consent: {
    check: (caller, resource) => assertRecorder(caller, resource as Consent),
    beside: async (deps, resource, previous, caller) => [
      consentProvenance(deps, resource as Consent & { id: string }, previous, caller),
    ],
  },
  Endpoint: { check: (_caller, resource) => assertAssured(resource as Endpoint) },
  Patient: {
    beside: duplicateRecordTask,
    after: async (deps, resource, beside) => {
      if (!beside && resource.meta.versionId === '1') await lateDuplicateRecordTask(deps, resource);
    },
  },
  Task: { check: assertTaskOfRole },
};

/** CHN-5: a channel is opened only with its data protection impact assessment. Errors: AppError PROFILE_INVALID. */
function assertAssured(endpoint: Endpoint): void {
  const url = structureDefinition('assurance-document');
  const assured = endpoint.extension?.some((one) => one.url === url && one.valueReference !== undefined);
  if (endpoint.status !== 'active' || assured) return;
  throw new AppError('PROFILE_INVALID', [
    {
      expression: 'Endpoint.extension',
      issue: 'business-rule',
      text: 'A channel can be active only with its assurance-document (CHN-5).',
    },
  ]);
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
