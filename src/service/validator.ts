import type { Validate } from '../fhir/call.ts';
import { profileChecks } from '../fhir/conformance/checks.ts';
import { loadDefinitions, loadValueSets } from '../fhir/definitions/load.ts';
import { createValidator } from '../fhir/validate/validator.ts';

/** What every write is checked against: FHIR R4 itself, and our profiles. */
export function validator(): Validate {
  const { structures } = loadDefinitions();
  const ours = profileChecks();
  const checks = createValidator({ structures, ...ours, valueSets: [...loadValueSets(), ...ours.valueSets] });
  return (resource) => checks.validate(resource);
}
