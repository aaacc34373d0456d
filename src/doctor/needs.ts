import { publishedTypes } from '../fhir/conformance/load.ts';
import { type ResourceRoute, routes } from '../fhir/routes.ts';
import { installedNeeds } from './installed.ts';
import type { Trial } from './need.ts';
import { formNeeds } from './needs-forms.ts';
import { ownSearchNeeds, parameterNeeds, resultNeeds } from './needs-searches.ts';
import { systemNeeds } from './needs-system.ts';
import { interactionNeeds } from './needs-types.ts';
import { writeNeeds } from './needs-writes.ts';

/** The types that are kept in the store; what Herald publishes it serves itself. */
export const storedTypes: readonly ResourceRoute[] = routes.filter(
  ({ type }) => !publishedTypes.some((one) => one === type),
);

/**
 * Everything that Herald needs of the server behind it, in the order in which it is shown: one row each, with how it is
 * tried, why, and what its lack costs. Made from the table of what Herald answers (contract 2) and the searches that it
 * asks for itself, so that neither can grow without being examined.
 */
export function needs(): readonly Trial[] {
  return [
    ...systemNeeds(),
    ...ownSearchNeeds(),
    ...storedTypes.flatMap((route) => [...interactionNeeds(route), ...parameterNeeds(route), ...resultNeeds(route)]),
    ...formNeeds(),
    ...writeNeeds(),
    ...installedNeeds(),
  ];
}
