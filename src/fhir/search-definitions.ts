import type { SearchParameter } from '@medplum/fhirtypes';
import { loadDefinitions } from './definitions/load.ts';

/** R4's own definition of a search parameter. Errors: Error for a name that R4 does not have for the type. */
export function searchDefinition(type: string, name: string): SearchParameter {
  const key = `${type}.${name}`;
  const known = definitions.get(key);
  if (known !== undefined) return known;
  const found = loadDefinitions().searchParameters.find(
    (one) => one.code === name && (one.base as readonly string[]).some((base) => base === type || base === 'Resource'),
  );
  if (found === undefined) throw new Error(`FHIR R4 has no search parameter ${key}`);
  definitions.set(key, found);
  return found;
}

const definitions = new Map<string, SearchParameter>();
