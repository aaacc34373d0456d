import type { Command, ExitCode } from './command.ts';

/** `npx herald serve`: the service, as `npm start` runs it. */
export const serve: Command = {
  name: 'serve',
  summary: 'runs the service until it is told to stop',
  about: ['As npm start does, in this process. The configuration is that of the environment: docs/operate.md.'],
  options: {},
  async run() {
    await import('../start.ts');
    // One that could not start has said why, and set this.
    return (process.exitCode ?? 0) as ExitCode;
  },
};
