import type { Statements } from './schema.ts';
import type { Sql } from './search-condition.ts';
import { type Criterion, equalTo } from './search-criterion.ts';
import { entry } from './search-index.ts';
import type { Query } from './search-query.ts';

/** Up to here, matches of one criterion are looked at one by one; beyond, rows are read in the order asked for. */
const FEW = 2000;
/** With so few to start from it does not pay to look for fewer. */
const FEW_ENOUGH = 50;

/** Which rows a search starts from, and what is then tested on each. */
export interface Driver {
  /** Selects `pk`. */
  readonly from: Sql;
  /** A condition on `d.pk`; `TRUE` where nothing is left to test. */
  readonly where: Sql;
  /** Are there few rows to start from? */
  readonly few: boolean;
}

/**
 * Starts from the criterion that fewest resources meet; the others are tested row by row. That is what keeps a search
 * for one patient as fast among a million messages as among a thousand.
 */
export function driverOf(statements: Statements, query: Query): Driver {
  // One equality and no order: there is nothing to choose, and counting would cost as much as answering.
  const [only, second] = query.criteria;
  if (only?.candidates && only.candidates.text === ONE_BY_ONE && second === undefined && query.sort.length === 0) {
    return driver(query, only, false);
  }
  let best: Criterion | undefined;
  let size = FEW + 1;
  const quickFirst = [...query.criteria].sort((a, b) => Number(a.slow ?? false) - Number(b.slow ?? false));
  for (const criterion of quickFirst) {
    const { candidates } = criterion;
    if (!candidates || (best && size <= FEW_ENOUGH)) continue;
    const found = countUpTo(statements, candidates, size);
    if (best && found >= size) continue;
    best = criterion;
    size = found;
  }
  return driver(query, best ?? everything(query), size <= FEW);
}

/** Starts from rows that come in the order of `pk` by themselves, so that a page can be read without the rest. */
export function orderedDriverOf(query: Query, chosen: Driver): Driver {
  if (chosen.few || chosen.from.text === ONE_BY_ONE) return chosen;
  return driver(query, everything(query), false);
}

/** Every criterion as a condition on `d.pk`. */
export function allTests(query: Query, except?: Criterion): Sql {
  const tests = query.criteria.filter((one) => one !== except).map((one) => one.test);
  return {
    text: tests.length === 0 ? 'TRUE' : tests.map((one) => one.text).join(' AND '),
    values: tests.flatMap((one) => one.values),
  };
}

/** Every resource of the type. */
export function everything(query: Query): Criterion & { readonly candidates: Sql } {
  const { candidates, test } = equalTo([entry.type(query.resourceType)]);
  return { candidates: candidates ?? test, test };
}

const ONE_BY_ONE = equalTo(['']).candidates?.text;

function driver(query: Query, start: Criterion, few: boolean): Driver {
  return { from: start.candidates ?? start.test, where: allTests(query, start), few };
}

function countUpTo(statements: Statements, { text, values }: Sql, limit: number): number {
  const counted = statements.prepare(`SELECT count(*) AS n FROM (${text} LIMIT ?)`).get(...values, limit);
  return Number(counted?.n ?? 0);
}
