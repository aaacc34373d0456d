/**
 * Packs what we publish as a FHIR package, `package.tgz`, which a trust can load into its own server: profiles,
 * extensions, terminology, operations and search parameters; as examples the people of the demo, the shipped message
 * types and the channels. With `--check` it is made and not written.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Resource } from '@medplum/fhirtypes';
import { MSG } from '../src/canonical.ts';
import { shippedEndpoints } from '../src/catalogue/channels.ts';
import { demoStaffResources, exampleResources } from '../src/catalogue/examples.ts';
import { shippedMessageTypes } from '../src/catalogue/message-types.ts';
import { publishedResources } from '../src/fhir/conformance/load.ts';
import { setting } from './profiles/settings.ts';
import { tarball } from './profiles/tar.ts';

type WithId = Resource & { id: string };

const controller = { ods: 'RXX', name: 'Example NHS Trust' };

if (import.meta.main) {
  const files = packageFiles();
  const packed = tarball(files);
  if (!process.argv.includes('--check')) {
    writeFileSync(join(import.meta.dirname, '..', 'package.tgz'), packed);
    console.log(`package.tgz: ${files.size} files, ${packed.length} bytes`);
  }
}

/** The files of the package by their path in it, as the FHIR package specification lays them out. */
export function packageFiles(): Map<string, string> {
  const examples: readonly WithId[] = [
    ...shippedMessageTypes,
    ...shippedEndpoints,
    ...demoStaffResources(controller),
    ...exampleResources(controller),
  ];
  return new Map([
    ['package/package.json', json(manifest())],
    ...folder('package', publishedResources()),
    ...folder('package/example', examples),
  ]);
}

function manifest(): object {
  return {
    name: setting('id'),
    version: setting('version'),
    canonical: MSG,
    title: setting('title'),
    description: setting('description'),
    author: setting('name'),
    license: setting('license'),
    fhirVersions: [setting('fhirVersion')],
    dependencies: { 'hl7.fhir.r4.core': setting('fhirVersion') },
    type: 'Conformance',
    directories: { lib: 'package', example: 'example' },
  };
}

/** Resources with the index of their folder, by which a loader finds them without opening each. */
function folder(path: string, resources: readonly WithId[]): [string, string][] {
  const named = resources.map((resource): [string, WithId] => [
    `${resource.resourceType}-${resource.id}.json`,
    resource,
  ]);
  const files = named.map(([filename, resource]) => ({ filename, ...indexed(resource) }));
  return [
    [`${path}/.index.json`, json({ 'index-version': 2, files })],
    ...named.map(([filename, resource]): [string, string] => [`${path}/${filename}`, json(resource)]),
  ];
}

function indexed(resource: WithId): object {
  const keys = [
    'resourceType',
    'id',
    'url',
    'version',
    'kind',
    'type',
    'supplements',
    'content',
    'derivation',
  ] as const;
  return Object.fromEntries(
    keys.flatMap((key) => {
      const value: unknown = Reflect.get(resource, key);
      return typeof value === 'string' ? [[key, value]] : [];
    }),
  );
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
