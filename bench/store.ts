import { join } from 'node:path';
import type { Communication } from '@medplum/fhirtypes';
import { systemClock } from '../src/clock.ts';
import { newId } from '../src/send/ids.ts';
import { type Embedded, openEmbedded } from '../src/store/embedded.ts';
import type { SearchParams } from '../src/store/fhir-store.ts';
import { inFlight, median, perSecond, processorClock } from './measure.ts';

export interface StorePlan {
  readonly dir: string;
  /** Communications, least first. */
  readonly sizes: readonly number[];
  readonly slices: number;
  readonly sliceMs: number;
}

/**
 * In the process of the store, on disk: creates by the clock, since they wait for the disk; reads and searches in a
 * second of processor time, so that stores of several sizes can be compared on a machine that does other things too.
 */
export interface StoreFigures {
  readonly size: number;
  readonly createOneByOne: number;
  readonly createInFlight: number;
  readonly read: number;
  /** All of a patient's ten, newest first by when they were stored. */
  readonly subjectSearch: number;
  /** The same by when they were sent, with their number. */
  readonly sortedSearch: number;
}

const PER_PATIENT = 10;
const ONE_BY_ONE = 200;
const IN_FLIGHT = 32;

/**
 * Creates, reads and searches in stores of several sizes, filled with copies of a record as the service keeps it. All
 * stores are measured in turn, so that their ratios are of one and the same machine. Errors: Error when a search does
 * not find the patient's ten.
 */
export async function measureStore(plan: StorePlan, record: Communication): Promise<StoreFigures[]> {
  const stores: Filled[] = [];
  try {
    for (const size of plan.sizes) stores.push(await fill(plan.dir, size, record));
    const rates = stores.map(() => ({ read: [] as number[], subject: [] as number[], sorted: [] as number[] }));
    for (let slice = -1; slice < plan.slices; slice += 1) {
      for (const [at, store] of stores.entries()) {
        const read = await perSecond(plan.sliceMs, () => readOne(store), processorClock);
        const subject = await perSecond(plan.sliceMs, () => searchSubject(store, []), processorClock);
        const sorted = await perSecond(plan.sliceMs, () => searchSubject(store, byTimeSent), processorClock);
        // The first round warms up.
        if (slice < 0) continue;
        rates[at]?.read.push(read);
        rates[at]?.subject.push(subject);
        rates[at]?.sorted.push(sorted);
      }
    }
    return stores.map(({ size, createOneByOne, createInFlight }, at) => ({
      size,
      createOneByOne,
      createInFlight,
      read: median(rates[at]?.read ?? []),
      subjectSearch: median(rates[at]?.subject ?? []),
      sortedSearch: median(rates[at]?.sorted ?? []),
    }));
  } finally {
    for (const { embedded } of stores) embedded.close();
  }
}

interface Filled {
  readonly embedded: Embedded;
  readonly size: number;
  readonly ids: readonly string[];
  readonly createOneByOne: number;
  readonly createInFlight: number;
}

const byTimeSent: SearchParams = [
  ['_sort', '-sent'],
  ['_total', 'accurate'],
];

/** Where a store of this size is, once it was measured. */
export const storeFile = (dir: string, size: number): string => join(dir, `store-${size}.sqlite`);

async function fill(dir: string, size: number, record: Communication): Promise<Filled> {
  const embedded = openEmbedded(storeFile(dir, size), { clock: systemClock });
  const ids: string[] = [];
  const create = async (at: number): Promise<void> => {
    const id = newId(new Date());
    ids.push(id);
    await embedded.store.commit([{ op: 'create', resource: copyOf(record, id, at, size) }]);
  };
  const many = Math.max(size - ONE_BY_ONE, 0);
  const createInFlight = await rateOf(many, () => inFlight(many, IN_FLIGHT, create));
  const createOneByOne = await rateOf(ONE_BY_ONE, () => inFlight(ONE_BY_ONE, 1, (at) => create(many + at)));
  return { embedded, size, ids, createOneByOne, createInFlight };
}

/** One of a patient's ten records, which lie as far apart in the file as ten months of messages would. */
function copyOf(record: Communication, id: string, at: number, size: number): Communication & { id: string } {
  const patient = `Patient/${at % patientsOf(size)}`;
  return {
    ...record,
    id,
    identifier: (record.identifier ?? []).map((one) => ({ ...one, value: id })),
    basedOn: [{ reference: `CommunicationRequest/${id}` }],
    subject: { reference: patient },
    recipient: [{ reference: patient }],
    sent: new Date(Date.UTC(2026, 0, 1) + at * 1_000).toISOString(),
  };
}

const patientsOf = (size: number): number => size / PER_PATIENT;
const anyOf = (count: number): number => Math.floor(Math.random() * count);

async function readOne({ embedded, ids }: Filled): Promise<void> {
  const found = await embedded.store.read('Communication', ids[anyOf(ids.length)] ?? '');
  if (found === undefined) throw new Error('A record was not found by its id');
}

async function searchSubject({ embedded, size }: Filled, also: SearchParams): Promise<void> {
  const subject = `Patient/${anyOf(patientsOf(size))}`;
  const { matches } = await embedded.store.search('Communication', [['subject', subject], ...also]);
  if (matches.length !== PER_PATIENT) throw new Error(`${matches.length} records of a patient were found`);
}

async function rateOf(count: number, work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (count * 1_000) / (performance.now() - began);
}
