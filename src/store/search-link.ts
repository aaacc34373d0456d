import type { Resource } from '@medplum/fhirtypes';
import type { Stored } from './fhir-store.ts';
import { BODY_OF_ID, BODY_OF_PK, type Statements } from './schema.ts';
import { entry, hashOf } from './search-index.ts';
import { evaluate, parametersOf } from './search-parameter.ts';
import { form, formsOf, UNVERSIONED } from './search-value.ts';

/**
 * The references by which another resource may point at this one: literally; or, where it has a url, as a canonical
 * that names this version of it or none.
 */
export function pointersTo(resource: Stored): string[] {
  const literal = `${resource.resourceType}/${resource.id}`;
  const url = textAt(resource, 'url');
  const version = textAt(resource, 'version');
  if (url === undefined) return [literal];
  return [literal, `${url}${UNVERSIONED}`, ...(version === undefined ? [] : [`${url}|${version}`])];
}

/**
 * What a resource points at by a reference parameter, of `target` alone if it is given: literal references, and
 * canonicals of what is stored here. What is not here is left out (R4 search, 3.1.1.5.4).
 */
export function pointedAt(
  statements: Statements,
  resource: Resource,
  code: string,
  target: string | undefined,
): Stored[] {
  return linksOf(resource, code).flatMap(({ text, types }) => {
    const found = /^[a-z]+:/.test(text) ? byCanonical(statements, text, types) : byAddress(statements, text);
    return target === undefined ? found : found.filter((one) => one.resourceType === target);
  });
}

interface Link {
  readonly text: string;
  readonly types: readonly string[];
}

function linksOf(resource: Resource, code: string): Link[] {
  const parameter = parametersOf(resource.resourceType)?.get(code);
  if (parameter?.kind !== 'reference') return [];
  const prefix = form.reference('');
  const texts = formsOf('reference', evaluate(parameter, resource)).map((text) => text.slice(prefix.length));
  // A canonical has two forms, of which the longer says what is meant.
  return texts
    .filter((text) => !texts.some((other) => other.startsWith(`${text}|`)))
    .map((text) => ({ text, types: parameter.targets }));
}

function byAddress(statements: Statements, text: string): Stored[] {
  const [type = '', id = ''] = text.split('/');
  const row = statements.prepare(BODY_OF_ID).get(type, id);
  return row ? [JSON.parse(String(row.body))] : [];
}

function byCanonical(statements: Statements, text: string, types: readonly string[]): Stored[] {
  const [url = '', version = ''] = text.split('|');
  const read = statements.prepare(BODY_OF_PK);
  return types
    .filter((type) => parametersOf(type)?.get('url')?.kind === 'uri')
    .flatMap((type) =>
      statements
        .prepare('SELECT DISTINCT pk FROM rng WHERE p = ? AND low = ?')
        .all(hashOf(entry.group(type, 'url', '')), url),
    )
    .map((row): Stored => JSON.parse(String(read.get(Number(row.pk))?.body)))
    .filter((one) => version === '' || textAt(one, 'version') === version);
}

function textAt(resource: Resource, element: 'url' | 'version'): string | undefined {
  const value: unknown = Reflect.get(resource, element);
  return typeof value === 'string' ? value : undefined;
}
