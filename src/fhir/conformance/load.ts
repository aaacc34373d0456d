import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type {
  CodeSystem,
  ConceptMap,
  OperationDefinition,
  SearchParameter,
  StructureDefinition,
  ValueSet,
} from '@medplum/fhirtypes';

/** What we publish: profiles and terminology, as `scripts/build-profiles.ts` made them. */
export type PublishedResource = (
  | StructureDefinition
  | OperationDefinition
  | SearchParameter
  | CodeSystem
  | ValueSet
  | ConceptMap
) & { id: string };

/** The types of them, which nobody writes through the interface (contract 2). */
export const publishedTypes = [
  'StructureDefinition',
  'OperationDefinition',
  'SearchParameter',
  'CodeSystem',
  'ValueSet',
  'ConceptMap',
] as const satisfies readonly PublishedResource['resourceType'][];
export type PublishedType = (typeof publishedTypes)[number];

let loaded: readonly PublishedResource[] | undefined;

/** All of it, read once, when it is first asked for. */
export function publishedResources(): readonly PublishedResource[] {
  loaded ??= [
    ...read(new URL('../../../profiles/', import.meta.url)),
    ...read(new URL('../../../terminology/', import.meta.url)),
  ];
  return loaded;
}

/** Those of one type. */
export function published<T extends PublishedType>(
  type: T,
): readonly Extract<PublishedResource, { resourceType: T }>[] {
  return publishedResources().filter(
    (one): one is Extract<PublishedResource, { resourceType: T }> => one.resourceType === type,
  );
}

function read(folder: URL): PublishedResource[] {
  return readdirSync(fileURLToPath(folder))
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as PublishedResource);
}
