import type { Clock } from '../../clock.ts';
import type { JobChange } from '../../jobs/jobs.ts';
import type { SqliteJobs } from '../../jobs/sqlite-jobs.ts';
import { describeError, type Log } from '../../log.ts';
import type { Database } from '../database.ts';
import { type FhirStore, type Stored, StoreError, type Write, type WriteResult } from '../fhir-store.ts';
import type { CommitUnit, Refused, SettleDoubts } from '../unit.ts';
import { type Entry, type Journal, nameOf } from './journal.ts';
import type { RecentStore } from './recent.ts';
import { isCertain, isOwnConflict, type Sequence, uncertain, versionGone } from './sequence.ts';

export interface RemoteUnitsDeps {
  readonly store: FhirStore & Pick<RecentStore, 'remembers'>;
  /** All of the writes without a note of its own in the journal, and what the store then knows of them. */
  readonly writeAll: (writes: readonly Write[]) => Promise<WriteResult[]>;
  readonly db: Database;
  readonly jobs: SqliteJobs;
  readonly journal: Journal;
  readonly sequence: Pick<Sequence, 'finish'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly giveUp: GiveUp;
}

/** Hands over to a person what the server refuses. Repeatable. Errors: StoreError; `unavailable`: it is tried again. */
export type GiveUp = (store: FhirStore, refused: Refused) => Promise<void>;

/** A server may still carry out a call this long after its caller gave up; until then what was undone is looked at again. */
const LATE_FOR_MS = 15 * 60_000;

/** How long it is remembered that a record was taken back. */
const REMEMBERED_FOR_MS = 24 * 60 * 60_000;

/** What the server refuses for certain is asked again ever more rarely, and in the end by a person: after some half hour. */
const REFUSED = { firstMs: 5_000, longestMs: 5 * 60_000, most: 12 } as const;

/** What the server answers no clear word to, though it answers, is asked again after so long, and as often as it takes. */
const TROUBLED_MS = 30_000;

/**
 * Units of work over a server that shares no commit with the queue (docs/adr/0012). A message is promised once its job
 * is in the queue, and the job goes in last: what a crash or a silent server leaves before that was promised to nobody,
 * is in the journal, and is taken back.
 */
export function createRemoteUnits(deps: RemoteUnitsDeps): {
  readonly commitUnit: CommitUnit;
  readonly settleDoubts: SettleDoubts;
} {
  const { store, db, jobs, journal, sequence, clock, log } = deps;
  const applyJobs = async (changes: readonly JobChange[], alongside: () => void = () => {}): Promise<void> => {
    await db.write(() => {
      jobs.apply(changes);
      alongside();
    });
    jobs.announce(changes.flatMap((one) => (one.kind === 'add' ? [one.job] : [])));
  };

  /** A promise to a caller: noted, written, and only then queued. */
  async function promise(writes: readonly Write[], changes: readonly JobChange[]): Promise<WriteResult[]> {
    const entry = await journal.open('undo', writes);
    try {
      const results = await deps.writeAll(writes);
      await applyJobs(changes, () => journal.confirm(entry, writes));
      return results;
    } catch (error) {
      const certain = isCertain(error) && !(await isOwnConflict(error, store, writes));
      if (certain) await journal.close(entry);
      else await journal.doubt(entry);
      throw certain ? error : uncertain(error);
    } finally {
      journal.letGo(entry);
    }
  }

  /** A step of work that is found and taken up again by itself if it breaks off anywhere. */
  async function step(writes: readonly Write[], changes: readonly JobChange[]): Promise<WriteResult[]> {
    // An attempt without its job is found by the sweep. A follow-up would be missed by nobody, so it goes in first:
    // without its record it finds nothing to do.
    const isFollowUp = (one: JobChange): boolean => one.kind === 'add' && one.job.queue === 'follow-up';
    const before = changes.filter(isFollowUp);
    const after = changes.filter((one) => !isFollowUp(one));
    if (before.length > 0) await applyJobs(before);
    const results = await store.commit(writes);
    if (after.length > 0) await applyJobs(after);
    return results;
  }

  /** Entries that are being settled: whoever else asks waits for that. */
  const settling = new Map<number, Promise<void>>();

  function settle(entry: Entry): Promise<void> {
    const running = settling.get(entry.id) ?? settleNow(entry).finally(() => settling.delete(entry.id));
    settling.set(entry.id, running);
    return running;
  }

  /** Looks at what is there now: one that is being settled may have been looked at before. */
  async function settleAnew(entry: Entry): Promise<void> {
    await settling.get(entry.id)?.catch(() => {});
    await settle(entry);
  }

  async function settleNow(entry: Entry): Promise<void> {
    // Settled with another meanwhile.
    if (!journal.has(entry.id)) return;
    if (entry.intent === 'finish') await sequence.finish(entry);
    else {
      // What was asked for anew meanwhile is another's, who may be about to be told that it is kept.
      await takeBack(store, entry, (one) => journal.owns(entry.id, one) && !journal.isBeingWritten(one));
    }
    if (entry.state === 'undone') return;
    if (entry.intent === 'undo') await journal.undone(entry);
    log.warn('doubt.settled', { count: entry.writes.length, code: entry.intent });
  }

  /** One that the server will not have settled must not keep the others waiting, nor be asked for without end. */
  async function settleAny(entry: Entry): Promise<void> {
    try {
      await settle(entry);
    } catch (error) {
      const refused = isCertain(error);
      // A server that does not answer keeps all of them; one that does has trouble with this one alone.
      if (!refused) await store.ping();
      const refusals = entry.refusals + (refused ? 1 : 0);
      const waitMs = refused ? Math.min(REFUSED.firstMs * 2 ** entry.refusals, REFUSED.longestMs) : TROUBLED_MS;
      await journal.putOff({ id: entry.id, refusals, againAt: new Date(clock.now().getTime() + waitMs) });
      log.error('doubt.unsettled', { ...describeError(error), code: entry.intent, attempt: refusals });
      // What could not be taken back is kept in mind, so that it is never sent; a person takes over what cannot be finished.
      if (refused && refusals >= REFUSED.most) await handOver(entry);
    }
  }

  async function handOver({ id, intent, writes }: Entry): Promise<void> {
    for (const { resource } of writes) log.error('doubt.given-up', { code: intent, reference: nameOf(resource) });
    try {
      await deps.giveUp(store, { intent, writes });
    } catch (error) {
      if (!isCertain(error)) throw error;
      log.error('doubt.not-handed-over', describeError(error));
    }
    if (intent === 'finish') await journal.close(id);
  }

  return {
    async commitUnit({ writes, jobs: changes = [], inDoubt = 'stand' }) {
      // What is taken back must not be sent meanwhile; if it cannot be taken back after all, it goes on.
      const stopped = await db.write(() =>
        changes.filter(isRevocation).flatMap((one) => jobs.take(one.queue, one.key)),
      );
      const others = changes.filter((one) => !isRevocation(one));
      try {
        return inDoubt === 'undo' ? await promise(writes, others) : await step(writes, others);
      } catch (error) {
        if (stopped.length > 0) await jobs.add(stopped);
        throw error;
      }
    },

    async settleDoubts(reference) {
      if (reference !== undefined) {
        for (const entry of journal.about(reference)) {
          if (!journal.isInHand(entry.id)) await settleAnew(entry);
          // What is to be finished is a step of our own, and promises nothing to anybody.
          else if (entry.intent === 'undo') throw new StoreError('unavailable', `${reference} is being written`);
        }
        return journal.about(reference).some((one) => one.intent === 'undo');
      }
      const now = clock.now().getTime();
      for (const entry of journal.entries().filter((one) => !journal.isInHand(one.id))) {
        const age = now - entry.createdAt.getTime();
        const keptFor = entry.intent === 'undo' ? REMEMBERED_FOR_MS : LATE_FOR_MS;
        if (entry.state === 'undone' && age > keptFor) await journal.close(entry.id);
        else if ((entry.state !== 'undone' || age < LATE_FOR_MS) && entry.againAt.getTime() <= now) {
          await settleAny(entry);
        }
      }
      return journal.entries().some((one) => one.intent === 'undo');
    },
  };
}

/** The cancelling of a message, which must take hold before its record says so. */
function isRevocation(change: JobChange): change is Extract<JobChange, { kind: 'cancel' }> {
  return change.kind === 'cancel' && change.queue === 'dispatch';
}

/** What of a promise is visible to people, and can be marked; the audit of the attempt stays true. */
const takenBack = ['CommunicationRequest', 'Communication', 'Task'] as const;
type TakenBack = (typeof takenBack)[number];

const notKept = {
  text: 'The system of record did not confirm this in time, so it was not promised to anybody and nothing was sent.',
} as const;

/**
 * Marks what is there of a promise that was never made (contract 3: 503). Repeatable. `isStillOurs` is asked once the
 * record has been read: what was read was then written by this entry, or by one that is known. Errors: StoreError.
 */
async function takeBack(
  store: FhirStore,
  entry: Entry,
  isStillOurs: (resource: Write['resource']) => boolean,
): Promise<void> {
  for (const write of entry.writes) {
    const { id } = write.resource;
    const type = takenBack.find((one) => one === write.resource.resourceType);
    if (type === undefined) continue;
    const current = await store.read(type, id);
    if (current === undefined || current.status === 'entered-in-error' || !isStillOurs(write.resource)) continue;
    if (write.op === 'create') {
      await mark(store, current, { ...current, status: 'entered-in-error', statusReason: notKept });
    } else if (write.ifMatch !== undefined && current.meta.versionId !== write.ifMatch) {
      await putBack(store, type, current, write.ifMatch, write.resource);
    }
  }
}

/** The version before ours, where ours is what is there now. Errors: StoreError `rejected` where that is gone. */
async function putBack(
  store: FhirStore,
  type: TakenBack,
  current: Stored,
  versionId: string,
  ours: Write['resource'],
): Promise<void> {
  const status = (one: object): unknown => ('status' in one ? one.status : undefined);
  if (status(current) !== status(ours)) return;
  const before = await store.vread(type, current.id, versionId);
  if (before === undefined) throw versionGone(current);
  await mark(store, current, before);
}

async function mark(store: FhirStore, current: Stored, resource: Write['resource']): Promise<void> {
  await store.commit([{ op: 'update', resource, ifMatch: current.meta.versionId }]);
}
