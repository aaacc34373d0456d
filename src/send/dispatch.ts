import type { Communication, CommunicationRequest } from '@medplum/fhirtypes';
import { auditEvent } from '../audit.ts';
import { backoffMs } from '../jobs/backoff.ts';
import type { Job } from '../jobs/jobs.ts';
import type { Held, JobOutcome } from '../jobs/worker.ts';
import { decide } from '../policy/decide.ts';
import type { Decision } from '../policy/decision.ts';
import type { Provider, ProviderChannel, ProviderNotification, SendResult } from '../providers/provider.ts';
import type { Stored, Write } from '../store/fhir-store.ts';
import {
  type Attempt,
  alertWhenStuck,
  type DispatchDeps,
  hold,
  lost,
  patientOf,
  undeliverable,
  withhold,
  worker,
} from './endings.ts';
import { followUpJob } from './follow-up.ts';
import { canonicalJson } from './ids.ts';
import { acceptedCommunication, withDelivery } from './record.ts';
import { expiresOf, occurrenceOf } from './times.ts';

/**
 * Facts older than this are not acted on: an objection, a withdrawal or a death that was recorded more than two
 * seconds ago is heeded by every provider call (contract 4).
 */
const FACTS_GOOD_FOR_MS = 1_500;

/** Longest wait between two tries at something that may pass: the contract promises five minutes. */
const LONGEST_WAIT_MS = 60_000;

/**
 * Sends one attempt that is due. Repeatable at every point: whatever an earlier run did is found in the record, in
 * the job's note of a begun call, or at the provider under the attempt's reference, before anything is done again.
 */
export async function dispatch(deps: DispatchDeps, job: Job, held: Held): Promise<JobOutcome> {
  const [request, communication] = await Promise.all([
    deps.store.read('CommunicationRequest', job.key),
    deps.store.read('Communication', String(job.data.communication)),
  ]);
  if (request === undefined || communication === undefined) throw new Error('The record of a queued message is gone');
  if (communication.status !== 'preparation') return { kind: 'finish' };
  const attempt: Attempt = { job, request, communication };

  const begun = job.callBegunAt ?? (job.data.settleFrom ? new Date(String(job.data.settleFrom)) : undefined);
  if (begun !== undefined) {
    const settled = await settle(deps, attempt, begun);
    if (settled !== 'not-accepted') return settled;
  }
  if (request.status !== 'active') return { kind: 'finish' };
  const paused = deps.pace.pausedUntil();
  if (paused !== undefined) {
    const runAt = new Date(paused.getTime() + Math.random() * 500);
    return {
      kind: 'retry',
      runAt: beforeExpiry(request, runAt, deps.clock.now()),
      error: 'limit-minute',
      call: 'none',
    };
  }
  const due = occurrenceOf(request);
  if (due !== undefined && due > deps.clock.now()) return { kind: 'retry', runAt: due, error: 'early', call: 'none' };

  const read = { at: deps.clock.now().getTime(), monotonic: deps.monotonic() };
  const facts = await deps.gather(request);
  const decision = decide(facts);
  switch (decision.kind) {
    case 'unknown':
      deps.log.warn('message.undecided', { job: job.key, attempt: job.attempts });
      await alertWhenStuck(deps, attempt, 'a fact that its decision rests on cannot be read');
      return again(deps, job, 'facts-unknown', 'none');
    case 'refuse':
      return withhold(deps, attempt, decision);
    case 'hold':
      return hold(deps, attempt, facts, decision);
    case 'send':
      return send(deps, attempt, decision, held, read);
    default:
      return decision satisfies never;
  }
}

async function send(
  deps: DispatchDeps,
  attempt: Attempt,
  decision: Extract<Decision, { kind: 'send' }>,
  held: Held,
  read: { readonly at: number; readonly monotonic: number },
): Promise<JobOutcome> {
  const { job } = attempt;
  const { delivery } = decision;
  const channel = providerChannel(deps.provider, delivery.channel);
  if (channel === undefined) return again(deps, job, 'no-provider', 'none');

  // The record says what is about to be sent, before it is sent (REC-1).
  const prepared = withDelivery<Communication>(attempt.communication, decision, deps.context.policy);
  let { communication } = attempt;
  if (canonicalJson(prepared) !== canonicalJson(communication)) {
    const [written] = await deps.store.commit([
      { op: 'update', resource: { ...prepared, id: communication.id }, ifMatch: communication.meta.versionId },
    ]);
    communication = written?.resource as Stored<Communication>;
  }

  if (!(await deps.jobs.beginCall(job.lease, deps.clock.now()))) return { kind: 'settled' };
  const result = await deps.provider.send(
    {
      channel,
      to: delivery.to,
      text: delivery.text,
      ...(delivery.subjectLine === undefined ? {} : { subjectLine: delivery.subjectLine }),
      reference: communication.id,
    },
    // Two clocks: the one that never jumps may stand still while the machine sleeps.
    () =>
      held.stillHeld() &&
      deps.monotonic() - read.monotonic < FACTS_GOOD_FOR_MS &&
      Math.abs(deps.clock.now().getTime() - read.at) < FACTS_GOOD_FOR_MS,
  );
  deps.log.info('message.called', { job: job.key, reference: communication.id, channel, outcome: result.kind });
  deps.count(result.kind, channel);
  return recordResult(deps, { ...attempt, communication }, result);
}

async function recordResult(deps: DispatchDeps, attempt: Attempt, result: SendResult): Promise<JobOutcome> {
  const { job } = attempt;
  switch (result.kind) {
    case 'accepted':
      deps.pace.goOn();
      return recordAccepted(deps, attempt, result.notification);
    case 'rejected':
      return undeliverable(deps, attempt, `provider-${result.code}`, rejectionText[result.code]);
    case 'misconfigured':
      deps.log.error('provider.misconfigured', { job: job.key, code: result.code });
      await alertWhenStuck(deps, attempt, 'the provider refuses our key, template or address');
      return again(deps, job, result.code, 'none');
    case 'throttled': {
      const now = deps.clock.now();
      if (result.until === 'minute') deps.pace.slowDown();
      const runAt = result.until === 'day' ? nextUtcDay(now) : (deps.pace.pausedUntil() ?? now);
      return {
        kind: 'retry',
        runAt: beforeExpiry(attempt.request, runAt, now),
        error: `limit-${result.until}`,
        call: 'none',
      };
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
 * until it is certain that nobody took it, which is after the provider's quiet period.
 */
async function settle(deps: DispatchDeps, attempt: Attempt, begun: Date): Promise<JobOutcome | 'not-accepted'> {
  const { job, communication } = attempt;
  const asked = deps.clock.now();
  const waited = asked.getTime() - begun.getTime();
  const found = await deps.provider.findByReference(communication.id, lastChannel(communication));
  switch (found.kind) {
    case 'several':
      deps.log.error('message.doubled', { job: job.key, reference: communication.id, count: found.count });
      deps.count('doubled', lastChannel(communication));
      return recordAccepted(deps, attempt, found.notification);
    case 'found':
      return recordAccepted(deps, attempt, found.notification);
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
      return 'not-accepted';
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
      { kind: 'add', job: followUpJob(communication.id, now, now) },
    ],
  });
  return { kind: 'settled' };
}

function again(deps: DispatchDeps, job: Job, error: string, call: 'none' | 'uncertain'): JobOutcome {
  const delayMs = backoffMs(job.attempts, { baseMs: 500, capMs: LONGEST_WAIT_MS });
  return { kind: 'retry', runAt: new Date(deps.clock.now().getTime() + delayMs), error, call };
}

/** A waiting message wakes up when it expires, so that its end is recorded then and not later. */
function beforeExpiry(request: CommunicationRequest, runAt: Date, now: Date): Date {
  const expires = expiresOf(request);
  return expires !== undefined && expires > now && expires < runAt ? expires : runAt;
}

function nextUtcDay(now: Date): Date {
  // Spread over the first minute: the whole backlog of a day must not knock at midnight.
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1) + Math.random() * 60_000);
}

function providerChannel(provider: Provider, channel: string): ProviderChannel | undefined {
  return provider.channels.find((one) => one === channel);
}

function lastChannel(communication: Communication): ProviderChannel {
  const codes = communication.medium?.flatMap((one) => one.coding ?? []).map((one) => one.code) ?? [];
  return codes.includes('email') ? 'email' : 'sms';
}

const rejectionText = {
  recipient: 'The provider does not accept the contact detail of this person.',
  content: 'The provider does not accept the text of this message.',
  'not-permitted': "The provider's account may not send to this person.",
} as const satisfies Record<Extract<SendResult, { kind: 'rejected' }>['code'], string>;
