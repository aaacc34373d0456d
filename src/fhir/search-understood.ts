import type { Role } from '../auth/caller.ts';
import type { SearchParams } from '../store/fhir-store.ts';
import { type ResourceRoute, resultParameters } from './routes.ts';
import { byCodes, type CodeModifier, codeModifiers } from './search-codes.ts';
import { isElement, type Shape } from './search-elements.ts';
import { includeAsked, isIncludeName } from './search-includes.ts';
import { follow, isParameter, nameText, parseName } from './search-name.ts';

/** One parameter, understood. */
export interface Understood {
  /** Types other than the one searched for that it leads to, and that are answered here. */
  readonly reached: readonly string[];
  readonly fault?: string;
  /** As the store is to be asked: nothing where it is not the store's business. */
  readonly params: SearchParams;
}

/**
 * One parameter of a caller's search, held against what the route promises. `role` says what a wildcard may bring. Does
 * not throw: what is wrong is a sentence that names the parameter and holds no value.
 */
export function understand(route: ResourceRoute, role: Role, name: string, value: string): Understood {
  const asIs: SearchParams = [[name, value]];
  const shown = shownName(name);
  if (!isResultParameter(name)) return criterion(route, name, value);
  if (value.trim() === '') return wrong(`Search parameter ${shown} has no value.`);
  if (isIncludeName(name)) {
    const asked = includeAsked(route.type, role, name, value);
    if (asked !== undefined) return asked;
    const form = `${shown} takes Type:parameter or Type:parameter:Type of a reference, or *.`;
    return wrong(name === '_include' ? `${form} It begins with ${route.type}.` : form);
  }
  switch (name) {
    case '_count':
      return /^\d{1,9}$/.test(value) ? nothing : wrong('_count takes a whole number.');
    case '_summary':
      return summaries.has(value) ? nothing : wrong('_summary takes count, true, text, data or false.');
    case '_total':
      if (!totals.has(value)) return wrong('_total takes none, estimate or accurate.');
      return value === 'none' ? nothing : { reached: [], params: asIs };
    case '_elements': {
      const known = value.split(',').every((one) => isElement(route.type, one));
      return known ? nothing : wrong(`_elements takes the names of elements of ${route.type}, with commas.`);
    }
    case '_sort': {
      const known = value.split(',').every((one) => isParameter(route.type, one.replace(/^-/, '')));
      if (known) return { reached: [], params: asIs };
      return wrong(`_sort takes search parameters of ${route.type}, with commas; - before one turns its order.`);
    }
    default:
      return wrong(`Search parameter ${shown} is not known for ${route.type}.`);
  }
}

function criterion(route: ResourceRoute, name: string, value: string): Understood {
  const shown = shownName(name);
  const parsed = parseName(name);
  const { reached, ends } = parsed === undefined ? { reached: [], ends: [] } : follow(route.type, parsed);
  const but = (fault: string): Understood => ({ reached, fault, params: [] });
  if (parsed === undefined || ends.length === 0)
    return but(`Search parameter ${shown} is not known for ${route.type}.`);
  if (value.trim() === '') return but(`Search parameter ${shown} has no value.`);
  const { code, modifier } = parsed;
  const isOfCodes = code !== '_id' && ends.every(({ type }) => type === 'token') && isCodeModifier(modifier);
  if (!isOfCodes) return { reached, params: [[name, value]] };
  const asked = byCodes(modifier, value);
  if (!('fault' in asked))
    return { reached, params: [[nameText({ ...parsed, modifier: asked.modifier }), asked.value]] };
  switch (asked.fault) {
    case 'empty':
      return but(`Search parameter ${shown} has an empty value.`);
    case 'no-code':
      return but(`Search parameter ${shown} takes system|code.`);
    case 'value-set':
      return but(`Search parameter ${shown} names a value set whose codes are not known here: ${shownUrl(asked.url)}.`);
    default: {
      const never: never = asked;
      throw new TypeError(`Unknown fault ${String(never)}`);
    }
  }
}

/** What `_summary` may be, and what is then answered of each resource. */
export const summaries: ReadonlyMap<string, Shape> = new Map([
  ['count', 'whole'],
  ['true', 'summary'],
  ['text', 'text'],
  ['data', 'data'],
  ['false', 'whole'],
]);

const totals = new Set(['none', 'estimate', 'accurate']);

const nothing: Understood = { reached: [], params: [] };

const wrong = (fault: string): Understood => ({ reached: [], fault, params: [] });

function isCodeModifier(modifier: string | undefined): modifier is CodeModifier {
  return (codeModifiers as readonly (string | undefined)[]).includes(modifier);
}

/** With or without a modifier: one that it does not take is told apart later. */
export function isResultParameter(name: string): boolean {
  return (resultParameters as readonly string[]).includes(name.split(':', 1)[0] ?? '');
}

/** How a parameter may be named in an answer: as it came, unless it could hold anything but a name. */
function shownName(name: string): string {
  return /^[A-Za-z_][A-Za-z_.:-]{0,80}$/.test(name) ? name : '(of an unusual form)';
}

/** An address as it came, unless it could hold anything but an address. */
function shownUrl(url: string): string {
  const isPlain = /^(https?:\/\/|ValueSet\/)[\w.~/-]{1,200}(\|[\w.-]{1,20})?$/.test(url) && !/\d{5}/.test(url);
  return isPlain ? url : '(of an unusual form)';
}
