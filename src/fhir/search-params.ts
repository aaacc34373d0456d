import type { Role } from '../auth/caller.ts';
import { AppError } from '../errors.ts';
import type { SearchParams } from '../store/fhir-store.ts';
import { pageSize } from './paging.ts';
import { mayRead, type ResourceRoute } from './routes.ts';
import type { Shape } from './search-elements.ts';
import { follow, parseName } from './search-name.ts';
import { isResultParameter, summaries, understand } from './search-understood.ts';

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
  /** How much of each resource is wanted: the store is not asked for less than all. */
  readonly shape: Shape;
}

/**
 * Holds a caller's search against what the route promises, and says it so that any store can answer. Errors: AppError
 * SEARCH_UNSUPPORTED, naming each parameter at fault (one that was ignored would make the answer look like more than it
 * is); ROLE_INSUFFICIENT.
 */
export function checkSearch(route: ResourceRoute, role: Role, given: SearchParams): SearchAsked {
  if (given.length > MOST_PARAMETERS) {
    throw new AppError('SEARCH_UNSUPPORTED', `A search has at most ${MOST_PARAMETERS} parameters.`);
  }
  const understood = given.map(([name, value]) => understand(route, role, name, value));
  // A chain or an include leads to other types: they too must be ones that the caller may read (ACC-2).
  if (understood.some(({ reached }) => reached.some((type) => !mayRead(role, type)))) {
    throw new AppError('ROLE_INSUFFICIENT', 'The search leads to resources that this token may not read.');
  }
  const faults = [...understood.flatMap(({ fault }) => fault ?? []), ...faultsBetween(given)];
  if (faults.length > 0) {
    throw new AppError(
      'SEARCH_UNSUPPORTED',
      faults.map((text) => ({ text })),
    );
  }
  const count = given.findLast(([name]) => name === '_count')?.[1];
  const countOnly = Number(count ?? 1) === 0 || summaryIn(given) === 'count';
  return {
    params: [
      ...understood.flatMap(({ params }) => params),
      ...(countOnly ? ([['_summary', 'count']] as const) : []),
      ['_count', String(pageSize(given))],
    ],
    countOnly,
    shape: shapeIn(given),
  };
}

/**
 * A reference may be asked for by this server's own address (FHIR R4 3.1.1.4.12), and what is kept has it relative: both
 * are asked for. An answer of none would say that there is no objection, where there is one. A value set of this
 * server's is known by its relative address alone.
 */
export function withOwnReferences(route: ResourceRoute, given: SearchParams, base: string): SearchParams {
  return given.map(([name, value]) => {
    const parsed = value.includes(`${base}/`) ? parseName(name) : undefined;
    const [end] = parsed === undefined ? [] : follow(route.type, parsed).ends;
    if (parsed === undefined || end === undefined) return [name, value];
    const alternatives = value.split(',');
    const relative = (one: string): string => (one.startsWith(`${base}/`) ? one.slice(base.length + 1) : one);
    const { modifier } = parsed;
    if (end.type === 'token' && (modifier === 'in' || modifier === 'not-in')) {
      return [name, alternatives.map(relative).join(',')];
    }
    const isLiteral = modifier === undefined || /^[A-Z]/.test(modifier);
    if (end.type !== 'reference' || !isLiteral) return [name, value];
    const own = alternatives.filter((one) => relative(one) !== one).map(relative);
    return [name, [...alternatives, ...own].join(',')];
  });
}

/** Parameters of a condition (`If-None-Exist`): those of the type, nothing about the answer. */
export function checkCondition(route: ResourceRoute, role: Role, given: SearchParams): SearchParams {
  const shapes = given.filter(([name]) => isResultParameter(name));
  if (given.length === 0 || shapes.length > 0) {
    throw new AppError('SEARCH_UNSUPPORTED', 'If-None-Exist takes search parameters of the type, at least one.');
  }
  return checkSearch(route, role, given).params.filter(([name]) => name !== '_count');
}

/** What cannot be asked for together. */
function faultsBetween(given: SearchParams): string[] {
  const summary = summaryIn(given);
  const has = (base: string): boolean => given.some(([name]) => name === base || name.startsWith(`${base}:`));
  return [
    ...(given.filter(([name]) => name === '_summary').length > 1 ? ['_summary is given twice.'] : []),
    ...(summary === 'text' && (has('_include') || has('_revinclude'))
      ? ['_summary=text goes with neither _include nor _revinclude.']
      : []),
    ...(has('_elements') && ['true', 'text', 'data'].includes(summary ?? '')
      ? ['Ask for _elements or for a _summary, not for both.']
      : []),
  ];
}

function shapeIn(given: SearchParams): Shape {
  const elements = given.filter(([name]) => name === '_elements').flatMap(([, value]) => value.split(','));
  return elements.length > 0 ? { elements } : (summaries.get(summaryIn(given) ?? 'false') ?? 'whole');
}

const summaryIn = (given: SearchParams): string | undefined => given.find(([name]) => name === '_summary')?.[1];
