import type { Patient, Reference } from '@medplum/fhirtypes';
import { type FhirStore, type Stored, searchAll } from '../store/fhir-store.ts';
import { canonicalValue, localReference, sameIdentifier, tokens } from './naming.ts';

/** Several records of one person: which of them counts, and what else is theirs (VER-3). */

/** By `Patient/id`, the records that replace it. */
export type Replacements = ReadonlyMap<string, ReadonlySet<string>>;

/** What records say about one another, whichever of the two says it. */
export function replacementsIn(records: readonly Stored<Patient>[]): Replacements {
  const found = new Map<string, Set<string>>();
  const add = (old: string, by: string) => found.set(old, (found.get(old) ?? new Set()).add(by));
  for (const record of records) {
    const self = `Patient/${record.id}`;
    for (const { type, other } of record.link ?? []) {
      const named = localReference(other.reference, 'Patient') ?? numbered(other, records, self);
      if (named === undefined || named === self) continue;
      if (type === 'replaced-by') add(self, named);
      if (type === 'replaces') add(named, self);
    }
  }
  return found;
}

/** The one of these records that a link names by its identifier. */
function numbered(
  { reference, identifier }: Reference,
  records: readonly Stored<Patient>[],
  self: string,
): string | undefined {
  if (reference !== undefined || !identifier?.system || !identifier.value) return undefined;
  const named = records.filter(
    (one) => `Patient/${one.id}` !== self && (one.identifier ?? []).some((held) => sameIdentifier(held, identifier)),
  );
  return named.length === 1 ? `Patient/${named[0]?.id}` : undefined;
}

/** Whether any record says that this one has been replaced. */
export const isReplaced = (record: Stored<Patient>, links: Replacements): boolean =>
  links.has(`Patient/${record.id}`) || (record.link ?? []).some((one) => one.type === 'replaced-by');

/** Everything that replaces a record, over however many steps; a ring of links ends. */
function successorsOf(reference: string, links: Replacements): Set<string> {
  const found = new Set<string>();
  const open = [reference];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const by of links.get(next) ?? []) {
      if (by === reference || found.has(by)) continue;
      found.add(by);
      open.push(by);
    }
  }
  return found;
}

/** The records that count in place of a replaced one: the last of each chain, or what is named where there is no last. */
export function survivorsOf(reference: string, links: Replacements): string[] {
  const successors = [...successorsOf(reference, links)];
  const last = successors.filter((one) => !links.has(one));
  return last.length > 0 ? last : [...(links.get(reference) ?? [])];
}

/** Whether a record with the same number is no rival: it has been replaced, or it is what replaces this one. */
export function isSamePerson(holder: Stored<Patient>, reference: string, links: Replacements): boolean {
  const other = `Patient/${holder.id}`;
  return other === reference || isReplaced(holder, links) || successorsOf(reference, links).has(other);
}

/**
 * Every record that links with these, however many steps away and in whichever direction; these included. What is on
 * any of them counts for the person. Errors: StoreError.
 */
export async function linkedRecords(
  store: FhirStore,
  start: readonly Stored<Patient>[],
): Promise<Map<string, Stored<Patient>>> {
  const found = new Map(start.map((one) => [`Patient/${one.id}`, one]));
  let fresh = [...found.entries()];
  while (fresh.length > 0) {
    const named = fresh.flatMap(([, one]) => (one.link ?? []).map(({ other }) => other));
    const literal = named.flatMap(({ reference }) => localReference(reference, 'Patient') ?? []);
    const wanted = [...new Set(literal)].filter((one) => !found.has(one));
    const [forward, byNumber, back] = await Promise.all([
      Promise.all(wanted.map((one) => store.read('Patient', one.slice('Patient/'.length)))),
      namedByIdentifier(store, named),
      searchAll(store, 'Patient', [['link', fresh.map(([reference]) => reference).join(',')]]),
    ]);
    fresh = [...forward, ...byNumber, ...back]
      .filter((one) => one !== undefined)
      .map((one): [string, Stored<Patient>] => [`Patient/${one.id}`, one])
      .filter(([reference]) => !found.has(reference));
    for (const [reference, record] of fresh) found.set(reference, record);
  }
  return found;
}

/**
 * By `Patient/id`, all of these records that links join to it, over however many steps and in whichever direction: the
 * records of one person each.
 */
export function partsOf<T extends Stored<Patient>>(records: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const parts = new Map(records.map((one) => [`Patient/${one.id}`, [one]]));
  for (const record of records) {
    const self = `Patient/${record.id}`;
    for (const { other } of record.link ?? []) {
      const named = localReference(other.reference, 'Patient') ?? numbered(other, records, self);
      const [mine, theirs] = [parts.get(self), named === undefined ? undefined : parts.get(named)];
      if (mine === undefined || theirs === undefined || mine === theirs) continue;
      mine.push(...theirs);
      for (const one of theirs) parts.set(`Patient/${one.id}`, mine);
    }
  }
  return parts;
}

/** The records that links name by an identifier alone. */
async function namedByIdentifier(store: FhirStore, named: readonly Reference[]): Promise<Stored<Patient>[]> {
  const wanted = named.flatMap(({ reference, identifier }) =>
    reference === undefined && identifier?.system && identifier.value
      ? [tokens(identifier.system, canonicalValue(identifier))]
      : [],
  );
  return wanted.length === 0 ? [] : searchAll(store, 'Patient', [['identifier', wanted.join(',')]]);
}
