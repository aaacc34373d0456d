import { codeSystem } from '../canonical.ts';
import type { Probe } from '../doctor/probe.ts';
import { type JsonObject, objectIn, objectsIn, textIn } from '../store/remote/json.ts';
import { digestOf, placeOf, wasShipped } from './content.ts';
import { isTheTrusts, type Shipped, urlOf } from './shipped.ts';

/**
 * What is to be done with one shipped resource. `kept`: what is there is somebody else's own and stays; `unclear`: the
 * server did not say what is there, so that nothing is done.
 */
export type Planned = {
  readonly resource: Shipped;
  /** `Type/id` on that server. */
  readonly place: string;
  /** Why, where that is not plain. */
  readonly note?: string;
} & (
  | { readonly change: 'new' | 'same' | 'kept' | 'unclear' }
  | { readonly change: 'changed'; readonly versionId: string | undefined }
);

/**
 * Looks what the server has in the place of a shipped resource: by canonical address and version, whatever id it has
 * there, so that nothing is ever there twice. Errors: Unreachable.
 */
export async function plan(probe: Probe, resource: Shipped): Promise<Planned> {
  const place = placeOf(resource);
  const found = await searchedFor(probe, resource);
  const standing = found?.filter((one) => standsFor(resource, one)) ?? [];
  if (standing.length > 0) return planFrom(resource, standing);
  const { status, body } = await probe.ask({ path: place, headers: past });
  if (status === 200 && standsFor(resource, body)) return planFrom(resource, [body]);
  if (status === 200) return { resource, place, change: 'unclear', note: 'something else has its id' };
  if (found !== undefined || status === 404 || status === 410) return { resource, place, change: 'new' };
  return { resource, place, change: 'unclear', note: `the server does not say what it has: it answers ${status}` };
}

function planFrom(resource: Shipped, standing: readonly JsonObject[]): Planned {
  return isTheTrusts(resource) ? planOfTrusts(resource, standing) : planOfOurs(resource, standing);
}

/** Of several, ours is what matters; where none is, all of them are the trust's own. */
function planOfTrusts(resource: Shipped, standing: readonly JsonObject[]): Planned {
  const same = standing.find((one) => digestOf(one) === digestOf(resource));
  if (same !== undefined) return { resource, place: addressOf(same), change: 'same' };
  const ours = standing.find((one) => wasShipped(resource, one));
  if (ours !== undefined) return changed(resource, ours, 'as shipped earlier');
  return { resource, place: addressOf(standing[0] ?? resource), change: 'kept', note: "the trust's own" };
}

function planOfOurs(resource: Shipped, standing: readonly JsonObject[]): Planned {
  const wanted = versionOf(resource);
  const inPlace = standing.filter((one) => versionOf(one) === wanted);
  const found = preferred(resource, inPlace.length > 0 ? inPlace : standing);
  const version = versionOf(found);
  if (version.localeCompare(wanted, 'en', { numeric: true }) > 0) {
    return { resource, place: addressOf(found), change: 'kept', note: `version ${version} is newer than ours` };
  }
  if (digestOf(found) === digestOf(resource)) return { resource, place: addressOf(found), change: 'same' };
  return changed(resource, found, version === wanted ? undefined : `version ${version} before`);
}

function changed(resource: Shipped, found: JsonObject, note: string | undefined): Planned {
  const versionId = textIn(objectIn(found.meta).versionId);
  return { resource, place: addressOf(found), change: 'changed', versionId, ...(note === undefined ? {} : { note }) };
}

/** What a search for it finds; `undefined` where the server does not answer one. */
async function searchedFor(probe: Probe, resource: Shipped): Promise<readonly JsonObject[] | undefined> {
  const path = `${resource.resourceType}?${conditionFor(resource)}`;
  const { status, body } = await probe.ask({ path, headers: past });
  if (status !== 200 || body.type !== 'searchset') return undefined;
  return objectsIn(body.entry).map((entry) => objectIn(entry.resource));
}

/** What was asked before may have changed. */
const past = { 'Cache-Control': 'no-cache' } as const;

/** The search that finds it on any server, as a query. */
export function conditionFor(resource: Shipped): string {
  const pair: [string, string] =
    resource.resourceType === 'Endpoint'
      ? ['connection-type', `${codeSystem('channel')}|${resource.connectionType.code ?? ''}`]
      : ['url', urlOf(resource) ?? ''];
  return new URLSearchParams([pair]).toString();
}

/** A server that passed over the search would have answered with others. */
function standsFor(resource: Shipped, found: JsonObject): boolean {
  if (found.resourceType !== resource.resourceType) return false;
  if (resource.resourceType !== 'Endpoint') return found.url === urlOf(resource);
  const { system, code } = objectIn(found.connectionType);
  return system === codeSystem('channel') && code === resource.connectionType.code;
}

function preferred(resource: Shipped, found: readonly JsonObject[]): JsonObject {
  return found.find((one) => one.id === resource.id) ?? found[0] ?? {};
}

const addressOf = (found: object): string => `${Reflect.get(found, 'resourceType')}/${Reflect.get(found, 'id')}`;

const versionOf = (found: object): string => textIn(Reflect.get(found, 'version')) ?? '';
