import { hash } from 'node:crypto';
import type { TypedValue } from '@medplum/core';
import type { Resource } from '@medplum/fhirtypes';
import {
  type CompositeParameter,
  evaluate,
  evaluatePart,
  parametersOf,
  type SimpleParameter,
} from './search-parameter.ts';
import { compareTexts } from './search-text.ts';
import {
  form,
  formsOf,
  identifierFormsOf,
  isRanged,
  isSeldom,
  type Ranged,
  rangesOf,
  sortKeyOf,
  wordsOf,
} from './search-value.ts';
import { word } from './search-words.ts';

/** Everything by which one version of a resource can be found. Equal keys are equal entries. */
export interface IndexEntries {
  /** What is seldom asked for and so not worth a row of its own: see `entry.has` and `entry.seldom`. */
  readonly seldom: ReadonlySet<string>;
  /** Texts whose hashes go into the table `eq`. */
  readonly equal: ReadonlySet<string>;
  /** Lines of `search-words.ts`. */
  readonly words: ReadonlySet<string>;
  /** By a key made of all its parts. */
  readonly ranged: ReadonlyMap<string, RangedEntry>;
}

export interface RangedEntry {
  /** The text whose hash is the column `p` of the table `rng`. */
  readonly group: string;
  readonly low: number | string;
  readonly high: number | string;
}

/** The texts that are hashed: one grammar for what is written and what is asked. */
export const entry = {
  /** Every resource of a type has this one. */
  type: (resourceType: string) => `${resourceType}`,
  equals: (resourceType: string, code: string, text: string) => `${resourceType}.${code}=${text}`,
  /** `identifierOf`: logical references, searched with `:identifier`. */
  identifierOf: (code: string) => `${code}:identifier`,
  /** The parameter has a value (for `:missing`). */
  has: (code: string) => `,${code},`,
  /** An equality of a form that is seldom asked for; a hash, because the column is read on many rows. */
  seldom: (resourceType: string, code: string, text: string) =>
    `,${BigInt.asUintN(64, hashOf(entry.equals(resourceType, code, text))).toString(36)},`,
  group: (resourceType: string, code: string, qualifier: string) => `${resourceType}.${code}~${qualifier}`,
};

/** 64 bits of SHA-256: nobody can make two texts meet, and by accident they do not. */
export function hashOf(text: string): bigint {
  const known = hashes.get(text);
  if (known !== undefined) return known;
  const found = hash('sha256', text, 'buffer').readBigInt64BE(0);
  if (hashes.size >= 20_000) hashes.clear();
  hashes.set(text, found);
  return found;
}

/** Most entries are the same few statuses, codes and systems. */
const hashes = new Map<string, bigint>();

/** Errors: StoreError `rejected` when a search parameter cannot be worked out for this resource. */
export function entriesOf(resource: Resource): IndexEntries {
  const { resourceType } = resource;
  const writer = new EntryWriter(resourceType);
  writer.equal.add(entry.type(resourceType));
  for (const parameter of parametersOf(resourceType)?.values() ?? []) {
    // `_id` is a column of the table of resources.
    if (parameter.code === '_id') continue;
    const values = evaluate(parameter, resource);
    if (values.length === 0) continue;
    if (parameter.kind === 'composite') writer.composite(parameter, values);
    else writer.simple(parameter, values);
  }
  return writer;
}

class EntryWriter implements IndexEntries {
  readonly seldom = new Set<string>();
  readonly equal = new Set<string>();
  readonly words = new Set<string>();
  readonly ranged = new Map<string, RangedEntry>();
  readonly #type: string;

  constructor(resourceType: string) {
    this.#type = resourceType;
  }

  simple(parameter: SimpleParameter, values: readonly TypedValue[]): void {
    if (isRanged(parameter.kind)) {
      for (const value of rangesOf(parameter, values)) this.#range(parameter.code, value, value.qualifier);
      return;
    }
    const forms = formsOf(parameter.kind, values);
    this.#forms(parameter.code, forms);
    this.#sorted(parameter.code, forms);
    if (parameter.kind === 'token') this.#beside(parameter.code, wordsOf(values));
    if (parameter.kind !== 'reference') return;
    const identifierOf = entry.identifierOf(parameter.code);
    this.#forms(identifierOf, identifierFormsOf(values), parameter.code);
  }

  composite(parameter: CompositeParameter, values: readonly TypedValue[]): void {
    for (const value of values) {
      let firsts: string[] | undefined;
      for (const part of parameter.parts) {
        const found = evaluatePart(part, value);
        if (isRanged(part.kind)) {
          for (const range of rangesOf(part, found))
            for (const first of firsts ?? []) this.#range(parameter.code, range, form.both(first, range.qualifier));
          firsts = [];
        } else {
          const texts = formsOf(part.kind, found);
          firsts = firsts?.flatMap((first) => texts.map((text) => form.both(first, text))) ?? texts;
        }
      }
      this.#forms(parameter.code, firsts ?? []);
    }
  }

  #forms(code: string, texts: readonly string[], has = code): void {
    if (texts.length > 0) this.seldom.add(entry.has(has));
    for (const text of texts) {
      if (isSeldom(text)) this.seldom.add(entry.seldom(this.#type, code, text));
      else this.equal.add(entry.equals(this.#type, code, text));
    }
  }

  #beside(code: string, texts: readonly string[]): void {
    if (texts.length > 0) this.seldom.add(entry.has(code));
    for (const text of texts) this.words.add(word.beside(code, text));
  }

  #sorted(code: string, forms: readonly string[]): void {
    let first: string | undefined;
    let last: string | undefined;
    for (const text of forms) {
      const key = sortKeyOf(text);
      if (key === undefined) continue;
      if (first === undefined || compareTexts(key, first) < 0) first = key;
      if (last === undefined || compareTexts(key, last) > 0) last = key;
    }
    if (first === undefined || last === undefined) return;
    this.words.add(word.first(code, first));
    if (last !== first) this.words.add(word.last(code, last));
  }

  #range(code: string, { low, high }: Ranged, qualifier: string): void {
    const group = entry.group(this.#type, code, qualifier);
    this.seldom.add(entry.has(code));
    this.ranged.set(`${group}\n${JSON.stringify([low, high])}`, { group, low, high });
  }
}
