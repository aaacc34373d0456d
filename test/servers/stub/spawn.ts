import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { controlOf } from './control-client.ts';
import type { StubOptions } from './options.ts';
import { readyLine } from './ready-line.ts';
import type { Stub } from './stub.ts';

/** A stub in a process of its own. */
export interface SpawnedStub extends Stub {
  readonly pid: number;
  /** Ends the process at once (SIGKILL). */
  kill(): Promise<void>;
  /** Starts it again after `kill`: same ports, same data file, everything else as at the first start. */
  restart(): Promise<void>;
}

const entry = fileURLToPath(new URL('main.ts', import.meta.url));

/** Starts a server in a process of its own, which ends with this one. Errors: Error with what it said. */
export async function spawnStub(options: Omit<StubOptions, 'clock'> = {}): Promise<SpawnedStub> {
  let running = await run(options);
  const { url, controlUrl } = running;
  const again = { ...options, port: portOf(url), controlPort: portOf(controlUrl) };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    running.child.kill(signal);
    await running.ended;
  };
  return {
    ...controlOf(controlUrl),
    url,
    controlUrl,
    get pid() {
      return running.child.pid ?? 0;
    },
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGKILL');
      running = await run(again);
    },
    stop: () => end('SIGTERM'),
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  readonly url: string;
  readonly controlUrl: string;
}

async function run({
  port,
  controlPort,
  data,
  profile,
  token,
  ...switches
}: Omit<StubOptions, 'clock'>): Promise<Running> {
  const settings = { port, 'control-port': controlPort, data, profile, token, switches: JSON.stringify(switches) };
  const args = Object.entries(settings).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
  const child = spawn(process.execPath, [entry, ...args], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const said: string[] = [];
  child.stderr?.on('data', (bytes) => said.push(String(bytes)));
  const ended = once(child, 'close');
  if (!child.stdout) throw new Error('The process has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const ready = readyLine.read(line);
    if (ready) return { child, ended, ...ready };
  }
  await ended;
  throw new Error(`The stub did not start: ${said.join('')}`);
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
