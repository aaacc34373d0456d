import type { Stored } from '../../../src/store/fhir-store.ts';
import type { Mode } from './context.ts';
import type { ArmedFault, Fault } from './faults.ts';
import type { CallCount, CallRecord } from './ledger.ts';

/** Resources of one type that share an identifier. */
export interface Duplicate {
  readonly type: string;
  readonly system: string;
  readonly ids: readonly string[];
}

/** Steers a stub and looks into it; the same whether it runs in this process or in another. */
export interface StubControl {
  /** From now on these calls go wrong. Earlier faults stay armed and strike first. */
  arm(...faults: readonly Fault[]): Promise<void>;
  disarm(): Promise<void>;
  armed(): Promise<ArmedFault[]>;
  /** What is not given stays as it is. */
  set(mode: Partial<Mode>): Promise<void>;
  /** Closes the listening socket and all connections; with `ms`, for that long. */
  down(ms?: number): Promise<void>;
  /** Listens again, on the same port. */
  up(): Promise<void>;
  calls(): Promise<CallRecord[]>;
  count(): Promise<CallCount>;
  emptyLedger(): Promise<void>;
  /** Every version of every resource, oldest first, as it is stored. */
  dump(): Promise<Stored[]>;
  /** Current resources that share type and identifier. */
  duplicates(): Promise<Duplicate[]>;
}

/** Finds them among versions as `dump` answers them. */
export function duplicatesIn(versions: readonly Stored[]): Duplicate[] {
  const current = new Map(versions.map((one) => [`${one.resourceType}/${one.id}`, one]));
  const byIdentifier = new Map<string, { type: string; system: string; ids: string[] }>();
  for (const one of current.values()) {
    for (const { system = '', value } of identifiersOf(one)) {
      const key = JSON.stringify([one.resourceType, system, value]);
      const group = byIdentifier.get(key) ?? { type: one.resourceType, system, ids: [] };
      if (!group.ids.includes(one.id)) group.ids.push(one.id);
      byIdentifier.set(key, group);
    }
  }
  return [...byIdentifier.values()].filter(({ ids }) => ids.length > 1);
}

function identifiersOf(resource: Stored): { system?: string; value?: string }[] {
  if (!('identifier' in resource) || resource.identifier === undefined) return [];
  return Array.isArray(resource.identifier) ? resource.identifier : [resource.identifier];
}
