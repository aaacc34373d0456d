import { appendFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { type Config, readConfig } from '../../src/config.ts';
import { createLog } from '../../src/log.ts';
import { createGovukNotify, type GovukNotify } from '../../src/providers/govuk-notify.ts';
import { type Ports, startService } from '../../src/service.ts';
import { inject, say } from './inject.ts';
import type { ServiceDescription } from './plan.ts';

/**
 * The service as a process that can be killed: configured by its environment as in production, with the ports wrapped
 * as its one argument describes. Ends with whoever started it, for it holds the other end of its standard input.
 */
const description = JSON.parse(process.argv[2] ?? '{}') as ServiceDescription;
const config = impatient(readConfig(process.env));
const clock = { now: () => new Date(Date.now() + description.clockOffsetMs) };
const log = createLog({
  level: config.logLevel,
  // Written at once: what was logged just before a kill is what one wants to read.
  stream: new Writable({
    write(chunk, _encoding, done) {
      appendFileSync(description.logFile, chunk);
      done();
    },
  }),
});

process.stdin.on('end', () => process.exit(1)).resume();

const service = await startService(config, {
  log,
  clock,
  timing: description.timing,
  decorate: (ports) => inject({ ...ports, provider: provider(ports) }, description),
}).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
process.once('SIGTERM', () => {
  service.close().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
say({ kind: 'ready', url: service.url });

/** With the described patience towards the server of the record. */
function impatient(config: Config): Config {
  const store = { ...config.store, limits: description.serverLimits };
  return description.serverLimits === undefined ? config : { ...config, store };
}

function provider(ports: Ports): GovukNotify {
  const { clientTimeoutMs: timeoutMs, slowSendMs } = description;
  const { notify } = config;
  if (notify.kind !== 'govuk') throw new Error('The fault kit brings its own provider');
  const { apiKey, url, quietSeconds } = notify;
  const plain =
    timeoutMs === undefined
      ? ports.provider
      : createGovukNotify({ apiKey, url, quietPeriodMs: quietSeconds * 1_000, clock, log, timeoutMs });
  if (slowSendMs === undefined) return plain;
  return {
    ...plain,
    async send(message, mayStillSend) {
      const result = await plain.send(message, mayStillSend);
      await new Promise((resolve) => setTimeout(resolve, slowSendMs));
      return result;
    },
  };
}
