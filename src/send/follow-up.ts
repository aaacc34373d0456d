import type { Communication } from '@medplum/fhirtypes';
import type { Job, NewJob } from '../jobs/jobs.ts';
import type { JobOutcome } from '../jobs/worker.ts';
import type { Provider, ProviderNotification } from '../providers/provider.ts';
import type { Stored, Write } from '../store/fhir-store.ts';
import { insteadOfWaiting } from './fallback.ts';
import { nextAsk, patienceWith } from './follow-up-times.ts';
import { lacksDocument, lookForDocument } from './letter-document.ts';
import { applyOutcome, type Meaning, meaningFor, notificationId, type OutcomeDeps } from './outcome.ts';
import { attemptStatus, isFinal } from './status.ts';

const MINUTE = 60_000;

type FollowUpDeps = OutcomeDeps & { readonly provider: Provider };

interface Followed {
  readonly job: Job;
  readonly communication: Stored<Communication>;
  /** The provider's. */
  readonly id: string;
  readonly acceptedAt: Date;
}

const neverTold: Meaning = { communication: 'unknown', final: true, reason: 'unknown', arrived: false };

/** The job that asks the provider what became of an attempt, `acceptedAt` when it was taken. */
export function followUpJob(communication: Communication & { id: string }, acceptedAt: Date, now: Date): NewJob {
  return {
    queue: 'follow-up',
    key: communication.id,
    priority: 5,
    runAt: nextAsk(communication, acceptedAt, now),
    data: { acceptedAt: acceptedAt.toISOString() },
  };
}

/**
 * Asks the provider what became of a message that is still under way, and for the PDF of a letter. Once the provider no
 * longer keeps its record, the outcome is `unknown`, and a person is told; a PDF that could not be had by then is missed
 * by nobody, for the words are on record.
 */
export async function followUp(deps: FollowUpDeps, job: Job): Promise<JobOutcome> {
  const communication = await deps.store.read('Communication', job.key);
  const status = attemptStatus(communication?.status);
  // One that was marked as a mistake while it was under way stays so, but its request ends with it.
  const isMarked = communication?.status === 'entered-in-error';
  if (communication === undefined || (status === undefined && !isMarked)) return { kind: 'finish' };
  const isOver = status !== undefined && isFinal(status);
  const id = notificationId(communication);
  if (isOver && (id === undefined || !lacksDocument(communication))) return { kind: 'finish' };
  if (id === undefined) {
    // The queue knew of its acceptance before the record did: its dispatch has yet to write that down.
    return { kind: 'retry', delayMs: MINUTE, error: 'unrecorded', call: 'none' };
  }
  const followed: Followed = { job, communication, id, acceptedAt: new Date(String(job.data.acceptedAt)) };
  return isOver ? documentAlone(deps, followed) : hear(deps, followed);
}

/** A message that is still under way. */
async function hear(deps: FollowUpDeps, followed: Followed): Promise<JobOutcome> {
  const { job, communication, id } = followed;
  const found = await deps.provider.findById(id);
  switch (found.kind) {
    case 'unavailable':
      return { kind: 'retry', delayMs: 30_000 + Math.random() * 30_000, error: found.code, call: 'none' };
    case 'none': {
      if (!isForgotten(deps, followed)) return later(deps, followed);
      const told = { word: 'no-receipt', meaning: neverTold, sentAt: undefined, completedAt: undefined };
      await applyOutcome(deps, communication, told, [{ kind: 'finish', lease: job.lease }]);
      return { kind: 'settled' };
    }
    case 'found':
    case 'several': {
      const { notification } = found;
      const meaning = meaningFor(notification.status, communication);
      return meaning?.final === true
        ? ended(deps, followed, notification, meaning)
        : underWay(deps, followed, notification);
    }
    default:
      return found satisfies never;
  }
}

async function ended(
  deps: FollowUpDeps,
  followed: Followed,
  notification: ProviderNotification,
  meaning: Meaning,
): Promise<JobOutcome> {
  const { job, communication, id } = followed;
  const wanted = meaning.communication === 'completed' && lacksDocument(communication);
  const looked = wanted ? await lookForDocument(deps, communication, id) : undefined;
  const record = looked?.kind === 'kept' ? looked.communication : communication;
  const goesOn = looked?.kind === 'later' && !isForgotten(deps, followed);
  const told = {
    word: notification.status,
    meaning,
    sentAt: notification.sentAt,
    completedAt: notification.completedAt,
  };
  await applyOutcome(deps, record, told, goesOn ? [] : [{ kind: 'finish', lease: job.lease }]);
  return goesOn ? later(deps, followed) : { kind: 'settled' };
}

async function underWay(
  deps: FollowUpDeps,
  followed: Followed,
  notification: ProviderNotification,
): Promise<JobOutcome> {
  const { communication, id, acceptedAt } = followed;
  if (lacksDocument(communication)) {
    const looked = await lookForDocument(deps, communication, id);
    if (looked.kind === 'kept') await deps.commitUnit({ writes: [writeOf(looked.communication)] });
  }
  const limit = patienceWith(communication);
  if (limit !== undefined && deps.clock.now().getTime() - acceptedAt.getTime() >= limit) {
    const beside = await insteadOfWaiting(deps, communication);
    if (beside.writes.length > 0) {
      await deps.commitUnit(beside);
      deps.log.info('message.slow', { reference: communication.id, providerStatus: notification.status });
    }
  }
  return later(deps, followed);
}

/** A letter of which everything is known but how it looked. */
async function documentAlone(deps: FollowUpDeps, followed: Followed): Promise<JobOutcome> {
  const { job, communication, id } = followed;
  const looked = await lookForDocument(deps, communication, id);
  if (looked.kind === 'later' && !isForgotten(deps, followed)) return later(deps, followed);
  const writes = looked.kind === 'kept' ? [writeOf(looked.communication)] : [];
  if (writes.length === 0) deps.log.warn('letter.no-document', { reference: communication.id });
  await deps.commitUnit({ writes, jobs: [{ kind: 'finish', lease: job.lease }] });
  return { kind: 'settled' };
}

function writeOf(communication: Stored<Communication>): Write {
  return { op: 'update', resource: communication, ifMatch: communication.meta.versionId };
}

/** The provider no longer keeps what it knew: that it finds nothing proves nothing. */
function isForgotten(deps: FollowUpDeps, { acceptedAt }: Followed): boolean {
  return deps.clock.now().getTime() - acceptedAt.getTime() >= deps.provider.retentionMs;
}

function later({ clock }: FollowUpDeps, { communication, acceptedAt }: Followed): JobOutcome {
  return { kind: 'retry', runAt: nextAsk(communication, acceptedAt, clock.now()), error: 'under-way', call: 'none' };
}
