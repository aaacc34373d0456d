/**
 * Makes `profiles/*.json` and `terminology/*.json` from the Shorthand in `profiles/fsh` and from the lists of codes in
 * `src`, by SUSHI and without network. With `--check` nothing is written, and a difference exits with 1.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Resource } from '@medplum/fhirtypes';
import { MSG } from '../src/canonical.ts';
import { programCodeSystems } from './profiles/code-systems.ts';
import { notifyStatusMap } from './profiles/concept-map.ts';
import { setting } from './profiles/settings.ts';
import { codeSystemShorthand, valueSetShorthand } from './profiles/shorthand.ts';
import { runSushi, type SushiProject } from './profiles/sushi.ts';
import { wordLists } from './profiles/word-lists.ts';

const ROOT = join(import.meta.dirname, '..');
const SOURCE = join(ROOT, 'profiles');
const TERMINOLOGY: ReadonlySet<string> = new Set(['CodeSystem', 'ValueSet', 'ConceptMap']);
const REMEDY = 'Run: npm run build:profiles';

if (import.meta.main) {
  const files = conformanceFiles();
  const strangers = ['profiles', 'terminology'].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.json'))
      .map((name) => `${folder}/${name}`)
      .filter((path) => !files.has(path)),
  );
  const drifted = [...files].filter(([path, text]) => {
    const file = join(ROOT, path);
    return !existsSync(file) || readFileSync(file, 'utf8') !== text;
  });
  if (process.argv.includes('--check')) {
    for (const [path] of drifted) console.error(`${path} is not what the sources make. ${REMEDY}`);
    for (const path of strangers) console.error(`${path} is made by no source. ${REMEDY}`);
    process.exitCode = drifted.length + strangers.length > 0 ? 1 : 0;
  } else {
    mkdirSync(join(ROOT, 'terminology'), { recursive: true });
    for (const [path, text] of drifted) writeFileSync(join(ROOT, path), text);
    for (const path of strangers) rmSync(join(ROOT, path));
    console.log(`${files.size} resources, ${drifted.length} written, ${strangers.length} removed`);
  }
}

/** Every file that is published, by its path in the repository. Errors: Error when SUSHI reports one. */
export function conformanceFiles(): Map<string, string> {
  const resources = [...runSushi(project()), notifyStatusMap(), ...wordLists()].map(published);
  return new Map(
    resources
      .map((resource): [string, string] => {
        const { resourceType, id } = resource;
        const folder = TERMINOLOGY.has(resourceType) ? 'terminology' : 'profiles';
        return [`${folder}/${resourceType}-${id}.json`, `${JSON.stringify(resource, null, 1)}\n`];
      })
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  );
}

/** The sources with the canonical base that the program has, and what is made from the program beside them. */
function project(): SushiProject {
  const config = readFileSync(join(SOURCE, 'sushi-config.yaml'), 'utf8');
  const written = setting('canonical');
  const rebased = (text: string): string => text.replaceAll(written, MSG);
  const sources = readdirSync(join(SOURCE, 'fsh'))
    .filter((name) => name.endsWith('.fsh'))
    .sort()
    .map((name): [string, string] => [`input/fsh/${name}`, rebased(readFileSync(join(SOURCE, 'fsh', name), 'utf8'))]);
  const codes = codeSystemShorthand(programCodeSystems());
  const everything = [...sources.map(([, text]) => text), codes].join('\n');
  return {
    ...Object.fromEntries(sources),
    'sushi-config.yaml': rebased(config),
    'input/fsh/made-code-systems.fsh': codes,
    'input/fsh/made-value-sets.fsh': valueSetShorthand(everything),
  };
}

/**
 * A resource as it is published: with the publisher, the version and the status that all have, and without R4's
 * mappings to other standards, which are half of a snapshot and say nothing about us.
 */
function published(resource: Resource): Resource & { id: string } {
  const { id = '', ...rest } = resource as Resource & Record<string, unknown>;
  const { resourceType, text: _text, date: _date, mapping: _mapping, meta: _meta, url, name, ...others } = rest;
  const definition: Record<string, unknown> = {
    resourceType,
    id,
    url,
    version: setting('version'),
    name,
    ...others,
    status: others.status ?? 'active',
    experimental: false,
    publisher: setting('name'),
  };
  // SearchParameter, alone of these types, has no title in R4.
  if (resourceType === 'SearchParameter') delete definition.title;
  for (const view of ['snapshot', 'differential']) {
    const { element } = (definition[view] ?? {}) as { element?: Record<string, unknown>[] };
    for (const item of element ?? []) {
      delete item.mapping;
      // To R4's own element: a bare `#path` would lay the profile's rules on what is nested in it as well.
      const { contentReference } = item;
      if (typeof contentReference === 'string' && contentReference.startsWith('#')) {
        item.contentReference = `http://hl7.org/fhir/StructureDefinition/${others.type}${contentReference}`;
      }
    }
  }
  return definition as unknown as Resource & { id: string };
}
