import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../clock.ts';
import { fingerprintOf, readCursor, writeCursor } from './cursor.ts';
import type { SearchPage, SearchParams, Stored } from './fhir-store.ts';
import { BODY_OF_PK, type Statements, statementsOf } from './schema.ts';
import { type Driver, driverOf, orderedDriverOf } from './search-driver.ts';
import { type FewMatch, fewMatches } from './search-few.ts';
import { includedWith } from './search-include.ts';
import { pointedAt, pointersTo } from './search-link.ts';
import { parseQuery, type Query, type SubSearch } from './search-query.ts';
import { latestVid, sortedPage } from './search-sort.ts';
import { unsupported } from './search-text.ts';
import { resourceOf } from './shared-bodies.ts';

/** A chained search goes on from so many resources at most. */
const MAX_LINKS = 1000;

/** Answers searches from one connection, also from within its transaction. Keeps no data of its own. */
export class SearchRunner {
  readonly #statements: Statements;
  readonly #clock: Clock;

  constructor(sql: DatabaseSync, clock: Clock) {
    this.#statements = statementsOf(sql);
    this.#clock = clock;
  }

  /** Errors: StoreError `unsupported-search`. */
  search(resourceType: string, params: SearchParams, cursor: string | undefined): SearchPage {
    const query = this.#parse(resourceType, params);
    const few = cursor === undefined ? fewMatches(this.#statements, query) : undefined;
    if (few !== undefined) return this.#pageOfFew(query, few, () => fingerprintOf([resourceType, params]));
    const driver = driverOf(this.#statements, query);
    const total = query.total ? { total: this.#count(driver) } : {};
    if (query.count === 0) return { matches: [], included: [], ...total };
    const { pks, next } = this.#page(query, driver, () => fingerprintOf([resourceType, params]), cursor);
    const matches = this.#bodies(pks);
    const included = includedWith(this.#statements, query, matches);
    return { matches, included, ...total, ...(next === undefined ? {} : { next }) };
  }

  #pageOfFew(query: Query, few: readonly FewMatch[], fingerprint: () => string): SearchPage {
    const page = few.slice(0, query.count);
    const matches = page.map(({ body }) => resourceOf(query.resourceType, body));
    const last = few.length > page.length ? page.at(-1) : undefined;
    const included = includedWith(this.#statements, query, matches);
    return { matches, included, ...(last === undefined ? {} : { next: writeCursor(fingerprint(), [last.pk]) }) };
  }

  /** Up to `limit` matches, in no order; settings such as `_count` do not count. */
  firstMatches(resourceType: string, params: SearchParams, limit: number): Stored[] {
    const { from, where } = driverOf(this.#statements, this.#parse(resourceType, params));
    const rows = this.#statements
      .prepare(`SELECT d.pk AS pk FROM (${from.text}) d WHERE ${where.text} LIMIT ?`)
      .all(...from.values, ...where.values, limit);
    return this.#bodies(rows.map((row) => Number(row.pk)));
  }

  #parse(resourceType: string, params: SearchParams): Query {
    return parseQuery(resourceType, params, this.#clock.now(), this.#sub);
  }

  #count({ from, where }: Driver): number {
    const counted = this.#statements
      .prepare(`SELECT count(*) AS n FROM (${from.text}) d WHERE ${where.text}`)
      .get(...from.values, ...where.values);
    return Number(counted?.n ?? 0);
  }

  #page(query: Query, driver: Driver, fingerprint: () => string, cursor: string | undefined): Page {
    const sorted = query.sort.length > 0;
    const [afterPk, then] = cursor === undefined ? [] : readCursor(fingerprint(), cursor, sorted ? 2 : 1);
    const vid = sorted ? (then ?? latestVid(this.#statements)) : 0;
    const pks = sorted
      ? sortedPage(this.#statements, query, driver, { vid, afterPk })
      : this.#newestFirst(query, orderedDriverOf(query, driver), afterPk);
    const page = pks.slice(0, query.count);
    const last = page.at(-1);
    if (last === undefined || pks.length <= query.count) return { pks: page, next: undefined };
    return { pks: page, next: writeCursor(fingerprint(), sorted ? [last, vid] : [last]) };
  }

  /** A row number never changes, and new rows have greater ones: the pages cannot shift. */
  #newestFirst(query: Query, { from, where }: Driver, afterPk: number | undefined): number[] {
    const rows = this.#statements
      .prepare(
        `SELECT d.pk AS pk FROM (${from.text}) d WHERE ${afterPk === undefined ? '' : 'd.pk < ? AND'} ${where.text}
         ORDER BY d.pk DESC LIMIT ?`,
      )
      .all(...from.values, ...(afterPk === undefined ? [] : [afterPk]), ...where.values, query.count + 1);
    return rows.map((row) => Number(row.pk));
  }

  #bodies(pks: readonly number[]): Stored[] {
    const read = this.#statements.prepare(BODY_OF_PK);
    return pks.map((pk) => JSON.parse(String(read.get(pk)?.body)));
  }

  readonly #sub: SubSearch = {
    pointers: (resourceType, params, name) => this.#linked(resourceType, params, name).flatMap(pointersTo),
    referenced: (resourceType, code, params, target, name) => {
      const linked = this.#linked(resourceType, params, name);
      const ids = linked.flatMap((one) => pointedAt(this.#statements, one, code, target).map(({ id }) => id));
      return [...new Set(ids)];
    },
  };

  #linked(resourceType: string, params: SearchParams, name: string): Stored[] {
    const found = this.firstMatches(resourceType, params, MAX_LINKS + 1);
    if (found.length > MAX_LINKS) throw unsupported(name, 'goes through too many resources; narrow the search');
    return found;
  }
}

interface Page {
  readonly pks: readonly number[];
  readonly next: string | undefined;
}
