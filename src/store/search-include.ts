import type { Resource } from '@medplum/fhirtypes';
import type { Stored } from './fhir-store.ts';
import { BODY_OF_ID, type Statements } from './schema.ts';
import { equalTo } from './search-criterion.ts';
import { entry } from './search-index.ts';
import { evaluate, parametersOf } from './search-parameter.ts';
import type { Include, Query } from './search-query.ts';
import { unsupported } from './search-text.ts';
import { form, formsOf } from './search-value.ts';

/** More than this would be an answer cut short, so it is refused instead. */
const MAX_INCLUDED = 1000;

/** What `_include` and `_revinclude` bring along, each resource once and none that is a match already. */
export function includedWith(statements: Statements, query: Query, matches: readonly Stored[]): Stored[] {
  const found = new Map<string, Stored>();
  const already = new Set(matches.map(referenceTo));
  const add = (resource: Stored): void => {
    if (!already.has(referenceTo(resource))) found.set(referenceTo(resource), resource);
  };
  for (const include of query.includes) for (const one of pointedAt(statements, include, matches)) add(one);
  for (const include of query.revincludes) {
    if (include.target !== undefined && include.target !== query.resourceType) continue;
    for (const one of pointingAt(statements, include, matches)) add(one);
  }
  return [...found.values()];
}

/** Local references (`Type/id`, without version) that a resource holds for a reference parameter. */
export function referencesOf(resource: Resource, code: string): string[] {
  const parameter = parametersOf(resource.resourceType)?.get(code);
  if (!parameter) return [];
  const prefix = form.reference('');
  return formsOf('reference', evaluate(parameter, resource)).map((text) => text.slice(prefix.length));
}

function pointedAt(statements: Statements, { code, target }: Include, matches: readonly Stored[]): Stored[] {
  const read = statements.prepare(BODY_OF_ID);
  const references = new Set(matches.flatMap((match) => referencesOf(match, code)));
  return [...references].flatMap((reference): Stored[] => {
    const [type = '', id = ''] = reference.split('/');
    if (target !== undefined && type !== target) return [];
    const row = read.get(type, id);
    return row ? [JSON.parse(String(row.body))] : [];
  });
}

function pointingAt(statements: Statements, { source, code }: Include, matches: readonly Stored[]): Stored[] {
  const texts = matches.map((match) => entry.equals(source, code, form.reference(referenceTo(match))));
  const { candidates, test } = equalTo(texts);
  const { text, values } = candidates ?? test;
  const rows = statements
    .prepare(
      `SELECT v.body AS body FROM (${text} LIMIT ?) d CROSS JOIN res r ON r.pk = d.pk CROSS JOIN ver v ON v.vid = r.vid`,
    )
    .all(...values, MAX_INCLUDED + 1);
  if (rows.length > MAX_INCLUDED) throw unsupported('_revinclude', 'brings too many resources; ask for a smaller page');
  return rows.map((row) => JSON.parse(String(row.body)));
}

function referenceTo({ resourceType, id }: Stored): string {
  return `${resourceType}/${id}`;
}
