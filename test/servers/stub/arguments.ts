import { parseArgs } from 'node:util';
import { isProfile, type StubOptions, switchesOf } from './options.ts';

/** The options that a command line describes. Errors: Error naming the argument at fault. */
export function optionsFrom(args: readonly string[]): StubOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: '0' },
      'control-port': { type: 'string', default: '0' },
      data: { type: 'string' },
      profile: { type: 'string', default: 'strict' },
      token: { type: 'string' },
      switches: { type: 'string', default: '{}' },
    },
  });
  const { profile, data, token } = values;
  if (!isProfile(profile)) throw new Error('--profile must be strict, hapi-like or medplum-like');
  return {
    ...switchesOf(values.switches),
    profile,
    port: portOf('--port', values.port),
    controlPort: portOf('--control-port', values['control-port']),
    ...(data === undefined ? {} : { data }),
    ...(token === undefined ? {} : { token }),
  };
}

function portOf(name: string, text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new Error(`${name} must be a port number`);
  return port;
}
