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
  /** Stops and starts again on the same data. */
  restart(): Promise<void>;
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

export async function startHerald(
  options: Omit<ServiceOptions, 'log'> & { readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Herald> {
  const dataDir = mkdtempSync(join(tmpdir(), 'herald-'));
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
    ...options.env,
  });
  const open = () => startService(config, { ...options, log: createLog({ level: 'debug', stream }) });
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
      return service.simulatorUrl ?? '';
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
      supertest(service.simulatorUrl ?? '')
        .post(`/control/${path}`)
        .send(body as object),
    async ledger() {
      const answer = await supertest(service.simulatorUrl ?? '').get('/control/ledger');
      return (answer.body.messages ?? answer.body) as LedgerEntry[];
    },
    async restart() {
      await service.close();
      service = await open();
    },
    async close() {
      await service.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Waits for something that other parts of the service bring about; fails with what was last seen. */
export async function until<T>(look: () => Promise<T | undefined | false>, what: string, withinMs = 8_000): Promise<T> {
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
