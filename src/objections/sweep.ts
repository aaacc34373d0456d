import type { Consent } from '@medplum/fhirtypes';
import { auditEvent } from '../audit.ts';
import { describeError } from '../log.ts';
import { hourly, sweepConsents } from '../send/consent-sweep.ts';
import { objectionCategory } from '../send/gather-objections.ts';
import { worker } from '../send/worker-caller.ts';
import { type Stored, StoreError, type Write } from '../store/fhir-store.ts';
import type { ObjectionDeps } from './deps.ts';
import { objectionWrites } from './follow.ts';
import { forgetRemoved } from './forget.ts';
import { isRemoving, withRemoved } from './removal.ts';

/** For the service's sweeper: see `hourly`. Answers how many objections had something left to do. Errors: StoreError. */
export function createObjectionSweeper(deps: ObjectionDeps): () => Promise<number> {
  return hourly(deps.clock, (changedSince) => sweepObjections(deps, changedSince));
}

/**
 * Brings what follows from objections in step with them: ends the Flags of those that ended by time, makes right what was
 * written past Herald (an objection, a removed contact detail), and finishes what a crash cut short. Repeating it changes
 * nothing. Errors: StoreError.
 */
export async function sweepObjections(deps: ObjectionDeps, changedSince?: Date): Promise<number> {
  const of = { category: objectionCategory, status: 'active,proposed' };
  const done = await sweepConsents(deps.store, of, changedSince, async (consents) => {
    let count = 0;
    for (const one of consents) count += await keptInStep(deps, one);
    return count;
  });
  if (done > 0) deps.log.info('objections.followed', { count: done });
  return done;
}

/**
 * The same for one objection right after it was written, for what is not in its commit: earlier versions, and what others
 * wrote meanwhile (OBJ-8). It is durable by now, so that a failure is logged and not answered: the sweep tries again.
 */
export async function finishRemoval(deps: ObjectionDeps, consent: Stored<Consent>): Promise<void> {
  if (!isRemoving(consent, deps.clock.now())) return;
  try {
    await keptInStep(deps, consent);
  } catch (error) {
    deps.log.error('objection.history-not-purged', { resourceId: consent.id, ...describeError(error) });
  }
}

/** Somebody else's change of the same records goes first: the next sweep sees it. */
async function keptInStep(deps: ObjectionDeps, found: Stored<Consent>): Promise<number> {
  try {
    const consent = await withRemoved(deps, found, found);
    const own: Write[] = consent === found ? [] : [{ op: 'update', resource: consent, ifMatch: found.meta.versionId }];
    const writes = [...own, ...(await objectionWrites(deps, consent, undefined, found))];
    if (writes.length > 0) await deps.store.commit([...writes, auditOf(deps, consent, writes)]);
    await forgetRemoved(deps, consent);
    return writes.length > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof StoreError) || error.code === 'unavailable') throw error;
    deps.log.warn('objection.not-followed', { resourceId: found.id, ...describeError(error) });
    return 0;
  }
}

function auditOf({ clock, controller }: ObjectionDeps, consent: Consent, writes: readonly Write[]): Write {
  const patient = consent.patient?.reference;
  return {
    op: 'create',
    resource: auditEvent({
      action: 'U',
      subtype: 'update',
      outcome: '0',
      recorded: clock.now(),
      caller: worker,
      controller,
      ...(patient === undefined ? {} : { patient }),
      entities: writes.map(({ resource }) => `${resource.resourceType}/${resource.id}`),
    }),
  };
}
