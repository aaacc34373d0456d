import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const project = import.meta.dirname;
const target = join(project, 'target');
const stamp = join(target, 'built-from');

/**
 * Compiles the server unless it is compiled already, and answers its class path. Libraries come from Maven's local
 * repository where they are there (then no network is needed). Errors: Maven is missing or fails; its words are in the
 * message.
 */
export async function buildServer(): Promise<string> {
  const sources = digestOfSources();
  if (!isBuilt(sources)) {
    const compile = ['-q', '-B', '-f', join(project, 'pom.xml'), 'compile'];
    const offline = await maven(['-o', ...compile]);
    if (offline.code !== 0) {
      const online = await maven(compile);
      if (online.code !== 0) throw new Error(`Maven could not build the HAPI server:\n${online.output}`);
    }
    writeFileSync(stamp, sources);
  }
  return classPath().join(delimiter);
}

/** Of the sources alone is not enough: the libraries may have been cleared away since. */
const isBuilt = (sources: string): boolean =>
  existsSync(stamp) && readFileSync(stamp, 'utf8') === sources && classPath().every((path) => existsSync(path));

const classPath = (): string[] => [
  join(target, 'classes'),
  ...readFileSync(join(target, 'class-path.txt'), 'utf8').trim().split(delimiter),
];

function digestOfSources(): string {
  const digest = createHash('sha256');
  const folder = join(project, 'src');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  for (const path of [join(project, 'pom.xml'), ...paths]) digest.update(readFileSync(path));
  return digest.digest('hex');
}

function maven(options: readonly string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('mvn', options, { stdio: ['ignore', 'pipe', 'pipe'] });
    const output: string[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(String(chunk)));
    child.once('error', (cause) =>
      reject(new Error('Maven could not be started: install Java 17 and Maven 3.8 or newer', { cause })),
    );
    child.once('close', (code) => resolve({ code, output: output.join('') }));
  });
}
