/**
 * What a command of `npx herald` leaves behind for whoever called it. 64 and 78 are those of sysexits.h; a server that
 * cannot be reached is `failed`, one that was examined and lacks something is `missing`.
 */
export const exit = { fine: 0, failed: 1, missing: 2, usage: 64, configuration: 78 } as const;
export type ExitCode = (typeof exit)[keyof typeof exit];

/** One command. Later ones join the table in `main.ts`. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  readonly options: Readonly<Record<string, Option>>;
  /** What its own `--help` says beside the options. */
  readonly about: readonly string[];
  /** Errors: UsageError; ConfigError; CommandError for what went wrong outside. */
  run(context: Context): Promise<ExitCode>;
}

export interface Option {
  /** What stands for the value in the help; absent: the option takes none. */
  readonly value?: string;
  readonly help: string;
}

/** Options as given, by name without the dashes. */
export type Given = Readonly<Record<string, string | true>>;

export interface Context extends Terminal {
  readonly given: Given;
  readonly env: NodeJS.ProcessEnv;
}

/** Where a command is read and answered. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Asks whoever sits at the terminal; absent where nobody does. */
  readonly ask?: (question: string) => Promise<string>;
}

/** The command line is wrong: one line that names the option and the remedy, exit code 64. */
export class UsageError extends Error {
  override readonly name = 'UsageError';

  constructor(option: string, problem: string, remedy: string) {
    super(`${option}: ${problem}. ${remedy}`);
  }
}

/** What was to be done could not be done: one line, exit code 1. Never values of personal data. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** The text of an option that takes a value. */
export function textOf(given: Given, name: string): string | undefined {
  const value = given[name];
  return typeof value === 'string' ? value : undefined;
}
