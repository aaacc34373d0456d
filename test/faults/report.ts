import type { Comparison } from './compare.ts';
import type { Run } from './runs.ts';

/** How one run ended. */
export interface Result extends Comparison {
  readonly run: Run;
  readonly seed: number;
  readonly seconds: number;
}

/** One line of a run, with what is needed to repeat it where it failed. */
export function lineOf({ run, seed, acknowledged, sent, doubled, lost, seconds, problems }: Result): string {
  const shown = (figure: number): string => (Number.isNaN(figure) ? '?' : String(figure));
  const figures = `seed ${seed}  acknowledged ${shown(acknowledged)}  sent ${shown(sent)}  doubled ${shown(doubled)}  lost ${shown(lost)}`;
  const line = `${problems.length === 0 ? 'ok    ' : 'FAILED'}  ${run.name.padEnd(run.server === undefined ? 36 : 48)}  ${figures}  ${seconds.toFixed(1)} s`;
  if (problems.length === 0) return line;
  const store = run.server === undefined ? '' : '--store remote ';
  const again = `npm run test:faults -- ${store}--only ${run.name} --seed ${seed}`;
  return [line, ...problems.slice(0, 12).map((one) => `          ${one}`), `        again: ${again}`].join('\n');
}

/** The sums of each group. */
export function tableOf(results: readonly Result[]): string {
  const heads = ['', 'runs', 'failed', 'acknowledged', 'sent', 'doubled', 'lost', 'seconds'];
  const sum = (of: readonly Result[], figure: (one: Result) => number): number =>
    of.reduce((total, one) => total + (figure(one) || 0), 0);
  const row = (name: string, of: readonly Result[]): string[] => [
    name,
    String(of.length),
    String(of.filter((one) => one.problems.length > 0).length),
    String(sum(of, (one) => one.acknowledged)),
    String(sum(of, (one) => one.sent)),
    String(sum(of, (one) => one.doubled)),
    String(sum(of, (one) => one.lost)),
    sum(of, (one) => one.seconds).toFixed(0),
  ];
  const groups = Map.groupBy(results, ({ run }) => run.group);
  const rows = [heads, ...[...groups].map(([name, of]) => row(name, of)), row('all', results)];
  const widths = heads.map((_head, at) => Math.max(...rows.map((cells) => cells[at]?.length ?? 0)));
  return rows
    .map((cells) =>
      cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '),
    )
    .join('\n');
}
