import type { RestInteraction } from '../audit.ts';
import type { Role } from '../auth/caller.ts';
import { AppError } from '../errors.ts';
import type { Interaction } from './call.ts';
import { createRequest, evaluateRequest, updateRequest } from './communication-request.ts';
import { expand, validateCode } from './conformance/terminology.ts';
import { historyOfInstance, historyOfType } from './history.ts';
import { read, vread } from './read.ts';
import type { ResourceRoute, ServedType, TypeOperation } from './routes.ts';
import { search } from './search.ts';
import { create, update } from './write.ts';

/** Who may, and what is then done: the same whether it came by an address of its own or within a Bundle. */
export interface Handled {
  readonly roles: readonly Role[];
  readonly run: Interaction;
  /** Stored as it comes, with what its rules put beside it; so it can be one write of a transaction. */
  readonly ordinary?: true;
}

/** `undefined` where the type does not have the interaction. */
export function interactionOf(route: ResourceRoute, name: RestInteraction): Handled | undefined {
  const later = name === 'create' ? notYet[route.type] : undefined;
  if (later !== undefined) return later;
  const roles = route.interactions[name];
  if (roles === undefined) return undefined;
  const own = special[route.type]?.[name];
  return own === undefined ? { roles, run: generic[name], ordinary: true } : { roles, run: own };
}

/** `name` without `$`. */
export function operationOf(route: ResourceRoute, name: string): Handled | undefined {
  const known = Object.entries(route.operations).find(([one]) => one === name);
  return known === undefined ? undefined : { roles: known[1], run: operation[name as TypeOperation] };
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
  expand,
  'validate-code': validateCode,
} as const satisfies Record<TypeOperation, Interaction>;

/** What the contract will have, and this release refuses in words of its own. */
const notYet: Readonly<Partial<Record<ServedType, Handled>>> = {
  Communication: {
    roles: ['epr'],
    run: async () => {
      throw new AppError('PROFILE_INVALID', [
        {
          issue: 'not-supported',
          text: 'Herald writes each Communication itself; one from outside cannot be recorded yet, and nothing was.',
        },
      ]);
    },
  },
};
