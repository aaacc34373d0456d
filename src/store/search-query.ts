import type { SearchParams } from './fhir-store.ts';
import { StoreError } from './fhir-store.ts';
import { type Criterion, criterionOf, equalTo } from './search-criterion.ts';
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

/** `id`, or the group of the range index that holds the values: its name and the hash of that. */
export interface SortKey {
  readonly by: 'id' | { readonly name: string; readonly group: bigint };
  readonly descending: boolean;
}

/** `Type:parameter:Target` of `_include` and `_revinclude`. */
export interface Include {
  readonly source: string;
  readonly code: string;
  readonly target: string | undefined;
}

/** How a search asks another one, for chained parameters and `_has`. */
export interface SubSearch {
  /** Ids of all matches. */
  ids(resourceType: string, params: SearchParams, name: string): readonly string[];
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
    if (name === '_include') includes.push(includeOf(name, value, (source) => source === resourceType));
    else if (name === '_revinclude') revincludes.push(includeOf(name, value, () => true));
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
  if (modifier !== undefined) throw unsupported(name, 'has a modifier that is not known for it');
  return withIds(resourceType, alternativesOf(name, value).map(unescapeValue));
}

function withIds(resourceType: string, ids: readonly string[]): Criterion {
  const where = `type = ? AND id IN (${ids.map(() => '?').join(', ')})`;
  const values = [resourceType, ...ids];
  return {
    candidates: { text: `SELECT pk FROM res WHERE ${where}`, values },
    test: { text: `EXISTS (SELECT 1 FROM res WHERE pk = d.pk AND ${where})`, values },
  };
}

/** `subject:Patient.identifier=…`: what points at a match of the inner search. One step only. */
function chain(
  parameter: Parameter,
  name: string,
  modifier: string | undefined,
  inner: string,
  value: string,
  sub: SubSearch,
): Criterion {
  if (parameter.kind !== 'reference') throw unsupported(name, 'goes on after a parameter that is no reference');
  if (inner.includes('.')) throw unsupported(name, 'goes on for more than one step');
  const [innerCode = ''] = inner.split(':');
  const targets = (modifier === undefined ? parameter.targets : [modifier]).filter((type) =>
    parametersOf(type)?.has(innerCode),
  );
  if (targets.length === 0) throw unsupported(name, 'goes on with a parameter that is not known there');
  const references = targets.flatMap((type) => sub.ids(type, [[inner, value]], name).map((id) => `${type}/${id}`));
  return equalTo(references.map((text) => entry.equals(parameter.resourceType, parameter.code, form.reference(text))));
}

/** `_has:Consent:patient:status=active`: what a match of the inner search points at. */
function has(resourceType: string, name: string, value: string, sub: SubSearch): Criterion {
  const [, source = '', code = '', ...rest] = name.split(':');
  const inner = rest.join(':');
  if (parametersOf(source)?.get(code)?.kind !== 'reference' || inner === '' || /[.]|^_has/.test(inner))
    throw unsupported(name, 'is not _has:Type:reference:parameter, one step long');
  return withIds(resourceType, sub.referenced(source, code, [[inner, value]], resourceType, name));
}

function sortOf(resourceType: string, value: string): SortKey[] {
  return alternativesOf('_sort', value).map((key): SortKey => {
    const code = key.replace(/^-/, '');
    const descending = key.startsWith('-');
    if (code === '_id') return { by: 'id', descending };
    const parameter = parametersOf(resourceType)?.get(code);
    if (!parameter) throw unsupported('_sort', `names a parameter that ${resourceType} does not have`);
    if (parameter.kind === 'composite' || !isRanged(parameter.kind))
      throw unsupported('_sort', 'takes _id and parameters of type date, string, uri and quantity');
    const name = entry.group(resourceType, code, '');
    return { by: { name, group: hashOf(name) }, descending };
  });
}

function includeOf(name: string, value: string, mayBe: (source: string) => boolean): Include {
  const [source = '', code = '', target, ...rest] = value.split(':');
  const parameter = parametersOf(source)?.get(code);
  if (parameter?.kind !== 'reference' || !mayBe(source) || rest.length > 0)
    throw unsupported(name, 'is not Type:parameter of a reference that is known here');
  if (target !== undefined && !parametersOf(target)) throw unsupported(name, 'names an unknown resource type');
  return { source, code, target };
}
