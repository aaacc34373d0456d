import type { SearchParameter } from '@medplum/fhirtypes';
import { commonSearch, routeOf, routes } from './routes.ts';
import { searchDefinition } from './search-definitions.ts';

/** The name of a search parameter, taken apart (FHIR R4 3.1.1.4.5, 3.1.1.4.17 and 3.1.1.4.18). */
export interface SearchName {
  /** The resources that it goes through, from the one that is searched for. */
  readonly steps: readonly Step[];
  /** The parameter that the value is held against. */
  readonly code: string;
  readonly modifier: string | undefined;
}

type Step =
  /** `subject:Patient.`: what the reference leads to. */
  | { readonly kind: 'to'; readonly code: string; readonly type: string | undefined }
  /** `_has:Consent:patient:`: what a reference leads here from. */
  | { readonly kind: 'from'; readonly code: string; readonly type: string };

const FROM = /^_has:([A-Za-z]+):([a-z_-]+):/;
const TO = /^([a-z_-]+)(?::([A-Z][A-Za-z]*))?\./;
const LAST = /^([A-Za-z_-]+)(?::([A-Za-z-]+))?$/;

/** `undefined` for what has no such form. */
export function parseName(text: string): SearchName | undefined {
  const steps: Step[] = [];
  let rest = text;
  for (;;) {
    const [from, source, by] = FROM.exec(rest) ?? [];
    const [to, along, type] = from === undefined ? (TO.exec(rest) ?? []) : [];
    if (source !== undefined && by !== undefined) steps.push({ kind: 'from', type: source, code: by });
    else if (along !== undefined) steps.push({ kind: 'to', type, code: along });
    else break;
    rest = rest.slice((from ?? to ?? '').length);
  }
  const [, code, modifier] = LAST.exec(rest) ?? [];
  return code === undefined || code === '_has' ? undefined : { steps, code, modifier };
}

/** The opposite of `parseName`. */
export function nameText({ steps, code, modifier }: SearchName): string {
  const through = steps.map((step) =>
    step.kind === 'from'
      ? `_has:${step.type}:${step.code}:`
      : `${step.code}${step.type === undefined ? '' : `:${step.type}`}.`,
  );
  return `${through.join('')}${code}${modifier === undefined ? '' : `:${modifier}`}`;
}

/** Where a name leads. */
export interface Followed {
  /** Types that it goes through, or might. */
  readonly reached: readonly string[];
  /** The parameter at its end, of each type that it may end at and that has it; none: nobody knows the name. */
  readonly ends: readonly SearchParameter[];
}

/** Follows a name from the type that is searched for, along what the interface answers and nothing else. */
export function follow(type: string, { steps, code }: SearchName): Followed {
  const reached: string[] = [];
  let types: readonly string[] = [type];
  for (const step of steps) {
    const before = types;
    if (step.kind === 'to') {
      const targets = new Set(before.flatMap((one) => referenceTargets(one, step.code)));
      types = step.type === undefined ? [...targets] : [step.type].filter((one) => targets.has(one));
    } else {
      const targets = referenceTargets(step.type, step.code);
      types = targets.some((one) => before.includes(one)) ? [step.type] : [];
    }
    reached.push(...types);
  }
  return { reached, ends: types.filter((one) => isParameter(one, code)).map((one) => searchDefinition(one, code)) };
}

/** Is it a parameter that finds resources of the type? */
export function isParameter(type: string, code: string): boolean {
  return (commonSearch as readonly string[]).includes(code) || (routeOf(type)?.search.includes(code) ?? false);
}

/** The types that are answered here and that a reference parameter may lead to; none for another parameter. */
export function referenceTargets(type: string, code: string): readonly string[] {
  if (!routeOf(type)?.search.includes(code)) return [];
  const { type: kind, target = [] } = searchDefinition(type, code);
  if (kind !== 'reference') return [];
  return routes.map((route): string => route.type).filter((one) => (target as readonly string[]).includes(one));
}

/** The reference parameters of a type. */
export function referenceParameters(type: string): readonly string[] {
  return (routeOf(type)?.search ?? []).filter((code) => searchDefinition(type, code).type === 'reference');
}
