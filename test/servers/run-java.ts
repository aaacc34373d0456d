import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { startHerald } from '../support/herald.ts';
import { type Case, defectGroup, type Group, serviceGroup } from './java/cases.ts';
import { makeCopies } from './java/copies.ts';
import { type Compared, compare, type Difference, differences, differencesTable } from './java/differences.ts';
import { allRecords, answers, makeRecords } from './java/records.ts';

const root = join(import.meta.dirname, '../..');
const project = join(root, 'test/servers/java');
const built = join(root, 'node_modules/.cache/herald-java');
const page = join(root, 'docs/validation.md');

/** Milliseconds that a Java program or Maven may take; a first build downloads its libraries. */
const LIMIT = 300_000;

/** See java/README.md. */
async function main(): Promise<void> {
  await output('mvn', ['-q', '-B', '-f', join(project, 'pom.xml'), 'compile'], (line) => console.error(line));
  const folder = mkdtempSync(join(tmpdir(), 'herald-java-'));
  const herald = await startHerald();
  let passed = 0;
  let failed = 0;
  const count = (ok: boolean, line: string): void => {
    if (ok) passed += 1;
    else failed += 1;
    console.log(line);
  };
  try {
    console.log("HAPI FHIR's client");
    let checks = 0;
    await java(['herald.ClientChecks', `${herald.url}/fhir`], (line) => {
      checks += 1;
      count(line.startsWith('ok '), line);
    });
    if (checks === 0) count(false, 'FAILED  the client ran no check');

    console.log("HAPI FHIR's validator");
    await makeRecords(herald);
    const groups = [serviceGroup(await allRecords(herald), await answers(herald)), defectGroup()];
    const used = new Set<Difference>();
    for (const { name, problems } of await compared(groups, folder, used)) {
      count(problems.length === 0, problems.length === 0 ? `ok      ${name}` : `FAILED  ${name}: ${shown(problems)}`);
    }
    for (const { where, finding } of differences.filter((one) => !used.has(one))) {
      count(false, `FAILED  a difference that no longer is one: ${where}: ${finding}`);
    }

    console.log('veraPDF, by PDF/UA-1');
    const copies = await makeCopies(folder);
    let judged = 0;
    await java(['herald.PdfChecks', ...copies], (line) => {
      if (!/^(?:ok|FAILED) /.test(line)) return;
      judged += 1;
      count(line.startsWith('ok '), line);
    });
    if (judged < copies.length) count(false, `FAILED  veraPDF judged ${judged} of ${copies.length} files`);
    const written = readFileSync(page, 'utf8').includes(`\n${differencesTable()}\n`);
    count(written, `${written ? 'ok     ' : 'FAILED '} docs/validation.md has the table of java/differences.ts`);
  } finally {
    await herald.close();
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

/** The first few: a fault of one generator is found a hundred times. */
function shown(problems: readonly string[]): string {
  const more = problems.length - 3;
  return [...problems.slice(0, 3), ...(more > 0 ? [`and ${more} more`] : [])].join(' | ');
}

/** Has HAPI judge all cases in one process, and compares. */
async function compared(groups: readonly Group[], folder: string, used: Set<Difference>): Promise<Compared[]> {
  const files = groups.flatMap(({ definitions, cases }, index) => [
    linesFile(join(folder, `${index}.definitions`), definitions),
    linesFile(join(folder, `${index}.cases`), cases),
  ]);
  const verdicts = new Map<string, readonly string[]>();
  await java(['herald.Verdicts', ...files], (line) => {
    const { name, errors } = JSON.parse(line) as { name: string; errors: string[] };
    verdicts.set(name, errors);
  });
  return groups.flatMap(({ cases }) =>
    cases.map((one: Case) => {
      const errors = verdicts.get(one.name);
      return errors === undefined ? { name: one.name, problems: ['HAPI gave no verdict'] } : compare(one, errors, used);
    }),
  );
}

function linesFile(path: string, values: readonly unknown[]): string {
  writeFileSync(path, values.map((value) => `${JSON.stringify(value)}\n`).join(''));
  return path;
}

function java(args: readonly string[], onLine: (line: string) => void): Promise<void> {
  const libraries = readFileSync(join(built, 'class-path.txt'), 'utf8');
  const classPath = [join(built, 'classes'), libraries].join(delimiter);
  return output('java', ['-XX:TieredStopAtLevel=1', '-Xmx1g', '-cp', classPath, ...args], onLine);
}

/** Runs a program to its end, giving its lines as they come. Errors: it ends with a failure, or takes too long. */
function output(command: string, args: readonly string[], onLine: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: LIMIT });
    const lines = createInterface({ input: child.stdout });
    lines.on('line', onLine);
    const read = new Promise<void>((done) => lines.once('close', done));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) void read.then(resolve);
      else reject(new Error(`${command} ended with ${code ?? signal}`));
    });
  });
}

await main();
