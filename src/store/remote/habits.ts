import type { Capabilities } from './capabilities.ts';
import type { PlainWrite } from './conditions.ts';

/**
 * `header`: `Cache-Control` on the batch, which the server heeds for its entries. `parameter`: one in each search that
 * changes nothing but the question, whatever the server heeds.
 */
export type CacheBuster = 'header' | 'parameter';

/** What is known of a server beyond what its statement says. */
export interface Habits {
  /**
   * How a create under our own id is kept from overwriting what is there. HAPI passes over `If-None-Match` on PUT; it
   * takes `If-Match` with a version that nothing has as a conflict, unless nothing is there.
   */
  readonly createGuard: 'if-none-match' | 'if-match-zero';
  /** Labels and tags of earlier versions stay, whatever a PUT says. */
  readonly labelsAddUp: boolean;
  /** What keeps the searches within a batch from being answered from the server's cache. */
  readonly cacheBuster: CacheBuster;
  /** A history without `_since` is answered from a cache that nothing gets round, and cut. */
  readonly historiesAreCached: boolean;
}

export function habitsOf(capabilities: Capabilities): Habits {
  return isHapi(capabilities)
    ? { createGuard: 'if-match-zero', labelsAddUp: true, cacheBuster: 'header', historiesAreCached: true }
    : { createGuard: 'if-none-match', labelsAddUp: false, cacheBuster: 'parameter', historiesAreCached: false };
}

export const isHapi = ({ software }: Pick<Capabilities, 'software'>): boolean => /\bHAPI FHIR\b/i.test(software ?? '');

/** What the server is to check before it writes. Absent: nothing. */
export interface Precondition {
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
}

export function preconditionOf(write: PlainWrite, { createGuard }: Habits): Precondition {
  if (write.op === 'update') return write.ifMatch === undefined ? {} : { ifMatch: entityTag(write.ifMatch) };
  return createGuard === 'if-none-match' ? { ifNoneMatch: '*' } : { ifMatch: entityTag('0') };
}

/** A version as `If-Match` takes it. */
export const entityTag = (versionId: string): string => `W/"${versionId}"`;

/** The same as the headers of a call of its own. */
export function headersOf({ ifMatch, ifNoneMatch }: Precondition): Record<string, string> {
  return {
    ...(ifMatch === undefined ? {} : { 'If-Match': ifMatch }),
    ...(ifNoneMatch === undefined ? {} : { 'If-None-Match': ifNoneMatch }),
  };
}
