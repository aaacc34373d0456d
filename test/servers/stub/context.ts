import { createHash } from 'node:crypto';
import type { Resource } from '@medplum/fhirtypes';
import type { Clock } from '../../../src/clock.ts';
import type { Stored } from '../../../src/store/fhir-store.ts';
import type { Behaviour } from './options.ts';
import type { Pages } from './pages.ts';
import type { Records } from './records.ts';
import { mapReferences } from './references.ts';
import type { SearchCache } from './search-cache.ts';

/** What can be set while the server runs. */
export interface Mode {
  /** Writes answer 405. */
  readonly readOnly: boolean;
  /** Writes answer 507. */
  readonly full: boolean;
  /** Every call but `metadata` needs it as bearer token. `null`: none is needed. */
  readonly token: string | null;
}

/** What every interaction works with. */
export interface Context {
  readonly behaviour: Behaviour;
  readonly records: Records;
  readonly clock: Clock;
  readonly pages: Pages;
  readonly cache: SearchCache;
  mode: Mode;
  /** Base URL, without a slash at the end; known once the server listens. */
  base: string;
}

/** A version's name as callers see it. */
export function versionOf({ behaviour }: Context, { resourceType, id, meta }: Stored): string {
  if (!behaviour.opaqueVersions) return meta.versionId;
  const hash = createHash('sha256').update(`${resourceType}/${id}/${meta.versionId}`).digest('hex');
  return hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

export function etagOf(context: Context, stored: Stored): string {
  return `W/"${versionOf(context, stored)}"`;
}

/** A stored resource as callers see it. */
export function presented(context: Context, stored: Stored): Resource {
  const versioned = { ...stored, meta: { ...stored.meta, versionId: versionOf(context, stored) } };
  if (!context.behaviour.absoluteReferences) return versioned;
  const absolute = (reference: string) =>
    /^[A-Z][A-Za-z]+\//.test(reference) ? `${context.base}/${reference}` : reference;
  return mapReferences(versioned, absolute) as Resource;
}

/** `Type/id/_history/version`. */
export function placeOf(context: Context, stored: Stored): string {
  return `${stored.resourceType}/${stored.id}/_history/${versionOf(context, stored)}`;
}
