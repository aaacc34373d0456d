import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { Bundle, CommunicationRequest, Resource } from '@medplum/fhirtypes';
import supertest, { type Response } from 'supertest';
import { demoStaff } from '../../src/auth/demo.ts';
import { MSG, system } from '../../src/canonical.ts';
import { type Config, readConfig } from '../../src/config.ts';
import { createLog } from '../../src/log.ts';
import { type Service, type ServiceOptions, startService } from '../../src/service.ts';
import { surroundingsOf } from './surroundings.ts';

/** The whole service as a stranger meets it: real HTTP, real store on disk, real client, the simulator beside it. */
export interface Herald {
  readonly url: string;
  readonly simulatorUrl: string;
  readonly service: Service;
  readonly config: Config;
  /** Every line logged so far. */
  readonly logged: () => string;
  get(path: string, token?: string): Promise<Response>;
  post(path: string, body: unknown, token?: string): Promise<Response>;
  put(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Everything of a search. */
  all<T extends Resource>(path: string): Promise<T[]>;
  /** Steers the simulator. */
  control(path: string, body: unknown): Promise<Response>;
  ledger(): Promise<LedgerEntry[]>;
  /** Stops and starts again on the same data, but for the files that were lost meanwhile. */
  restart(options?: { readonly lost: readonly string[] }): Promise<void>;
  /** Tries to start one more process on the same data. */
  startAnother(): Promise<void>;
  close(): Promise<void>;
}

export interface LedgerEntry {
  readonly id: string;
  readonly reference: string | null;
  readonly type: string;
  readonly recipient: string;
  readonly body: string;
  readonly status: string;
}

/**
 * `on`: where the record is kept, as `surroundings.ts` has it; else `HERALD_TEST_STORE` decides for a whole run, so that
 * one suite proves every store.
 */
export async function startHerald(
  options: Omit<ServiceOptions, 'log'> & { readonly env?: NodeJS.ProcessEnv; readonly on?: string } = {},
): Promise<Herald> {
  const { env = {}, on = process.env.HERALD_TEST_STORE ?? 'embedded', ...serviceOptions } = options;
  const dataDir = mkdtempSync(join(tmpdir(), 'herald-'));
  const surroundings = await surroundingsOf(on, dataDir, env.GOVUK_NOTIFY_CALLBACK_TOKEN);
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const config = readConfig({
    HERALD_DATA_DIR: dataDir,
    HERALD_PORT: '0',
    HERALD_LOG_LEVEL: 'debug',
    GOVUK_NOTIFY_QUIET_SECONDS: '1',
    ...surroundings.env,
    ...env,
  });
  const open = async (): Promise<Service> => {
    const started = await startService(config, { ...serviceOptions, log: createLog({ level: 'debug', stream }) });
    await surroundings.started(started);
    return started;
  };
  let service = await open();

  const send = (method: 'get' | 'post' | 'put', path: string, token: string) =>
    supertest(service.url)
      [method](path)
      .set('Authorization', `Bearer ${token}`)
      .set('Content-Type', 'application/fhir+json');

  return {
    get url() {
      return service.url;
    },
    get simulatorUrl() {
      return surroundings.simulatorUrl(service);
    },
    get service() {
      return service;
    },
    config,
    logged: () => lines.join(''),
    get: async (path, token = 'demo-epr') => send('get', path, token),
    post: async (path, body, token = 'demo-epr') => send('post', path, token).send(body as object),
    put: async (path, body, headers = {}) =>
      send('put', path, 'demo-epr')
        .set(headers)
        .send(body as object),
    async all<T extends Resource>(path: string) {
      const answer = await send('get', path, 'demo-ig');
      if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
      return ((answer.body as Bundle).entry ?? []).map((one) => one.resource as T);
    },
    control: async (path, body) =>
      supertest(surroundings.simulatorUrl(service))
        .post(`/control/${path}`)
        .send(body as object),
    async ledger() {
      const answer = await supertest(surroundings.simulatorUrl(service)).get('/control/ledger');
      return (answer.body.messages ?? answer.body) as LedgerEntry[];
    },
    async restart({ lost = [] } = { lost: [] }) {
      await service.close();
      for (const file of lost)
        for (const end of ['', '-wal', '-shm']) rmSync(join(dataDir, file + end), { force: true });
      service = await open();
    },
    async startAnother() {
      await (await open()).close();
    },
    async close() {
      await service.close();
      await surroundings.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Waits for something that other parts of the service bring about; fails with what was last seen. */
export async function until<T>(
  look: () => Promise<T | undefined | false>,
  what: string,
  withinMs = 25_000,
): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > end) throw new Error(`Never came about: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** An ordinary request; `change` sets what the test is about. */
export function aRequest(
  type: string,
  patient: string,
  change: Partial<CommunicationRequest> = {},
): CommunicationRequest {
  return {
    resourceType: 'CommunicationRequest',
    status: 'active',
    extension: [{ url: system.instantiatesCanonical, valueCanonical: `${MSG}/ActivityDefinition/${type}` }],
    subject: { reference: patient },
    requester: { reference: `Practitioner/${demoStaff.epr.id}` },
    ...change,
  };
}

/** Values for a message type's placeholders. */
export function personalisation(values: Record<string, string>): NonNullable<CommunicationRequest['payload']>[number] {
  return {
    contentAttachment: {
      contentType: 'application/json',
      data: Buffer.from(JSON.stringify(values)).toString('base64'),
    },
  };
}
