import type { CommunicationRequest } from '@medplum/fhirtypes';
import { AppError, type Fault } from '../errors.ts';
import { inReplyToFaults } from '../inbound/in-reply-to.ts';
import { describeError } from '../log.ts';
import { createdText } from '../send/accept.ts';
import { changedText } from '../send/change.ts';
import { isForGroup } from '../send/gather.ts';
import type { Submitted } from '../send/requests.ts';
import { StoreError } from '../store/fhir-store.ts';
import type { Answer, Call, FhirDeps } from './call.ts';
import { checkIncoming } from './incoming.ts';
import { refusalOutcome } from './outcome.ts';
import { danglingReferences } from './references.ts';
import { versionOf } from './respond.ts';
import { existingMatch, unlessOf, withAddressedId } from './write.ts';

/** POST `CommunicationRequest`: decided, recorded and queued before it is answered (contract 3). */
export async function createRequest(deps: FhirDeps, call: Call): Promise<Answer> {
  const resource = await incoming(deps, call, await call.json());
  const { id: _id, ...content } = resource;
  const unless = unlessOf(deps, call);
  for (let tries = 0; ; tries += 1) {
    const existing = await existingMatch(deps, call, unless);
    if (existing !== undefined) return existing;
    try {
      return submittedAnswer(await orUnavailable(deps, call, () => deps.requests.submit(content, call.caller, unless)));
    } catch (error) {
      // Somebody else made one between the search and the write.
      const isTaken = unless !== undefined && error instanceof AppError && error.code === 'WRITE_CONFLICT';
      if (!isTaken || tries >= 4) throw error;
    }
  }
}

function submittedAnswer(submitted: Submitted): Answer {
  switch (submitted.kind) {
    case 'created':
      return {
        kind: 'version',
        status: 201,
        resource: submitted.resource,
        done: createdText(submitted.decision, submitted.resource.id),
      };
    case 'existing':
      return {
        kind: 'version',
        status: 200,
        resource: submitted.resource,
        done: askedBefore(submitted.resource.id),
      };
    case 'refused':
      return { kind: 'content', status: 422, resource: refusalOutcome(submitted.decision.reasons) };
    default: {
      const never: never = submitted;
      throw new TypeError(`Unknown answer ${String(never)}`);
    }
  }
}

/** PUT `CommunicationRequest/id`: a change of status (contract 2). */
export async function updateRequest(deps: FhirDeps, call: Call): Promise<Answer> {
  const resource = withAddressedId(call, await incoming(deps, call, await call.json()));
  const ifMatch = versionOf(call.header('if-match'));
  const expected = ifMatch === '*' ? undefined : ifMatch;
  const changed = await orUnavailable(deps, call, () => deps.requests.change(resource, expected, call.caller));
  switch (changed.kind) {
    case 'changed':
      return {
        kind: 'version',
        status: 200,
        resource: changed.resource,
        done: changedText(changed.resource.id, changed.resource.status),
      };
    case 'refused':
      return { kind: 'content', status: 422, resource: refusalOutcome(changed.decision.reasons) };
    default: {
      const never: never = changed;
      throw new TypeError(`Unknown answer ${String(never)}`);
    }
  }
}

/** POST `CommunicationRequest/$evaluate`, with the resource itself or `Parameters.resource`. */
export async function evaluateRequest(deps: FhirDeps, call: Call): Promise<Answer> {
  const resource = await incoming(deps, call, parameterResource(await call.json()));
  const answer = await orUnavailable(deps, call, () => deps.requests.evaluate(resource, call.caller));
  return { kind: 'content', status: 200, resource: answer };
}

async function incoming(deps: FhirDeps, call: Call, body: unknown): Promise<CommunicationRequest> {
  const resource = checkIncoming<CommunicationRequest>(deps, call, body);
  await assertAskable(deps, resource);
  return resource;
}

/** What is asked of a request before the rules see it. Errors: AppError PROFILE_INVALID; StoreError. */
export async function assertAskable(deps: Pick<FhirDeps, 'store'>, resource: CommunicationRequest): Promise<void> {
  // It must be as it is stored but for the status. What it points at may have gone, and it is taken back all the same.
  if (resource.status === 'revoked') return;
  if (isForGroup(resource)) throw new AppError('PROFILE_INVALID', [groups]);
  // Whom it is about and for: the rules say what is wrong with those, with the clause. Who asks is read with the facts.
  const leave = ['subject', 'recipient', 'requester'];
  const dangling = await danglingReferences(deps.store, resource, { leave });
  if (dangling.length > 0) throw new AppError('PROFILE_INVALID', dangling);
  const misplaced = await inReplyToFaults(deps.store, resource);
  if (misplaced.length > 0) throw new AppError('PROFILE_INVALID', misplaced);
}

/** What `Prefer: return=OperationOutcome` says of a request whose key was used before. */
export const askedBefore = (id: string): string =>
  `CommunicationRequest/${id} was asked for before; nothing was changed.`;

const groups: Fault = {
  expression: 'CommunicationRequest.subject',
  issue: 'not-supported',
  text: 'Messages to a Group are not in this release. Ask once for each person.',
};

function parameterResource(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Reflect.get(body, 'resourceType') !== 'Parameters') return body;
  const parameters: unknown = Reflect.get(body, 'parameter');
  const named = Array.isArray(parameters) ? parameters.filter((one: unknown) => nameOf(one) === 'resource') : [];
  const [only] = named;
  if (named.length === 1 && typeof only.resource === 'object') return only.resource;
  throw new AppError('RESOURCE_INVALID', [
    {
      expression: 'Parameters.parameter',
      text: 'One parameter called resource is needed, with a CommunicationRequest.',
    },
  ]);
}

const nameOf = (parameter: unknown): unknown =>
  typeof parameter === 'object' && parameter !== null ? Reflect.get(parameter, 'name') : undefined;

/**
 * Contract 3: what could not be decided or kept is 503 and no other 5xx. Whoever asks again with the same key gets
 * the same message, so that asking again is always the right thing to do.
 */
export async function orUnavailable<T>(deps: FhirDeps, call: Pick<Call, 'caller'>, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError || error instanceof StoreError) throw error;
    deps.log.error('request.failed', { requestId: call.caller.requestId, ...describeError(error) });
    throw new AppError('STORE_UNAVAILABLE', 'The request could not be decided or kept; ask again.', { cause: error });
  }
}
