import type { RestInteraction } from '../audit.ts';
import type { Role } from '../auth/caller.ts';
import { AppError } from '../errors.ts';
import type { Interaction } from './call.ts';
import { createRequest, evaluateRequest, updateRequest } from './communication-request.ts';
import { expand, validateCode } from './conformance/terminology.ts';
import { historyOfInstance, historyOfType } from './history.ts';
import { markEnteredInError } from './mark-entered-in-error.ts';
import { masking } from './masked.ts';
import { read, vread } from './read.ts';
import type { OperationName, ResourceRoute, ServedType } from './routes.ts';
import { search } from './search.ts';
import { subjectAccessExport } from './subject-access.ts';
import { withoutDigitalChannel } from './without-digital-channel.ts';
import { create, update } from './write.ts';

/** Who may, and what is then done: the same whether it came by an address of its own or within a Bundle. */
export interface Handled {
  readonly roles: readonly Role[];
  readonly run: Interaction;
  /** Stored as it comes, with what its rules put beside it; so it can be one write of a transaction. */
  readonly ordinary?: true;
  /** Asked for by itself, never within a Bundle. */
  readonly alone?: true;
}

/** `undefined` where the type does not have the interaction. */
export function interactionOf(route: ResourceRoute, name: RestInteraction): Handled | undefined {
  const roles = route.interactions[name];
  if (roles === undefined) return undefined;
  const own = special[route.type]?.[name];
  return own === undefined ? { roles, run: masking(generic[name]), ordinary: true } : { roles, run: masking(own) };
}

/** `name` without `$`. */
export function operationOf(route: ResourceRoute, name: string): Handled | undefined {
  const known = Object.entries(route.operations).find(([one]) => one === name);
  if (known === undefined) return undefined;
  const run = operation[name as OperationName];
  const { roles, alone } = known[1];
  // A copy for the person themselves says by its own rules what it masks (SAR-2).
  const masked = name === 'subject-access-export' ? run : masking(run);
  return { roles, run: masked, ...(alone === undefined ? {} : { alone }) };
}

/** Errors: AppError ROLE_INSUFFICIENT. */
export function assertRole(handled: Handled, role: Role, type: string): void {
  if (handled.roles.includes(role)) return;
  throw new AppError('ROLE_INSUFFICIENT', `The role ${role} may not do this with ${type}.`);
}

const generic = {
  read,
  vread,
  'history-instance': historyOfInstance,
  'history-type': historyOfType,
  'search-type': search,
  create,
  update,
} as const satisfies Record<RestInteraction, Interaction>;

/** Types that are more than stored. */
const special: Readonly<Partial<Record<ServedType, Partial<Record<RestInteraction, Interaction>>>>> = {
  CommunicationRequest: { create: createRequest, update: updateRequest },
};

const operation = {
  evaluate: evaluateRequest,
  'mark-entered-in-error': markEnteredInError,
  'subject-access-export': subjectAccessExport,
  'without-digital-channel': withoutDigitalChannel,
  expand,
  'validate-code': validateCode,
} as const satisfies Record<OperationName, Interaction>;
