import { loadDefinitions, loadValueSets } from '../../src/fhir/definitions/load.ts';
import type { StructureDefinition } from '../../src/fhir/validate/definitions.ts';
import type { JsonObject } from '../../src/fhir/validate/run.ts';
import { createValidator, type Validator, type ValidatorOptions } from '../../src/fhir/validate/validator.ts';

/** The generated R4 definitions, made known to the FHIRPath library as they are in the service. */
export const structures: readonly StructureDefinition[] = loadDefinitions().structures;

export const valueSets: ValidatorOptions['valueSets'] = loadValueSets();

/** A validator of R4 alone. */
export const r4: Validator = createValidator({ structures, valueSets });

/** What a test says of a fault: its list and place. */
export function faultsOf(validator: Validator, resource: unknown): string[] {
  const { structure, profile } = validator.validate(resource);
  return [
    ...structure.map(({ expression, issue }) => `structure ${issue} ${expression}`),
    ...profile.map(({ expression, issue }) => `profile ${issue} ${expression}`),
  ];
}

/** A copy with some elements replaced; `undefined` takes one away. */
export function changed(resource: JsonObject | undefined, change: Record<string, unknown>): JsonObject {
  return JSON.parse(JSON.stringify({ ...resource, ...change })) as JsonObject;
}
