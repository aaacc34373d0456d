import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Bundle, OperationOutcome, Resource } from '@medplum/fhirtypes';
import { buildServer } from './build.ts';
import { retiredSearches, trustDefinitions } from './definitions.ts';

/** A HAPI FHIR JPA server, R4, that holds the definitions of a trust (`definitions.ts`) and no record. */
export interface Hapi {
  readonly baseUrl: string;
  /** Brings it back to that, in seconds; the searches named in `without` are off until the next reset. */
  reset(without?: readonly string[]): Promise<void>;
}

/** One that was started here. */
export interface StartedHapi extends Hapi {
  /** Ends it and drops its database. */
  stop(): Promise<void>;
}

export interface HapiOptions {
  /** Where it listens; a free port when there is none. */
  readonly port?: number;
  /** Whether a write that its validator finds an error in is refused (422). It is unless this is `false`. */
  readonly gate?: boolean;
  /** Searches to switch off, each as `Consent.patient`. */
  readonly without?: readonly string[];
}

/** Milliseconds that starting may take on a busy machine, and one call: the first validation waits for R4 to be read. */
const START_LIMIT = 600_000;
const CALL_LIMIT = 600_000;
/** Milliseconds from SIGTERM to its end; then it is killed. */
const STOP_LIMIT = 30_000;
/** Definitions written side by side: HAPI takes several connections for one, and runs dry with many at once. */
const AT_ONCE = 4;

type Server = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Builds HAPI if need be, starts it on a database of its own and loads the definitions. The database is made on the
 * PostgreSQL that `PGHOST`, `PGPORT`, `PGUSER` and `PGPASSWORD` name (127.0.0.1, 5432, postgres), or is H2 in memory with
 * `HAPI_DATABASE=h2`. The server ends with this process, however this process ends. Errors: no Java or Maven, no
 * PostgreSQL, a definition that is refused; the message says what to do.
 */
export async function startHapi(options: HapiOptions = {}): Promise<StartedHapi> {
  const database = await databaseSettings();
  const classPath = await buildServer();
  const server = spawn('java', ['-XX:TieredStopAtLevel=1', '-Xmx1500m', '-cp', classPath, 'herald.HapiServer'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...database,
      HAPI_PORT: String(options.port ?? 0),
      HAPI_GATE: options.gate === false ? 'off' : 'on',
    },
  });
  const stop = () => stopServer(server);
  try {
    const hapi = hapiAt(await ready(server));
    await load(hapi.baseUrl, trustDefinitions(), options.without);
    return { ...hapi, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A server that somebody else started with `startHapi`. */
export function hapiAt(baseUrl: string): Hapi {
  return {
    baseUrl,
    async reset(without) {
      const everything = { resourceType: 'Parameters', parameter: [{ name: 'expungeEverything', valueBoolean: true }] };
      await ask('POST', `${baseUrl}/$expunge`, everything);
      await load(baseUrl, trustDefinitions().filter(isLookedUp), without);
    },
  };
}

/**
 * That the server takes the word lists is seen once, when it starts. No code is looked up in them, and each of their
 * thousands of words would be written again for every suite.
 */
const isLookedUp = ({ resourceType, id }: Resource): boolean =>
  !((resourceType === 'CodeSystem' || resourceType === 'ValueSet') && id?.startsWith('words-'));

/** Searches that are off are written last: what they would find has to be indexed until then. */
async function load(baseUrl: string, definitions: readonly Resource[], without: readonly string[] = []): Promise<void> {
  // The first validation reads all of R4; the calls that follow would each wait for it.
  await ask('POST', `${baseUrl}/Patient/$validate`, { resourceType: 'Patient' });
  // The gate lets definitions of structures pass by themselves only, not in a Bundle.
  const structures = definitions.filter(({ resourceType }) => resourceType === 'StructureDefinition');
  await ask('POST', baseUrl, {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: definitions
      .filter((one) => !structures.includes(one))
      .map((resource) => ({ resource, request: { method: 'PUT', url: addressOf(resource) } })),
  } satisfies Bundle);
  const put = (resource: Resource) => ask('PUT', `${baseUrl}/${addressOf(resource)}`, resource);
  for (let index = 0; index < structures.length; index += AT_ONCE) {
    await Promise.all(structures.slice(index, index + AT_ONCE).map(put));
  }
  for (const search of retiredSearches(without)) await put(search);
}

const addressOf = ({ resourceType, id }: Resource): string => `${resourceType}/${id}`;

async function ask(method: 'POST' | 'PUT', url: string, body: unknown): Promise<void> {
  const answer = await fetch(url, {
    method,
    headers: { 'Content-Type': 'application/fhir+json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(CALL_LIMIT),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url} answered ${answer.status}: ${faultsIn(text)}`);
}

function faultsIn(text: string): string {
  try {
    const { issue = [] } = JSON.parse(text) as Partial<OperationOutcome>;
    const faults = issue.filter(({ severity }) => severity === 'error' || severity === 'fatal');
    return faults.map(({ diagnostics, expression }) => [...(expression ?? []), diagnostics].join(': ')).join(' | ');
  } catch {
    return text.slice(0, 500);
  }
}

/** The base URL, when the server says that it answers. Errors: it ended instead, or was silent too long. */
async function ready(server: Server): Promise<string> {
  const complaints: string[] = [];
  createInterface({ input: server.stderr }).on('line', (line) => {
    complaints.push(line);
    if (complaints.length > 60) complaints.shift();
  });
  const url = new Promise<string>((resolve, reject) => {
    const fail = (why: string, cause?: unknown) =>
      reject(new Error([`The HAPI server ${why}`, ...complaints].join('\n'), { cause }));
    server.once('error', (cause) => fail('could not be started: install Java 17 or newer', cause));
    server.once('close', (code, signal) => fail(`ended with ${code ?? signal} before it was ready`));
    setTimeout(() => fail(`was not ready after ${START_LIMIT / 1000} s`), START_LIMIT).unref();
    createInterface({ input: server.stdout }).on('line', (line) => {
      const [, found] = /^hapi listening on (\S+)$/.exec(line) ?? [];
      if (found !== undefined) resolve(found);
    });
  });
  return url;
}

async function stopServer(server: Server): Promise<void> {
  if (server.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'close');
  server.kill('SIGTERM');
  const late = setTimeout(() => server.kill('SIGKILL'), STOP_LIMIT);
  await ended;
  clearTimeout(late);
}

async function databaseSettings(): Promise<NodeJS.ProcessEnv> {
  const {
    HAPI_DATABASE = 'postgresql',
    PGHOST = '127.0.0.1',
    PGPORT = '5432',
    PGUSER = 'postgres',
    PGPASSWORD = '',
  } = process.env;
  if (HAPI_DATABASE === 'h2') return {};
  if (HAPI_DATABASE !== 'postgresql') throw new Error('HAPI_DATABASE is postgresql or h2');
  if (!(await isListening(PGHOST, Number(PGPORT)))) {
    throw new Error(
      `PostgreSQL does not answer on ${PGHOST}:${PGPORT}. Start it (on Debian: service postgresql start), say where it ` +
        'is with PGHOST, PGPORT, PGUSER and PGPASSWORD, or do without it: HAPI_DATABASE=h2',
    );
  }
  return {
    HAPI_JDBC_URL: `jdbc:postgresql://${PGHOST}:${PGPORT}/postgres`,
    HAPI_JDBC_USER: PGUSER,
    HAPI_JDBC_PASSWORD: PGPASSWORD,
    HAPI_JDBC_TEMPORARY: `herald_hapi_${process.pid}_${crypto.randomUUID().slice(0, 8)}`,
  };
}

function isListening(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 5_000 });
    const answer = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', () => answer(true));
    socket.once('timeout', () => answer(false));
    socket.once('error', () => answer(false));
  });
}
