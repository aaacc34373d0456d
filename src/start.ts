import { randomUUID } from 'node:crypto';
import { demoTokens } from './auth/demo.ts';
import { exampleRequest } from './catalogue/examples.ts';
import { ConfigError, readConfig } from './config.ts';
import { createLog, describeError, type Log } from './log.ts';
import { type Service, startService } from './service.ts';

/** EX_CONFIG of sysexits.h: starting again without changing the configuration is of no use. */
const EXIT_CONFIG = 78;

/** `npm start`: the whole service, from the environment (contract 1). */
async function main(): Promise<void> {
  const config = configuration();
  if (config === undefined) return;
  const log = createLog({ level: config.logLevel });
  // Before anything is said: whoever stops a service that is still starting asks for the same as later.
  const started = Promise.withResolvers<Service | undefined>();
  stopOnSignal(started.promise, log);
  for (const notice of config.notices) console.error(notice);

  if (config.notify.kind === 'simulator') {
    console.log('The GOV.UK Notify simulator is in use: no message leaves this machine.');
    console.log(
      'The example people are invented. The access tokens are public: for trying out, on this machine alone.',
    );
  }
  let service: Service;
  try {
    service = await startService(config, { log });
    started.resolve(service);
  } catch (error) {
    started.resolve(undefined);
    process.exitCode = startFailed(error, config.host, config.port);
    return;
  }
  log.info('service.started', { address: service.url });
  if (service.simulatorUrl !== undefined) console.log(firstSteps(service.url, service.simulatorUrl));
  console.log(`herald listening on ${service.url}`);
}

/** Contract 1: stops taking work, finishes what is in hand, exits 0; one that never gets ready ends as its start does. */
function stopOnSignal(started: Promise<Service | undefined>, log: Log): void {
  let stopping = false;
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (stopping) return;
    stopping = true;
    log.info('service.stopping', { key: signal });
    const service = await started;
    if (service === undefined) return;
    try {
      await service.close();
      process.exit(0);
    } catch (error) {
      log.fatal('service.stop-failed', describeError(error));
      process.exit(1);
    }
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

function configuration() {
  try {
    const config = readConfig(process.env);
    // Everything this process writes is its owner's alone.
    process.umask(0o077);
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.exitCode = refused(error);
    return undefined;
  }
}

function refused(error: ConfigError): number {
  console.error(`Herald cannot start with this configuration:\n${error.message}`);
  return EXIT_CONFIG;
}

/** Says why it could not start, naming the variable to change. Answers the exit code. */
function startFailed(error: unknown, host: string, port: number): number {
  if (error instanceof ConfigError) return refused(error);
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EADDRINUSE') {
    console.error(`HERALD_PORT: ${host}:${port} is in use. Stop what listens there, or choose another port (0: any).`);
    return EXIT_CONFIG;
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || (code === 'EACCES' && port < 1024)) {
    console.error(`HERALD_HOST, HERALD_PORT: this machine cannot listen on ${host}:${port}.`);
    return EXIT_CONFIG;
  }
  if (code === 'EACCES' || code === 'EROFS' || code === 'ENOTDIR' || code === 'ERR_SQLITE_ERROR') {
    console.error('HERALD_DATA_DIR: the files of the embedded store cannot be opened or written there.');
    return EXIT_CONFIG;
  }
  const { errorName, at } = describeError(error);
  console.error(`Herald could not start: ${errorName} (${at ?? 'unknown place'}).`);
  return 1;
}

/** What a newcomer does next. The message has a new key at each start, so that the command sends one each time. */
function firstSteps(url: string, simulatorUrl: string): string {
  const request = JSON.stringify(exampleRequest(randomUUID()), null, 1);
  return `
  FHIR R4 interface     ${url}/fhir   (what it answers: ${url}/fhir/metadata)
  Simulated phones      ${simulatorUrl}/
  Health and metrics    ${url}/readyz   ${url}/metrics
  Access tokens         ${Object.values(demoTokens).join('  ')}

  Send a message:

curl -i '${url}/fhir/CommunicationRequest' \\
  -H 'Authorization: Bearer ${demoTokens.epr}' \\
  -H 'Content-Type: application/fhir+json' \\
  -d '${request}'
`;
}

await main();
