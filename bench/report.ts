import { cpus, loadavg, totalmem } from 'node:os';

/** A figure of the table; with a target, whether it was met. */
export interface Row {
  readonly part: string;
  readonly measure: string;
  readonly value: string;
  readonly target?: Target;
}

export interface Target {
  /** `at least 0.6`. */
  readonly text: string;
  readonly met: boolean;
}

export const atLeast = (value: number, least: number): Target => ({
  text: `at least ${least}`,
  met: value >= least,
});

export const atMost = (value: number, most: number, unit = ''): Target => ({
  text: `at most ${most}${unit}`,
  met: value <= most,
});

/** Whole numbers from a hundred on, three figures below. */
export function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en-GB') : String(Number(value.toPrecision(3)));
}

/** The machine that the figures are of: they mean nothing anywhere else, but their ratios do. */
export function machine(): string {
  const processors = cpus();
  const load = loadavg()[0] ?? 0;
  return [
    `${processors.length} cores (${processors[0]?.model.trim() ?? 'unknown'})`,
    `${figure(totalmem() / 2 ** 30)} GiB`,
    `${process.platform} ${process.arch}`,
    `Node ${process.versions.node}`,
    `load ${load.toFixed(1)} before the start`,
  ].join(', ');
}

/** Whether other programs keep at least half of it busy, so that what is timed by the clock means little. */
export function isBusy(): boolean {
  return (loadavg()[0] ?? 0) > cpus().length / 2;
}

/** Plain text, one line a figure, parts in the order they came. */
export function table(rows: readonly Row[]): string {
  const cells = rows.map(({ part, measure, value, target }) => [
    part,
    measure,
    value,
    target?.text ?? '',
    target === undefined ? '' : target.met ? 'PASS' : 'MISS',
  ]);
  const lines = [['part', 'measure', 'value', 'target', ''], ...cells];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...lines.map((cell) => cell[column]?.length ?? 0)));
  const shown = lines.map((cell) =>
    cell
      .map((text, column) => (column === 2 ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  return [shown[0], '-'.repeat(widths.reduce((sum, one) => sum + one + 2, -2)), ...shown.slice(1)].join('\n');
}
