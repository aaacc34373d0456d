import { isObject } from '../../../src/fhir/validate/run.ts';
import { unversioned } from './references.ts';

/** What a server says of a resource by itself. */
const ofTheServer = ['versionId', 'lastUpdated', 'source'];

/**
 * Where a resource that HAPI gives back differs from what it was given, as `place: this became that`. Not counted are
 * what a server sets, the order of labels, which is none, and the version of a reference, which HAPI drops.
 */
export function differences(given: unknown, kept: unknown, place: string): string[] {
  if (place.endsWith('.meta')) return compared(metaOf(given), metaOf(kept), place);
  if (place.endsWith('.reference') && typeof given === 'string') return compared(unversioned(given), kept, place);
  return compared(given, kept, place);
}

function compared(given: unknown, kept: unknown, place: string): string[] {
  if (isObject(given) && isObject(kept)) {
    // Whether or not either has it: a resource that was given without meta comes back with one.
    const names = new Set([...Object.keys(given), ...Object.keys(kept)]);
    return [...names].flatMap((name) => differences(given[name], kept[name], `${place}.${name}`));
  }
  if (Array.isArray(given) && Array.isArray(kept) && given.length === kept.length) {
    return given.flatMap((one, index) => differences(one, kept[index], `${place}[${index}]`));
  }
  return given === kept ? [] : [`${place}: ${JSON.stringify(given)} became ${JSON.stringify(kept)}`];
}

function metaOf(meta: unknown): unknown {
  if (meta === undefined) return {};
  if (!isObject(meta)) return meta;
  const own = Object.entries(meta).filter(([name]) => !ofTheServer.includes(name));
  return Object.fromEntries(own.map(([name, value]) => [name, Array.isArray(value) ? sorted(value) : value]));
}

const sorted = (values: readonly unknown[]): unknown[] =>
  [...values].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
