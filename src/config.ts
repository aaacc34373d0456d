import { resolve } from 'node:path';
import { type NotifyConfig, readNotify } from './config-notify.ts';
import {
  type ConfigFault,
  deepFreeze,
  holdsPrivateJwk,
  type Input,
  isLoopback,
  mayHoldFiles,
  urlOf,
  type Variable,
  variables,
  wholeNumber,
} from './config-values.ts';
import { hostInUrl } from './http/listen.ts';
import { type LogLevel, logLevels } from './log.ts';
import type { Controller, Policy } from './policy/policy.ts';
import { defaultPolicy, readPolicyFile } from './policy-file.ts';
import type { AccessSettings } from './store/remote/access.ts';

/** Everything that the service is told from outside, read once (contract 1). Frozen; holds secrets: see `describeConfig`. */
export interface Config {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Without a trailing slash; absent: the address that is listened on, known once it is. */
  readonly publicUrl?: string;
  readonly store: StoreConfig;
  readonly controller: Controller;
  readonly policy: Policy;
  readonly notify: NotifyConfig;
  readonly auth: 'demo';
  readonly logLevel: LogLevel;
  /** May example people be loaded? Only into an embedded store that is empty ("Never by accident"). */
  readonly examples: boolean;
  /** What whoever starts the service must be told, a sentence each. */
  readonly notices: readonly string[];
}

/** `dataDir` holds the queue in both cases. */
export type StoreConfig =
  | { readonly kind: 'embedded'; readonly dataDir: string }
  | { readonly kind: 'remote'; readonly dataDir: string; readonly baseUrl: string; readonly access: AccessSettings };

/** The configuration is wrong, missing or contradictory: the service prints `message`, a line a fault, and exits 78. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    super(faults.map(({ key, problem, remedy }) => `${key}: ${problem}. ${remedy}`).join('\n'));
    this.faults = faults;
  }
}

/** Reads and checks the environment. Errors: ConfigError with every fault there is, not only the first. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const { input, faults } = inputOf(env);
  refuseOtherAuth(input);
  const publicUrl = urlOf('HERALD_PUBLIC_URL', input);
  const store = readStore(input);
  const notify = readNotify(input, store.kind);
  const policy = readPolicy(input);
  const config: Config = {
    host: readHost(input),
    port: readPort(input),
    ...(publicUrl === undefined ? {} : { publicUrl }),
    store,
    controller: readController(input),
    policy,
    notify,
    auth: 'demo',
    logLevel: readLogLevel(input),
    examples: notify.kind === 'simulator',
    notices: unknownVariables(env),
  };
  if (faults.length > 0) throw new ConfigError(faults);
  return deepFreeze(config);
}

/** The store alone, for commands that touch nothing else. Errors: ConfigError. */
export function readStoreConfig(env: NodeJS.ProcessEnv): StoreConfig {
  return part(env, readStore);
}

/** What commands need that work on the record itself. `publicUrl`: where the interface is, without a slash at its end. */
export type RecordConfig = Required<Pick<Config, 'store' | 'controller' | 'policy' | 'publicUrl'>>;

/** Errors: ConfigError. */
export function readRecordConfig(env: NodeJS.ProcessEnv): RecordConfig {
  return part(env, (input) => {
    const here = `http://${hostInUrl(readHost(input))}:${readPort(input)}`;
    return {
      store: readStore(input),
      controller: readController(input),
      policy: readPolicy(input),
      publicUrl: (urlOf('HERALD_PUBLIC_URL', input) ?? here).replace(/\/+$/, ''),
    };
  });
}

/** The provider alone, as the service would use it beside that kind of store. Errors: ConfigError. */
export function readNotifyConfig(env: NodeJS.ProcessEnv, store: StoreConfig['kind']): NotifyConfig {
  return part(env, (input) => readNotify(input, store));
}

function part<T extends object>(env: NodeJS.ProcessEnv, read: (input: Input) => T): T {
  const { input, faults } = inputOf(env);
  const value = read(input);
  if (faults.length > 0) throw new ConfigError(faults);
  return deepFreeze(value);
}

function inputOf(env: NodeJS.ProcessEnv): { readonly input: Input; readonly faults: readonly ConfigFault[] } {
  const faults: ConfigFault[] = [];
  return {
    input: {
      given: (key) => env[key]?.trim() || undefined,
      fault: (key, problem, remedy) => void faults.push({ key, problem, remedy }),
    },
    faults,
  };
}

/** What may be shown of the configuration, by variable: that a secret is set, never the secret. */
export function describeConfig(config: Config): Readonly<Partial<Record<Variable, string>>> {
  const { store, notify } = config;
  return {
    HERALD_HOST: config.host,
    HERALD_PORT: String(config.port),
    ...(config.publicUrl === undefined ? {} : { HERALD_PUBLIC_URL: config.publicUrl }),
    HERALD_DATA_DIR: store.dataDir,
    HERALD_FHIR_STORE: store.kind === 'embedded' ? 'embedded' : store.baseUrl,
    HERALD_ORG_ODS: config.controller.ods,
    HERALD_ORG_NAME: config.controller.name,
    HERALD_POLICY: config.policy === defaultPolicy ? 'built in' : 'from a file',
    HERALD_AUTH: config.auth,
    HERALD_LOG_LEVEL: config.logLevel,
    GOVUK_NOTIFY_URL: notify.kind === 'simulator' ? 'simulator' : notify.url,
    GOVUK_NOTIFY_API_KEY: notify.kind === 'simulator' ? 'simulator' : 'set',
    GOVUK_NOTIFY_CALLBACK_TOKEN: notify.callbackToken === undefined ? 'generated' : 'set',
    GOVUK_NOTIFY_QUIET_SECONDS: String(notify.quietSeconds),
  };
}

/** A misspelt variable would otherwise be passed over in silence; one of another program's is none of our business. */
function unknownVariables(env: NodeJS.ProcessEnv): string[] {
  const known: readonly string[] = variables;
  return Object.keys(env)
    .filter((key) => key.startsWith('HERALD_') && !known.includes(key))
    .sort()
    .map((key) => `${key}: there is no such variable; it has no effect. See docs/operate.md for those there are.`);
}

function refuseOtherAuth({ given, fault }: Input): void {
  const auth = given('HERALD_AUTH') ?? 'demo';
  if (auth === 'smart') fault('HERALD_AUTH', 'smart is not in this release', 'Use demo, on a loopback address.');
  else if (auth !== 'demo') fault('HERALD_AUTH', 'the value is not known', 'Use demo.');
}

const readPort = (input: Input): number =>
  wholeNumber('HERALD_PORT', { least: 0, most: 65_535, otherwise: 8080 }, input);

function readHost({ given, fault }: Input): string {
  const host = given('HERALD_HOST') ?? '127.0.0.1';
  if (!isLoopback(host)) {
    fault(
      'HERALD_HOST',
      'the tokens of HERALD_AUTH=demo are public, and this address is not loopback',
      'Bind to 127.0.0.1, ::1 or localhost.',
    );
  }
  return host;
}

function readStore(input: Input): StoreConfig {
  const { given, fault } = input;
  const dataDir = resolve(given('HERALD_DATA_DIR') ?? './data');
  if (!mayHoldFiles(dataDir)) {
    fault('HERALD_DATA_DIR', 'no directory can be there', 'Give the path of a directory that this user may use.');
  }
  const token = given('HERALD_FHIR_STORE_TOKEN');
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    fault('HERALD_FHIR_STORE_TOKEN', 'it has a character that no header can carry', 'Give the token alone.');
  }
  const services = {
    clientId: given('HERALD_FHIR_STORE_CLIENT_ID'),
    privateKeyFile: given('HERALD_FHIR_STORE_PRIVATE_KEY'),
    tokenUrl: urlOf('HERALD_FHIR_STORE_TOKEN_URL', input),
  };
  const accessKeys = [...(['HERALD_FHIR_STORE_TOKEN'] as const), ...servicesKeys].filter((key) => given(key));
  if ((given('HERALD_FHIR_STORE') ?? 'embedded') === 'embedded') {
    for (const key of accessKeys) {
      fault(key, 'the embedded store takes no credentials', 'Unset it, or give a server in HERALD_FHIR_STORE.');
    }
    return { kind: 'embedded', dataDir };
  }

  const baseUrl = urlOf('HERALD_FHIR_STORE', input) ?? '';
  if (accessKeys.length === 0) return { kind: 'remote', dataDir, baseUrl, access: { kind: 'none' } };
  const servicesGiven = servicesKeys.some((key) => given(key));
  if (token !== undefined && servicesGiven) {
    fault(
      'HERALD_FHIR_STORE_TOKEN',
      'a fixed token is given beside SMART Backend Services',
      `Unset it, or unset ${servicesKeys.join(', ')}.`,
    );
  }
  if (token !== undefined) return { kind: 'remote', dataDir, baseUrl, access: { kind: 'token', token } };
  for (const key of servicesKeys) {
    if (!given(key)) fault(key, 'it is missing', `SMART Backend Services need all of ${servicesKeys.join(', ')}.`);
  }
  const { clientId = '', privateKeyFile = '', tokenUrl = '' } = services;
  if (privateKeyFile !== '' && !holdsPrivateJwk(privateKeyFile)) {
    fault('HERALD_FHIR_STORE_PRIVATE_KEY', 'the file holds no private JWK', 'Give the path of a readable JWK file.');
  }
  const access = { kind: 'backend-services', clientId, privateKeyFile, tokenUrl } as const;
  return { kind: 'remote', dataDir, baseUrl, access };
}

const servicesKeys = [
  'HERALD_FHIR_STORE_CLIENT_ID',
  'HERALD_FHIR_STORE_PRIVATE_KEY',
  'HERALD_FHIR_STORE_TOKEN_URL',
] as const;

function readController({ given, fault }: Input): Controller {
  const ods = given('HERALD_ORG_ODS') ?? 'RXX';
  const name = given('HERALD_ORG_NAME') ?? 'Example NHS Trust';
  if (!/^[A-Z0-9]{3,6}$/.test(ods)) {
    fault('HERALD_ORG_ODS', 'it is not an ODS code', 'Give three to six capital letters and digits.');
  }
  if (!/^[^\p{Cc}]{1,100}$/u.test(name)) {
    fault('HERALD_ORG_NAME', 'it is longer than 100 characters, or has one that cannot be shown', 'Give one line.');
  }
  return { ods, name };
}

function readPolicy({ given, fault }: Input): Policy {
  const path = given('HERALD_POLICY');
  if (path === undefined) return defaultPolicy;
  const reading = readPolicyFile(path);
  if (reading.kind === 'policy') return reading.policy;
  for (const { pointer, problem, remedy } of reading.faults) {
    fault('HERALD_POLICY', pointer === '' ? problem : `at ${pointer}, ${problem}`, remedy);
  }
  return defaultPolicy;
}

function readLogLevel({ given, fault }: Input): LogLevel {
  const level = given('HERALD_LOG_LEVEL') ?? 'info';
  const known = logLevels.find((one) => one === level);
  if (known === undefined) fault('HERALD_LOG_LEVEL', 'there is no such level', `Use one of ${logLevels.join(', ')}.`);
  return known ?? 'info';
}
