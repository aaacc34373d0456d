import type { SearchParams } from '../fhir-store.ts';
import { unsupported } from '../search-text.ts';
import type { Capabilities } from './capabilities.ts';

/** Modifiers of R4 by type of parameter; a reference takes the names of resource types, too. */
const MODIFIERS: Readonly<Record<string, readonly string[]>> = {
  string: ['missing', 'exact', 'contains'],
  token: ['missing', 'text', 'not', 'above', 'below', 'in', 'not-in', 'of-type'],
  reference: ['missing', 'identifier', 'above', 'below'],
  uri: ['missing', 'above', 'below'],
  date: ['missing'],
  number: ['missing'],
  quantity: ['missing'],
  composite: ['missing'],
};

/** Parameters of every resource, which statements often leave out. */
const COMMON: Readonly<Record<string, string>> = {
  _id: 'token',
  _lastUpdated: 'date',
  _tag: 'token',
  _profile: 'uri',
  _security: 'token',
  _source: 'uri',
};

/**
 * Looks before a search is sent whether the server knows its names. A lenient server leaves out what it does not know,
 * and HAPI passes over modifiers that it does not know, so that "these" would become "all". Errors: StoreError
 * `unsupported-search`, naming the parameter.
 */
export function assertNamesKnown(capabilities: Capabilities, type: string, params: SearchParams): void {
  const there = capabilities.types[type];
  if (there === undefined) throw unsupported(type, 'is a type that the server does not have');
  for (const [name] of params) {
    // HAPI lists it as if it were a parameter with modifiers; what it asks is of another type.
    if (name.startsWith('_has:')) continue;
    const { code, modifier, chained } = partsOf(name);
    const kind = there.searchParameters[code] ?? COMMON[code];
    if (kind === undefined && !code.startsWith('_'))
      throw unsupported(name, `is not offered by the server for ${type}`);
    if (kind !== undefined && modifier !== undefined && !takes(kind, modifier)) throw unknownModifier(name);
    // What a chain leads to is not known here; a modifier that is none of R4 is none there either.
    const end = chained === undefined || chained.includes('_has:') ? '' : (chained.split('.').at(-1) ?? '');
    const last = partsOf(end).modifier;
    if (last !== undefined && !Object.keys(MODIFIERS).some((one) => takes(one, last))) throw unknownModifier(name);
  }
}

function partsOf(name: string): { code: string; modifier: string | undefined; chained: string | undefined } {
  const [, code = name, modifier, chained] = /^([^:.]+)(?::([^.]+))?(?:\.(.+))?$/.exec(name) ?? [];
  return { code, modifier, chained };
}

function takes(kind: string, modifier: string): boolean {
  if (kind === 'reference' && /^[A-Z][A-Za-z]+$/.test(modifier)) return true;
  // A kind that R4 does not have, or leaves open, is the server's own.
  return MODIFIERS[kind]?.includes(modifier) ?? true;
}

function unknownModifier(name: string): Error {
  return unsupported(name, 'has a modifier that is not known for it');
}
