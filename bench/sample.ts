import { randomUUID } from 'node:crypto';
import type { Communication, Resource } from '@medplum/fhirtypes';
import { idOfKey, newId } from '../src/send/ids.ts';
import type { Embedded } from '../src/store/embedded.ts';

type Identified<T extends Resource = Resource> = T & { id: string };

/**
 * What one message left in the store, version by version, as the commits of its life: when it was accepted, when the
 * provider had taken it, when it had arrived. Taken from a real message of the service, so that the floor writes what
 * the service writes, whatever that is.
 */
export interface Sample {
  readonly accepted: readonly Identified[];
  readonly taken: readonly Identified[];
  readonly arrived: readonly Identified[];
}

/** Rows of one message by table. */
export type RowCounts = Readonly<Record<(typeof tables)[number], number>>;

const tables = ['res', 'ver', 'eq', 'rng'] as const;

/** The row number that the next version will exceed. */
export function lastVersion({ db }: Embedded): number {
  return Number(db.sql.prepare('SELECT max(vid) AS vid FROM ver').get()?.vid ?? 0);
}

/** How many rows each table of the store has. */
export function countRows({ db }: Embedded): RowCounts {
  const count = (table: string): number => Number(db.sql.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);
  return Object.fromEntries(tables.map((table) => [table, count(table)])) as RowCounts;
}

/** Rows that each of `messages` came to. */
export function rowsEach(before: RowCounts, after: RowCounts, messages: number): RowCounts {
  return Object.fromEntries(tables.map((table) => [table, (after[table] - before[table]) / messages])) as RowCounts;
}

/** Everything written since `vid`, which must have been for one message. Errors: Error when it was not. */
export function takeSample({ db }: Embedded, vid: number): Sample {
  const rows = db.sql.prepare('SELECT type, version, body FROM ver WHERE vid > ? ORDER BY vid').all(vid);
  // Each later commit begins with the next version of the record.
  const at = (version: number): number =>
    rows.findIndex((one) => one.type === 'Communication' && one.version === version);
  const [taken, arrived] = [at(2), at(3)];
  if (
    taken < 1 ||
    arrived < taken ||
    rows.filter((one) => one.version === 1 && one.type === 'Communication').length !== 1
  ) {
    throw new Error('The sample is not the life of one message');
  }
  const bodies = rows.map((one) => withoutStamp(JSON.parse(String(one.body)) as Identified));
  return {
    accepted: bodies.slice(0, taken),
    taken: bodies.slice(taken, arrived),
    arrived: bodies.slice(arrived),
  };
}

/** The record at the end of its life. */
export function finalRecord({ arrived }: Sample): Identified<Communication> {
  const found = arrived.find((one) => one.resourceType === 'Communication');
  if (found === undefined) throw new Error('The sample has no record');
  return found as Identified<Communication>;
}

/** Makes further messages of the sample: the same rows under ids of their own, for other people. */
export function copier(sample: Sample, patients: readonly string[]): () => Sample {
  const text = JSON.stringify(sample);
  const request = sample.accepted.find((one) => one.resourceType === 'CommunicationRequest');
  const patient = finalRecord(sample).subject?.reference;
  const key = request?.resourceType === 'CommunicationRequest' ? request.identifier?.[0]?.value : undefined;
  if (request === undefined || patient === undefined || key === undefined) throw new Error('The sample has no request');
  const others = [...new Set(Object.values(sample).flatMap((unit) => unit.map((one: Identified) => one.id)))];
  const known = (finalRecord(sample).identifier ?? []).flatMap((one) => one.value ?? []);
  const foreign = known.filter((one) => !others.includes(one));
  let copies = 0;
  return () => {
    const newKey = randomUUID();
    const swaps: [string, string][] = [
      [key, newKey],
      [request.id, idOfKey(newKey)],
      ...others.filter((one) => one !== request.id).map((one): [string, string] => [one, newId(new Date())]),
      ...foreign.map((one): [string, string] => [one, randomUUID()]),
      [`"${patient}"`, `"${patients[copies % patients.length] ?? patient}"`],
    ];
    copies += 1;
    return JSON.parse(swaps.reduce((all, [from, to]) => all.replaceAll(from, to), text)) as Sample;
  };
}

/** As it was before it was stored. */
export function withoutStamp(resource: Identified): Identified {
  const { versionId: _version, lastUpdated: _updated, ...meta } = resource.meta ?? {};
  const { meta: _meta, ...content } = resource;
  return (Object.keys(meta).length === 0 ? content : { ...content, meta }) as Identified;
}
