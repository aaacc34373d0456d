import type { SearchParams } from './fhir-store.ts';
import { StoreError } from './fhir-store.ts';
import { type Criterion, criterionOf, equalTo, without } from './search-criterion.ts';
import { entry, hashOf } from './search-index.ts';
import { type Parameter, parametersOf } from './search-parameter.ts';
import { alternativesOf, unescapeValue, unsupported } from './search-text.ts';
import { form, isRanged } from './search-value.ts';

const DEFAULT_COUNT = 50;
export const MAX_COUNT = 1000;

/** A search, understood: every name in it is known. */
export interface Query {
  readonly resourceType: string;
  readonly criteria: readonly Criterion[];
  readonly sort: readonly SortKey[];
  readonly count: number;
  readonly total: boolean;
  readonly includes: readonly Include[];
  readonly revincludes: readonly Include[];
}

export interface SortKey {
  readonly by:
    | { readonly kind: 'id' }
    /** The group of the range index that holds the values: its name and the hash of that. */
    | { readonly kind: 'ranged'; readonly name: string; readonly group: bigint }
    /** A token or reference, of which the table of words has the keys. */
    | { readonly kind: 'word'; readonly code: string };
  readonly descending: boolean;
}

/** `Type:parameter:Target` of `_include` and `_revinclude`. */
export interface Include {
  readonly source: string;
  readonly code: string;
  readonly target: string | undefined;
  /** Goes on from what was included, too. */
  readonly iterate: boolean;
}

/** How a search asks another one, for chained parameters and `_has`. */
export interface SubSearch {
  /** The references by which others may point at the matches. */
  pointers(resourceType: string, params: SearchParams, name: string): readonly string[];
  /** Ids of the resources of `target` that the matches point at by the reference parameter `code`. */
  referenced(resourceType: string, code: string, params: SearchParams, target: string, name: string): readonly string[];
}

/** Errors: StoreError `unsupported-search`, naming the parameter. */
export function parseQuery(resourceType: string, params: SearchParams, now: Date, sub: SubSearch): Query {
  if (!parametersOf(resourceType))
    throw new StoreError('unsupported-search', `the resource type ${resourceType} is not kept here`, {
      subject: resourceType,
    });
  const settings = new Settings();
  const criteria: Criterion[] = [];
  const includes: Include[] = [];
  const revincludes: Include[] = [];
  let sort: readonly SortKey[] = [];
  for (const [name, value] of params) {
    if (name === '_include' || name === '_include:iterate') includes.push(includeOf(resourceType, name, value));
    else if (name === '_revinclude' || name === '_revinclude:iterate')
      revincludes.push(includeOf(resourceType, name, value));
    else if (name === '_sort') {
      if (sort.length > 0) throw unsupported(name, 'is given twice');
      sort = sortOf(resourceType, value);
    } else if (Settings.has(name)) settings.set(name, value);
    else criteria.push(criterion(resourceType, name, value, now, sub));
  }
  return { resourceType, criteria, sort, includes, revincludes, ...settings.result() };
}

class Settings {
  readonly #values = new Map<string, string>();

  static has(name: string): boolean {
    return name === '_count' || name === '_total' || name === '_summary';
  }

  set(name: string, value: string): void {
    if (this.#values.has(name)) throw unsupported(name, 'is given twice');
    const known =
      name === '_count' ? /^\d{1,9}$/ : name === '_total' ? /^(none|accurate|estimate)$/ : /^(count|false)$/;
    if (!known.test(value)) throw unsupported(name, 'has a value that is not known');
    this.#values.set(name, value);
  }

  result(): { count: number; total: boolean } {
    const asked = this.#values.get('_summary') === 'count' ? 0 : Number(this.#values.get('_count') ?? DEFAULT_COUNT);
    const total = this.#values.get('_total') ?? 'none';
    return { count: Math.min(asked, MAX_COUNT), total: asked === 0 || total !== 'none' };
  }
}

const NAME = /^([A-Za-z_-]+)(?::([A-Za-z-]+))?(?:\.(.+))?$/;

/** A chain goes through so many other resources at most: each step is a search of its own. */
const MAX_STEPS = 5;

function assertShort(name: string): void {
  if ((name.match(/\.|_has:/g) ?? []).length > MAX_STEPS)
    throw unsupported(name, `goes on for more than ${MAX_STEPS} steps`);
}

function criterion(resourceType: string, name: string, value: string, now: Date, sub: SubSearch): Criterion {
  if (name.startsWith('_has:')) return has(resourceType, name, value, sub);
  const [, code = '', modifier, chained] = NAME.exec(name) ?? [];
  const parameter = parametersOf(resourceType)?.get(code);
  if (!parameter) throw unsupported(name, `is not known for ${resourceType}`);
  if (chained !== undefined) return chain(parameter, name, modifier, chained, value, sub);
  if (code === '_id') return idCriterion(resourceType, name, modifier, value);
  return criterionOf({ resourceType, name, parameter, modifier, value, now });
}

function idCriterion(resourceType: string, name: string, modifier: string | undefined, value: string): Criterion {
  if (modifier === 'missing' && (value === 'true' || value === 'false')) {
    return { test: { text: value === 'true' ? 'FALSE' : 'TRUE', values: [] } };
  }
  if (modifier !== undefined && modifier !== 'not') throw unsupported(name, 'has a modifier that is not known for it');
  const found = withIds(resourceType, alternativesOf(name, value).map(unescapeValue));
  return modifier === 'not' ? without(found) : found;
}

function withIds(resourceType: string, ids: readonly string[]): Criterion {
  const where = `type = ? AND id IN (${ids.map(() => '?').join(', ')})`;
  const values = [resourceType, ...ids];
  return {
    candidates: { text: `SELECT pk FROM res WHERE ${where}`, values },
    test: { text: `EXISTS (SELECT 1 FROM res WHERE pk = d.pk AND ${where})`, values },
  };
}

/** `subject:Patient.identifier=…`: what points at a match of the inner search, which may itself be such a one. */
function chain(
  parameter: Parameter,
  name: string,
  modifier: string | undefined,
  inner: string,
  value: string,
  sub: SubSearch,
): Criterion {
  if (parameter.kind !== 'reference') throw unsupported(name, 'goes on after a parameter that is no reference');
  assertShort(name);
  const [innerCode = ''] = inner.split(/[:.]/);
  const targets = (modifier === undefined ? parameter.targets : [modifier]).filter((type) => {
    const known = parametersOf(type);
    return innerCode === '_has' ? known !== undefined : known?.has(innerCode);
  });
  if (targets.length === 0) throw unsupported(name, 'goes on with a parameter that is not known there');
  const references = targets.flatMap((type) => sub.pointers(type, [[inner, value]], name));
  return equalTo(references.map((text) => entry.equals(parameter.resourceType, parameter.code, form.reference(text))));
}

/** `_has:Consent:patient:status=active`: what a match of the inner search, which may be a chain, points at. */
function has(resourceType: string, name: string, value: string, sub: SubSearch): Criterion {
  const [, source = '', code = '', ...rest] = name.split(':');
  const inner = rest.join(':');
  if (parametersOf(source)?.get(code)?.kind !== 'reference' || inner === '')
    throw unsupported(name, 'is not _has:Type:reference:parameter');
  assertShort(name);
  return withIds(resourceType, sub.referenced(source, code, [[inner, value]], resourceType, name));
}

function sortOf(resourceType: string, value: string): SortKey[] {
  return alternativesOf('_sort', value).map((key): SortKey => {
    const code = key.replace(/^-/, '');
    const descending = key.startsWith('-');
    if (code === '_id') return { by: { kind: 'id' }, descending };
    const parameter = parametersOf(resourceType)?.get(code);
    if (!parameter) throw unsupported('_sort', `names a parameter that ${resourceType} does not have`);
    if (parameter.kind === 'composite') throw unsupported('_sort', 'names a composite parameter, which has no order');
    if (!isRanged(parameter.kind)) return { by: { kind: 'word', code }, descending };
    const name = entry.group(resourceType, code, '');
    return { by: { kind: 'ranged', name, group: hashOf(name) }, descending };
  });
}

function includeOf(resourceType: string, name: string, value: string): Include {
  const [source = '', code = '', target, ...rest] = value.split(':');
  const parameter = parametersOf(source)?.get(code);
  if (parameter?.kind !== 'reference' || rest.length > 0 || (name === '_include' && source !== resourceType))
    throw unsupported(name, 'is not Type:parameter of a reference that is known here');
  if (target !== undefined && !parametersOf(target)) throw unsupported(name, 'names an unknown resource type');
  return { source, code, target, iterate: name.endsWith(':iterate') };
}
