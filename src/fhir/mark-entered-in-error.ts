import type { Communication, Parameters, ParametersParameter, Reference } from '@medplum/fhirtypes';
import { auditEvent } from '../audit.ts';
import { AppError, type Fault } from '../errors.ts';
import { provenance } from '../send/authors.ts';
import { newId } from '../send/ids.ts';
import { referenceType } from '../send/naming.ts';
import { type Stored, StoreError, type Write } from '../store/fhir-store.ts';
import type { Answer, Call, FhirDeps } from './call.ts';
import { eachConcerned } from './concerned.ts';
import { isId } from './read.ts';
import { danglingReferences } from './references.ts';

/**
 * POST `Communication/id/$mark-entered-in-error`: the record stays, and says that it is a mistake, why, and who says so
 * (REC-4). Errors: AppError NOT_FOUND, NOT_MARKABLE, RESOURCE_INVALID, PROFILE_INVALID; StoreError.
 */
export async function markEnteredInError(deps: FhirDeps, call: Call): Promise<Answer> {
  const { reason, requester } = await asked(deps, call, await call.json());
  for (let tries = 0; ; tries += 1) {
    const current = isId(call.id) ? await deps.store.read('Communication', call.id) : undefined;
    if (current === undefined) throw new AppError('NOT_FOUND', `Communication/${call.id} is not known.`);
    assertMarkable(current);
    try {
      const [marked] = await deps.store.commit(writesOf(deps, call, current, reason, requester));
      if (marked === undefined) throw new StoreError('unavailable', 'the store did not say what became of a write');
      const done = `Communication/${current.id} is marked as entered in error.`;
      return { kind: 'version', status: 200, resource: marked.resource, done };
    } catch (error) {
      // A receipt, or somebody else's mark, came between the read and the write.
      if (!(error instanceof StoreError && error.code === 'conflict') || tries >= 4) throw error;
    }
  }
}

function assertMarkable({ id, status }: Stored<Communication>): void {
  if (status === 'preparation') {
    throw new AppError(
      'NOT_MARKABLE',
      `The message of Communication/${id} has not gone yet. Revoke its request if it is not to go.`,
    );
  }
  if (status === 'entered-in-error') {
    throw new AppError('NOT_MARKABLE', `Communication/${id} is marked as entered in error already.`);
  }
}

function writesOf(
  deps: FhirDeps,
  { caller, network }: Call,
  current: Stored<Communication>,
  reason: string,
  requester: Reference | undefined,
): Write[] {
  const now = deps.clock.now();
  const reference = `Communication/${current.id}`;
  const marked: Communication & { id: string } = {
    ...current,
    status: 'entered-in-error',
    // What became of it is no mistake, and stays beside the reason.
    statusReason: { ...current.statusReason, text: reason },
  };
  const context = { now, controller: deps.controller, policy: deps.policy };
  const by = { caller, author: requester, activity: 'UPDATE' as const };
  return [
    { op: 'update', resource: marked, ifMatch: current.meta.versionId },
    { op: 'create', resource: provenance(newId(now), [reference], by, context) },
    ...eachConcerned([current]).map(
      (concerned): Write => ({
        op: 'create',
        resource: auditEvent({
          action: 'U',
          subtype: 'update',
          outcome: '0',
          recorded: now,
          caller,
          controller: deps.controller,
          network,
          entities: [reference],
          ...concerned,
        }),
      }),
    ),
  ];
}

async function asked(
  deps: FhirDeps,
  { caller }: Call,
  body: unknown,
): Promise<{ readonly reason: string; readonly requester: Reference | undefined }> {
  if (typeof body !== 'object' || body === null || Reflect.get(body, 'resourceType') !== 'Parameters') {
    throw new AppError('RESOURCE_INVALID', [
      {
        expression: 'resourceType',
        text: 'Send Parameters with a reason, and a requester where the token names nobody.',
      },
    ]);
  }
  const { structure } = deps.validate(body);
  if (structure.length > 0) throw new AppError('RESOURCE_INVALID', structure);
  const parameters = body as Parameters;
  const reasons = named(parameters, 'reason');
  const requesters = named(parameters, 'requester');
  const reason = reasons[0]?.valueString?.trim();
  const requester = requesters[0]?.valueReference as Reference | undefined;
  const type = requester === undefined ? undefined : referenceType(requester);
  const isStaff = type === 'Practitioner' || type === 'PractitionerRole';
  const faults: Fault[] = [
    ...(reasons.length === 1 && reason ? [] : [fault('reason', 'Say why it is a mistake, in one parameter reason.')]),
    ...(requesters.length > 1 || (requesters.length === 1 && !isStaff)
      ? [fault('requester', 'requester takes one reference to a Practitioner or a PractitionerRole.')]
      : []),
    ...(requesters.length === 0 && caller.fhirUser === undefined
      ? [fault('requester', 'This token names nobody: say in requester who marks it (ACC-1).')]
      : []),
    ...(await danglingReferences(deps.store, parameters, {})),
  ];
  if (faults.length > 0 || reason === undefined) throw new AppError('PROFILE_INVALID', faults);
  return { reason, requester };
}

const named = ({ parameter = [] }: Parameters, name: string): ParametersParameter[] =>
  parameter.filter((one) => one.name === name);

const fault = (name: string, text: string): Fault => ({
  expression: `Parameters.parameter.where(name = '${name}')`,
  issue: 'business-rule',
  text,
});
