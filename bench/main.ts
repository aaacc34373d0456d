import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Decisions, measureDecisions } from './decisions.ts';
import { type EndToEnd, measureEndToEnd } from './end-to-end.ts';
import { median, paired } from './measure.ts';
import { atLeast, atMost, figure, isBusy, machine, type Row, table } from './report.ts';
import { finalRecord } from './sample.ts';
import { measureStartUp, type StartUp } from './start-up.ts';
import { measureStore, type StoreFigures } from './store.ts';

/**
 * `npm run bench`: what Herald costs, against a floor measured in the same run. Absolute figures are the machine's;
 * ratios are ours. `-- --quick` is a small run, `-- --check` ends with 1 when a target is missed.
 */
const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, check: { type: 'boolean', default: false } },
});
const sizes = options.quick
  ? { rounds: 3, messages: 300, warmUp: 300, stores: [1_000, 10_000], slices: 5, sliceMs: 100, starts: 3 }
  : { rounds: 5, messages: 1_000, warmUp: 2_000, stores: [1_000, 10_000, 100_000], slices: 9, sliceMs: 300, starts: 5 };

const MEBIBYTE = 2 ** 20;

console.log(machine());
if (isBusy()) console.log('Other programs are busy here: of the message ratios, trust the one by processor.');
const dir = mkdtempSync(join(tmpdir(), 'herald-bench-'));
try {
  const endToEnd = await said('messages end to end', () =>
    measureEndToEnd({ dir, rounds: sizes.rounds, messages: sizes.messages, warmUp: sizes.warmUp }),
  );
  const startUp = await said('start-up', () => measureStartUp(dir, endToEnd.dataDir, sizes.starts));
  const decisions = await said('decisions', () => measureDecisions(dir, sizes.sliceMs));
  const store = await said('store', () =>
    measureStore(
      { dir, sizes: sizes.stores, slices: sizes.slices, sliceMs: sizes.sliceMs },
      finalRecord(endToEnd.sample),
    ),
  );
  const rows = [
    ...messageRows(endToEnd),
    ...startRows(startUp, endToEnd),
    ...decisionRows(decisions),
    ...storeRows(store),
  ];
  console.log(`\n${table(rows)}`);
  const missed = rows.filter((row) => row.target?.met === false).length;
  const targets = rows.filter((row) => row.target !== undefined).length;
  console.log(`\n${targets - missed} of ${targets} targets met`);
  if (missed > 0 && options.check) process.exitCode = 1;
} finally {
  rmSync(dir, { recursive: true, force: true });
}

async function said<T>(what: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  process.stderr.write(`measuring ${what} … `);
  const measured = await work();
  process.stderr.write(`${figure((performance.now() - began) / 1_000)} s\n`);
  return measured;
}

function messageRows({ floor, service, rows }: EndToEnd): Row[] {
  const part = 'messages';
  const ofRates = paired(service.rates, floor.rates);
  const ofCpu = paired(floor.cpuMs, service.cpuMs);
  const spread = (rates: readonly number[]): string =>
    `${figure(median(rates))} (${figure(Math.min(...rates))} to ${figure(Math.max(...rates))})`;
  const { res, ver, eq, rng } = rows;
  return [
    { part, measure: 'floor, texts/s end to end', value: spread(floor.rates) },
    { part, measure: 'service, texts/s end to end', value: spread(service.rates) },
    { part, measure: 'service to floor', value: figure(ofRates), target: atLeast(ofRates, 0.6) },
    { part, measure: 'floor, processor ms a text', value: figure(median(floor.cpuMs)) },
    { part, measure: 'service, processor ms a text', value: figure(median(service.cpuMs)) },
    { part, measure: 'floor to service, by processor', value: figure(ofCpu) },
    { part, measure: 'resources, versions, index rows a text', value: `${res}, ${ver}, ${figure(eq + rng)}` },
  ];
}

function startRows(startUp: StartUp, { rssAtStart, rssAfterLoad }: EndToEnd): Row[] {
  const part = 'start';
  const ready = (measure: string, ms: number): Row => ({
    part,
    measure,
    value: `${figure(ms)} ms`,
    target: atMost(ms, 1_000, ' ms'),
  });
  const mib = (measure: string, bytes: number): Row => ({
    part,
    measure,
    value: `${figure(bytes / MEBIBYTE)} MiB`,
    target: atMost(bytes / MEBIBYTE, 300, ' MiB'),
  });
  return [
    ready('ready, first start ever', startUp.firstEver),
    ready('ready, no data', startUp.empty),
    ready('ready, data of the load', startUp.withData),
    mib('memory once ready', rssAtStart),
    mib('memory after the load', rssAfterLoad),
  ];
}

function decisionRows({ decided, gatheredAndDecided }: Decisions): Row[] {
  const part = 'decisions';
  return [
    { part, measure: 'rules alone, a processor second', value: figure(decided) },
    { part, measure: 'facts read and rules, a processor second', value: figure(gatheredAndDecided) },
  ];
}

function storeRows(figures: readonly StoreFigures[]): Row[] {
  const part = 'store';
  const [least, most] = [figures[0], figures.at(-1)];
  if (least === undefined || most === undefined) return [];
  const slower = least.subjectSearch / most.subjectSearch;
  const slowerSorted = least.sortedSearch / most.sortedSearch;
  const between = `${figure(most.size)} to ${figure(least.size)}`;
  return [
    ...figures.flatMap((one): Row[] => [
      { part, measure: `${figure(one.size)}: creates/s, one by one`, value: figure(one.createOneByOne) },
      { part, measure: `${figure(one.size)}: creates/s, 32 in flight`, value: figure(one.createInFlight) },
      { part, measure: `${figure(one.size)}: reads/processor s`, value: figure(one.read) },
      { part, measure: `${figure(one.size)}: searches/processor s by subject`, value: figure(one.subjectSearch) },
      { part, measure: `${figure(one.size)}: searches/processor s, sorted, counted`, value: figure(one.sortedSearch) },
    ]),
    { part, measure: `time by subject, ${between}`, value: figure(slower), target: atMost(slower, 1.5, ' times') },
    { part, measure: `time sorted, counted, ${between}`, value: figure(slowerSorted) },
  ];
}
