import { parseArgs } from 'node:util';
import { type Command, type Given, UsageError } from './command.ts';

/**
 * Reads the options of one command. Errors: UsageError, which names the option and never what was given for it: that
 * may be a secret or a person.
 */
export function readOptions({ name, options }: Command, args: readonly string[]): Given {
  const known = Object.entries(options).map(([option, { value }]) => {
    const type = value === undefined ? 'boolean' : 'string';
    return [option, { type }] as const;
  });
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(known),
    // Its own messages are longer than a line, and quote what was given.
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const see = `See npx herald ${name} --help.`;
  const given: Record<string, string | true> = {};
  for (const token of tokens) {
    if (token.kind !== 'option') throw new UsageError(name, 'it takes options alone, and something else is given', see);
    const option = options[token.name];
    if (option === undefined) throw new UsageError(shownOption(token.rawName), 'there is no such option', see);
    if (given[token.name] !== undefined) throw new UsageError(token.rawName, 'it is given twice', 'Give it once.');
    if (option.value === undefined) {
      if (token.value !== undefined) throw new UsageError(token.rawName, 'it takes no value', 'Give it alone.');
      given[token.name] = true;
      continue;
    }
    const value = token.value?.trim();
    if (!value || (!token.inlineValue && value.startsWith('--'))) {
      throw new UsageError(token.rawName, 'its value is missing', `Give ${token.rawName} ${option.value}.`);
    }
    given[token.name] = value;
  }
  return given;
}

const shownOption = (rawName: string): string => (/^--?[a-z][a-z-]{0,30}$/.test(rawName) ? rawName : 'an option');
