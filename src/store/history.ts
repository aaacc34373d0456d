import { fingerprintOf, readCursor, writeCursor } from './cursor.ts';
import type { HistoryOptions, SearchPage, Stored } from './fhir-store.ts';
import type { Statements } from './schema.ts';
import { spanOf } from './search-date.ts';
import { MAX_COUNT } from './search-query.ts';
import { unsupported } from './search-text.ts';

const DEFAULT_COUNT = 50;

/**
 * Versions of one resource or of a type, newest first. A version never changes its place, so pages cannot shift.
 * Errors: StoreError `unsupported-search` for a `_since` or a cursor that is none.
 */
export function historyPage(statements: Statements, resourceType: string, options: HistoryOptions): SearchPage {
  const { id, since, cursor } = options;
  const count = Math.min(options.count ?? DEFAULT_COUNT, MAX_COUNT);
  const fingerprint = fingerprintOf(['history', resourceType, id, since]);
  const [time, vid] = cursor === undefined ? [] : readCursor(fingerprint, cursor, 2);
  const before = time === undefined || vid === undefined ? [] : [instant(time), vid];
  const [where, key] = id === undefined ? ['type = ?', resourceType] : ['pk = ?', pkOf(statements, resourceType, id)];
  const rows = statements
    .prepare(
      `SELECT vid, updated FROM ver WHERE ${where} AND updated >= ?
       ${before.length > 0 ? 'AND (updated, vid) < (?, ?)' : ''} ORDER BY updated DESC, vid DESC LIMIT ?`,
    )
    .all(key, sinceOf(since), ...before, count + 1);
  const read = statements.prepare('SELECT body FROM ver WHERE vid = ?');
  const page = rows.slice(0, count);
  const last = page.at(-1);
  const more = last !== undefined && rows.length > count;
  return {
    matches: page.map((row) => JSON.parse(String(read.get(Number(row.vid))?.body))),
    included: [],
    ...(more ? { next: writeCursor(fingerprint, [Date.parse(String(last.updated)), Number(last.vid)]) } : {}),
  };
}

/** Rewrites every version but the current one; its number, its time and its place stay. */
export function redactVersions(statements: Statements, pk: number, rewrite: (version: Stored) => Stored): void {
  const rows = statements
    .prepare('SELECT vid, body FROM ver WHERE pk = ? AND vid <> (SELECT vid FROM res WHERE res.pk = ver.pk)')
    .all(pk);
  const write = statements.prepare('UPDATE ver SET body = ? WHERE vid = ?');
  for (const { vid, body } of rows) {
    const before = JSON.parse(String(body)) as Stored;
    const after = JSON.stringify({ ...rewrite(before), id: before.id, meta: before.meta });
    if (after !== body) write.run(after, Number(vid));
  }
}

/** The JSON of one version; `undefined` when there is none. */
export function versionOf(statements: Statements, pk: number, version: number): string | undefined {
  const row = statements.prepare('SELECT body FROM ver WHERE pk = ? AND version = ?').get(pk, version);
  return row === undefined ? undefined : String(row.body);
}

/** Rows are numbered from 1: 0 is nobody's. */
export function pkOf(statements: Statements, resourceType: string, id: string): number {
  return Number(statements.prepare('SELECT pk FROM res WHERE type = ? AND id = ?').get(resourceType, id)?.pk ?? 0);
}

function sinceOf(since: string | undefined): string {
  if (since === undefined) return '';
  const span = spanOf(since);
  if (!span) throw unsupported('_since', 'has a value that is no date');
  return instant(span.start);
}

/** As `updated` is written. */
function instant(time: number): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) throw unsupported('cursor', 'was not made for this search');
  return date.toISOString();
}
