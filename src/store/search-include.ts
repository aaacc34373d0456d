import type { Stored, StoreError } from './fhir-store.ts';
import type { Statements } from './schema.ts';
import { equalTo } from './search-criterion.ts';
import { entry } from './search-index.ts';
import { pointedAt, pointersTo } from './search-link.ts';
import type { Include, Query } from './search-query.ts';
import { unsupported } from './search-text.ts';
import { form } from './search-value.ts';

/** More than this would be an answer cut short, so it is refused instead. */
const MAX_INCLUDED = 1000;

/**
 * What `_include` and `_revinclude` bring along, each resource once and none that is a match already; with `:iterate`,
 * also what they bring along from what was brought along, until there is no more (R4 search, 3.1.1.5.4).
 */
export function includedWith(statements: Statements, query: Query, matches: readonly Stored[]): Stored[] {
  if (query.includes.length === 0 && query.revincludes.length === 0) return [];
  const found = new Map<string, Stored>();
  const already = new Set(matches.map(addressOf));
  let fresh = matches;
  for (let round = 0; fresh.length > 0; round += 1) {
    const isDue = ({ iterate }: Include): boolean => iterate || round === 0;
    const brought: Stored[] = [];
    const add = (name: string, resources: readonly Stored[]): void => {
      for (const resource of resources) {
        const address = addressOf(resource);
        if (already.has(address) || found.has(address)) continue;
        found.set(address, resource);
        brought.push(resource);
        if (found.size > MAX_INCLUDED) throw tooMany(name);
      }
    };
    for (const { source, code, target } of query.includes.filter(isDue)) {
      for (const one of fresh.filter(({ resourceType }) => resourceType === source))
        add('_include', pointedAt(statements, one, code, target));
    }
    for (const include of query.revincludes.filter(isDue)) add('_revinclude', pointingAt(statements, include, fresh));
    fresh = brought;
  }
  return [...found.values()];
}

function pointingAt(statements: Statements, { source, code, target }: Include, fresh: readonly Stored[]): Stored[] {
  const targets = fresh.filter(({ resourceType }) => target === undefined || resourceType === target);
  if (targets.length === 0) return [];
  const texts = targets.flatMap(pointersTo).map((text) => entry.equals(source, code, form.reference(text)));
  const { candidates, test } = equalTo(texts);
  const { text, values } = candidates ?? test;
  const rows = statements
    .prepare(
      `SELECT v.body AS body FROM (${text} LIMIT ?) d CROSS JOIN res r ON r.pk = d.pk CROSS JOIN ver v ON v.vid = r.vid`,
    )
    .all(...values, MAX_INCLUDED + 1);
  if (rows.length > MAX_INCLUDED) throw tooMany('_revinclude');
  return rows.map((row) => JSON.parse(String(row.body)));
}

function tooMany(name: string): StoreError {
  return unsupported(name, 'brings too many resources; ask for a smaller page, or along fewer references');
}

function addressOf({ resourceType, id }: Stored): string {
  return `${resourceType}/${id}`;
}
