import type { Resource } from '@medplum/fhirtypes';
import { shippedEndpoints } from '../../../src/catalogue/channels.ts';
import { demoStaffResources, exampleResources } from '../../../src/catalogue/examples.ts';
import { shippedMessageTypes } from '../../../src/catalogue/message-types.ts';
import { profileChecks, profilesFor } from '../../../src/fhir/conformance/checks.ts';
import { publishedResources } from '../../../src/fhir/conformance/load.ts';
import type { StructureDefinition } from '../../../src/fhir/validate/definitions.ts';
import type { JsonObject } from '../../../src/fhir/validate/run.ts';
import { createValidator, type Validator } from '../../../src/fhir/validate/validator.ts';
import { base, profiled, valid } from '../../validate/defects.ts';
import { channels, emergencyExtension, requestProfile } from '../../validate/example-profile.ts';
import { changed, faultsOf, structures, valueSets } from '../../validate/support.ts';

/** One resource that both validators judge. */
export interface Case {
  readonly name: string;
  /** Beside those that the resource declares. */
  readonly profiles: readonly string[];
  readonly resource: unknown;
  /** What our validator finds, as `list kind place`; empty means valid. */
  readonly faults: readonly string[];
}

/** Cases that are judged by the same definitions. */
export interface Group {
  readonly definitions: readonly unknown[];
  readonly cases: readonly Case[];
}

/**
 * What Herald ships and publishes, and what it wrote and answered while it ran (`records`, `answers`), each against our
 * profiles.
 */
export function serviceGroup(records: readonly Resource[], answers: Readonly<Record<string, unknown>>): Group {
  const ours = profileChecks();
  const validator = createValidator({ structures, ...ours, valueSets: [...valueSets, ...ours.valueSets] });
  const controller = { ods: 'RXX', name: 'Example NHS Trust' };
  const shipped = [
    ...demoStaffResources(controller),
    ...exampleResources(controller),
    ...shippedMessageTypes,
    ...shippedEndpoints,
  ];
  const addresses = new Set(shipped.map(addressOf));
  const written = records.filter((one) => !addresses.has(addressOf(one)));
  return {
    definitions: publishedResources(),
    cases: [
      ...shipped.map((one) => caseOf(validator, `shipped ${addressOf(one)}`, one, profilesFor({ ...one }))),
      ...written.map((one) => caseOf(validator, `written ${addressOf(one)}`, one, profilesFor({ ...one }))),
      // Our validator holds none of these types: what we publish and answer is valid, or it is a defect.
      ...publishedResources().map((one) => claimed(`published ${addressOf(one)}`, one)),
      ...Object.entries(answers).map(([name, answer]) => claimed(`answered ${name}`, answer)),
    ],
  };
}

/** The nineteen defects and the resource that they are made from, against the profile that they were made for. */
export function defectGroup(): Group {
  const profiles = [requestProfile, emergencyExtension];
  const validator = createValidator({
    structures,
    valueSets: [...valueSets, channels],
    profiles,
    profilesFor: () => [requestProfile.url],
  });
  const judged = (name: string, resource: unknown) => caseOf(validator, name, resource, [requestProfile.url]);
  const replaced = new Set(profiles.map(({ url }) => url));
  return {
    definitions: [
      ...publishedResources().filter(({ url }) => !replaced.has(url ?? '')),
      ...profiles.map(asDifferential),
    ],
    cases: [
      judged('defect: none', valid),
      ...base.map(([name, change]) => judged(`defect of R4: ${name}`, changed(valid, change))),
      ...profiled.map(([name, change]) => judged(`defect of the profile: ${name}`, changed(valid, change))),
    ],
  };
}

const addressOf = (resource: Resource): string => `${resource.resourceType}/${resource.id}`;

function caseOf(validator: Validator, name: string, resource: unknown, profiles: readonly string[]): Case {
  return { name, profiles, resource, faults: faultsOf(validator, resource) };
}

const claimed = (name: string, resource: unknown): Case => ({ name, profiles: [], resource, faults: [] });

/**
 * A profile of the tests as others take it. Those tests need a snapshot only, in any order; a validator that makes the
 * snapshot itself needs what changed, in the order of the elements.
 */
function asDifferential(profile: StructureDefinition): JsonObject {
  const { snapshot, ...about } = profile;
  const original = structures.find((one) => one.url === `http://hl7.org/fhir/StructureDefinition/${profile.type}`);
  const places = new Map(original?.snapshot?.element.map((one, index) => [one.path, { index, one }]));
  const placeOf = (path: string): number => places.get(path)?.index ?? placeOf(path.replace(/\.[^.]+$/, ''));
  const isChanged = ({ base: _base, ...element }: { path: string; base?: unknown; sliceName?: unknown }) => {
    const known = places.get(element.path)?.one;
    if (known === undefined) return true;
    const { base: _known, ...before } = known;
    return JSON.stringify(before) !== JSON.stringify(element);
  };
  const element = (snapshot?.element ?? [])
    .filter(isChanged)
    .map(({ base: _base, ...one }) => one)
    .sort((a, b) => placeOf(a.path) - placeOf(b.path));
  return {
    resourceType: 'StructureDefinition',
    name: 'ForTests',
    status: 'active',
    abstract: false,
    fhirVersion: '4.0.1',
    baseDefinition: original?.url,
    ...about,
    differential: { element },
  };
}
