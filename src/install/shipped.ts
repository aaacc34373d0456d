import type { ActivityDefinition, Endpoint } from '@medplum/fhirtypes';
import { shippedEndpoints } from '../catalogue/channels.ts';
import { shippedMessageTypes } from '../catalogue/message-types.ts';
import { type PublishedResource, publishedResources } from '../fhir/conformance/load.ts';

/** Something that comes with Herald and belongs on the server behind it. Never a person. */
export type Shipped = PublishedResource | ((ActivityDefinition | Endpoint) & { id: string });

/**
 * In the order of writing: what is used comes before what uses it (a profile names its extensions and value sets), and
 * search parameters before the records that they are to find.
 */
export function shippedResources(): readonly Shipped[] {
  const all: readonly Shipped[] = [...publishedResources(), ...shippedMessageTypes, ...shippedEndpoints];
  return [...all].sort((a, b) => rank(a) - rank(b));
}

/** What a trust may change in its own way; of the rest, ours is the only right content. */
export function isTheTrusts(resource: Shipped): resource is (ActivityDefinition | Endpoint) & { id: string } {
  return resource.resourceType === 'ActivityDefinition' || resource.resourceType === 'Endpoint';
}

/** The canonical address; an Endpoint has none, and goes by its channel. */
export function urlOf(resource: Shipped): string | undefined {
  return resource.resourceType === 'Endpoint' ? undefined : resource.url;
}

const order: readonly Shipped['resourceType'][] = [
  'CodeSystem',
  'ValueSet',
  'ConceptMap',
  'StructureDefinition',
  'SearchParameter',
  'OperationDefinition',
  'ActivityDefinition',
  'Endpoint',
];

function rank(resource: Shipped): number {
  const isProfile = resource.resourceType === 'StructureDefinition' && resource.type !== 'Extension';
  return order.indexOf(resource.resourceType) + (isProfile ? 0.5 : 0);
}
