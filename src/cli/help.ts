import type { Command } from './command.ts';

/** What `npx herald --help` prints. */
export function helpOfAll(commands: readonly Command[]): string {
  return [
    'npx herald COMMAND [options]',
    '',
    ...columns(commands.map(({ name, summary }) => [name, summary])),
    '',
    'npx herald COMMAND --help says more of one. The configuration is that of the service: docs/operate.md.',
    '',
    exitCodes,
  ].join('\n');
}

/** What `npx herald COMMAND --help` prints. */
export function helpOf({ name, summary, about, options }: Command): string {
  const rows = Object.entries(options).map(([option, { value, help }]): [string, string] => [
    value === undefined ? `--${option}` : `--${option} ${value}`,
    help,
  ]);
  return [
    `npx herald ${name} [options]`,
    '',
    summary,
    ...(about.length === 0 ? [] : ['', ...about]),
    '',
    ...columns([...rows, ['--help', 'this page']]),
    '',
    exitCodes,
  ].join('\n');
}

const exitCodes =
  'Exit codes: 0 fine, 1 failed, 2 something that Herald needs is missing, 64 wrong usage, 78 wrong configuration.';

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
