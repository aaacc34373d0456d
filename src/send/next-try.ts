import type { CommunicationRequest } from '@medplum/fhirtypes';
import { backoffMs } from '../jobs/backoff.ts';
import type { Job } from '../jobs/jobs.ts';
import type { JobOutcome } from '../jobs/worker.ts';
import type { DispatchDeps } from './endings.ts';
import { expiresOf } from './times.ts';

/** When an attempt that did not go now is looked at again. */

/** Longest wait between two tries at something that may pass: the contract promises five minutes. */
const LONGEST_WAIT_MS = 60_000;

/**
 * Tries again after a wait that grows with each try. `error`: a code for the log and the queue; `call`: whether one may
 * have been made.
 */
export function again(
  deps: Pick<DispatchDeps, 'clock'>,
  job: Job,
  error: string,
  call: 'none' | 'uncertain',
): JobOutcome {
  const delayMs = backoffMs(job.attempts, { baseMs: 500, capMs: LONGEST_WAIT_MS });
  return { kind: 'retry', runAt: new Date(deps.clock.now().getTime() + delayMs), error, call };
}

/** A waiting message wakes up when it expires, so that its end is recorded then and not later. */
export function waitUntil(
  deps: Pick<DispatchDeps, 'clock'>,
  request: CommunicationRequest,
  at: Date,
  error: string,
): JobOutcome {
  const expires = expiresOf(request);
  const runAt = expires !== undefined && expires > deps.clock.now() && expires < at ? expires : at;
  return { kind: 'retry', runAt, error, call: 'none' };
}
