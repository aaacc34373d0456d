import type { Communication } from '@medplum/fhirtypes';
import { auditEvent } from '../audit.ts';
import type { JobOutcome } from '../jobs/worker.ts';
import type { ProviderNotification, SendResult } from '../providers/provider.ts';
import type { Write } from '../store/fhir-store.ts';
import { type Attempt, alertWhenStuck, type DispatchDeps, lost, patientOf, undeliverable } from './endings.ts';
import { followUpJob } from './follow-up.ts';
import { again, waitUntil } from './next-try.ts';
import { acceptedCommunication } from './record.ts';
import { tellIfTextChanged } from './template-changed.ts';
import { providerChannelOf } from './tried.ts';
import { worker } from './worker-caller.ts';

/**
 * What became of a call of the provider: put on record as soon as it is known, asked for where it is not. What is
 * returned is awaited first, so that a stack says which step of the work it was in.
 */

/**
 * Writes down what a call of the provider came to, or says when it is tried again. Errors: StoreError; those of the
 * queue.
 */
export async function recordResult(deps: DispatchDeps, attempt: Attempt, result: SendResult): Promise<JobOutcome> {
  const { job } = attempt;
  switch (result.kind) {
    case 'accepted':
      deps.pace.goOn();
      return await recordAccepted(deps, attempt, result.notification);
    case 'rejected':
      return undeliverable(deps, attempt, `provider-${result.code}`, rejectionText[result.code]);
    case 'misconfigured':
      deps.log.error('provider.misconfigured', { job: job.key, code: result.code });
      await alertWhenStuck(deps, attempt, 'the provider refuses our key, template or address');
      return again(deps, job, result.code, 'none');
    case 'throttled': {
      const at = result.until === 'day' ? nextUtcDay(deps.clock.now()) : deps.pace.slowDown();
      return waitUntil(deps, attempt.request, at, `limit-${result.until}`);
    }
    case 'unavailable':
      return again(deps, job, result.code, 'none');
    case 'uncertain':
      return { kind: 'retry', delayMs: 1_000, error: result.code, call: 'uncertain' };
    default:
      return result satisfies never;
  }
}

/**
 * An earlier call of this attempt may have been accepted: the provider is asked by reference, and nothing is sent
 * until it is certain that nobody took it, which is after the provider's quiet period. `begun`: when that call began.
 * Errors: StoreError; those of the queue.
 */
export async function settleCall(deps: DispatchDeps, attempt: Attempt, begun: Date): Promise<JobOutcome> {
  const { job, communication } = attempt;
  const asked = deps.clock.now();
  const waited = asked.getTime() - begun.getTime();
  const found = await deps.provider.findByReference(communication.id, providerChannelOf(communication));
  switch (found.kind) {
    case 'several':
      deps.log.error('message.doubled', { job: job.key, reference: communication.id, count: found.count });
      deps.count('doubled', providerChannelOf(communication));
      return await recordAccepted(deps, attempt, found.notification);
    case 'found':
      return await recordAccepted(deps, attempt, found.notification);
    case 'unavailable':
      return again(deps, job, found.code, 'uncertain');
    case 'none': {
      // What the provider has forgotten cannot be told from what it never had.
      if (waited > deps.provider.retentionMs) return lost(deps, attempt);
      if (waited <= deps.provider.quietPeriodMs) {
        const quietAt = begun.getTime() + deps.provider.quietPeriodMs + 1;
        const runAt = new Date(Math.min(quietAt, asked.getTime() + 5_000));
        return { kind: 'retry', runAt, error: 'unsettled', call: 'uncertain' };
      }
      // Known for certain from now on, so the note of that call goes before anything else can fail.
      return { kind: 'retry', runAt: asked, error: 'not-accepted', call: 'none' };
    }
    default:
      return found satisfies never;
  }
}

async function recordAccepted(
  deps: DispatchDeps,
  attempt: Attempt,
  notification: ProviderNotification,
): Promise<JobOutcome> {
  const { job, communication, request } = attempt;
  const now = deps.clock.now();
  const accepted = acceptedCommunication<Communication & { id: string }>(communication, notification, {
    ...deps.context,
    now,
  });
  await tellIfTextChanged(deps, communication, accepted);
  const writes: Write[] = [
    { op: 'update', resource: accepted, ifMatch: communication.meta.versionId },
    {
      op: 'create',
      resource: auditEvent({
        action: 'E',
        subtype: 'send',
        outcome: '0',
        recorded: now,
        caller: worker,
        controller: deps.context.controller,
        ...patientOf(communication),
        entities: [`Communication/${communication.id}`, `CommunicationRequest/${request.id}`],
        policies: deps.context.policy.lawfulBases.flatMap((one) => (one.url === undefined ? [] : [one.url])),
      }),
    },
  ];
  await deps.commitUnit({
    writes,
    jobs: [
      { kind: 'finish', lease: job.lease },
      { kind: 'add', job: followUpJob(accepted, now, now) },
    ],
  });
  return { kind: 'settled' };
}

function nextUtcDay(now: Date): Date {
  // Spread over the first minute: the whole backlog of a day must not knock at midnight.
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1) + Math.random() * 60_000);
}

const rejectionText = {
  recipient: 'The provider does not accept the contact detail of this person.',
  content: 'The provider does not accept the text of this message.',
  'not-permitted': "The provider's account may not send to this person.",
} as const satisfies Record<Extract<SendResult, { kind: 'rejected' }>['code'], string>;
