import type { Bundle, BundleEntry, Resource } from '@medplum/fhirtypes';
import { type Answer, type FhirResource, isResource, versionInTag } from './answer.ts';
import type { Precondition } from './habits.ts';
import { type JsonObject, objectIn, objectsIn, textIn } from './json.ts';
import { isDone } from './refusal.ts';

export function transactionOf(entry: BundleEntry[]): Bundle {
  return { resourceType: 'Bundle', type: 'transaction', entry };
}

export function putEntry(
  baseUrl: string,
  resource: Resource & { id: string },
  precondition: Precondition,
): BundleEntry {
  const url = `${resource.resourceType}/${resource.id}`;
  // The address lets the server tell that relative references mean the other entries.
  return { fullUrl: `${baseUrl}/${url}`, resource, request: { method: 'PUT', url, ...precondition } };
}

/** What the server said of one write. */
export interface Said {
  readonly status: number;
  readonly resource?: FhirResource | undefined;
  readonly versionId?: string | undefined;
}

/** What the server said of each entry of a transaction; `undefined`: not that it has made all of them. */
export function saidOf({ resource }: Answer, expected: number): Said[] | undefined {
  const said = objectsIn(resource?.entry).map((one): Said => {
    const response = objectIn(one.response);
    return {
      status: Number.parseInt(textIn(response.status) ?? '', 10),
      resource: isResource(one.resource) ? one.resource : undefined,
      versionId: versionIn(response),
    };
  });
  const isWhole = resource?.type === 'transaction-response' && said.length === expected;
  return isWhole && said.every(({ status }) => isDone(status)) ? said : undefined;
}

function versionIn(response: JsonObject): string | undefined {
  const inLocation = /\/_history\/([A-Za-z0-9\-.]{1,64})$/.exec(textIn(response.location) ?? '')?.[1];
  return versionInTag(textIn(response.etag)) ?? inLocation;
}
