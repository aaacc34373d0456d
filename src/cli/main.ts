import { ConfigError } from '../config.ts';
import { describeError } from '../log.ts';
import { readOptions } from './arguments.ts';
import { type Command, CommandError, type ExitCode, exit, type Terminal, UsageError } from './command.ts';
import { doctor } from './doctor.ts';
import { evaluate } from './evaluate.ts';
import { helpOf, helpOfAll } from './help.ts';
import { history, thread } from './history.ts';
import { install } from './install.ts';
import { person } from './person.ts';
import { sar } from './sar.ts';
import { sarList } from './sar-list.ts';
import { send } from './send.ts';
import { serve } from './serve.ts';
import { unreachable } from './unreachable.ts';

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  serve,
  send,
  evaluate,
  person,
  history,
  thread,
  sar,
  sarList,
  unreachable,
  install,
  doctor,
];

/** `npx herald`: runs one command. Answers the exit code; what is wrong is one line on stderr. */
export async function main(
  args: readonly string[],
  terminal: Terminal & { readonly env: NodeJS.ProcessEnv },
): Promise<ExitCode> {
  const [name] = args;
  try {
    if (name === '--help' || name === 'help') {
      terminal.out(helpOfAll(commands));
      return exit.fine;
    }
    // The longer name first: `sar list` is no `sar`.
    const command =
      commands.find((one) => one.name === args.slice(0, 2).join(' ')) ?? commands.find((one) => one.name === name);
    if (command === undefined) {
      const problem = name === undefined ? 'no command is given' : 'there is no such command';
      const names = commands.map((one) => one.name).join(', ');
      throw new UsageError('herald', problem, `Give one of ${names}; see npx herald --help.`);
    }
    const rest = args.slice(command.name.split(' ').length);
    if (rest.includes('--help')) {
      terminal.out(helpOf(command));
      return exit.fine;
    }
    return await command.run({ ...terminal, given: readOptions(command, rest) });
  } catch (error) {
    return failed(error, terminal);
  }
}

function failed(error: unknown, { err }: Terminal): ExitCode {
  if (error instanceof UsageError || error instanceof CommandError || error instanceof ConfigError) {
    err(error.message);
    if (error instanceof UsageError) return exit.usage;
    return error instanceof ConfigError ? exit.configuration : exit.failed;
  }
  const { errorName, at } = describeError(error);
  err(`herald: a fault of its own: ${errorName} (${at ?? 'unknown place'}). Please report it.`);
  return exit.failed;
}
