import { auditEvent } from '../audit.ts';
import type { Caller } from '../auth/caller.ts';
import { AppError } from '../errors.ts';
import { describeError } from '../log.ts';
import type { FhirDeps } from './call.ts';

/** Who was turned away, and from what. */
export interface TurnedAway {
  /** Absent: nobody was let in. */
  readonly caller?: Caller;
  readonly requestId: string;
  readonly network: { readonly client: string; readonly server: string };
  /** `Type/id`. */
  readonly entity?: string;
}

/**
 * ACC-2: whoever is turned away is recorded, wherever the refusal came from; any other error is nothing to this. A
 * refusal stays one when it cannot be recorded; then the log has it.
 */
export async function auditRefusal(deps: FhirDeps, error: unknown, who: TurnedAway): Promise<void> {
  const code = error instanceof AppError ? error.code : undefined;
  if (code !== 'ROLE_INSUFFICIENT' && code !== 'TOKEN_MISSING' && code !== 'TOKEN_REJECTED') return;
  const { requestId, caller } = who;
  const forbidden = code === 'ROLE_INSUFFICIENT' && caller !== undefined;
  const event = auditEvent({
    action: 'E',
    subtype: forbidden ? 'forbidden' : 'login',
    outcome: '4',
    recorded: deps.clock.now(),
    caller: forbidden ? caller : { client: 'unknown', requestId },
    controller: deps.controller,
    network: who.network,
    ...(who.entity === undefined ? {} : { entities: [who.entity] }),
  });
  await deps.store.commit([{ op: 'create', resource: event }]).catch((failure: unknown) => {
    deps.log.error('audit.failed', { requestId, code, ...describeError(failure) });
  });
}
