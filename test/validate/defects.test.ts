import { describe, expect, it } from 'vitest';
import type { StructureDefinition } from '../../src/fhir/validate/definitions.ts';
import { createValidator } from '../../src/fhir/validate/validator.ts';
import { base, type Defect, emergency, kind, profiled, valid } from './defects.ts';
import { channels, emergencyExtension, profileOf, requestProfile } from './example-profile.ts';
import { changed, faultsOf, structures, valueSets } from './support.ts';

const validator = createValidator({
  structures,
  valueSets: [...valueSets, channels],
  profiles: [requestProfile, emergencyExtension],
  profilesFor: ({ resourceType }) => (resourceType === 'CommunicationRequest' ? [requestProfile.url] : []),
});

describe('nineteen defects, each found once and named', () => {
  it('the resource that they are made from has no fault', () => {
    expect(validator.validate(valid)).toEqual({ structure: [], profile: [] });
  });

  it.each(base)('R4: %s', (_name, change, faults) => {
    expect(faultsOf(validator, changed(valid, change))).toEqual(faults);
  });

  it.each(profiled)('profile: %s', (_name, change, faults) => {
    expect(faultsOf(validator, changed(valid, change))).toEqual(faults);
  });

  it('contract 2: all faults are reported at once, with both kinds apart', () => {
    const change = {
      colour: 'red',
      priority: 'soonish',
      encounter: {},
      extension: undefined,
      status: 'draft',
      category: [kind, kind],
    };
    expect(faultsOf(validator, changed({ colour: 'red', ...valid }, change))).toEqual([
      'structure structure CommunicationRequest.colour',
      'structure code-invalid CommunicationRequest.priority',
      'structure structure CommunicationRequest.encounter',
      'profile required CommunicationRequest.extension',
      'profile value CommunicationRequest.status',
      'profile structure CommunicationRequest.category',
    ]);
  });

  it.each([...base, ...profiled])('its sentence begins with the element: %s', (_name, change) => {
    const { structure, profile } = validator.validate(changed(valid, change));
    for (const { expression, text } of [...structure, ...profile]) {
      expect(text.startsWith(`${expression} `)).toBe(true);
      expect(text).toMatch(/\.$/);
    }
  });
});

describe('more that a profile can say', () => {
  it.each<Defect>([
    [
      'a slice found by a fixed value lacks what it requires',
      { identifier: [{ system: 'https://epr.example.org/messages' }, { system: 'urn:other' }] },
      ['profile required CommunicationRequest.identifier[0].value'],
    ],
    [
      'a slice comes more often than it may',
      { identifier: ['a', 'b'].map((value) => ({ system: 'https://epr.example.org/messages', value })) },
      ['profile structure CommunicationRequest.identifier'],
    ],
    [
      'an element comes more often than the profile allows',
      { payload: ['a', 'b', 'c'].map((contentString) => ({ contentString })) },
      ['profile structure CommunicationRequest.payload'],
    ],
    [
      'a text is longer than the profile allows',
      { payload: [{ contentString: 'x'.repeat(21) }] },
      ['profile too-long CommunicationRequest.payload[0].content'],
    ],
    [
      'a text alone where a code is required',
      { medium: [{ text: 'by text' }] },
      ['profile code-invalid CommunicationRequest.medium[0]'],
    ],
    [
      'an extension has a value that it forbids, and stands twice',
      { extension: [emergency], payload: [{ contentString: 'Hello', extension: [emergency] }] },
      ['profile invariant CommunicationRequest.payload[0].extension[0].url'],
    ],
    [
      'a part of an extension points at the wrong type',
      {
        extension: [
          {
            ...emergency,
            extension: [{ url: 'decidedBy', valueReference: { reference: 'Patient/edith' } }, emergency.extension[1]],
          },
        ],
      },
      ['profile value CommunicationRequest.extension[0].extension[0].value.reference'],
    ],
  ])('%s', (_name, change, faults) => {
    expect(faultsOf(validator, changed(valid, change))).toEqual(faults);
  });

  it('an element that the profile requires may be absent with a reason', () => {
    const priority = profileOf('CommunicationRequest', 'prioritised', { 'CommunicationRequest.priority': { min: 1 } });
    const requiring = createValidator({ structures, valueSets, profiles: [priority] });
    const reason = {
      extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' }],
    };
    const request = {
      resourceType: 'CommunicationRequest',
      status: 'active',
      meta: { profile: [`${priority.url}|1.0`] },
    };
    expect(faultsOf(requiring, request)).toEqual(['profile required CommunicationRequest.priority']);
    expect(faultsOf(requiring, { ...request, _priority: reason })).toEqual([]);
  });

  it('a declared profile of another type is a fault; one that is not loaded is not', () => {
    const meta = { profile: [requestProfile.url, 'https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient'] };
    expect(faultsOf(validator, { resourceType: 'Patient', meta })).toEqual(['profile value Patient.meta']);
  });

  it('the profile of a resource is checked in the entries of a Bundle, with the whole path', () => {
    const resource = changed(valid, { status: 'draft' });
    const entry = [{ resource, request: { method: 'POST', url: 'CommunicationRequest' } }];
    expect(faultsOf(validator, { resourceType: 'Bundle', type: 'batch', entry })).toEqual([
      'profile value Bundle.entry[0].resource.status',
    ]);
  });

  it.each([
    ['without snapshot', { url: requestProfile.url, type: 'CommunicationRequest', kind: 'resource' }],
    ['sliced by profile', sliced([{ type: 'profile', path: 'resolve()' }])],
    ['sliced by what the slice does not fix', sliced([{ type: 'value', path: 'use' }])],
    ['sliced without discriminator', sliced([])],
    ['with an expression that is no FHIRPath', { ...requestProfile, snapshot: { element: [broken] } }],
  ])('a profile that cannot be checked does not start: %s', (_name, profile) => {
    expect(() => createValidator({ structures, valueSets, profiles: [profile] })).toThrow();
  });
});

const broken = {
  id: 'CommunicationRequest',
  path: 'CommunicationRequest',
  constraint: [{ key: 'bad-1', severity: 'error', human: 'Bad', expression: 'status = (' }],
};

function sliced(discriminator: { type: string; path: string }[]): StructureDefinition {
  return profileOf('CommunicationRequest', 'sliced', {
    'CommunicationRequest.identifier': { slicing: { discriminator, rules: 'open' } },
    'CommunicationRequest.identifier:epr': { sliceName: 'epr', min: 1 },
  });
}
