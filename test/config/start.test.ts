import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { root } from '../meta/tree.ts';

const dir = mkdtempSync(join(tmpdir(), 'herald-start-'));
const started: ChildProcess[] = [];
afterAll(() => {
  for (const { pid } of started) endGroup(pid);
  rmSync(dir, { recursive: true, force: true });
});

/** Whatever a start that went wrong left behind. */
function endGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGKILL');
  } catch {
    // Nobody is left, which is how it should be.
  }
}

/** The environment of this run without Herald's own variables, and these. */
function environment(env: Record<string, string>): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !/^(HERALD|GOVUK_NOTIFY)_/.test(name));
  return { ...Object.fromEntries(others), ...env };
}

function start(command: string, args: readonly string[], env: Record<string, string>) {
  const options = { cwd: root, env: environment(env), detached: true } as const;
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  const said = { out: '', err: '' };
  child.stdout.on('data', (bytes) => {
    said.out += String(bytes);
  });
  child.stderr.on('data', (bytes) => {
    said.err += String(bytes);
  });
  return { child, said, closed: once(child, 'close') as Promise<[code: number | null, signal: string | null]> };
}

const key = 'live-c0ffee00-1234-4abc-8def-0123456789ab-deadbeef-1234-4abc-8def-0123456789ab';

describe('contract 1: a start that must not happen exits with 78 and names the key', () => {
  it.each<[string, Record<string, string>, string]>([
    ['a real-looking key and no callback token', { GOVUK_NOTIFY_API_KEY: key }, 'GOVUK_NOTIFY_CALLBACK_TOKEN'],
    [
      "the simulator's defaults beside another FHIR store",
      { HERALD_FHIR_STORE: 'https://fhir.nhs.example/r4' },
      'GOVUK_NOTIFY_API_KEY',
    ],
    ['demo on a public address', { HERALD_HOST: '0.0.0.0' }, 'HERALD_HOST'],
  ])('%s', async (_name, env, named) => {
    const { said, closed } = start(process.execPath, ['src/main.ts'], { ...env, HERALD_DATA_DIR: join(dir, 'unused') });
    expect(await closed).toEqual([78, null]);
    expect(said.err).toContain(`${named}: `);
    expect(said.err).not.toContain(key);
    expect(said.out).toBe('');
  });
});

it('contract 1: SIGTERM sent to npm start ends the service with exit 0', async () => {
  const { child, said, closed } = start('npm', ['start'], { HERALD_DATA_DIR: join(dir, 'data'), HERALD_PORT: '0' });
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', () => /^herald listening on http:\/\/127\.0\.0\.1:\d+$/m.test(said.out) && resolve());
    child.on('close', () => reject(new Error(`It ended before it was ready: ${said.err}`)));
  });
  const address = /herald listening on (\S+)/.exec(said.out)?.[1] ?? '';
  expect((await fetch(`${address}/livez`)).status).toBe(200);
  child.kill('SIGTERM');
  expect(await closed).toEqual([0, null]);
  await expect(fetch(`${address}/livez`)).rejects.toThrow();
});

it.each([
  ['while it starts', 'The GOV.UK Notify simulator is in use'],
  ['the moment it is ready', 'herald listening on '],
])('contract 1: SIGTERM sent to the service itself %s ends it with exit 0', async (_when, line) => {
  const env = { HERALD_DATA_DIR: join(dir, `at once ${line.length}`), HERALD_PORT: '0' };
  const { child, said, closed } = start(process.execPath, ['src/main.ts'], env);
  child.stdout.on('data', () => {
    if (said.out.includes(line)) child.kill('SIGTERM');
  });
  expect(await closed).toEqual([0, null]);
  expect(said.err).toBe('');
});
