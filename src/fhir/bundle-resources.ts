import type { CommunicationRequest, Identifier, Reference } from '@medplum/fhirtypes';
import type { Role } from '../auth/caller.ts';
import { AppError } from '../errors.ts';
import type { FhirStore, SearchParams } from '../store/fhir-store.ts';
import type { Draft } from '../store/unit.ts';
import type { Writing } from './bundle-items.ts';
import { conditionOf, withLinks } from './bundle-links.ts';
import type { Problems } from './bundle-problems.ts';
import { inGroups } from './bundle-turns.ts';
import type { FhirDeps } from './call.ts';
import { withLiteralPatient } from './people.ts';
import { literalReferences } from './references.ts';
import { mayRead, routeOf } from './routes.ts';
import { parseQuery } from './search-params.ts';
import { conditionFrom, onlyMatch, type WithId } from './write.ts';

/**
 * Puts every resource into the draft and names in each whom and what it points at: references that are searches, and
 * people named by NHS number, are looked for among what is stored and what the same transaction writes.
 */
export async function drafted(
  deps: Pick<FhirDeps, 'base'>,
  writings: readonly Writing[],
  draft: Draft,
  problems: Problems,
): Promise<Writing[]> {
  const put = async (writing: Writing): Promise<void> => {
    // A request that changes stays as it is stored until it is decided.
    if (writing.kind === 'change') return;
    await problems.on(writing.entry, () => draft.put([{ op: 'update', resource: writing.resource }]));
  };
  await inGroups(writings, put);
  await problems.settle();

  const named: Writing[] = [];
  for (const one of writings) {
    const resource = await problems.on(one.entry, async () => {
      const found = await withFound(deps, draft.store, one.entry.call.caller.role, one.resource);
      return one.kind === 'write' ? withLiteralPatient(draft.store, found) : found;
    });
    if (resource === undefined) continue;
    const changed = { ...one, resource };
    if (resource !== one.resource) await put(changed);
    named.push(changed);
  }
  await problems.settle();
  return named;
}

/** Errors: AppError PROFILE_INVALID when a search finds nothing, VERSION_CONFLICT when it finds several. */
async function withFound(
  deps: Pick<FhirDeps, 'base'>,
  store: FhirStore,
  role: Role,
  resource: WithId,
): Promise<WithId> {
  const found = new Map<string, string>();
  for (const { reference, expression } of literalReferences(resource)) {
    const condition = conditionOf(reference);
    if (condition === undefined || found.has(reference)) continue;
    const { type, params } = searchFor(deps, condition, role, expression);
    const match = await onlyMatch(store, type, params);
    if (match === undefined) {
      const text = 'The reference is a search that finds nothing.';
      throw new AppError('PROFILE_INVALID', [{ expression, issue: 'not-found', text }]);
    }
    found.set(reference, `${type}/${match.id}`);
  }
  if (found.size === 0) return resource;
  const linked = withLinks(resource, undefined, (text) => found.get(text));
  return resource.resourceType === 'CommunicationRequest'
    ? withNumbers(resource, linked as CommunicationRequest & WithId)
    : linked;
}

function searchFor(
  deps: Pick<FhirDeps, 'base'>,
  condition: { type: string; query: string },
  role: Role,
  expression: string,
) {
  const route = routeOf(condition.type);
  if (route === undefined) {
    const text = 'The reference is a search of a type that is not kept here.';
    throw new AppError('PROFILE_INVALID', [{ expression, issue: 'not-found', text }]);
  }
  if (!mayRead(role, route.type)) {
    throw new AppError('ROLE_INSUFFICIENT', `The role ${role} may not search ${route.type}.`);
  }
  return { type: route.type, params: conditionFrom(deps, route, role, condition.query) };
}

/**
 * VER-1: a person who was named by number keeps the number beside the reference that it led to, so that the rules hold
 * the one against the other: a search finds numbers too that are no longer the person's.
 */
function withNumbers(
  asked: CommunicationRequest,
  linked: CommunicationRequest & { id: string },
): CommunicationRequest & { id: string } {
  const numbered = (before: Reference | undefined, after: Reference | undefined): Reference | undefined => {
    const condition = conditionOf(before?.reference ?? '');
    const identifier = condition === undefined ? undefined : identifierIn(parseQuery(condition.query));
    return after === undefined || identifier === undefined || after.identifier !== undefined
      ? after
      : { ...after, identifier };
  };
  const subject = numbered(asked.subject, linked.subject) as CommunicationRequest['subject'];
  const recipient = linked.recipient?.map((one, at) => numbered(asked.recipient?.[at], one)) as
    | CommunicationRequest['recipient']
    | undefined;
  return {
    ...linked,
    ...(subject === undefined ? {} : { subject }),
    ...(recipient === undefined ? {} : { recipient }),
  };
}

function identifierIn(params: SearchParams): Identifier | undefined {
  const [name, text = ''] = params[0] ?? [];
  if (params.length !== 1 || name !== 'identifier' || /[\\,]/.test(text)) return undefined;
  const [system, value, ...more] = text.split('|');
  return system && value && more.length === 0 ? { system, value } : undefined;
}
