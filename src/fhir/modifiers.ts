import type { Resource } from '@medplum/fhirtypes';
import type { Fault } from '../errors.ts';

/** What Herald acts upon: a part of one whose meaning somebody else has changed must not be acted upon as it reads. */
const actedUpon: ReadonlySet<string> = new Set(['CommunicationRequest', 'Task']);

/**
 * What in a resource may turn the meaning of a part of it round (FHIR R4 2.4.3: whoever does not know a modifier may not
 * process what has it). Those of the resource as a whole its profile refuses; the parts have none.
 */
export function modifierFaults(resource: Resource): Fault[] {
  if (!actedUpon.has(resource.resourceType)) return [];
  const { modifierExtension: _told, ...parts } = resource as Resource & { modifierExtension?: unknown };
  const places = placesOf(parts, resource.resourceType);
  if (resource.implicitRules !== undefined) places.push(`${resource.resourceType}.implicitRules`);
  return places.map((expression) => ({
    expression,
    issue: 'not-supported',
    text: 'This may change the meaning of what it stands in, in a way that is not known here. Leave it out.',
  }));
}

function placesOf(value: unknown, at: string): string[] {
  if (Array.isArray(value)) return value.flatMap((one, index) => placesOf(one, `${at}[${index}]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) =>
    key === 'modifierExtension' ? [`${at}.${key}`] : placesOf(one, `${at}.${key}`),
  );
}
