import type { Role } from '../auth/caller.ts';
import type { SearchParams } from '../store/fhir-store.ts';
import { mayRead, routeOf, routes } from './routes.ts';
import { referenceParameters, referenceTargets } from './search-name.ts';

/** An `_include` or `_revinclude` as the store is to be asked, and the types that it names. */
export interface IncludeAsked {
  readonly reached: readonly string[];
  /** Each along one parameter. */
  readonly params: SearchParams;
}

/** What it is called, with its modifier. */
export const includeNames = ['_include', '_include:iterate', '_revinclude', '_revinclude:iterate'] as const;
export type IncludeName = (typeof includeNames)[number];

export function isIncludeName(name: string): name is IncludeName {
  return (includeNames as readonly string[]).includes(name);
}

/**
 * `Type:parameter`, `Type:parameter:Target`; for the parameter also `*`, and for all of it: every reference that there
 * is (FHIR R4 3.1.1.5.4). A wildcard goes by what the role may read, so that it is never refused for what it did not
 * name. `undefined` for what has no such form, or names what is not answered here.
 */
export function includeAsked(type: string, role: Role, name: IncludeName, value: string): IncludeAsked | undefined {
  if (value === '*') {
    const sources = routes.map((one): string => one.type).filter((one) => mayRead(role, one));
    return { reached: [], params: sources.flatMap((source) => everyReference(type, name, source)) };
  }
  const [, source = '', code = '', target] = /^([A-Za-z]+):(\*|[a-z_-]+)(?::([A-Za-z]+))?$/.exec(value) ?? [];
  const named = target === undefined ? [source] : [source, target];
  if (named.some((one) => routeOf(one) === undefined) || (name === '_include' && source !== type)) return undefined;
  if (code !== '*' && !referenceParameters(source).includes(code)) return undefined;
  const along = code === '*' ? everyReference(type, name, source) : [[name, `${source}:${code}`] as const];
  const params = target === undefined ? along : along.map(([, one]) => [name, `${one}:${target}`] as const);
  return { reached: named, params };
}

/** What a type points along: of a search itself, from the type that it is for; in reverse, to that type. */
function everyReference(type: string, name: IncludeName, source: string): SearchParams {
  if (name === '_include' && source !== type) return [];
  return referenceParameters(source)
    .filter((code) => name !== '_revinclude' || referenceTargets(source, code).includes(type))
    .map((code) => [name, `${source}:${code}`]);
}
