import { parseArgs } from 'node:util';
import { type Comparison, compare } from './compare.ts';
import { seedOf } from './plan.ts';
import { lineOf, type Result, tableOf } from './report.ts';
import { embeddedRuns, type Run, remoteRuns } from './runs.ts';
import { isOf, steps } from './steps.ts';
import { RunFailed, World } from './world.ts';

/** Runs at once: most of a run is waiting, and with a server of the record more of it. */
const atOnce = { embedded: 4, remote: 6 } as const;

/** `npm run test:faults`: see README.md. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      store: { type: 'string', default: 'embedded' },
      only: { type: 'string' },
      seed: { type: 'string', default: '1' },
      list: { type: 'boolean', default: false },
    },
  });
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(seed)) throw new RunFailed('--seed takes a whole number');
  const { only } = values;
  const size = values.quick ? 'quick' : 'full';
  if (values.store !== 'embedded' && values.store !== 'remote') {
    throw new RunFailed('--store takes embedded or remote');
  }
  const isRemote = values.store === 'remote';
  const runs = (isRemote ? remoteRuns(size) : embeddedRuns(size)).filter((run) =>
    only === undefined
      ? !values.quick || run.quick
      : run.name === only || run.name.startsWith(`${only}/`) || run.name.startsWith(`${only}.`),
  );
  if (runs.length === 0) throw new RunFailed(`--only ${only}: there is no such run; --list shows them`);
  if (values.list) return console.log(runs.map((run) => run.name).join('\n'));

  const seen = new Set<string>();
  const results: Result[] = [];
  const waiting = [...runs];
  const work = async (): Promise<void> => {
    for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
      const result = await resultOf(run, seed, seen);
      results.push(result);
      console.log(lineOf(result));
    }
  };
  await Promise.all(Array.from({ length: atOnce[values.store] }, work));

  const strangers = withoutRow(seen);
  for (const one of strangers) console.log(`FAILED  a port call that no row of steps.ts covers: ${one}`);
  const failed = results.filter(({ problems }) => problems.length > 0).length + (strangers.length > 0 ? 1 : 0);
  console.log(`\n${tableOf(results)}\n`);
  if (isRemote) console.log('not on a remote record: two processes on one data directory, which refuses the second\n');
  console.log(`${results.length + 1 - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

async function resultOf(run: Run, seed: number, seen: Set<string>): Promise<Result> {
  const begun = performance.now();
  const world = new World(seedOf(seed, run.name), run);
  let outcome: Comparison;
  try {
    await world.open();
    outcome = await compare(world, await run.execute(world));
    if (run.mustStrike && world.struck === 0) {
      outcome = { ...outcome, problems: [...outcome.problems, 'the fault never struck'] };
    }
  } catch (error) {
    const problem = error instanceof RunFailed ? error.message : String((error as Error).stack);
    outcome = { acknowledged: NaN, sent: NaN, doubled: NaN, lost: NaN, problems: [problem] };
  }
  for (const line of world.seen()) seen.add(line);
  const keep = outcome.problems.length > 0;
  await world.close({ keep });
  const problems = keep ? [...outcome.problems, `logs and data: ${world.directory}`] : [];
  return { ...outcome, problems, run, seed, seconds: (performance.now() - begun) / 1_000 };
}

/** Calls of the pipeline that were made in some run and are failed in none. */
function withoutRow(seen: ReadonlySet<string>): string[] {
  return [...seen].sort().filter((line) => {
    const [actor = '', call = '', type = ''] = line.split(' ');
    if (actor === 'bystander') return false;
    const rows = actor === 'facts' ? steps.filter(({ effect }) => effect === 'read') : steps;
    return !rows.some((row) => isOf(row, { actor: actor === 'facts' ? row.actor : actor, call, type }));
  });
}

await main().catch((error: unknown) => {
  console.error(error instanceof RunFailed ? error.message : error);
  process.exitCode = 1;
});
