import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError, describeConfig, readConfig } from '../../src/config.ts';
import { type Variable, variables } from '../../src/config-values.ts';

const dir = mkdtempSync(join(tmpdir(), 'herald-config-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const file = (name: string, text: string): string => {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
};

const uuid = 'c0ffee00-1234-4abc-8def-0123456789ab';
const secret = 'deadbeef-1234-4abc-8def-0123456789ab';
const key = `outpatients-live-${uuid}-${secret}`;
const callbackToken = 'not-a-real-callback-token';
const real = {
  GOVUK_NOTIFY_API_KEY: key,
  GOVUK_NOTIFY_URL: 'https://api.notifications.service.gov.uk',
  GOVUK_NOTIFY_CALLBACK_TOKEN: callbackToken,
};
const remote = { ...real, HERALD_FHIR_STORE: 'https://fhir.nhs.example/r4' };
const jwk = file('key.json', JSON.stringify({ kty: 'EC', crv: 'P-384', x: 'x', y: 'y', d: 'private-part' }));
const services = {
  HERALD_FHIR_STORE_CLIENT_ID: 'herald',
  HERALD_FHIR_STORE_PRIVATE_KEY: jwk,
  HERALD_FHIR_STORE_TOKEN_URL: 'https://auth.nhs.example/token',
};

type Env = Readonly<Record<string, string>>;

/** The variables named by the error, in the order it names them. */
const keysRefused = (env: Env): string[] => (refusalOf(env)?.faults ?? []).map((fault) => fault.key);

describe('contract 1: what is left out has its default', () => {
  it('an empty environment is the whole service on this machine, with the simulator and example people', () => {
    const config = readConfig({});
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      store: { kind: 'embedded', dataDir: join(process.cwd(), 'data') },
      controller: { ods: 'RXX', name: 'Example NHS Trust' },
      notify: { kind: 'simulator', quietSeconds: 120 },
      auth: 'demo',
      logLevel: 'info',
      examples: true,
    });
    expect(config.publicUrl).toBeUndefined();
    expect(config.policy).toMatchObject({ contactConfirmedMonths: 12, fourEyes: false, responseMinutes: 60 });
  });

  it('a blank value counts as missing', () => {
    const blank = Object.fromEntries(variables.map((name) => [name, '  ']));
    expect(readConfig(blank)).toEqual(readConfig({}));
  });

  it('variables of other programs are none of our business', () => {
    expect(readConfig({ PATH: '/bin', NOTIFY_API_KEY: 'x', HERALDRY: 'y' })).toEqual(readConfig({}));
  });

  it('nothing in it can be changed', () => {
    const config = readConfig(real);
    for (const part of [config, config.store, config.notify, config.controller, config.policy]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });
});

describe('contract 1: values that are taken', () => {
  it.each<[string, Env, object]>([
    ['port 0', { HERALD_PORT: '0' }, { port: 0 }],
    ['the highest port', { HERALD_PORT: '65535' }, { port: 65_535 }],
    ['another loopback address', { HERALD_HOST: '127.8.9.10' }, { host: '127.8.9.10' }],
    ['IPv6 loopback', { HERALD_HOST: '::1' }, { host: '::1' }],
    ['localhost', { HERALD_HOST: 'localhost' }, { host: 'localhost' }],
    ['a public address', { HERALD_PUBLIC_URL: 'https://h.nhs.example/x' }, { publicUrl: 'https://h.nhs.example/x' }],
    ['a data directory to be made', { HERALD_DATA_DIR: join(dir, 'a/b') }, { store: { dataDir: join(dir, 'a/b') } }],
    ['the trust', { HERALD_ORG_ODS: 'R0A', HERALD_ORG_NAME: 'Trust' }, { controller: { ods: 'R0A', name: 'Trust' } }],
    ['a log level', { HERALD_LOG_LEVEL: 'debug' }, { logLevel: 'debug' }],
    [
      "the simulator's callback token",
      { GOVUK_NOTIFY_CALLBACK_TOKEN: callbackToken },
      { notify: { kind: 'simulator', callbackToken } },
    ],
    [
      'a short quiet period with the simulator',
      { GOVUK_NOTIFY_QUIET_SECONDS: '2' },
      { notify: { kind: 'simulator', quietSeconds: 2 } },
    ],
    [
      'a short quiet period with a Notify on this machine',
      { ...real, GOVUK_NOTIFY_URL: 'http://127.0.0.1:6011', GOVUK_NOTIFY_QUIET_SECONDS: '2' },
      { notify: { kind: 'govuk', url: 'http://127.0.0.1:6011', quietSeconds: 2 } },
    ],
    ['GOV.UK Notify', real, { notify: { kind: 'govuk', apiKey: key, callbackToken, quietSeconds: 120 } }],
    [
      'another store',
      remote,
      { store: { kind: 'remote', baseUrl: 'https://fhir.nhs.example/r4', access: { kind: 'none' } } },
    ],
    [
      'another store with a token',
      { ...remote, HERALD_FHIR_STORE_TOKEN: 'tok' },
      { store: { access: { kind: 'token', token: 'tok' } } },
    ],
    [
      'another store with SMART Backend Services',
      { ...remote, ...services },
      { store: { access: { kind: 'backend-services', clientId: 'herald', privateKeyFile: jwk } } },
    ],
    ['a store on this machine by plain http', { ...remote, HERALD_FHIR_STORE: 'http://[::1]:8090/fhir' }, {}],
  ])('%s', (_name, env, expected) => {
    expect(readConfig(env)).toMatchObject(expected);
  });

  it.each<[string, Env]>([
    ['a Notify key', real],
    ['a Notify on this machine', { ...real, GOVUK_NOTIFY_URL: 'http://localhost:6011' }],
    ['another store', remote],
  ])('"Never by accident": no example people beside %s', (_name, env) => {
    expect(readConfig(env).examples).toBe(false);
  });
});

const notifyKeys: Variable[] = ['GOVUK_NOTIFY_API_KEY', 'GOVUK_NOTIFY_URL', 'GOVUK_NOTIFY_CALLBACK_TOKEN'];
const without = (env: Env, ...names: string[]): Env =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));

describe('contract 1: a wrong, missing or contradictory value names its key', () => {
  it.each<[string, Env, string[]]>([
    // Where it listens
    ['demo on every address', { HERALD_HOST: '0.0.0.0' }, ['HERALD_HOST']],
    ['demo on every IPv6 address', { HERALD_HOST: '::' }, ['HERALD_HOST']],
    ['demo on a public address', { HERALD_HOST: '192.0.2.7' }, ['HERALD_HOST']],
    ['demo on a name', { HERALD_HOST: 'herald.nhs.example' }, ['HERALD_HOST']],
    ['demo on a name that looks like loopback', { HERALD_HOST: '127.0.0.1.nhs.example' }, ['HERALD_HOST']],
    ['demo on a mapped address', { HERALD_HOST: '::ffff:192.0.2.7' }, ['HERALD_HOST']],
    ['a port that is a word', { HERALD_PORT: 'http' }, ['HERALD_PORT']],
    ['a port out of range', { HERALD_PORT: '65536' }, ['HERALD_PORT']],
    ['a negative port', { HERALD_PORT: '-1' }, ['HERALD_PORT']],
    ['half a port', { HERALD_PORT: '80.5' }, ['HERALD_PORT']],
    ['a public address without scheme', { HERALD_PUBLIC_URL: 'herald.nhs.example' }, ['HERALD_PUBLIC_URL']],
    ['a public address of another scheme', { HERALD_PUBLIC_URL: 'ftp://h.nhs.example' }, ['HERALD_PUBLIC_URL']],
    ['a public address with a slash', { HERALD_PUBLIC_URL: 'https://h.nhs.example/' }, ['HERALD_PUBLIC_URL']],
    ['a public address with a query', { HERALD_PUBLIC_URL: 'https://h.nhs.example?a=1' }, ['HERALD_PUBLIC_URL']],
    ['a public address with a password', { HERALD_PUBLIC_URL: 'https://a:b@h.nhs.example' }, ['HERALD_PUBLIC_URL']],
    // Who may call
    ['smart, which is a later release', { HERALD_AUTH: 'smart' }, ['HERALD_AUTH']],
    ['an unknown way to authenticate', { HERALD_AUTH: 'none' }, ['HERALD_AUTH']],
    // The store
    ['a data directory that is a file', { HERALD_DATA_DIR: jwk }, ['HERALD_DATA_DIR']],
    ['a data directory under a file', { HERALD_DATA_DIR: join(jwk, 'data') }, ['HERALD_DATA_DIR']],
    ['a store that is no URL', { ...real, HERALD_FHIR_STORE: 'hapi' }, ['HERALD_FHIR_STORE']],
    ['a store over plain http', { ...real, HERALD_FHIR_STORE: 'http://fhir.nhs.example/r4' }, ['HERALD_FHIR_STORE']],
    ["the simulator's defaults beside another store", without(remote, ...notifyKeys), notifyKeys],
    [
      'credentials for the embedded store',
      { HERALD_FHIR_STORE_TOKEN: 'tok', HERALD_FHIR_STORE_CLIENT_ID: 'herald' },
      ['HERALD_FHIR_STORE_TOKEN', 'HERALD_FHIR_STORE_CLIENT_ID'],
    ],
    [
      'a token that no header can carry',
      { ...remote, HERALD_FHIR_STORE_TOKEN: 'to\nken' },
      ['HERALD_FHIR_STORE_TOKEN'],
    ],
    [
      'a token with a sign of another alphabet',
      { ...remote, HERALD_FHIR_STORE_TOKEN: 'tökèn–' },
      ['HERALD_FHIR_STORE_TOKEN'],
    ],
    ['two kinds of credentials', { ...remote, ...services, HERALD_FHIR_STORE_TOKEN: 't' }, ['HERALD_FHIR_STORE_TOKEN']],
    ...Object.keys(services).map((name): [string, Env, string[]] => [
      `SMART Backend Services without ${name}`,
      without({ ...remote, ...services }, name),
      [name],
    ]),
    [
      'a key file that is not there',
      { ...remote, ...services, HERALD_FHIR_STORE_PRIVATE_KEY: join(dir, 'absent') },
      ['HERALD_FHIR_STORE_PRIVATE_KEY'],
    ],
    [
      'a key file with the public key',
      { ...remote, ...services, HERALD_FHIR_STORE_PRIVATE_KEY: file('public.json', '{"kty":"EC","x":"x"}') },
      ['HERALD_FHIR_STORE_PRIVATE_KEY'],
    ],
    [
      'a token address over plain http',
      { ...remote, ...services, HERALD_FHIR_STORE_TOKEN_URL: 'http://auth.nhs.example/token' },
      ['HERALD_FHIR_STORE_TOKEN_URL'],
    ],
    // GOV.UK Notify
    ['a key without a callback token', without(real, 'GOVUK_NOTIFY_CALLBACK_TOKEN'), ['GOVUK_NOTIFY_CALLBACK_TOKEN']],
    ['a key without an address', without(real, 'GOVUK_NOTIFY_URL'), ['GOVUK_NOTIFY_URL']],
    ['an address without a key', without(real, 'GOVUK_NOTIFY_API_KEY'), ['GOVUK_NOTIFY_API_KEY']],
    ['a key alone', { GOVUK_NOTIFY_API_KEY: key }, ['GOVUK_NOTIFY_URL', 'GOVUK_NOTIFY_CALLBACK_TOKEN']],
    ['half a key', { ...real, GOVUK_NOTIFY_API_KEY: secret }, ['GOVUK_NOTIFY_API_KEY']],
    ['a key without its name', { ...real, GOVUK_NOTIFY_API_KEY: `${uuid}-${secret}` }, ['GOVUK_NOTIFY_API_KEY']],
    ['a key over plain http', { ...real, GOVUK_NOTIFY_URL: 'http://notify.nhs.example' }, ['GOVUK_NOTIFY_URL']],
    ['an address with a slash', { ...real, GOVUK_NOTIFY_URL: 'https://notify.nhs.example/' }, ['GOVUK_NOTIFY_URL']],
    ['a short callback token', { GOVUK_NOTIFY_CALLBACK_TOKEN: '123456789' }, ['GOVUK_NOTIFY_CALLBACK_TOKEN']],
    ['a callback token with a blank', { GOVUK_NOTIFY_CALLBACK_TOKEN: 'twelve words' }, ['GOVUK_NOTIFY_CALLBACK_TOKEN']],
    [
      'a quiet period in which Notify may still accept',
      { ...real, GOVUK_NOTIFY_QUIET_SECONDS: '119' },
      ['GOVUK_NOTIFY_QUIET_SECONDS'],
    ],
    ['a quiet period that is no number', { GOVUK_NOTIFY_QUIET_SECONDS: 'two' }, ['GOVUK_NOTIFY_QUIET_SECONDS']],
    ['a quiet period of nothing', { GOVUK_NOTIFY_QUIET_SECONDS: '0' }, ['GOVUK_NOTIFY_QUIET_SECONDS']],
    // The rest
    ['an ODS code in small letters', { HERALD_ORG_ODS: 'rxx' }, ['HERALD_ORG_ODS']],
    ['an ODS code that is too long', { HERALD_ORG_ODS: 'RXX0001' }, ['HERALD_ORG_ODS']],
    ['a name of two lines', { HERALD_ORG_NAME: 'Example\nTrust' }, ['HERALD_ORG_NAME']],
    ['a name that is too long', { HERALD_ORG_NAME: 'x'.repeat(101) }, ['HERALD_ORG_NAME']],
    ['an unknown log level', { HERALD_LOG_LEVEL: 'verbose' }, ['HERALD_LOG_LEVEL']],
    ['a policy file that is not there', { HERALD_POLICY: join(dir, 'absent.json') }, ['HERALD_POLICY']],
    ['a policy with a fault', { HERALD_POLICY: file('policy.json', '{"fourEyes":"yes"}') }, ['HERALD_POLICY']],
  ])('%s', (_name, env, expected) => {
    expect(keysRefused(env)).toEqual(expected);
  });

  it('a misspelt variable is said, and stops nothing', () => {
    const { notices } = readConfig({ HERALD_PROT: '8080', PATH: '/bin' });
    expect(notices).toEqual([expect.stringMatching(/^HERALD_PROT: there is no such variable/)]);
  });

  it('all faults are named at once, each with what to do', () => {
    const env = { HERALD_PORT: 'x', HERALD_HOST: '0.0.0.0', HERALD_ORG_ODS: '?', GOVUK_NOTIFY_API_KEY: 'x' };
    const error = refusal(env);
    expect(error.faults.map((fault) => fault.key).sort()).toEqual([
      'GOVUK_NOTIFY_API_KEY',
      'GOVUK_NOTIFY_CALLBACK_TOKEN',
      'GOVUK_NOTIFY_URL',
      'HERALD_HOST',
      'HERALD_ORG_ODS',
      'HERALD_PORT',
    ]);
    expect(error.message.split('\n')).toHaveLength(error.faults.length);
    for (const { key: name, remedy } of error.faults) {
      expect(error.message).toContain(`${name}: `);
      expect(remedy).not.toBe('');
    }
  });

  it('the fault in a policy file says where it is', () => {
    const HERALD_POLICY = file('where.json', '{"teamHours":{"from":"9"}}');
    expect(refusal({ HERALD_POLICY }).message).toMatch(/^HERALD_POLICY: at \/teamHours\/from, /);
  });
});

describe('ACC-4: no secret is shown', () => {
  it('a fault never quotes the value, wherever a secret was put by mistake', () => {
    const marked = 'SeCrEt-3f9a/ ?';
    for (const name of variables) {
      const error = refusalOf({ ...remote, ...services, [name]: marked });
      expect(error?.message ?? '').not.toContain('SeCrEt');
    }
  });

  it('the description says that secrets are set, and holds none', () => {
    const config = readConfig({ ...remote, HERALD_FHIR_STORE_TOKEN: 'store-token-value' });
    const shown = JSON.stringify(describeConfig(config));
    for (const hidden of [secret, callbackToken, 'store-token-value']) expect(shown).not.toContain(hidden);
    expect(describeConfig(config)).toMatchObject({
      HERALD_FHIR_STORE: 'https://fhir.nhs.example/r4',
      GOVUK_NOTIFY_API_KEY: 'set',
      GOVUK_NOTIFY_CALLBACK_TOKEN: 'set',
    });
  });

  it('the description of the simulator says so', () => {
    expect(describeConfig(readConfig({}))).toMatchObject({
      GOVUK_NOTIFY_API_KEY: 'simulator',
      GOVUK_NOTIFY_URL: 'simulator',
      GOVUK_NOTIFY_CALLBACK_TOKEN: 'generated',
      HERALD_POLICY: 'built in',
    });
  });
});

it('whatever the environment holds, the answer is a configuration or a ConfigError', () => {
  const environment = fc.dictionary(fc.constantFrom(...variables), fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(environment, (env) => {
      const error = refusalOf(env);
      if (error) expect(error.faults.length).toBeGreaterThan(0);
      else expect(readConfig(env).auth).toBe('demo');
    }),
  );
});

function refusalOf(env: Env): ConfigError | undefined {
  try {
    readConfig(env);
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

function refusal(env: Env): ConfigError {
  const error = refusalOf(env);
  if (!error) throw new Error('The configuration was taken.');
  return error;
}
