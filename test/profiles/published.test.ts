import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { packageFiles } from '../../scripts/build-package.ts';
import { programCodeSystems } from '../../scripts/profiles/code-systems.ts';
import { tarball } from '../../scripts/profiles/tar.ts';
import { codeSystem, MSG } from '../../src/canonical.ts';
import { shippedEndpoints } from '../../src/catalogue/channels.ts';
import { demoStaffResources, exampleRequest, exampleResources } from '../../src/catalogue/examples.ts';
import { shippedMessageTypes } from '../../src/catalogue/message-types.ts';
import { codesIn } from '../../src/fhir/conformance/expansion.ts';
import { published, publishedResources, publishedTypes } from '../../src/fhir/conformance/load.ts';
import { channels } from '../../src/policy/channel.ts';
import { clauses } from '../../src/policy/clauses.ts';
import { blockReasons, taskCodes, warningCodes } from '../../src/policy/codes.ts';
import { staffRoles } from '../../src/policy/policy.ts';
import { notifyStatuses } from '../../src/providers/status-map.ts';
import { filesUnder, textOf } from '../meta/tree.ts';
import { saidOf } from './support.ts';

const all = publishedResources();
const canonicals = new Set(all.map((one) => one.url));
const text = JSON.stringify(all);
const codesOf = (id: string): string[] =>
  (published('CodeSystem').find((one) => one.id === id)?.concept ?? []).map((one) => one.code ?? '');

describe('what we publish', () => {
  it.each(all.map((one) => [`${one.resourceType}/${one.id}`, one] as const))('%s is R4', (_address, resource) => {
    expect(saidOf(resource)).toEqual([]);
  });

  it('has its own address, a name, the one version and a status', () => {
    for (const { resourceType, id, url, name, status, version } of all) {
      expect(url).toBe(`${MSG}/${resourceType}/${id}`);
      expect(name).toMatch(/^[A-Z][A-Za-z0-9]{1,254}$/);
      expect(version).toBe(all[0]?.version);
      expect(['active', 'draft']).toContain(status);
    }
    expect(canonicals.size).toBe(all.length);
    expect(new Set(all.map((one) => one.resourceType))).toEqual(new Set(publishedTypes));
  });

  it('names nothing of ours that is not published', () => {
    const named = [...text.matchAll(/"(https:\/\/herald\.example\/fhir\/[A-Za-z]+\/[A-Za-z0-9-]+)"/g)].map(
      (match) => match[1] ?? '',
    );
    const known = (url: string): boolean => canonicals.has(url) || url.startsWith(`${MSG}/id/`);
    expect([...new Set(named)].filter((url) => !known(url))).toEqual([]);
  });

  it('every value set has codes, each from a code system of ours or listed one by one', () => {
    for (const valueSet of published('ValueSet')) {
      const codes = codesIn(valueSet);
      expect(codes.length, valueSet.id).toBeGreaterThan(0);
      for (const { system, code } of codes) {
        if (system.startsWith(MSG)) expect(codesOf(system.split('/').at(-1) ?? '')).toContain(code);
      }
    }
  });

  it('no code, display or designation is longer than a terminology server keeps (HAPI-1768)', () => {
    const long = published('CodeSystem').flatMap(({ id, concept = [] }) =>
      concept
        .filter(
          ({ code = '', display = '', designation = [] }) =>
            code.length > 100 || display.length > 300 || designation.some(({ value = '' }) => value.length > 2000),
        )
        .map(({ code }) => `${id} ${code}`),
    );
    expect(long).toEqual([]);
  });

  it('every code of ours says what it means', () => {
    for (const { id, concept = [] } of published('CodeSystem')) {
      for (const one of concept) expect(one.display ?? '', `${id} ${one.code}`).not.toBe('');
      expect(new Set(concept.map((one) => one.code)).size).toBe(concept.length);
    }
  });
});

describe('no code that src uses is missing, and none that it does not know is there', () => {
  it.each<[string, readonly string[]]>([
    ['block-reason', blockReasons],
    ['decision-warning', warningCodes],
    ['task-code', taskCodes],
    ['channel', [...channels, 'all']],
    ['guidance-clause', Object.keys(clauses)],
    ['staff-role', staffRoles],
    ['govuk-notify-status', [...notifyStatuses, 'no-receipt']],
    ['message-type', shippedMessageTypes.map((one) => one.id)],
  ])('%s', (id, codes) => {
    expect(codesOf(id).sort()).toEqual([...codes].sort());
  });

  it('the code systems that are made from src are committed as it makes them', () => {
    for (const { id, title, description, content, concepts } of programCodeSystems()) {
      const committed = published('CodeSystem').find((one) => one.id === id);
      expect(committed).toMatchObject({ title, description, content });
      expect(committed?.concept).toEqual(concepts);
    }
  });

  const sources = filesUnder('src')
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path, code: textOf(path) }));
  const named = (pattern: RegExp): [string, string, string][] =>
    sources.flatMap(({ path, code }) =>
      [...code.matchAll(pattern)].map((match): [string, string, string] => [path, match[1] ?? '', match[2] ?? '']),
    );

  it('every code system and every extension that src names exists', () => {
    const systems = named(/\b(?:codeSystem|concept)\('([a-z-]+)'/g).map(([, id]) => codeSystem(id));
    const extensions = named(/\bstructureDefinition\('([a-z-]+)'/g).map(([, id]) => `${MSG}/StructureDefinition/${id}`);
    expect(systems.length).toBeGreaterThan(20);
    expect(extensions.length).toBeGreaterThan(20);
    expect([...systems, ...extensions].filter((url) => !canonicals.has(url))).toEqual([]);
  });

  it('every code that src writes beside its system exists', () => {
    const beside = [
      ...named(/codeSystem\('([a-z-]+)'\), code: '([a-z-]+)'/g),
      ...named(/codeSystem\('([a-z-]+)'\)\}\|([a-z-]+)/g),
      ...named(/\bconcept\('([a-z-]+)', '([a-z-]+)'\)/g),
    ];
    expect(beside.length).toBeGreaterThan(8);
    const isMissing = ([, id, code]: [string, string, string]): boolean => !codesOf(id).includes(code);
    expect(beside.filter(isMissing)).toEqual([]);
  });

  it('every operation that the interface answers under our base is defined', () => {
    const operations = named(/\$\{MSG\}\/OperationDefinition\/([a-z-]+)/g).map(
      ([, id]) => `${MSG}/OperationDefinition/${id}`,
    );
    expect(operations.filter((url) => !canonicals.has(url))).toEqual([]);
    expect(canonicals).toContain(`${MSG}/OperationDefinition/evaluate`);
  });
});

describe('the examples', () => {
  const controller = { ods: 'RXX', name: 'Example NHS Trust' };
  const examples = [
    ...demoStaffResources(controller),
    ...exampleResources(controller),
    ...shippedMessageTypes,
    ...shippedEndpoints,
    { ...exampleRequest('key'), id: 'request' },
  ];

  it.each(examples.map((one) => [`${one.resourceType}/${one.id}`, one] as const))(
    '%s is valid',
    (_address, resource) => {
      expect(saidOf(resource)).toEqual([]);
    },
  );

  it('use no code of ours that is not published', () => {
    const codings = [
      ...JSON.stringify(examples).matchAll(
        /"system":"https:\/\/herald\.example\/fhir\/CodeSystem\/([a-z-]+)","code":"([^"]+)"/g,
      ),
    ];
    expect(codings.length).toBeGreaterThan(20);
    expect(codings.filter(([, id = '', code = '']) => !codesOf(id).includes(code)).map(([found]) => found)).toEqual([]);
  });
});

describe('npm run package', () => {
  const files = packageFiles();

  it('is a FHIR package: manifest, index, every resource, and the examples apart', () => {
    const manifest = JSON.parse(files.get('package/package.json') ?? '');
    expect(manifest).toMatchObject({ fhirVersions: ['4.0.1'], dependencies: { 'hl7.fhir.r4.core': '4.0.1' } });
    expect(manifest.name).toMatch(/^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+$/);
    for (const folder of ['package', 'package/example']) {
      const index = JSON.parse(files.get(`${folder}/.index.json`) ?? '');
      const inFolder = [...files.keys()].filter((path) => new RegExp(`^${folder}/[A-Z][^/]*$`).test(path));
      expect(index.files.map((one: { filename: string }) => `${folder}/${one.filename}`)).toEqual(inFolder);
    }
    for (const { resourceType, id } of all) expect([...files.keys()]).toContain(`package/${resourceType}-${id}.json`);
  });

  it('unpacks to the same files', () => {
    const archive = gunzipSync(tarball(files));
    const found = new Map<string, string>();
    for (let at = 0; archive[at] !== 0; ) {
      const field = (from: number, length: number): string =>
        archive.toString('utf8', at + from, at + from + length).replace(/\0.*$/, '');
      const size = Number.parseInt(field(124, 12), 8);
      const sum = archive
        .subarray(at, at + 512)
        .reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
      expect(Number.parseInt(field(148, 8), 8)).toBe(sum);
      found.set(field(0, 100), archive.toString('utf8', at + 512, at + 512 + size));
      at += 512 + Math.ceil(size / 512) * 512;
    }
    expect(found).toEqual(files);
  });
});
