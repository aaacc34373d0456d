import { convertToSearchableTokens, type TypedValue } from '@medplum/core';
import type {
  Address,
  CodeableConcept,
  Coding,
  HumanName,
  Identifier,
  Period,
  Quantity,
  Range,
  Reference,
  Timing,
} from '@medplum/fhirtypes';
import { StoreError } from './fhir-store.ts';
import { BEGINNING, END, spanOf } from './search-date.ts';
import type { SimpleKind, SimpleParameter } from './search-parameter.ts';

/** A value that is compared by order: `low` and `high` are times, numbers, or texts (then `high` is as written). */
export interface Ranged {
  /** Tells apart values that must not be compared with each other, such as quantities in different units. */
  readonly qualifier: string;
  readonly low: number | string;
  readonly high: number | string;
}

/** Is the kind compared by order (and kept in the range index)? Otherwise by equality of forms. */
export function isRanged(kind: SimpleKind): boolean {
  return kind === 'string' || kind === 'date' || kind === 'uri' || kind === 'quantity';
}

/**
 * The ways of writing a value that a search may equal. Lengths make them unambiguous whatever the values hold.
 * `code` any system, `pair` system and code, `bare` a code without system, `system` any code of it.
 */
export const form = {
  code: (code: string) => `c${code}`,
  pair: (system: string, code: string) => `s${system.length}:${system}${code}`,
  bare: (code: string) => `n${code}`,
  system: (system: string) => `y${system}`,
  ofType: (system: string, code: string, value: string) => `o${system.length}:${system}${code.length}:${code}${value}`,
  reference: (reference: string) => `r${reference}`,
  /** Of a composite. */
  both: (first: string, second: string) =>
    `${isSeldom(first) || isSeldom(second) ? 'z' : 'b'}${first.length}:${first}${second}`,
};

/** `system|` and `|code` are forms that hardly anybody asks for, and every token has one. */
export function isSeldom(text: string): boolean {
  return /^[ynz]/.test(text);
}

/** Forms of the values of a token or reference parameter. */
export function formsOf(kind: SimpleKind, values: readonly TypedValue[]): string[] {
  return kind === 'reference' ? values.flatMap(referenceForms) : tokenForms(values);
}

/** Forms of the logical references (`Reference.identifier`) among the values. */
export function identifierFormsOf(values: readonly TypedValue[]): string[] {
  return tokenForms(
    values.flatMap(({ value }) => {
      const identifier = (value as Reference | undefined)?.identifier;
      return identifier ? [{ type: 'Identifier', value: identifier }] : [];
    }),
  );
}

/** What stands in words beside the values of a token parameter, as `:text` compares it (R4 search, 3.1.1.4.11). */
export function wordsOf(values: readonly TypedValue[]): string[] {
  const found: string[] = [];
  const add = (text: string | undefined): void => {
    const plain = typeof text === 'string' ? normalise(text) : '';
    if (plain !== '') found.push(plain);
  };
  for (const { type, value } of values) {
    if (type === 'CodeableConcept') {
      const { text, coding } = value as CodeableConcept;
      add(text);
      for (const one of coding ?? []) add(one.display);
    } else if (type === 'Coding') add((value as Coding).display);
    else if (type === 'Identifier') add((value as Identifier).type?.text);
  }
  return found;
}

/** By what a token or reference of this form is put in order: the code whatever its system, or the address. */
export function sortKeyOf(text: string): string | undefined {
  const isKey = text.startsWith('c') || (text.startsWith('r') && !text.endsWith(UNVERSIONED));
  return isKey ? text.slice(1) : undefined;
}

/** Values of a string, date, uri or quantity parameter. Errors: StoreError `rejected` for a date that is none. */
export function rangesOf(parameter: SimpleParameter, values: readonly TypedValue[]): Ranged[] {
  switch (parameter.kind) {
    case 'string':
      return values.flatMap(textsOf).map((text) => ({ qualifier: '', low: normalise(text), high: text }));
    case 'uri':
      return values.flatMap(urisOf).map((uri) => ({ qualifier: '', low: uri, high: '' }));
    case 'date':
      return values.flatMap((value) => spansOf(parameter, value));
    case 'quantity':
      return values.flatMap(quantitiesOf);
    default:
      return [];
  }
}

/** Texts are compared without regard to case, accents and the amount of white space (R4 search, 3.1.1.4.8). */
export function normalise(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/\s+/g, ' ').trim();
}

function tokenForms(values: readonly TypedValue[]): string[] {
  const found: string[] = [];
  // Without a place to put them, display texts would be indexed as if they were codes.
  for (const { system, value } of convertToSearchableTokens(values.flatMap(plain), { textSearchSystem: TEXT })) {
    if (system === TEXT) continue;
    if (value) found.push(form.code(value), system ? form.pair(system, value) : form.bare(value));
    if (system) found.push(form.system(system));
  }
  for (const { type, value } of values) if (type === 'Identifier') found.push(...ofTypeForms(value as Identifier));
  return found;
}

const TEXT = 'text';

function ofTypeForms(identifier: Identifier): string[] {
  const { value } = identifier;
  if (!value) return [];
  return (identifier.type?.coding ?? []).flatMap(({ system, code }) =>
    system && code ? [form.ofType(system, code, value)] : [],
  );
}

function referenceForms({ value }: TypedValue): string[] {
  const canonical = primitive(value);
  if (typeof canonical === 'string') return canonicalTexts(canonical).map(form.reference);
  const literal = (value as Reference | undefined)?.reference;
  if (typeof literal === 'string') return literalTexts(literal).map(form.reference);
  const { resourceType, id } = (value ?? {}) as { resourceType?: string; id?: string };
  return resourceType && id ? [form.reference(`${resourceType}/${id}`)] : [];
}

/** Without version, so that who asks for a resource finds what points at one version of it. */
function literalTexts(text: string): string[] {
  return text.startsWith('#') ? [] : [text.replace(/\/_history\/[^/]+$/, '')];
}

/** With and without version; and so that one that names no version can be told from one that does. */
function canonicalTexts(text: string): string[] {
  if (text.startsWith('#')) return [];
  const [url = text] = text.split('|');
  return url === text ? [text, `${text}${UNVERSIONED}`] : [text, url];
}

/** Ends the form of a canonical that names no version. */
export const UNVERSIONED = '|';

function textsOf({ type, value }: TypedValue): string[] {
  if (type === 'HumanName') {
    const { text, family, given, prefix, suffix } = value as HumanName;
    return present([text, family, ...(given ?? []), ...(prefix ?? []), ...(suffix ?? [])]);
  }
  if (type === 'Address') {
    const { text, line, city, district, state, postalCode, country } = value as Address;
    return present([text, ...(line ?? []), city, district, state, postalCode, country]);
  }
  if (type === 'CodeableConcept') return present([(value as { text?: string }).text]);
  return present([primitive(value)]);
}

function urisOf({ value }: TypedValue): string[] {
  return present([primitive(value)]).flatMap((uri) => {
    const [canonical = uri] = uri.split('|');
    return canonical === uri ? [uri] : [uri, canonical];
  });
}

function spansOf(parameter: SimpleParameter, { type, value }: TypedValue): Ranged[] {
  const text = primitive(value);
  if (typeof text === 'string') {
    const { start, end } = known(parameter, text);
    return [{ qualifier: '', low: start, high: end }];
  }
  if (type === 'Timing') {
    const { event, repeat } = value as Timing;
    const bounds = repeat?.boundsPeriod ? [{ type: 'Period', value: repeat.boundsPeriod }] : [];
    const events = (event ?? []).map((one) => ({ type: 'dateTime', value: one }));
    return [...events, ...bounds].flatMap((one) => spansOf(parameter, one));
  }
  const { start, end } = (value ?? {}) as Period;
  if (start === undefined && end === undefined) return [];
  const low = start === undefined ? BEGINNING : known(parameter, start).start;
  const high = end === undefined ? END : known(parameter, end).end;
  return [{ qualifier: '', low, high }];
}

function known(parameter: SimpleParameter, text: string): { start: number; end: number } {
  const span = spanOf(text);
  if (span) return span;
  throw new StoreError('rejected', `${parameter.resourceType}.${parameter.code} holds a date that is none`, {
    subject: parameter.code,
  });
}

function quantitiesOf({ type, value }: TypedValue): Ranged[] {
  if (type === 'Range') {
    const { low, high } = value as Range;
    const unit = low ?? high;
    return unit ? inUnits(unit, low?.value ?? -Infinity, high?.value ?? Infinity) : [];
  }
  const quantity = (value ?? {}) as Quantity;
  return typeof quantity.value === 'number' ? inUnits(quantity, quantity.value, quantity.value) : [];
}

function inUnits({ system, code, unit }: Quantity, low: number, high: number): Ranged[] {
  const qualifiers = new Set(['']);
  if (system && code) qualifiers.add(form.pair(system, code));
  for (const name of present([code, unit])) qualifiers.add(form.code(name));
  return [...qualifiers].map((qualifier) => ({ qualifier, low, high }));
}

/** A primitive that carries extensions arrives as an object, or as nothing but its extensions. */
function primitive(value: unknown): string | number | boolean | undefined {
  const inner: unknown = value === null || value === undefined ? undefined : Object(value).valueOf();
  return typeof inner === 'string' || typeof inner === 'number' || typeof inner === 'boolean' ? inner : undefined;
}

const TOKEN_TYPES: ReadonlySet<string> = new Set(['Identifier', 'CodeableConcept', 'Coding', 'ContactPoint']);

function plain(typed: TypedValue): TypedValue[] {
  if (TOKEN_TYPES.has(typed.type)) return [typed];
  const value = primitive(typed.value);
  return value === undefined ? [] : [{ type: typed.type, value }];
}

function present(values: readonly (string | number | boolean | undefined)[]): string[] {
  return values.filter((value) => typeof value === 'string' && value !== '') as string[];
}
