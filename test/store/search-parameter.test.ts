import { evalFhirPathTyped, toTypedValue } from '@medplum/core';
import type { Resource } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { exampleResources } from '../../src/catalogue/examples.ts';
import { entriesOf } from '../../src/store/search-index.ts';
import { evaluate, parametersOf } from '../../src/store/search-parameter.ts';

describe('FHIR R4 search parameters', () => {
  const all: readonly Resource[] = exampleResources({ ods: 'RXX', name: 'Example NHS Trust' });
  const rows = all.map((resource): [string, Resource] => [`${resource.resourceType}/${resource.id}`, resource]);

  it.each(rows)('FHIR R4 3.1.1: what is found in %s without FHIRPath is what FHIRPath finds', (_name, resource) => {
    const parameters = [...(parametersOf(resource.resourceType)?.values() ?? [])];
    expect(parameters.some((one) => one.paths !== undefined)).toBe(true);
    for (const parameter of parameters) {
      const found = evalFhirPathTyped(parameter.expression, [toTypedValue(resource)]);
      const plain = found.map(({ type, value }) => ({ type, value }));
      expect(
        evaluate(parameter, resource).map(({ type, value }) => ({ type, value })),
        parameter.code,
      ).toEqual(plain);
    }
  });

  it('finds nothing in a list with a gap, and does not fail on it', () => {
    const patient = { resourceType: 'Patient', id: 'a', name: [{ given: [null, 'Alex'] }] } as unknown as Resource;
    expect([...entriesOf(patient).ranged.keys()].filter((key) => key.startsWith('Patient.given~'))).toHaveLength(1);
  });
});
