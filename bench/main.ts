import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Decisions, measureDecisions } from './decisions.ts';
import { type EndToEnd, measureEndToEnd } from './end-to-end.ts';
import { measureOnHapi } from './hapi.ts';
import { type Asked, type InterfaceFigures, measureInterface, type Transaction } from './interface.ts';
import { median, paired } from './measure.ts';
import { atLeast, atMost, figure, isBusy, machine, type Row, table } from './report.ts';
import { finalRecord } from './sample.ts';
import { exportRows, measureExports } from './sar.ts';
import { measureStartUp, type StartUp } from './start-up.ts';
import { measureStore, type StoreFigures, storeFile } from './store.ts';
import { measureValidation, type Validations } from './validation.ts';

/**
 * `npm run bench`: what Herald costs, against a floor measured in the same run. Absolute figures are the machine's;
 * ratios are ours. `-- --quick` is a small run, `-- --check` ends with 1 when a target is missed; `-- hapi` measures
 * messages with the record on HAPI instead, which it starts; `-- exports` measures subject access alone.
 */
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, check: { type: 'boolean', default: false } },
});
const sizes = options.quick
  ? {
      ...{ rounds: 3, messages: 300, warmUp: 300, stores: [1_000, 10_000], slices: 5, sliceMs: 100, starts: 3 },
      ...{ asks: 40, entries: 100, histories: [1_000] },
    }
  : {
      ...{
        rounds: 5,
        messages: 1_000,
        warmUp: 2_000,
        stores: [1_000, 10_000, 100_000],
        slices: 9,
        sliceMs: 300,
        starts: 5,
      },
      ...{ asks: 200, entries: 500, histories: [1_000, 10_000] },
    };

const MEBIBYTE = 2 ** 20;

console.log(machine());
if (isBusy()) console.log('Other programs are busy here: of the message ratios, trust the one by processor.');
const dir = mkdtempSync(join(tmpdir(), 'herald-bench-'));
try {
  const rows = positionals.includes('hapi')
    ? await onHapi()
    : positionals.includes('exports')
      ? await exportsAlone()
      : await allButHapi();
  console.log(`\n${table(rows)}`);
  const missed = rows.filter((row) => row.target?.met === false).length;
  const targets = rows.filter((row) => row.target !== undefined).length;
  console.log(`\n${targets - missed} of ${targets} targets met`);
  if (missed > 0 && options.check) process.exitCode = 1;
} finally {
  rmSync(dir, { recursive: true, force: true });
}

async function onHapi(): Promise<Row[]> {
  const { rounds, messages } = options.quick ? { rounds: 3, messages: 60 } : { rounds: 5, messages: 200 };
  const { floor, service } = await said('messages on HAPI', () =>
    measureOnHapi({ dir, rounds, messages, warmUp: messages }),
  );
  return messageRates('messages on HAPI', floor, service, 0.7);
}

async function exportsAlone(): Promise<Row[]> {
  const figures = await said('subject access', () => measureExports(dir, sizes.histories));
  return exportRows(figures);
}

async function allButHapi(): Promise<Row[]> {
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
  const size = sizes.stores.at(-1) ?? 0;
  const over = await said('the interface', () =>
    measureInterface({ dir, storeFile: storeFile(dir, size), size, times: sizes.asks, entries: sizes.entries }),
  );
  const validations = await said('validation', () => measureValidation(sizes.sliceMs));
  return [
    ...messageRows(endToEnd),
    ...startRows(startUp, endToEnd),
    ...decisionRows(decisions),
    ...validationRows(validations),
    ...storeRows(store),
    ...interfaceRows(over),
    ...(await exportsAlone()),
  ];
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
  const ofCpu = paired(floor.cpuMs, service.cpuMs);
  const { res, ver, eq, rng } = rows;
  return [
    ...messageRates(part, floor.rates, service.rates, 0.6),
    { part, measure: 'floor, processor ms a text', value: figure(median(floor.cpuMs)) },
    { part, measure: 'service, processor ms a text', value: figure(median(service.cpuMs)) },
    { part, measure: 'floor to service, by processor', value: figure(ofCpu) },
    { part, measure: 'resources, versions, index rows a text', value: `${res}, ${ver}, ${figure(eq + rng)}` },
  ];
}

function messageRates(part: string, floor: readonly number[], service: readonly number[], least: number): Row[] {
  const ratio = paired(service, floor);
  const spread = (rates: readonly number[]): string =>
    `${figure(median(rates))} (${figure(Math.min(...rates))} to ${figure(Math.max(...rates))})`;
  return [
    { part, measure: 'floor, texts/s end to end', value: spread(floor) },
    { part, measure: 'service, texts/s end to end', value: spread(service) },
    { part, measure: 'service to floor', value: figure(ratio), target: atLeast(ratio, least) },
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

function decisionRows({ decided, scannedAndDecided, gatheredAndDecided }: Decisions): Row[] {
  const part = 'decisions';
  return [
    { part, measure: 'rules alone, a processor second', value: figure(decided), target: atLeast(decided, 50_000) },
    {
      part,
      measure: 'a text scanned and rules, a processor second',
      value: figure(scannedAndDecided),
      target: atLeast(scannedAndDecided, 5_000),
    },
    { part, measure: 'facts read and rules, a processor second', value: figure(gatheredAndDecided) },
  ];
}

function validationRows({ patient, request, consent }: Validations): Row[] {
  const row = (what: string, microseconds: number): Row => ({
    part: 'validation',
    measure: `${what}, processor µs a write`,
    value: figure(microseconds),
  });
  return [row('a Patient', patient), row('a request', request), row('a Consent to a proxy', consent)];
}

function interfaceRows({ size, entries, patients, requests, ...questions }: InterfaceFigures): Row[] {
  const part = 'interface';
  const asked = (what: string, { ms, cpuMs }: Asked): Row => ({
    part,
    measure: `${figure(size)}: ${what}, ms, by processor`,
    value: `${figure(ms)}, ${figure(cpuMs)}`,
  });
  const made = (what: string, { ms, heldUpMs }: Transaction): Row[] => [
    { part, measure: `a transaction of ${entries} ${what}, ms`, value: figure(ms) },
    { part, measure: `another caller waits meanwhile at most, ms`, value: figure(heldUpMs) },
  ];
  return [
    asked('a read', questions.read),
    asked('a search by subject, ten found', questions.bySubject),
    asked('a page of 50', questions.page),
    asked('the next page', questions.nextPage),
    asked('a page of 50, sorted by sent', questions.sortedPage),
    ...made('Patients', patients),
    ...made('requests', requests),
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
