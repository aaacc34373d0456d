import type { Communication, CommunicationRequest } from '@medplum/fhirtypes';
import { codeSystem, identifierSystem, structureDefinition, system } from '../canonical.ts';
import type { Clock } from '../clock.ts';
import type { JobChange } from '../jobs/jobs.ts';
import type { Log } from '../log.ts';
import { type NotifyChannel, notifyChannels, type StatusMeaning, statusMeaning } from '../providers/status-map.ts';
import type { FhirStore, Stored, Write } from '../store/fhir-store.ts';
import type { CommitUnit } from '../store/unit.ts';
import type { RecordContext } from './authors.ts';
import { newId } from './ids.ts';
import { reasonConcept } from './record.ts';
import { attemptStatus, isFinal, mayMove } from './status.ts';
import { task } from './tasks.ts';

export interface OutcomeDeps {
  readonly store: FhirStore;
  readonly commitUnit: CommitUnit;
  readonly clock: Clock;
  readonly log: Log;
  readonly context: Omit<RecordContext, 'now'>;
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
  if (from === undefined || !mayMove(from, to)) {
    await deps.commitUnit({ writes: [], jobs: settle });
    return;
  }
  const now = deps.clock.now();
  const moved: Communication & { id: string } = {
    ...communication,
    status: to,
    statusReason: {
      coding: [
        ...(told.meaning.reason === undefined ? [] : [{ system: system.notDoneReason, code: told.meaning.reason }]),
        { system: codeSystem('govuk-notify-status'), code: told.word },
      ],
    },
    ...(told.sentAt === undefined ? {} : { sent: told.sentAt }),
    ...(told.meaning.arrived && told.completedAt !== undefined ? { received: told.completedAt } : {}),
    extension: [
      ...(communication.extension ?? []).filter((one) => one.url !== statusDateUrl),
      { url: statusDateUrl, valueDateTime: told.completedAt ?? now.toISOString() },
    ],
  };
  const writes: Write[] = [{ op: 'update', resource: moved, ifMatch: communication.meta.versionId }];
  if (isFinal(to)) writes.push(...(await endOfRequest(deps, communication, to, told.word)));
  await deps.commitUnit({ writes, jobs: settle });
  deps.count(to, channelOf(communication));
  deps.log.info('message.moved', { reference: communication.id, status: to, providerStatus: told.word });
}

const statusDateUrl = structureDefinition('status-date');

/** The request of an attempt that ended: completed when it went, otherwise undeliverable, with a Task. */
async function endOfRequest(
  deps: OutcomeDeps,
  communication: Stored<Communication>,
  to: string,
  word: string,
): Promise<Write[]> {
  const id = communication.basedOn?.[0]?.reference?.split('/')[1];
  const request = id === undefined ? undefined : await deps.store.read('CommunicationRequest', id);
  if (request === undefined || request.status !== 'active') return [];
  const ifMatch = request.meta.versionId;
  if (to === 'completed') return [{ op: 'update', resource: { ...request, status: 'completed' }, ifMatch }];
  const now = deps.clock.now();
  const text =
    to === 'unknown'
      ? 'The provider never said what became of this message, and no longer keeps its record. It was not sent again.'
      : `The provider could not deliver this message (${word}), and its type allows no other way.`;
  const statusReason = reasonConcept({ code: 'undeliverable', clause: 'PRF-5', text });
  const patient = communication.subject?.reference;
  const check = task(
    newId(now),
    {
      code: 'check-contact',
      focus: `Communication/${communication.id}`,
      text: `${text} Check the person's contact details with them, then ask for the message again if it still matters.`,
      priority: request.priority,
      ...(patient === undefined ? {} : { patient }),
    },
    { ...deps.context, now },
  );
  const ended: CommunicationRequest & { id: string } = { ...request, status: 'revoked', statusReason };
  return [
    { op: 'update', resource: ended, ifMatch },
    { op: 'create', resource: check },
  ];
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
