import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/main.ts';
import { table } from '../../src/cli/table.ts';
import { root } from '../meta/tree.ts';
import { run } from './support.ts';

/** A real process, as npx starts it. */
function herald(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { PATH, HOME } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'src/cli.ts'), ...args], {
    encoding: 'utf8',
    env: { PATH, HOME, ...env },
  });
  return { status, stdout, stderr };
}

const names = commands.map((one) => one.name).join(', ');

describe('contract 12: npx herald', () => {
  it('is a file that a shell can start, with the Node that npx puts first', () => {
    expect(statSync(join(root, 'src/cli.ts')).mode & 0o111).toBe(0o111);
  });

  it('says what there is', () => {
    const { status, stdout, stderr } = herald(['--help']);
    expect([status, stderr]).toEqual([0, '']);
    for (const { name, summary } of commands) expect(stdout).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'));
  });

  it.each(commands.map((one) => [one.name, one] as const))('%s says what it takes', async (name, { options }) => {
    const { code, out } = await run([...name.split(' '), '--help']);
    expect(code).toBe(0);
    for (const [option, { value, help }] of Object.entries(options)) {
      expect(out).toMatch(new RegExp(`--${option}${value === undefined ? '' : ` ${value}`} +${help.slice(0, 20)}`));
    }
  });

  it.each<[string, readonly string[], string]>([
    ['nothing', [], `herald: no command is given. Give one of ${names}; see npx herald --help.`],
    ['an unknown command', ['heal'], `herald: there is no such command. Give one of ${names}; see npx herald --help.`],
    [
      'an unknown option',
      ['doctor', '--patients'],
      '--patients: there is no such option. See npx herald doctor --help.',
    ],
    [
      'an option of an unusual form',
      ['doctor', '--9990000018'],
      'an option: there is no such option. See npx herald doctor --help.',
    ],
    ['a value too many', ['install', '--yes=now'], '--yes: it takes no value. Give it alone.'],
    ['a value too few', ['doctor', '--store'], '--store: its value is missing. Give --store URL.'],
    [
      'an option in place of a value',
      ['doctor', '--store', '--json'],
      '--store: its value is missing. Give --store URL.',
    ],
    ['an option twice', ['install', '--yes', '--yes'], '--yes: it is given twice. Give it once.'],
    [
      'something else',
      ['doctor', '9990000018'],
      'doctor: it takes options alone, and something else is given. See npx herald doctor --help.',
    ],
    ['contradictions', ['install', '--yes', '--dry-run'], '--yes: it is given beside --dry-run. Give one of them.'],
    [
      'a token for nobody',
      ['doctor', '--token', 'abc'],
      '--token: it is given without --store. Give both, or neither.',
    ],
    [
      'a patient for nothing',
      ['doctor', '--patient', 'p1'],
      '--patient: it is given without --write. Give both, or neither.',
    ],
    [
      'writes upon nobody',
      ['doctor', '--write'],
      '--patient: it is missing beside --write. Give the id of a Patient that is there for tests.',
    ],
    [
      'a reference for an id',
      ['doctor', '--write', '--patient', 'Patient/1'],
      '--patient: it is no id of a FHIR resource. Give the id alone, without Patient/.',
    ],
    [
      'no address',
      ['doctor', '--store', 'fhir'],
      '--store: it is not an absolute http or https URL. Give one such as https://example.org/fhir.',
    ],
    [
      'plain http elsewhere',
      ['doctor', '--store', 'http://fhir.example.org/r4'],
      '--store: personal data may not travel over plain http (ACC-4). Use https, or an address on this machine.',
    ],
    [
      'what is no address',
      ['doctor', '--store', 'embedded'],
      '--store: it takes an address. To examine a service that runs, give its own: .../fhir.',
    ],
  ])('%s is one line that names the option and the remedy: 64', async (_what, args, line) => {
    expect(await run(args)).toEqual({ code: 64, out: '', err: line });
  });

  it('a wrong configuration names the variable: 78', () => {
    const { status, stdout, stderr } = herald(['install'], { HERALD_FHIR_STORE: 'ftp://example.org' });
    expect([status, stdout]).toEqual([78, '']);
    expect(stderr).toBe(
      'HERALD_FHIR_STORE: it is not an absolute http or https URL. Give one such as https://example.org/fhir.\n',
    );
  });

  it('asks for no more of the configuration than it needs', () => {
    const { status, stdout } = herald(['install'], { HERALD_HOST: '0.0.0.0', HERALD_AUTH: 'smart' });
    expect([status, stdout]).toEqual([
      0,
      'The embedded store needs no installation: everything is there from the start.\n',
    ]);
  });

  it('a server that is not there is one line, and no stack: 1', async () => {
    const { status, stderr } = herald(['doctor', '--store', `http://127.0.0.1:${await freePort()}/fhir`]);
    expect([status, stderr]).toEqual([
      1,
      'HERALD_FHIR_STORE: the server cannot be reached: nothing answers at that host and port. See that it runs.\n',
    ]);
  });
});

/** One that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

it('a table has its columns in line, and no spaces at the ends', () => {
  expect(
    table(
      ['a', 'title'],
      [
        ['long', 'x'],
        ['b', ''],
      ],
    ),
  ).toEqual(['a     title', '----  -----', 'long  x', 'b']);
});
