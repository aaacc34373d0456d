import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { indexSearchParameterBundle, indexStructureDefinitionBundle } from '@medplum/core';
import type { SearchParameter, StructureDefinition } from '@medplum/fhirtypes';

let loaded: Definitions | undefined;

/** The part of FHIR R4 that Herald uses, as `scripts/build-definitions.ts` wrote it. */
export interface Definitions {
  readonly structures: readonly StructureDefinition[];
  readonly searchParameters: readonly SearchParameter[];
  /** The search parameters as text: who keeps an index made from them can tell that they have changed. */
  readonly searchParametersText: string;
}

/**
 * Reads the definitions and makes them known to @medplum/core, so that its FHIRPath and search functions work by
 * them. Takes about 100 ms the first time and nothing afterwards.
 */
export function loadDefinitions(): Definitions {
  if (loaded) return loaded;
  const searchParametersText = generated('search-parameters.json');
  const { structures } = JSON.parse(generated('structures.json')) as { structures: StructureDefinition[] };
  const { searchParameters } = JSON.parse(searchParametersText) as { searchParameters: SearchParameter[] };
  indexStructureDefinitionBundle(structures);
  indexSearchParameterBundle({
    resourceType: 'Bundle',
    type: 'collection',
    entry: searchParameters.map((resource) => ({ resource })),
  });
  loaded = { structures, searchParameters, searchParametersText };
  return loaded;
}

/** The codes of R4's required bindings, by value set; a set without `systems` is open. */
export function loadValueSets(): readonly ValueSetCodes[] {
  return (JSON.parse(generated('value-sets.json')) as { valueSets: ValueSetCodes[] }).valueSets;
}

export interface ValueSetCodes {
  readonly url: string;
  readonly systems?: Readonly<Record<string, readonly string[]>>;
}

/** R4's code systems in which codes stand under codes, of those that its required bindings, labels and purposes use. */
export function loadCodeSystems(): readonly CodeHierarchy[] {
  return (JSON.parse(generated('code-systems.json')) as { codeSystems: CodeHierarchy[] }).codeSystems;
}

export interface CodeHierarchy {
  readonly url: string;
  readonly concept: readonly NestedCode[];
}

export interface NestedCode {
  readonly code: string;
  readonly concept?: readonly NestedCode[];
}

function generated(name: string): string {
  return readFileSync(join(import.meta.dirname, 'generated', name), 'utf8');
}
