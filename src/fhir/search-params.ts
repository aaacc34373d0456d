import type { Role } from '../auth/caller.ts';
import { AppError } from '../errors.ts';
import type { SearchParams } from '../store/fhir-store.ts';
import { pageSize } from './paging.ts';
import { commonSearch, mayRead, type ResourceRoute, resultParameters, routeOf } from './routes.ts';
import { searchDefinition, targetsOf } from './search-definitions.ts';

const MOST_PARAMETERS = 100;

/** Reads a query or a form, in order. Errors: AppError REQUEST_MALFORMED when it is not well encoded. */
export function parseQuery(text: string): SearchParams {
  try {
    decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new AppError('REQUEST_MALFORMED', 'The parameters are not well encoded.');
  }
  return [...new URLSearchParams(text)];
}

/** A search as the store is to be asked. */
export interface SearchAsked {
  readonly params: SearchParams;
  /** Only the number is wanted. */
  readonly countOnly: boolean;
}

/**
 * Holds a caller's search against what the route promises. Errors: AppError SEARCH_UNSUPPORTED, naming each parameter
 * at fault (one that was ignored would make the answer look like more than it is); ROLE_INSUFFICIENT.
 */
export function checkSearch(route: ResourceRoute, role: Role, given: SearchParams): SearchAsked {
  if (given.length > MOST_PARAMETERS) {
    throw new AppError('SEARCH_UNSUPPORTED', `A search has at most ${MOST_PARAMETERS} parameters.`);
  }
  for (const [name, value] of given) assertReadable(route, role, name, value);
  const faults = given.flatMap(([name, value]) => fault(route, name, value) ?? []);
  if (faults.length > 0) {
    throw new AppError(
      'SEARCH_UNSUPPORTED',
      faults.map((text) => ({ text })),
    );
  }
  const count = given.findLast(([name]) => name === '_count')?.[1];
  const countOnly = Number(count ?? 1) === 0 || given.some(([name, value]) => name === '_summary' && value === 'count');
  const kept = given.filter(([name, value]) => !shaping.has(name) && !(name === '_total' && value === 'none'));
  return {
    params: [...kept, ...(countOnly ? ([['_summary', 'count']] as const) : []), ['_count', String(pageSize(given))]],
    countOnly,
  };
}

/**
 * A reference may be asked for by this server's own address (FHIR R4 3.1.1.4.12), and what is kept has it relative: both
 * are asked for. An answer of none would say that there is no objection, where there is one.
 */
export function withOwnReferences(route: ResourceRoute, given: SearchParams, base: string): SearchParams {
  return given.map(([name, value]) => {
    const [code = '', modifier = ''] = name.split(':', 2);
    const literal = modifier === '' || /^[A-Z][A-Za-z]*$/.test(modifier);
    if (!literal || !value.includes(`${base}/`) || !route.search.includes(code)) return [name, value];
    if (searchDefinition(route.type, code).type !== 'reference') return [name, value];
    const alternatives = value.split(',');
    const own = alternatives.filter((one) => one.startsWith(`${base}/`)).map((one) => one.slice(base.length + 1));
    return [name, [...alternatives, ...own].join(',')];
  });
}

/** Parameters of a condition (`If-None-Exist`): those of the type, nothing about the answer. */
export function checkCondition(route: ResourceRoute, role: Role, given: SearchParams): SearchParams {
  const shapes = given.filter(([name]) => (resultParameters as readonly string[]).includes(name));
  if (given.length === 0 || shapes.length > 0) {
    throw new AppError('SEARCH_UNSUPPORTED', 'If-None-Exist takes search parameters of the type, at least one.');
  }
  checkSearch(route, role, given);
  return given;
}

/** How a parameter may be named in an answer: as it came, unless it could hold anything but a name. */
export function shownName(name: string): string {
  return /^[A-Za-z_][A-Za-z_.:-]{0,80}$/.test(name) ? name : '(of an unusual form)';
}

const shaping = new Set(['_count', '_summary']);

function fault(route: ResourceRoute, name: string, value: string): string | undefined {
  const shown = shownName(name);
  const base = name.split(/[:.]/, 1)[0] ?? '';
  if (!isKnown(route, base)) return `Search parameter ${shown} is not known for ${route.type}.`;
  if (value.trim() === '') return `Search parameter ${shown} has no value.`;
  switch (base) {
    case '_count':
      return /^\d{1,9}$/.test(value) ? undefined : '_count takes a whole number.';
    case '_summary':
      return value === 'count' || value === 'false' ? undefined : '_summary takes count or false.';
    case '_total':
      return totals.has(value) ? undefined : '_total takes none, estimate or accurate.';
    case '_include':
    case '_revinclude':
      if (!/^[A-Za-z]+:[a-z-]+(:[A-Za-z]+)?$/.test(value))
        return `${shown} takes Type:parameter or Type:parameter:Type.`;
      return base === '_include' && !value.startsWith(`${route.type}:`)
        ? `${shown} begins with ${route.type}.`
        : undefined;
    default:
      return undefined;
  }
}

const totals = new Set(['none', 'estimate', 'accurate']);

function isKnown(route: ResourceRoute, base: string): boolean {
  return (
    route.search.includes(base) ||
    (commonSearch as readonly string[]).includes(base) ||
    (resultParameters as readonly string[]).includes(base)
  );
}

/** A chain or an include leads to other types: they too must be ones that the caller may read (ACC-2). */
function assertReadable(route: ResourceRoute, role: Role, name: string, value: string): void {
  if (typesReached(route, name, value).some((type) => routeOf(type) !== undefined && !mayRead(role, type))) {
    throw new AppError('ROLE_INSUFFICIENT', 'The search leads to resources that this token may not read.');
  }
}

function typesReached(route: ResourceRoute, name: string, value: string): readonly string[] {
  const named = (text: string): string[] => text.split(/[:.]/).filter((part) => /^[A-Z]/.test(part));
  if (/^_(rev)?include\b/.test(name)) return named(value);
  const code = name.split('.', 1)[0] ?? '';
  // `focus.status`: any type that the reference may lead to.
  if (name.includes('.') && route.search.includes(code)) return [...named(name), ...targetsOf(route.type, code)];
  return named(name);
}
