import { mkdirSync, renameSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import type { Bundle, BundleEntry, Resource } from '@medplum/fhirtypes';
import { systemClock } from '../src/clock.ts';
import { openEmbedded } from '../src/store/embedded.ts';
import { call, figuresOf } from './client.ts';
import { median } from './measure.ts';
import { people, reminder } from './people.ts';
import { type Child, startChild } from './processes.ts';

export interface InterfacePlan {
  readonly dir: string;
  /** A store filled by `measureStore`, which this takes over. */
  readonly storeFile: string;
  /** Communications in it. */
  readonly size: number;
  /** How often each question is asked. */
  readonly times: number;
  /** Entries of a transaction. */
  readonly entries: number;
}

/** One question to the service, each answer audited: what a caller waits for, and what the service works. */
export interface Asked {
  readonly ms: number;
  readonly cpuMs: number;
}

/** A transaction, and the longest that another caller waited for `/livez` meanwhile. */
export interface Transaction {
  readonly ms: number;
  readonly heldUpMs: number;
}

export interface InterfaceFigures {
  readonly size: number;
  readonly entries: number;
  readonly read: Asked;
  /** All ten of a patient. */
  readonly bySubject: Asked;
  /** Fifty, of as many patients: newest first by when they were stored. */
  readonly page: Asked;
  readonly nextPage: Asked;
  /** Fifty, by when they were sent. */
  readonly sortedPage: Asked;
  readonly patients: Transaction;
  readonly requests: Transaction;
}

const WARM_UP = 20;
const PATIENTS_OF = 10;

/** Searches, pages and transactions over HTTP, one after the other, by a service on a filled store. */
export async function measureInterface(plan: InterfacePlan): Promise<InterfaceFigures> {
  const dataDir = join(plan.dir, 'interface');
  mkdirSync(dataDir);
  const file = join(dataDir, 'herald.sqlite');
  renameSync(plan.storeFile, file);
  await withoutExamples(file);
  const service = await startChild('src/main.ts', { HERALD_DATA_DIR: dataDir, HERALD_PORT: '0' });
  try {
    const ask = asker(service, plan.times);
    const page = '/fhir/Communication?_count=50';
    const first = await bundle(service, page);
    const next = pathOf(service, first);
    const patients = plan.size / PATIENTS_OF;
    return {
      size: plan.size,
      entries: plan.entries,
      read: await ask(() => `/fhir/Communication/${first.entry?.[0]?.resource?.id}`),
      bySubject: await ask((at) => `/fhir/Communication?subject=Patient/${(at * 7) % patients}`),
      page: await ask(() => page),
      nextPage: await ask(() => next),
      sortedPage: await ask(() => `${page}&_sort=-sent`),
      ...(await transactions(service, plan.entries)),
    };
  } finally {
    await service.stop();
  }
}

/** Example people come only where there is nobody, and have NHS numbers that ours have too. */
async function withoutExamples(file: string): Promise<void> {
  const embedded = openEmbedded(file, { clock: systemClock });
  await embedded.store.commit(people(1).map((resource) => ({ op: 'create', resource })));
  embedded.close();
}

function asker(service: Child, times: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return async (path: (at: number) => string): Promise<Asked> => {
    const once = async (at: number): Promise<number> => {
      const began = performance.now();
      await call(service, 'GET', path(at), undefined, agent);
      return performance.now() - began;
    };
    for (let at = 0; at < WARM_UP; at += 1) await once(at);
    const before = (await figuresOf(service)).cpuSeconds;
    const waits: number[] = [];
    for (let at = 0; at < times; at += 1) waits.push(await once(WARM_UP + at));
    const cpuSeconds = (await figuresOf(service)).cpuSeconds - before;
    return { ms: median(waits), cpuMs: (cpuSeconds * 1_000) / times };
  };
}

async function transactions(service: Child, entries: number): Promise<Pick<InterfaceFigures, 'patients' | 'requests'>> {
  const cast = people(entries);
  const later = new Date(Date.now() + 86_400_000).toISOString();
  const patients = cast.map((one) => put(one));
  const requests = cast.map((one, at) =>
    // Not due yet, so that nothing but the transaction is at work.
    post({ ...reminder(`Patient/${one.id}`, `bundle-${at}`), occurrenceDateTime: later }),
  );
  return { patients: await transaction(service, patients), requests: await transaction(service, requests) };
}

async function transaction(service: Child, entry: BundleEntry[]): Promise<Transaction> {
  const body = JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry } satisfies Bundle);
  const began = performance.now();
  let isOver = false;
  const made = async (): Promise<number> => {
    try {
      await call(service, 'POST', '/fhir', body);
      return performance.now() - began;
    } finally {
      isOver = true;
    }
  };
  const heldUp = async (): Promise<number> => {
    let longest = 0;
    while (!isOver) {
      const asked = performance.now();
      await call(service, 'GET', '/livez');
      longest = Math.max(longest, performance.now() - asked);
    }
    return longest;
  };
  const [ms, heldUpMs] = await Promise.all([made(), heldUp()]);
  return { ms, heldUpMs };
}

const put = (resource: Resource & { id: string }): BundleEntry => ({
  resource,
  request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
});
const post = (resource: Resource): BundleEntry => ({
  resource,
  request: { method: 'POST', url: resource.resourceType },
});

async function bundle(service: Child, path: string): Promise<Bundle> {
  return JSON.parse(await call(service, 'GET', path)) as Bundle;
}

/** The address of the page after this one. Errors: Error when it is the last. */
function pathOf(service: Child, { link = [] }: Bundle): string {
  const url = link.find(({ relation }) => relation === 'next')?.url;
  if (url === undefined) throw new Error('There is only one page');
  return url.slice(service.url.length);
}
