import { spawn } from 'node:child_process';
import { join } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };

/** The repository's root. */
export const root = join(import.meta.dirname, '..');

/** A process of ours that is ready. */
export interface Child {
  /** What `ready` caught: the address that it listens on. */
  readonly url: string;
  /** Milliseconds from the start until it said that it is ready. */
  readonly readyMs: number;
  /** Asks it to stop, and waits until it has; kills it after ten seconds. */
  stop(): Promise<void>;
}

/** The settings of `npm start`, so that what is measured is what runs: `A=1 exec node --flag src/main.ts`. */
const [, settings = '', flags = ''] = /^(.*?)exec node(.*) \S+$/.exec(packageJson.scripts.start) ?? [];
const start = {
  env: Object.fromEntries(
    settings
      .split(' ')
      .filter(Boolean)
      .map((one) => one.split('=')),
  ) as NodeJS.ProcessEnv,
  flags: flags.split(' ').filter(Boolean),
};

const READY_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 10_000;

/**
 * Starts one of our programs under this very Node and waits for the line that says it is ready, which must hold its
 * address. It sees nothing of this environment's settings of ours. Errors: Error when it ends first, or says nothing
 * for 30 seconds.
 */
export async function startChild(script: string, env: NodeJS.ProcessEnv, args: readonly string[] = []): Promise<Child> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(HERALD|GOVUK|SIMULATOR)_/.test(name));
  const began = performance.now();
  const as = script === 'src/main.ts' ? start : { env: {}, flags: [] };
  const child = spawn(process.execPath, [...as.flags, join(root, script), ...args], {
    env: { ...Object.fromEntries(inherited), ...as.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    const limit = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${script} did not become ready`));
    }, READY_WITHIN_MS);
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code} before it was ready`)));
    child.stdout.on('data', (chunk: Buffer) => {
      if (said === ready) return;
      said += chunk.toString();
      const found = /listening on (http:\S+)/.exec(said)?.[1];
      if (found === undefined) return;
      // What it logs from here on is taken from it and let go.
      said = ready;
      clearTimeout(limit);
      resolve(found);
    });
  });
  return {
    url,
    readyMs: performance.now() - began,
    async stop() {
      child.kill('SIGTERM');
      const limit = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
      await ended;
      clearTimeout(limit);
    },
  };
}

const ready = 'ready';
