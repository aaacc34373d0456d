import { createInterface } from 'node:readline/promises';
import type { Terminal } from './command.ts';

/** The terminal of this process. Questions go to stderr, so that what is printed can be piped on. */
export function processTerminal({ stdin, stdout, stderr }: typeof process): Terminal {
  // Whoever reads may stop reading (`| head`); what was to come after is of no use to anybody.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const out = (text: string): void => void stdout.write(`${text}\n`);
  const err = (text: string): void => void stderr.write(`${text}\n`);
  if (!stdin.isTTY) return { out, err };
  return {
    out,
    err,
    async ask(question) {
      const lines = createInterface({ input: stdin, output: stderr });
      try {
        return await lines.question(question);
      } finally {
        lines.close();
      }
    },
  };
}
