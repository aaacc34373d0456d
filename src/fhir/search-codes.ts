import type { CodeSystemConcept } from '@medplum/fhirtypes';
import { codeSystemOf, codesIn, isOpen, valueSetOf } from './conformance/expansion.ts';
import { published } from './conformance/load.ts';
import { type CodeHierarchy, loadCodeSystems, loadValueSets, type NestedCode } from './definitions/load.ts';
import { alternativesIn, escapeValue, systemAndCode, unescapeValue } from './search-values.ts';

/** A token search by the codes themselves, which any store answers; or why there is none. */
export type ByCodes =
  | { readonly modifier: 'not' | undefined; readonly value: string }
  | { readonly fault: 'empty' | 'no-code' }
  | { readonly fault: 'value-set'; readonly url: string };

/** The modifiers of tokens that are about terminology (FHIR R4 3.1.1.4.11). */
export const codeModifiers = ['in', 'not-in', 'above', 'below'] as const;
export type CodeModifier = (typeof codeModifiers)[number];

/**
 * What `:in`, `:not-in`, `:above` and `:below` ask for, as a list of codes. Value sets are those that we publish and
 * those that R4 binds elements to. Of a code system whose order of codes is not known here, a code stands for itself.
 */
export function byCodes(modifier: CodeModifier, value: string): ByCodes {
  const alternatives = alternativesIn(value);
  if (alternatives === undefined) return { fault: 'empty' };
  const tokens: string[] = [];
  for (const one of alternatives) {
    if (modifier === 'above' || modifier === 'below') {
      const sought = systemAndCode(one);
      if (sought === undefined) return { fault: 'no-code' };
      const { system, code } = sought;
      tokens.push(...related(hierarchyOf(system), code, modifier).map((found) => token(system, found)));
    } else {
      const url = unescapeValue(one);
      const found = tokensOfValueSet(url);
      if (found === undefined) return { fault: 'value-set', url };
      tokens.push(...found);
    }
  }
  return { modifier: modifier === 'not-in' ? 'not' : undefined, value: [...new Set(tokens)].join(',') };
}

const token = (system: string, code: string): string => `${escapeValue(system)}|${escapeValue(code)}`;

/** By canonical, with or without version, or by the address `ValueSet/id`. */
function tokensOfValueSet(url: string): readonly string[] | undefined {
  const ours = published('ValueSet').find(({ id }) => url === `ValueSet/${id}`) ?? valueSetOf(url);
  if (ours !== undefined) {
    const whole = (ours.compose?.include ?? []).filter(({ system = '', concept }) => concept === undefined && system);
    // Where an organisation may add codes, any code of the system is in it.
    const open = isOpen(ours) ? whole.map(({ system = '' }) => system) : [];
    return [
      ...open.map((system) => `${escapeValue(system)}|`),
      ...codesIn(ours).flatMap(({ system, code }) => (open.includes(system) ? [] : [token(system, code)])),
    ];
  }
  boundSets ??= new Map(loadValueSets().map((one) => [one.url, one.systems]));
  const systems = boundSets.get(url.replace(/\|4\.0\.1$/, ''));
  return systems && Object.entries(systems).flatMap(([system, codes]) => codes.map((code) => token(system, code)));
}

let boundSets: ReadonlyMap<string, Readonly<Record<string, readonly string[]>> | undefined> | undefined;

/** The code, and what it is a kind of (`above`) or what is a kind of it (`below`). */
export function related(hierarchy: readonly NestedCode[], code: string, way: 'above' | 'below'): readonly string[] {
  const found = new Set([code]);
  const visit = (concepts: readonly NestedCode[], over: readonly string[]): void => {
    for (const one of concepts) {
      if (way === 'above' && one.code === code) for (const higher of over) found.add(higher);
      if (way === 'below' && over.includes(code)) found.add(one.code);
      visit(one.concept ?? [], [...over, one.code]);
    }
  };
  visit(hierarchy, []);
  return [...found];
}

function hierarchyOf(system: string): readonly NestedCode[] {
  const ours = codeSystemOf(system)?.concept;
  if (ours !== undefined) return ours.flatMap(nested);
  hierarchies ??= new Map(loadCodeSystems().map((one: CodeHierarchy) => [one.url, one.concept]));
  return hierarchies.get(system) ?? [];
}

let hierarchies: ReadonlyMap<string, readonly NestedCode[]> | undefined;

function nested({ code, concept = [] }: CodeSystemConcept): NestedCode[] {
  return code === undefined ? [] : [{ code, concept: concept.flatMap(nested) }];
}
