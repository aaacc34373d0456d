import type { Communication } from '@medplum/fhirtypes';
import { codeSystem, identifierSystem, structureDefinition, system } from '../canonical.ts';
import type { JobChange } from '../jobs/jobs.ts';
import type { Log } from '../log.ts';
import { type NotifyChannel, notifyChannels, type StatusMeaning, statusMeaning } from '../providers/status-map.ts';
import type { Stored, Write } from '../store/fhir-store.ts';
import type { Recall } from '../store/read-ahead.ts';
import type { CommitUnit } from '../store/unit.ts';
import { afterFailure, type Continuation, type FallbackDeps, undeliverable } from './fallback.ts';
import { attemptStatus, isFinal, mayMove } from './status.ts';

export interface OutcomeDeps extends FallbackDeps {
  readonly commitUnit: CommitUnit;
  /** Absent where reading costs no call. */
  readonly recall?: Recall | undefined;
  readonly log: Log;
  readonly count: (outcome: string, channel: string) => void;
}

/** What a status means for the record; `unknown` is our own word for what no provider will ever tell. */
export type Meaning = Omit<StatusMeaning, 'communication'> & {
  readonly communication: StatusMeaning['communication'] | 'unknown';
};

/** What a provider said became of an attempt. */
export interface Told {
  /** The provider's own word. */
  readonly word: string;
  readonly meaning: Meaning;
  readonly sentAt: string | undefined;
  readonly completedAt: string | undefined;
}

/**
 * Writes what the provider told into the record, and ends the request when the attempt ended. Repeats, latecomers and
 * disorder change nothing: an attempt only ever moves forward (see `status.ts`).
 * `settle` are the changes to the queue that belong to it. Errors: StoreError `conflict` when the record moved on
 * meanwhile (read it again).
 */
export async function applyOutcome(
  deps: OutcomeDeps,
  communication: Stored<Communication>,
  told: Told,
  settle: readonly JobChange[],
): Promise<void> {
  const from = attemptStatus(communication.status);
  const to = told.meaning.communication;
  if (communication.status === 'entered-in-error' && isFinal(to)) {
    const next = await endOfMarked(deps, communication, to);
    await deps.commitUnit({ writes: next.writes, jobs: [...settle, ...next.jobs] });
    return;
  }
  if (from === undefined || !mayMove(from, to)) {
    await deps.commitUnit({ writes: [], jobs: settle });
    return;
  }
  const moved = movedOn(communication, told, deps.clock.now());
  const writes: readonly Write[] = [{ op: 'update', resource: moved, ifMatch: communication.meta.versionId }];
  const next = isFinal(to) ? await continuation(deps, communication, to, told.word) : undefined;
  await deps.commitUnit({ writes: [...writes, ...(next?.writes ?? [])], jobs: [...settle, ...(next?.jobs ?? [])] });
  deps.count(to, channelOf(communication));
  deps.log.info('message.moved', { reference: communication.id, status: to, providerStatus: told.word });
}

/** Its record stays as it was marked (REC-4); its request ends all the same, and nothing is sent in its place. */
function endOfMarked(
  deps: OutcomeDeps,
  communication: Stored<Communication>,
  to: Meaning['communication'],
): Promise<Continuation> {
  return to === 'completed'
    ? completedRequest(deps, communication)
    : undeliverable(deps, communication, 'This message did not arrive, and its record is marked as a mistake.');
}

const statusDateUrl = structureDefinition('status-date');

/** The record of an attempt with what the provider told of it. */
export function movedOn(
  communication: Stored<Communication>,
  { word, meaning, sentAt, completedAt }: Told,
  now: Date,
): Communication & { id: string } {
  return {
    ...communication,
    status: meaning.communication,
    statusReason: {
      coding: [
        ...(meaning.reason === undefined ? [] : [{ system: system.notDoneReason, code: meaning.reason }]),
        { system: codeSystem('govuk-notify-status'), code: word },
      ],
    },
    ...(sentAt === undefined ? {} : { sent: sentAt }),
    ...(meaning.arrived && completedAt !== undefined ? { received: completedAt } : {}),
    extension: [
      ...(communication.extension ?? []).filter((one) => one.url !== statusDateUrl),
      { url: statusDateUrl, valueDateTime: completedAt ?? now.toISOString() },
    ],
  };
}

/** How the request goes on when an attempt at it has ended. */
async function continuation(
  deps: OutcomeDeps,
  communication: Stored<Communication>,
  to: string,
  word: string,
): Promise<Continuation> {
  switch (to) {
    case 'completed':
      return completedRequest(deps, communication);
    case 'unknown':
      // It may well have arrived, so nothing else is sent.
      return undeliverable(deps, communication, neverTold);
    default:
      // Somebody at the provider stopped it: what they did not want to go by one way does not go by another.
      if (word === 'cancelled') return undeliverable(deps, communication, cancelled);
      return afterFailure(
        deps,
        communication,
        `The provider could not deliver this message (${word}), and no other way is left.`,
      );
  }
}

const neverTold =
  'The provider never said what became of this message, and no longer keeps its record. It was not sent again.';

const cancelled = 'This message was cancelled at the provider before it went. It was not sent another way.';

/** The request ends with an attempt that went out; one that has ended already stays as it is. Errors: StoreError. */
export async function completedRequest(
  { store, recall }: Pick<OutcomeDeps, 'store' | 'recall'>,
  communication: Stored<Communication>,
): Promise<Continuation> {
  const id = communication.basedOn?.[0]?.reference?.split('/')[1];
  if (id === undefined) return { writes: [], jobs: [] };
  const remembered = recall?.('CommunicationRequest', id);
  // One that we know to be active is ended under its version; if it has another by now, it is read.
  const request = remembered?.status === 'active' ? remembered : await store.read('CommunicationRequest', id);
  if (request === undefined || request.status !== 'active') return { writes: [], jobs: [] };
  const ifMatch = request.meta.versionId;
  return { writes: [{ op: 'update', resource: { ...request, status: 'completed' }, ifMatch }], jobs: [] };
}

/** What the provider's word means for this attempt; `undefined` for a word that is not known. */
export function meaningFor(word: string, communication: Communication): Meaning | undefined {
  const channel = notifyChannels.find((one): one is NotifyChannel => one === channelOf(communication));
  if (channel === undefined) return undefined;
  return statusMeaning(word, channel, communication.status !== 'preparation');
}

/** The provider's own id of an attempt, once it is known. */
export function notificationId(communication: Communication): string | undefined {
  return communication.identifier?.find((one) => one.system === identifierSystem.notifyNotification)?.value;
}

/** Our channel code, for metrics. */
export function channelOf(communication: Communication): string {
  const codings = communication.medium?.flatMap((one) => one.coding ?? []) ?? [];
  return codings.find((one) => one.system === codeSystem('channel'))?.code ?? 'none';
}
