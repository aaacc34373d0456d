import { join } from 'node:path';
import type { AuditEvent, Communication, CommunicationRequest, Provenance, Task } from '@medplum/fhirtypes';
import { codeSystem, identifierSystem } from '../../src/canonical.ts';
import { systemClock } from '../../src/clock.ts';
import type { QueueStats } from '../../src/jobs/jobs.ts';
import { SqliteJobs } from '../../src/jobs/sqlite-jobs.ts';
import { openDatabase } from '../../src/store/database.ts';
import { openEmbedded } from '../../src/store/embedded.ts';
import { type Stored, searchAll } from '../../src/store/fhir-store.ts';
import type { Asked } from './caller.ts';
import type { RecordServer } from './server.ts';
import type { World } from './world.ts';

/** What must have become of a message in the end. */
export interface Expected {
  readonly asked: Asked;
  /**
   * `returned`: a letter that the post brought back. `refused`: at once, with 422. `withheld`: accepted, and refused or taken back before it went. `unkept`: the caller
   * was told that it was not kept, and did not ask again.
   */
  readonly end: 'delivered' | 'returned' | 'withheld' | 'refused' | 'unkept';
  /** Where it must have gone, as the provider has it. */
  readonly to?: string;
}

/** Its figures are NaN for a run that never came to be compared. */
export interface Comparison {
  /** Requests that were answered 200 or 201. */
  readonly acknowledged: number;
  /** Messages that the provider took. */
  readonly sent: number;
  /** Messages beyond the first for one text. */
  readonly doubled: number;
  /** Acknowledged messages that should have gone, and were not sent or not recorded as delivered. */
  readonly lost: number;
  /** Everything that is not as it must be, doubles and losses included. */
  readonly problems: readonly string[];
}

interface Recorded {
  readonly requests: readonly Stored<CommunicationRequest>[];
  readonly attempts: readonly Stored<Communication>[];
  readonly provenances: readonly Stored<Provenance>[];
  readonly audits: readonly Stored<AuditEvent>[];
  readonly tasks: readonly Stored<Task>[];
  readonly queues: readonly QueueStats[];
}

const outbound = (one: Communication): boolean => codesOf(one).includes('outbound');

/** What the service left behind; it must not be running. */
export async function recorded({ dataDir, server }: World): Promise<Recorded> {
  if (server !== undefined) return recordedOn(server, dataDir);
  const { store, jobs, close } = openEmbedded(join(dataDir, 'herald.sqlite'), { clock: systemClock });
  try {
    return {
      requests: await searchAll(store, 'CommunicationRequest', []),
      attempts: (await searchAll(store, 'Communication', [])).filter(outbound),
      provenances: await searchAll(store, 'Provenance', []),
      audits: await searchAll(store, 'AuditEvent', []),
      tasks: await searchAll(store, 'Task', []),
      queues: await jobs.stats(),
    };
  } finally {
    close();
  }
}

/** The record on the server, without what was taken back, and the queue that is here. */
async function recordedOn(server: RecordServer, dataDir: string): Promise<Recorded> {
  const db = openDatabase(join(dataDir, 'queue.sqlite'));
  try {
    const current = [...new Map((await server.dump()).map((one) => [`${one.resourceType}/${one.id}`, one])).values()];
    const kept = current.filter((one) => !('status' in one && one.status === 'entered-in-error'));
    return {
      requests: kept.filter((one) => one.resourceType === 'CommunicationRequest'),
      attempts: kept.filter((one) => one.resourceType === 'Communication').filter(outbound),
      provenances: kept.filter((one) => one.resourceType === 'Provenance'),
      audits: kept.filter((one) => one.resourceType === 'AuditEvent'),
      tasks: kept.filter((one) => one.resourceType === 'Task'),
      queues: await new SqliteJobs(db, { clock: systemClock }).stats(),
    };
  } finally {
    db.close();
  }
}

const codesOf = ({ category }: Communication): (string | undefined)[] =>
  (category ?? []).flatMap((one) => one.coding ?? []).map((one) => one.code);

/** Holds what callers were told, what was recorded and what the provider took against each other. */
export async function compare(world: World, expected: readonly Expected[]): Promise<Comparison> {
  const problems: string[] = [];
  const record = await recorded(world);
  const { messages, countByReference } = world.simulator.control.ledger();
  const wrong = (is: boolean, text: string): void => void (is && problems.push(text));

  // A text is somebody's message whatever reference it went under: a second one under another is a double as well.
  const sentOf = Map.groupBy(messages, ({ body }) => /Number \d+\./.exec(body)?.[0] ?? 'none');
  const doubled = [...sentOf.values()].reduce((sum, all) => sum + all.length - 1, 0);
  wrong(doubled > 0, `${doubled} sent twice`);
  for (const [reference, count] of Object.entries(countByReference))
    wrong(count > 1, `${reference} sent ${count} times`);
  const attemptIds = new Set(record.attempts.map((one) => one.id));
  for (const { id, reference } of messages) {
    wrong(reference === null || !attemptIds.has(reference), `${id} was sent and is not in the record`);
  }

  let lost = 0;
  for (const one of expected) {
    const { asked } = one;
    const before = problems.length;
    const sent = sentOf.get(asked.marker) ?? [];
    const requests = record.requests.filter((request) => request.identifier?.[0]?.value === asked.key);
    if (one.end === 'refused') {
      wrong(asked.status !== 422, `${asked.key}: answered ${asked.status}`);
      wrong(requests.length > 0 || sent.length > 0, `${asked.key}: refused, and kept or sent`);
      wrong(!refusalOf(record, asked.key), `${asked.key}: refused, and no record of it`);
      continue;
    }
    if (one.end === 'unkept') {
      wrong(requests.length > 0, `${asked.key}: answered ${asked.status}, and kept`);
      wrong(sent.length > 0, `${asked.key}: answered ${asked.status}, and sent`);
      continue;
    }
    wrong(requests.length !== 1 || requests[0]?.id !== asked.id, `${asked.key}: ${requests.length} requests`);
    const attempts = record.attempts.filter(
      (attempt) => attempt.basedOn?.[0]?.reference === `CommunicationRequest/${asked.id}`,
    );
    wrong(attempts.length !== 1, `${asked.key}: ${attempts.length} attempts`);
    const [request] = requests;
    const [attempt] = attempts;
    const delivered = one.end === 'delivered' || one.end === 'returned';
    const ended = one.end === 'returned' ? 'stopped' : delivered ? 'completed' : 'not-done';
    wrong(sent.length !== (delivered ? 1 : 0), `${asked.key}: sent ${sent.length} times`);
    wrong(request?.status !== (delivered ? 'completed' : 'revoked'), `${asked.key}: request ${request?.status}`);
    wrong(attempt?.status !== ended, `${asked.key}: attempt ${attempt?.status}`);
    const [message] = sent;
    if (attempt !== undefined && delivered && message !== undefined) {
      wrong(message.reference !== attempt.id, `${asked.key}: sent under another reference`);
      wrong(
        message.status !== (one.end === 'returned' ? 'returned-letter' : 'delivered'),
        `${asked.key}: the provider has it as ${message.status}`,
      );
      wrong(notifyId(attempt) !== message.id, `${asked.key}: recorded with another id of the provider`);
      wrong(attempt.payload?.[0]?.contentString !== message.body, `${asked.key}: recorded with another text`);
      wrong(one.to !== undefined && message.recipient !== one.to, `${asked.key}: sent to somebody else`);
      wrong(asked.channel === 'letter' && attempt.payload?.length !== 2, `${asked.key}: recorded without its PDF`);
      const checks = record.tasks.filter((task) => task.focus?.reference === `Communication/${attempt.id}`).length;
      wrong(checks !== (one.end === 'returned' ? 1 : 0), `${asked.key}: ${checks} Tasks about it`);
    }
    if (attempt !== undefined) problems.push(...trailProblems(record, asked, attempt, delivered));
    if (delivered && (problems.length > before || sent.length === 0)) {
      const isLost = sent.length === 0 || request?.status !== 'completed' || attempt?.status !== ended;
      if (isLost) lost += 1;
    }
  }

  const ids = new Set(expected.map(({ asked }) => asked.id));
  wrong(
    record.requests.some(({ id }) => !ids.has(id)),
    'a request was kept that nobody was told of',
  );
  for (const { queue, waiting, claimed, dead } of record.queues) {
    wrong(waiting + claimed + dead > 0, `${queue}: ${waiting} jobs wait, ${claimed} in hand, ${dead} dead`);
  }
  const acknowledged = expected.filter(({ asked }) => asked.id !== undefined).length;
  return { acknowledged, sent: messages.length, doubled, lost, problems };
}

/** The trail of an attempt: who asked, what was decided, that it went or why not (REC-1, ACC-2). */
function trailProblems(record: Recorded, asked: Asked, attempt: Stored<Communication>, delivered: boolean): string[] {
  const self = `Communication/${attempt.id}`;
  const origins = record.provenances.filter(({ target }) => target.some((one) => one.reference === self));
  const origin = origins.find(({ target }) =>
    target.some((one) => one.reference === `CommunicationRequest/${asked.id}`),
  );
  const audits = (code: string): number =>
    record.audits.filter(
      (event) =>
        event.subtype?.some((one) => one.system === codeSystem('audit-subtype') && one.code === code) &&
        event.entity?.some((one) => one.what?.reference === self),
    ).length;
  const ends = delivered ? audits('send') : audits('withhold') + audits('revoke');
  return [
    ...(origin === undefined ? [`${asked.key}: no Provenance`] : []),
    ...(audits('decide') === 1 ? [] : [`${asked.key}: ${audits('decide')} decisions audited`]),
    ...(ends === 1 ? [] : [`${asked.key}: ${ends} ends audited`]),
    ...(!delivered && audits('send') > 0 ? [`${asked.key}: not sent, and audited as sent`] : []),
  ];
}

function refusalOf(record: Recorded, key: string): boolean {
  return record.attempts.some((one) => one.status === 'not-done' && one.basedOn?.[0]?.identifier?.value === key);
}

function notifyId({ identifier }: Communication): string | undefined {
  return identifier?.find((one) => one.system === identifierSystem.notifyNotification)?.value;
}
