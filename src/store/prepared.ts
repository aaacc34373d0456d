import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Resource } from '@medplum/fhirtypes';
import type { Write } from './fhir-store.ts';
import { entriesOf, entry, type IndexEntries } from './search-index.ts';
import { parametersOf } from './search-parameter.ts';
import { rangesOf } from './search-value.ts';

/** What of a write is worked out before its commit: all by which it is found but the time of the commit itself. */
export interface Prepared {
  /** A copy: what was worked out stays true of it. */
  readonly resource: Resource & { id: string };
  readonly entries: IndexEntries;
}

/** Fewer writes than this are not worth it: nobody notices how long their commit takes. */
const MANY = 50;

/** Writes that are worked out before other work may go on: a few milliseconds. */
const AT_ONCE = 20;

/**
 * Works out a large commit beforehand, little by little: within the commit nothing else of the process can go on, and
 * the index is most of its work. In the order of the writes; `undefined` for those that are left to the commit, which
 * may find a fault in them. Does not throw.
 */
export async function prepare(writes: readonly Write[]): Promise<readonly (Prepared | undefined)[]> {
  if (writes.length < MANY) return [];
  const prepared: (Prepared | undefined)[] = [];
  for (const { resource } of writes) {
    if (prepared.length % AT_ONCE === 0) await nextTurn();
    prepared.push(preparedOf(resource));
  }
  return prepared;
}

function preparedOf(given: Write['resource']): Prepared | undefined {
  try {
    const resource = JSON.parse(JSON.stringify(given)) as Write['resource'];
    const { lastUpdated: _lastUpdated, ...meta } = resource.meta ?? {};
    return { resource, entries: entriesOf({ ...resource, meta }) };
  } catch {
    return undefined;
  }
}

/** Prepared entries with that of the time at which the resource is stored. */
export function withTime(entries: IndexEntries, resourceType: string, lastUpdated: string): IndexEntries {
  const parameter = parametersOf(resourceType)?.get(LAST_UPDATED);
  if (parameter?.kind !== 'date') return entries;
  const times = rangesOf(parameter, [{ type: 'instant', value: lastUpdated }]).map(({ low, high, qualifier }) => {
    const group = entry.group(resourceType, LAST_UPDATED, qualifier);
    return [`${group}\n${JSON.stringify([low, high])}`, { group, low, high }] as const;
  });
  return {
    ...entries,
    seldom: new Set([...entries.seldom, entry.has(LAST_UPDATED)]),
    ranged: new Map([...entries.ranged, ...times]),
  };
}

const LAST_UPDATED = '_lastUpdated';
