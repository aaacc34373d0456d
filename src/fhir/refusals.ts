import { auditEvent } from '../audit.ts';
import type { Caller } from '../auth/caller.ts';
import { AppError } from '../errors.ts';
import { describeError } from '../log.ts';
import type { FhirDeps } from './call.ts';

/** Who was turned away, and from what. */
export interface TurnedAway {
  readonly caller: Caller;
  readonly network: { readonly client: string; readonly server: string };
  /** `Type/id`. */
  readonly entity?: string;
}

/**
 * ACC-2: whoever may not is recorded, wherever the refusal came from; any other error is nothing to this. A refusal stays
 * one when it cannot be recorded; then the log has it. Callers whom nobody knows: see `Unauthenticated`.
 */
export async function auditRefusal(deps: FhirDeps, error: unknown, who: TurnedAway): Promise<void> {
  if (!(error instanceof AppError && error.code === 'ROLE_INSUFFICIENT')) return;
  const event = auditEvent({
    action: 'E',
    subtype: 'forbidden',
    outcome: '4',
    recorded: deps.clock.now(),
    caller: who.caller,
    controller: deps.controller,
    network: who.network,
    ...(who.entity === undefined ? {} : { entities: [who.entity] }),
  });
  await deps.store.commit([{ op: 'create', resource: event }]).catch((failure: unknown) => {
    const { requestId } = who.caller;
    deps.log.error('audit.failed', { requestId, code: error.code, ...describeError(failure) });
  });
}
