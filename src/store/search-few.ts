import type { Statements } from './schema.ts';
import { allTests } from './search-driver.ts';
import type { Query } from './search-query.ts';

/** With more to start from than this, it pays to choose where to start. */
const FEW = 20;

/** A match, and its current JSON. */
export interface FewMatch {
  readonly pk: number;
  readonly body: string;
}

/**
 * All matches, newest first, of a search that has a criterion which few resources meet: nearly every search about one
 * person is such a one, and most of them find nothing. `undefined` where it is not so, or where an order or a total is
 * asked for: then the search is to be answered in the other way.
 */
export function fewMatches(statements: Statements, query: Query): readonly FewMatch[] | undefined {
  if (query.total || query.sort.length > 0) return undefined;
  const start = query.criteria.find((one) => one.candidates !== undefined && one.slow !== true);
  if (start?.candidates === undefined) return undefined;
  const { text, values } = start.candidates;
  // A limit that is bound instead of written out doubles what so small a statement costs.
  const rows = statements.prepare(`${text} LIMIT ${FEW + 1}`).all(...values);
  if (rows.length === 0) return [];
  if (rows.length > FEW) return undefined;
  const pks = rows.map((row) => Number(row.pk)).sort((a, b) => b - a);
  const tests = allTests(query, start);
  const read = statements.prepare(
    `SELECT v.body AS body FROM res d CROSS JOIN ver v ON v.vid = d.vid WHERE d.pk = ? AND ${tests.text}`,
  );
  return pks.flatMap((pk): FewMatch[] => {
    const row = read.get(pk, ...tests.values);
    return row === undefined ? [] : [{ pk, body: String(row.body) }];
  });
}
