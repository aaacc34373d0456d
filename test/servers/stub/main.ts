import { optionsFrom } from './arguments.ts';
import type { StubOptions } from './options.ts';
import { readyLine } from './ready-line.ts';
import { startStub } from './stub.ts';

/** The stub as a process: `node test/servers/stub/main.ts --port N --data FILE --profile strict`. */
const stub = await startStub(read());
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    stub.stop().then(() => process.exit(0));
  });
}
// Whoever spawned it holds the other end of a channel: it must not outlive them.
process.once('disconnect', () => process.exit(1));
process.stdout.write(`${readyLine.write(stub.url, stub.controlUrl)}\n`);

function read(): StubOptions {
  try {
    return optionsFrom(process.argv.slice(2));
  } catch (cause) {
    process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n`);
    process.exit(78);
  }
}
