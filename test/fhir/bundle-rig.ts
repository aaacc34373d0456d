import type { Bundle, BundleEntry, CommunicationRequest, Flag, Patient, Resource } from '@medplum/fhirtypes';
import { system } from '../../src/canonical.ts';
import { shippedEndpoints } from '../../src/catalogue/channels.ts';
import { demoStaffResources, exampleRequest } from '../../src/catalogue/examples.ts';
import { shippedMessageTypes } from '../../src/catalogue/message-types.ts';
import type { Clock } from '../../src/clock.ts';
import { createLog } from '../../src/log.ts';
import { defaultPolicy } from '../../src/policy-file.ts';
import { createRequests } from '../../src/send/accept.ts';
import { gatherFacts } from '../../src/send/gather.ts';
import { createDrafts } from '../../src/store/draft.ts';
import { openEmbedded } from '../../src/store/embedded.ts';
import type { FhirStore } from '../../src/store/fhir-store.ts';
import type { CommitUnit } from '../../src/store/unit.ts';
import { aPatient, startApp, type TestApp } from '../support/app.ts';

/** The app over the real accepting side, store and queue; nobody sends what it queues. */
export interface BundleRig extends Omit<TestApp, 'requests'> {
  /** Everything in the store but the audit, `Type/id` with its version. */
  kept(): string[];
  /** Every version of everything, the audit too. */
  versions(): number;
  jobs(): string[];
  transact(entry: BundleEntry[], role?: 'epr' | 'ig' | 'sar' | 'admin'): Promise<Answered>;
  batch(entry: BundleEntry[], role?: 'epr' | 'ig' | 'sar' | 'admin'): Promise<Answered>;
}

export interface Answered {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: an answer is read as it came
  readonly body: any;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Faults {
  store?: (store: FhirStore) => FhirStore;
  commitUnit?: (commit: CommitUnit) => CommitUnit;
}

export async function startRig(faults: Faults = {}): Promise<BundleRig> {
  const clock: Clock = { now: () => new Date() };
  const embedded = openEmbedded(':memory:', { clock });
  const controller = { ods: 'RXX', name: 'Example NHS Trust' };
  const seed = [...shippedMessageTypes, ...shippedEndpoints, ...demoStaffResources(controller)];
  await embedded.store.commit(seed.map((resource) => ({ op: 'create', resource })));
  const store = faults.store?.(embedded.store) ?? embedded.store;
  const commitUnit = faults.commitUnit?.(embedded.commitUnit) ?? embedded.commitUnit;
  const context = { policy: defaultPolicy, controller };
  const requests = createRequests({
    store,
    jobs: embedded.jobs,
    commitUnit,
    settleDoubts: embedded.settleDoubts,
    clock,
    log: createLog({ level: 'silent' }),
    context,
    count: () => {},
    gather: (request, { view = store, tried, leavesDraft } = {}) =>
      gatherFacts(
        request,
        {
          store: view,
          clock,
          ...context,
          providerChannels: ['sms', 'email', 'letter'],
          findTemplate: async () => ({ kind: 'none' }),
          fingerprint: () => undefined,
        },
        tried,
        leavesDraft,
      ),
  });
  const app = startApp({ clock, store, requests, commitUnit, openDraft: createDrafts(clock), ...context });
  const rows = (sql: string): Record<string, unknown>[] => embedded.db.sql.prepare(sql).all();
  const seeded = new Set(seed.map((one) => `${one.resourceType}/${one.id}/1`));
  const send = async (type: 'batch' | 'transaction', entry: BundleEntry[], role: 'epr' | 'ig' | 'sar' | 'admin') => {
    const body: Bundle = { resourceType: 'Bundle', type, entry };
    return (await app.as(role, 'post', '/fhir').send(body)) as unknown as Answered;
  };
  return {
    ...app,
    store: embedded.store,
    kept: () =>
      rows("SELECT r.type, r.id, v.version FROM res r JOIN ver v ON v.vid = r.vid WHERE r.type <> 'AuditEvent'")
        .map((one) => `${one.type}/${one.id}/${one.version}`)
        .filter((one) => !seeded.has(one))
        .sort(),
    versions: () => Number(rows('SELECT count(*) AS n FROM ver')[0]?.n),
    jobs: () => rows('SELECT key FROM job').map((one) => String(one.key)),
    async given(resource) {
      const [result] = await embedded.store.commit([{ op: 'create', resource }]);
      return result?.resource as never;
    },
    transact: (entry, role = 'epr') => send('transaction', entry, role),
    batch: (entry, role = 'epr') => send('batch', entry, role),
    close: () => {
      app.close();
      embedded.close();
    },
  };
}

export const post = (resource: Resource, more: Partial<BundleEntry> & { ifNoneExist?: string } = {}): BundleEntry => {
  const { ifNoneExist, ...entry } = more;
  return {
    resource,
    request: { method: 'POST', url: resource.resourceType, ...(ifNoneExist === undefined ? {} : { ifNoneExist }) },
    ...entry,
  };
};

export const put = (resource: Resource & { id: string }, ifMatch?: string): BundleEntry => ({
  resource,
  request: {
    method: 'PUT',
    url: `${resource.resourceType}/${resource.id}`,
    ...(ifMatch === undefined ? {} : { ifMatch }),
  },
});

export const get = (url: string): BundleEntry => ({ request: { method: 'GET', url } });

/** A urn of its own for each number. */
export const urn = (n: number): string => `urn:uuid:6f9619ff-8b86-4d01-b42d-${String(n).padStart(12, '0')}`;

/** NHS numbers of the 999 range that pass their check. */
export const numbers = ['9990000018', '9990000026', '9990000034', '9990000042', '9990000050'];

export const person = (change: Partial<Patient> = {}): Patient => aPatient(change);

const local = { system: 'https://epr.example.org/id', value: '17' };

/** A person with this NHS number; without one, with a number of the hospital's own. */
export const numbered = (value: string | undefined): Patient =>
  person({ active: true, identifier: [value === undefined ? local : { system: system.nhsNumber, value }] });

export const flag = (subject: string): Flag => ({
  resourceType: 'Flag',
  status: 'active',
  code: { text: 'Needs large print' },
  subject: { reference: subject },
});

/** A request; without a key each one is a new message. */
export function ask(subject: string, change: Partial<CommunicationRequest> = {}): CommunicationRequest {
  const { identifier: _key, ...rest } = exampleRequest('k');
  return { ...rest, subject: { reference: subject }, ...change };
}

/** The same with the caller's own key. */
export const keyed = (subject: string, value = 'k-1', change: Partial<CommunicationRequest> = {}) =>
  ask(subject, { identifier: [{ system: 'https://epr.example.org/key', value }], ...change });

/** Where the faults of an outcome are. */
export const expressions = (body: { issue: { expression?: string[] }[] }) =>
  body.issue.flatMap((one) => one.expression ?? []);

/** The gravest reason of a refusal: with one channel closed there may be others about those that are left. */
export const reason = (body: { issue: { details: { coding?: { code: string }[] } }[] }) =>
  body.issue[0]?.details.coding?.[0]?.code;
