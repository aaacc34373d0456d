import { fingerprintOf, readCursor, writeCursor } from './cursor.ts';
import type { HistoryOptions, SearchPage } from './fhir-store.ts';
import type { Statements } from './schema.ts';
import { spanOf } from './search-date.ts';
import { MAX_COUNT } from './search-query.ts';
import { unsupported } from './search-text.ts';

const DEFAULT_COUNT = 50;

/**
 * Versions of one resource or of a type, newest first. Each write has its own number, so pages cannot shift.
 * Errors: StoreError `unsupported-search` for a `_since` or a cursor that is none.
 */
export function historyPage(statements: Statements, resourceType: string, options: HistoryOptions): SearchPage {
  const { id, since, cursor } = options;
  const count = Math.min(options.count ?? DEFAULT_COUNT, MAX_COUNT);
  const fingerprint = fingerprintOf(['history', resourceType, id, since]);
  const [before = Number.MAX_SAFE_INTEGER] = cursor === undefined ? [] : readCursor(fingerprint, cursor, 1);
  const [where, key] = id === undefined ? ['type = ?', resourceType] : ['pk = ?', pkOf(statements, resourceType, id)];
  const condition = `${where} AND seq < ? AND updated >= ?`;
  const values = [key, before, sinceOf(since)];
  const rows = statements
    .prepare(
      `SELECT seq, pk, version FROM res WHERE ${condition} UNION ALL SELECT seq, pk, version FROM hist WHERE ${condition}
       ORDER BY seq DESC LIMIT ?`,
    )
    .all(...values, ...values, count + 1);
  const page = rows.slice(0, count);
  const last = page.at(-1);
  const next = last && rows.length > count ? { next: writeCursor(fingerprint, [Number(last.seq)]) } : {};
  const matches = page.map((row) => JSON.parse(versionOf(statements, Number(row.pk), Number(row.version)) ?? 'null'));
  return { matches, included: [], ...next };
}

/** The JSON of one version; `undefined` when there is none. */
export function versionOf(statements: Statements, pk: number, version: number): string | undefined {
  const row =
    statements.prepare('SELECT body FROM res WHERE pk = ? AND version = ?').get(pk, version) ??
    statements.prepare('SELECT body FROM hist WHERE pk = ? AND version = ?').get(pk, version);
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
  return new Date(span.start).toISOString();
}
