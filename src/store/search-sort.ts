import type { SQLInputValue } from 'node:sqlite';
import type { Resource } from '@medplum/fhirtypes';
import { linesOf, type Statements } from './schema.ts';
import { allTests, type Driver, everything } from './search-driver.ts';
import { entriesOf } from './search-index.ts';
import type { Query, SortKey } from './search-query.ts';
import { compareTexts, unsupported } from './search-text.ts';
import { sortKeyIn } from './search-words.ts';

type KeyValue = number | string | null;

/** Where a resource stands in the order; resources without a value come last, whichever way the order goes. */
interface Position {
  readonly pk: number;
  readonly keys: readonly KeyValue[];
}

/** So many matches are sorted in memory at most: more would hold up everything else. */
const MAX_SORTED = 50_000;
/** So many may have changed since the first page. */
const MAX_CHANGED = 5_000;

/**
 * One page in the order asked for. The order is that of the moment of the first page (`vid`): whatever is written
 * between two pages keeps the place it had then, so that nothing is skipped and nothing comes twice.
 */
export function sortedPage(
  statements: Statements,
  query: Query,
  driver: Driver,
  at: { readonly vid: number; readonly afterPk: number | undefined },
): number[] {
  const sorter = new Sorter(statements, query, at.vid);
  const after = at.afterPk === undefined ? undefined : sorter.positionThen(at.afterPk);
  if (at.afterPk !== undefined && !after) throw unsupported('cursor', 'was not made for this search');
  const [key] = query.sort;
  const inOrder =
    !driver.few && query.sort.length === 1 && key?.by.kind === 'ranged'
      ? sorter.streamed(key, key.by.group, after)
      : sorter.inMemory(driver, after);
  return inOrder.slice(0, query.count + 1).map(({ pk }) => pk);
}

/** The number of the last write. */
export function latestVid(statements: Statements): number {
  return Number(statements.prepare('SELECT max(vid) AS vid FROM ver').get()?.vid ?? 0);
}

class Sorter {
  readonly #statements: Statements;
  readonly #query: Query;
  readonly #vid: number;

  constructor(statements: Statements, query: Query, vid: number) {
    this.#statements = statements;
    this.#query = query;
    this.#vid = vid;
  }

  inMemory(driver: Driver, after: Position | undefined): Position[] {
    const { sort } = this.#query;
    const keys = sort.map((key, at) => `${columnOf(key)} AS k${at}`);
    const rows = this.#all(
      `SELECT d.pk AS pk, r.vid AS vid, ${keys.join(', ')} FROM (${driver.from.text}) d
       CROSS JOIN res r ON r.pk = d.pk WHERE ${driver.where.text} LIMIT ${MAX_SORTED + 1}`,
      [...groupsOf(sort), ...driver.from.values, ...driver.where.values],
    );
    if (rows.length > MAX_SORTED) throw unsupported('_sort', 'would sort too many matches; narrow the search');
    const positions = rows.flatMap((row): Position[] => {
      if (Number(row.vid) > this.#vid) return [this.positionThen(Number(row.pk)) ?? []].flat();
      return [{ pk: Number(row.pk), keys: sort.map((key, at) => keyValueOf(key, row[`k${at}`] as KeyValue)) }];
    });
    return this.#ordered(positions, after);
  }

  /** Reads the index of the one sort key from where the last page ended. */
  streamed(key: SortKey, group: bigint, after: Position | undefined): Position[] {
    const changed = this.#changed();
    const unchanged: Position[] = [];
    if (after?.keys[0] !== null) unchanged.push(...this.#withKey(key, group, after));
    const missing = this.#query.count + 1 - unchanged.length;
    if (missing > 0) unchanged.push(...this.#withoutKey(key, group, after, missing));
    return this.#ordered([...unchanged, ...changed], after);
  }

  /** `undefined` for what was made later. */
  positionThen(pk: number): Position | undefined {
    const then = this.#statements
      .prepare('SELECT body FROM ver WHERE pk = ? AND vid <= ? ORDER BY version DESC LIMIT 1')
      .get(pk, this.#vid);
    if (!then) return undefined;
    const resource = JSON.parse(String(then.body)) as Resource & { id: string };
    const entries = entriesOf(resource);
    const ranged = [...entries.ranged.values()];
    const keys = this.#query.sort.map(({ by, descending }): KeyValue => {
      if (by.kind === 'id') return resource.id;
      if (by.kind === 'word') return sortKeyIn(linesOf(entries), by.code, descending);
      const values = ranged.filter((one) => one.group === by.name).map((one) => one.low);
      return values.sort((a, b) => (descending ? -compare(a, b) : compare(a, b)))[0] ?? null;
    });
    return { pk, keys };
  }

  #changed(): Position[] {
    const tests = allTests(this.#query);
    const rows = this.#all(
      `SELECT d.pk AS pk FROM (SELECT DISTINCT +pk AS pk FROM ver WHERE vid > ? AND +type = ?) d WHERE ${tests.text} LIMIT ?`,
      [this.#vid, this.#query.resourceType, ...tests.values, MAX_CHANGED + 1],
    );
    if (rows.length > MAX_CHANGED) throw unsupported('cursor', 'is too old: too much has changed; search again');
    return rows.flatMap((row) => this.positionThen(Number(row.pk)) ?? []);
  }

  /** Of several values, the one that comes first in the order places the resource. */
  #withKey({ descending }: SortKey, group: bigint, after: Position | undefined): Position[] {
    const beyond = descending ? '<' : '>';
    const way = descending ? 'DESC' : 'ASC';
    const tests = allTests(this.#query);
    const [low] = after?.keys ?? [];
    const rows = this.#all(
      `SELECT d.pk AS pk, d.low AS low FROM rng d CROSS JOIN res r ON r.pk = d.pk
       WHERE d.p = ? ${after ? `AND (d.low, d.pk) ${beyond} (?, ?)` : ''} AND r.vid <= ? AND NOT EXISTS (
         SELECT 1 FROM rng o WHERE o.pk = d.pk AND o.p = d.p AND (d.low, d.high) ${beyond} (o.low, o.high)
       ) AND ${tests.text} ORDER BY d.low ${way}, d.pk ${way} LIMIT ?`,
      [group, ...(after ? [low ?? null, after.pk] : []), this.#vid, ...tests.values, this.#query.count + 1],
    );
    return rows.map((row) => ({ pk: Number(row.pk), keys: [row.low as KeyValue] }));
  }

  #withoutKey({ descending }: SortKey, group: bigint, after: Position | undefined, limit: number): Position[] {
    const tests = allTests(this.#query);
    const from = everything(this.#query).candidates;
    const beyond = after?.keys[0] === null ? [after.pk] : [];
    const rows = this.#all(
      `SELECT d.pk AS pk FROM (${from.text}) d CROSS JOIN res r ON r.pk = d.pk
       WHERE ${beyond.length > 0 ? `d.pk ${descending ? '<' : '>'} ? AND` : ''} r.vid <= ?
       AND NOT EXISTS (SELECT 1 FROM rng WHERE pk = d.pk AND p = ?) AND ${tests.text}
       ORDER BY d.pk ${descending ? 'DESC' : 'ASC'} LIMIT ?`,
      [...from.values, ...beyond, this.#vid, group, ...tests.values, limit],
    );
    return rows.map((row) => ({ pk: Number(row.pk), keys: [null] }));
  }

  #ordered(positions: readonly Position[], after: Position | undefined): Position[] {
    const before = (a: Position, b: Position): number => comparePositions(this.#query.sort, a, b);
    return positions.filter((one) => !after || before(after, one) < 0).sort(before);
  }

  #all(text: string, values: readonly SQLInputValue[]): Record<string, unknown>[] {
    return this.#statements.prepare(text).all(...values);
  }
}

/** What is read of a row `r` for a key. */
function columnOf({ by, descending }: SortKey): string {
  switch (by.kind) {
    case 'id':
      return 'r.id';
    case 'ranged':
      return `(SELECT ${descending ? 'max' : 'min'}(low) FROM rng WHERE pk = d.pk AND p = ?)`;
    case 'word':
      return '(SELECT lines FROM words WHERE pk = d.pk)';
    default: {
      const never: never = by;
      throw new TypeError(`Unknown key ${String(never)}`);
    }
  }
}

function keyValueOf({ by, descending }: SortKey, column: KeyValue): KeyValue {
  return by.kind === 'word' ? sortKeyIn(String(column ?? ''), by.code, descending) : column;
}

function groupsOf(sort: readonly SortKey[]): bigint[] {
  return sort.flatMap(({ by }) => (by.kind === 'ranged' ? [by.group] : []));
}

function comparePositions(sort: readonly SortKey[], a: Position, b: Position): number {
  for (const [at, { descending }] of sort.entries()) {
    const left = a.keys[at] ?? null;
    const right = b.keys[at] ?? null;
    if (left === null || right === null) {
      if (left !== right) return left === null ? 1 : -1;
    } else {
      const order = compare(left, right);
      if (order !== 0) return descending ? -order : order;
    }
  }
  return sort.at(-1)?.descending ? b.pk - a.pk : a.pk - b.pk;
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return compareTexts(String(a), String(b));
}
