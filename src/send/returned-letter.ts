import type { Communication } from '@medplum/fhirtypes';
import { backoffMs } from '../jobs/backoff.ts';
import type { Job } from '../jobs/jobs.ts';
import type { JobOutcome } from '../jobs/worker.ts';
import { statusMeaning } from '../providers/status-map.ts';
import { type Stored, StoreError } from '../store/fhir-store.ts';
import { attemptForCallback } from './callback-attempt.ts';
import { idOfKey } from './ids.ts';
import { completedRequest, movedOn, notificationId, type OutcomeDeps } from './outcome.ts';
import { attemptStatus } from './status.ts';
import { task } from './tasks.ts';

const WORD = 'returned-letter';

const CHECK_ADDRESS =
  'The post brought this letter back. Check the address with the person and correct it, then ask for the message again if it still matters.';

/**
 * A letter that the post brought back, perhaps weeks after it went: its record becomes `stopped`, the one change that a
 * final one takes, and somebody looks at the address. The request stays `completed`, or becomes so if nobody had heard
 * yet that the letter was posted, so that it does not matter what is heard of first (contract 11).
 */
export async function applyReturnedLetter(deps: OutcomeDeps, job: Job): Promise<JobOutcome> {
  const found = await attemptForCallback(deps, job);
  if (found.kind === 'outcome') return found.outcome;
  const { communication } = found;
  const meaning = statusMeaning(WORD, 'letter', true);
  if (meaning === undefined || !mayComeBack(communication)) return { kind: 'finish' };
  const now = deps.clock.now();
  const patient = communication.subject?.reference;
  const check = task(
    idOfKey(`returned ${communication.id}`),
    {
      code: 'check-contact',
      focus: `Communication/${communication.id}`,
      text: CHECK_ADDRESS,
      priority: communication.priority,
      ...(patient === undefined ? {} : { patient }),
    },
    { ...deps.context, now },
  );
  const told = { word: WORD, meaning, sentAt: undefined, completedAt: undefined };
  const { writes } = await completedRequest(deps, communication);
  try {
    await deps.commitUnit({
      writes: [
        {
          op: 'update',
          resource: movedOn(communication, told, now),
          ifMatch: communication.meta.versionId,
        },
        ...writes,
        { op: 'create', resource: check },
      ],
      jobs: [{ kind: 'finish', lease: job.lease }],
    });
  } catch (error) {
    // Somebody else wrote the same record, or this was done already: look again at once.
    if (!(error instanceof StoreError) || error.code !== 'conflict') throw error;
    return {
      kind: 'retry',
      delayMs: backoffMs(job.attempts, { baseMs: 20, capMs: 5_000 }),
      error: 'conflict',
      call: 'none',
    };
  }
  deps.count('returned', 'letter');
  deps.log.info('letter.returned', { reference: communication.id });
  return { kind: 'settled' };
}

/** It went to the post, as far as anybody knows. One whose outcome is unknown did, if it came back. */
function mayComeBack(communication: Stored<Communication>): boolean {
  const status = attemptStatus(communication.status);
  return (
    notificationId(communication) !== undefined &&
    (status === 'in-progress' || status === 'completed' || status === 'unknown')
  );
}
