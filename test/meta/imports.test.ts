import { describe, expect, it } from 'vitest';
import { filesUnder, type Import, importsOf, textOf } from './tree.ts';

const sources = filesUnder('src').filter((path) => path.endsWith('.ts'));
const imports = sources.flatMap(importsOf);

/** What anything may use: names, time, errors, logging, remembered answers, who calls. */
const common = [
  ...['src/canonical.ts', 'src/clock.ts', 'src/errors.ts', 'src/log.ts', 'src/memo.ts'],
  'src/auth/caller.ts',
];
const ports = [
  'src/store/fhir-store.ts',
  'src/store/read-ahead.ts',
  'src/store/unit.ts',
  'src/jobs/jobs.ts',
  'src/providers/provider.ts',
];

/**
 * Which part may import which: a folder stands for what is in it. Imports point inward, from the edges through the
 * use cases to the rules; adapters know their port and nothing of who uses it. The first row that fits a file counts.
 */
const rings: readonly (readonly [files: string, mayImport: readonly string[]])[] = [
  ...common.map((file) => [file, common] as const),
  ...ports.map((file) => [file, [...common, ...ports, 'src/policy/']] as const),
  ['src/policy/', ['src/policy/', 'src/canonical.ts']],
  // Pure but for the word lists, which it reads once.
  ['src/scan/', ['src/scan/', 'src/policy/']],
  ['src/notify/', ['src/notify/', 'src/memo.ts']],
  ['src/audit.ts', [...common, 'src/policy/', 'src/send/ids.ts', 'src/send/authors.ts']],
  [
    'src/send/',
    [
      ...[...common, ...ports, 'src/policy/', 'src/scan/', 'src/notify/', 'src/send/', 'src/audit.ts'],
      // Pure: how long to wait, and what a provider's status means.
      ...['src/jobs/backoff.ts', 'src/jobs/worker.ts', 'src/providers/status-map.ts'],
      // What counts where the store has none of its own (contract 1).
      ...['src/catalogue/channels.ts', 'src/catalogue/message-types.ts'],
    ],
  ],
  [
    'src/objections/',
    [...common, ...ports, 'src/policy/', 'src/notify/', 'src/send/', 'src/objections/', 'src/audit.ts'],
  ],
  [
    'src/inbound/',
    [
      ...[
        ...common,
        ...ports,
        'src/policy/',
        'src/scan/',
        'src/notify/',
        'src/send/',
        'src/objections/',
        'src/audit.ts',
      ],
      ...['src/inbound/', 'src/jobs/worker.ts'],
    ],
  ],
  ['src/unreachable/', [...common, ...ports, 'src/policy/', 'src/send/', 'src/audit.ts', 'src/unreachable/']],
  // Its words are HTML, escaped as those of a subject access copy are.
  ['src/notice/', [...common, ...ports, 'src/policy/', 'src/send/', 'src/sar/markup.ts', 'src/notice/']],
  ['src/sar/', [...common, ...ports, 'src/policy/', 'src/send/', 'src/audit.ts', 'src/sar/']],
  // The embedded engine: a store and a queue in one file.
  ['src/store/embedded.ts', [...common, ...ports, 'src/store/', 'src/jobs/']],
  // The record elsewhere, and the queue and the journal here.
  ['src/store/remote/open.ts', [...common, ...ports, 'src/store/', 'src/jobs/']],
  ['src/store/remote/unit.ts', [...common, ...ports, 'src/store/', 'src/jobs/']],
  ['src/store/', [...common, ...ports, 'src/store/', 'src/fhir/definitions/']],
  ['src/jobs/', [...common, ...ports, 'src/jobs/', 'src/store/database.ts']],
  ['src/providers/', [...common, ...ports, 'src/providers/', 'src/notify/']],
  ['src/catalogue/', [...common, ...ports, 'src/catalogue/', 'src/policy/', 'src/auth/demo.ts']],
  ['src/simulator/', [...common, 'src/simulator/', 'src/notify/', 'src/store/database.ts']],
];

/** They build everything, and nothing imports them. */
const compositionRoots = ['src/main.ts', 'src/start.ts', 'src/service.ts', 'src/cli.ts', 'src/simulator/main.ts'];
/** `npx herald serve` is one more way to start it. */
const starters = [...compositionRoots, 'src/cli/serve.ts'];

const within = (path: string, allowed: readonly string[]): boolean =>
  allowed.some((one) => (one.endsWith('/') ? path.startsWith(one) : path === one));
const shown = ({ from, to }: Import): string => `${from} -> ${to}`;
const inFiles = imports.filter((one) => one.kind === 'file');

describe('imports point inward', () => {
  it.each(rings.filter(([files]) => files.endsWith('/')))('%s imports only what its ring may', (files) => {
    const wrong = inFiles.filter((one) => {
      if (!within(one.from, [files]) || compositionRoots.includes(one.from)) return false;
      const [first, mayImport] = rings.find(([ring]) => within(one.from, [ring])) ?? [];
      return first === files && !within(one.to, mayImport ?? []);
    });
    expect(wrong.map(shown)).toEqual([]);
  });

  it('single files with a ring of their own keep to it', () => {
    const inner = rings.filter(([files]) => !files.endsWith('/'));
    const wrong = inFiles.filter((one) => {
      const ring = inner.find(([file]) => file === one.from);
      return ring !== undefined && !within(one.to, ring[1]);
    });
    expect(wrong.map(shown)).toEqual([]);
  });

  it('the edges reach stores, queues and providers through the ports alone', () => {
    const edges = ['src/fhir/', 'src/http/', 'src/auth/', 'src/catalogue/', 'src/app.ts'];
    const adapters = ['src/store/', 'src/jobs/', 'src/providers/', 'src/simulator/'];
    const wrong = inFiles.filter(
      (one) => within(one.from, edges) && within(one.to, adapters) && !within(one.to, ports),
    );
    expect(wrong.map(shown)).toEqual([]);
  });

  it('the use cases take no more than the shape of the worker', () => {
    const wrong = inFiles.filter((one) => within(one.from, ['src/send/']) && one.to === 'src/jobs/worker.ts');
    expect(wrong.filter((one) => !one.typeOnly).map(shown)).toEqual([]);
  });

  it('what builds the service is imported by what starts it, and by nothing else', () => {
    const wrong = inFiles.filter((one) => compositionRoots.includes(one.to) && !starters.includes(one.from));
    expect(wrong.map(shown)).toEqual([]);
  });

  it('every import leads to a file', () => {
    const known = new Set(filesUnder());
    expect(inFiles.filter((one) => !known.has(one.to)).map(shown)).toEqual([]);
  });
});

describe('each outside thing is known in one place', () => {
  const packages = imports.filter((one) => one.kind !== 'file' && !one.typeOnly);

  it('the rules use no built-in module, and no package that can wait, read or log', () => {
    // It loads its calendar when a day is first asked for; what it answers is the same.
    const isLazy = (one: Import): boolean => one.from === 'src/policy/bank-holidays.ts' && one.to === 'node:module';
    const wrong = packages.filter((one) => within(one.from, ['src/policy/']) && !isLazy(one));
    expect(
      wrong.filter((one) => !['date-holidays', 'libphonenumber-js', 'temporal-polyfill'].includes(one.to)).map(shown),
    ).toEqual([]);
  });

  it.each<[string, readonly string[]]>([
    ['node:sqlite', ['src/store/database.ts', 'src/store/remote/directory-lock.ts']],
    ['fhir-kit-client', ['src/store/remote/client.ts']],
    ['jose', ['src/store/remote/access.ts']],
    ['notifications-node-client', ['src/providers/govuk-notify.ts']],
    ['pino', ['src/log.ts']],
    ['prom-client', ['src/metrics.ts']],
    ['express', ['src/app.ts', 'src/http/', 'src/fhir/', 'src/providers/callbacks.ts', 'src/simulator/']],
  ])('%s', (name, places) => {
    const wrong = packages.filter((one) => one.to === name && !within(one.from, places));
    expect(wrong.map(shown)).toEqual([]);
  });

  it('the environment is read by what starts a process, and handed on', () => {
    const readers = sources.filter((path) => /\bprocess\.env\b|\benv\b.*from 'node:process'/.test(textOf(path)));
    expect(readers.filter((path) => !compositionRoots.includes(path))).toEqual([]);
  });

  it('what runs in production is a dependency, and every dependency is used', () => {
    const { dependencies } = JSON.parse(textOf('package.json')) as { dependencies: Record<string, string> };
    const used = new Set(packages.filter((one) => one.kind === 'package').map((one) => one.to));
    expect([...used].filter((name) => !(name in dependencies)).sort()).toEqual([]);
    expect(Object.keys(dependencies).filter((name) => !used.has(name))).toEqual([]);
  });
});
