import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import type { CommunicationRequest, Patient, Resource } from '@medplum/fhirtypes';
import express, { type Express } from 'express';
import supertest, { type Test } from 'supertest';
import { type AppDeps, createApp } from '../../src/app.ts';
import type { Caller, Role } from '../../src/auth/caller.ts';
import { createDemoAuth, demoTokens } from '../../src/auth/demo.ts';
import { createUnauthenticated } from '../../src/auth/unauthenticated.ts';
import { system } from '../../src/canonical.ts';
import { loadDefinitions } from '../../src/fhir/definitions/load.ts';
import type { StructureDefinition } from '../../src/fhir/validate/definitions.ts';
import { createValidator } from '../../src/fhir/validate/validator.ts';
import { createLog } from '../../src/log.ts';
import { createMetrics } from '../../src/metrics.ts';
import { createFingerprint } from '../../src/objections/fingerprint.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { newId } from '../../src/send/ids.ts';
import type { Changed, Requests, Submitted } from '../../src/send/requests.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createDrafts } from '../../src/store/draft.ts';
import type { FhirStore, Stored } from '../../src/store/fhir-store.ts';
import { SqliteFhirStore } from '../../src/store/sqlite-store.ts';

export const PUBLIC_URL = 'https://herald.nhs.example';

/** The real app over the real embedded store; only the sending side is a stand-in that notes what it is asked. */
export interface TestApp {
  readonly app: Express;
  readonly store: FhirStore;
  readonly requests: FakeRequests;
  readonly log: string[];
  /** A request with the role's token, ready for `.send()`. */
  as(role: Role, method: Method, path: string): Test;
  /** Without any token. */
  nobody(method: Method, path: string): Test;
  /** Writes through the store, past the interface. */
  given<T extends Resource>(resource: T & { id: string }): Promise<Stored<T>>;
  close(): void;
}

export type Method = 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete';

export interface FakeRequests extends Requests {
  readonly asked: {
    readonly what: 'submit' | 'change' | 'evaluate';
    readonly ifMatch?: string;
    readonly caller: Caller;
  }[];
  /** What the next submission answers; a function may throw. */
  onSubmit: (resource: CommunicationRequest) => Promise<Submitted>;
  onChange: (resource: CommunicationRequest & { id: string }) => Promise<Changed>;
}

export function startApp(change: Partial<AppDeps> & { wrapStore?: (store: FhirStore) => FhirStore } = {}): TestApp {
  const database = openDatabase(':memory:');
  const clock = change.clock ?? { now: () => new Date() };
  const real = new SqliteFhirStore(database, { clock });
  const { wrapStore = (one: FhirStore) => one, ...deps } = change;
  const store = wrapStore(real);
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const requests = fakeRequests(real);
  const log = createLog({ level: 'debug', stream });
  const metrics = createMetrics({ version: '0.0.0' });
  const controller = { ods: 'RXX', name: 'Example NHS Trust' };
  const app = createApp({
    store,
    requests,
    commitUnit: ({ writes }) => store.commit(writes),
    openDraft: createDrafts(clock),
    clock,
    log,
    metrics,
    controller,
    policy,
    publicUrl: PUBLIC_URL,
    auth: createDemoAuth({ staff: true }),
    unauthenticated: createUnauthenticated({ store: change.store ?? store, clock, log, metrics, controller }),
    validate: (resource) => validator.validate(resource),
    providerChannels: ['sms', 'email', 'letter'],
    fingerprint: createFingerprint(Buffer.alloc(32, 9)),
    pageKey: Buffer.alloc(32, 7),
    callbacks: express.Router(),
    health: async () => ({ store: { kind: 'ready' } }),
    notices: [],
    ...deps,
  });
  const ask = (method: Method, path: string): Test => supertest(app)[method](path);
  return {
    app,
    store: real,
    requests,
    log: lines,
    as: (role, method, path) => ask(method, path).set('Authorization', `Bearer ${demoTokens[role]}`),
    nobody: ask,
    async given(resource) {
      const [result] = await real.commit([{ op: 'create', resource }]);
      return result?.resource as never;
    },
    close: () => database.close(),
  };
}

/** A person as callers send one. NHS numbers are of the 999 range, which is given to nobody. */
export function aPatient(change: Partial<Patient> = {}): Patient {
  return {
    resourceType: 'Patient',
    identifier: [{ system: system.nhsNumber, value: '9990000018' }],
    name: [{ family: 'Marlowe', given: ['Iris'] }],
    telecom: [{ system: 'phone', value: '07700 900123', use: 'mobile' }],
    birthDate: '1961-04-02',
    ...change,
  };
}

export function aCommunicationRequest(change: Partial<CommunicationRequest> = {}): CommunicationRequest {
  return { resourceType: 'CommunicationRequest', status: 'active', subject: { reference: 'Patient/iris' }, ...change };
}

/** Every AuditEvent in the store, oldest first. */
export async function audited(store: FhirStore) {
  const { matches } = await store.search('AuditEvent', [['_count', '500']]);
  return [...matches].sort((a, b) => (a.id < b.id ? -1 : 1));
}

const { valueSets } = JSON.parse(
  readFileSync(new URL('../../src/fhir/definitions/generated/value-sets.json', import.meta.url), 'utf8'),
) as { valueSets: { url: string; systems?: Record<string, string[]> }[] };
const validator = createValidator({
  structures: loadDefinitions().structures as unknown as StructureDefinition[],
  valueSets,
});

export const policy: Policy = {
  lawfulBases: [],
  contactConfirmedMonths: 12,
  channelOrder: ['nhsapp', 'sms', 'email', 'letter'],
  linkDomains: ['nhs.uk', 'gov.uk'],
  foreignNumbers: false,
  reviewDays: 7,
  bestInterestMonths: 12,
  fourEyes: false,
  secondReader: [],
  teamHours: { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '09:00', to: '17:00', bankHolidaysClosed: true },
  responseMinutes: 60,
  staffRoles: { records: 'Organization/records-team' },
  providerLimits: { perMinute: 2_700 },
};

function fakeRequests(store: FhirStore): FakeRequests {
  const asked: FakeRequests['asked'] = [];
  const fake: FakeRequests = {
    asked,
    answer: async () => undefined,
    async onSubmit(resource) {
      const [result] = await store.commit([{ op: 'create', resource: { ...resource, id: newId(new Date()) } }]);
      return {
        kind: 'created',
        resource: result?.resource as Stored<CommunicationRequest>,
        decision: { kind: 'hold', reasons: [], tasks: [], warnings: [] },
      };
    },
    async onChange(resource) {
      const [result] = await store.commit([{ op: 'update', resource }]);
      return { kind: 'changed', resource: result?.resource as Stored<CommunicationRequest> };
    },
    submit(resource, caller) {
      asked.push({ what: 'submit', caller });
      return fake.onSubmit(resource);
    },
    change(resource, ifMatch, caller) {
      asked.push({ what: 'change', caller, ...(ifMatch === undefined ? {} : { ifMatch }) });
      return fake.onChange(resource);
    },
    async plan() {
      throw new Error('A stand-in plans nothing; see bundle-rig.ts for the real pipeline.');
    },
    async evaluate(_resource, caller) {
      asked.push({ what: 'evaluate', caller });
      return { resourceType: 'Parameters', parameter: [{ name: 'decision', valueCode: 'send' }] };
    },
  };
  return fake;
}
