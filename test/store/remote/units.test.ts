import type { Communication, CommunicationRequest } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { CallInHand, type NewJob } from '../../../src/jobs/jobs.ts';
import { SqliteJobs } from '../../../src/jobs/sqlite-jobs.ts';
import { createLog } from '../../../src/log.ts';
import { settledRequest } from '../../../src/send/settled.ts';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import {
  type FhirStore,
  type Stored,
  StoreError,
  type Write,
  type WriteResult,
} from '../../../src/store/fhir-store.ts';
import { Journal } from '../../../src/store/remote/journal.ts';
import type { RecentStore } from '../../../src/store/remote/recent.ts';
import { createSequence } from '../../../src/store/remote/sequence.ts';
import { createRemoteUnits } from '../../../src/store/remote/unit.ts';
import { SqliteFhirStore } from '../../../src/store/sqlite-store.ts';
import type { Refused, Unit } from '../../../src/store/unit.ts';

/**
 * What happens to one write on its way: it goes well; the answer is lost; it never arrives; it is refused; the writer
 * dies before or after it; the server carries it out long after the writer gave up; or a gateway repeats it, and passes
 * on that the second one was refused.
 */
const fates = [
  'well',
  'answer-lost',
  'never-arrives',
  'refused',
  'dies-before',
  'dies-after',
  'late',
  'repeated',
] as const;
type Fate = (typeof fates)[number];

class Died extends Error {}

/** A FHIR server that outlives the processes that write to it. */
function server(transactions: boolean) {
  const database = openDatabase(':memory:');
  const store = new SqliteFhirStore(database, { clock });
  const late: (() => Promise<unknown>)[] = [];
  const known = new Set<string>();
  const versionOf = ({ resourceType, id, meta }: Stored): string => `${resourceType}/${id}/${meta.versionId}`;
  let next: Fate[] = [];
  const met = async (write: () => Promise<WriteResult[]>): Promise<WriteResult[]> => {
    switch (next.shift() ?? 'well') {
      case 'well': {
        const results = await write();
        for (const { resource } of results) known.add(versionOf(resource));
        return results;
      }
      case 'repeated':
        await write();
        throw new StoreError('conflict', 'there already');
      case 'answer-lost':
        await write();
        throw new StoreError('unavailable', 'no answer');
      case 'never-arrives':
        throw new StoreError('unavailable', 'no answer');
      case 'refused':
        throw new StoreError('rejected', 'refused');
      case 'dies-before':
        throw new Died();
      case 'dies-after':
        await write();
        throw new Died();
      case 'late':
        late.push(write);
        throw new StoreError('unavailable', 'no answer');
    }
  };
  return {
    store,
    transactions,
    /** What was handed over to a person. */
    givenUp: [] as Refused[],
    commit: (writes: readonly Write[]) => met(() => store.commit(writes)),
    meets: (fates: readonly Fate[]) => {
      next = [...fates];
    },
    remembers: (one: Stored) => known.has(versionOf(one)),
    /** What was under way arrives after all; what no longer fits is refused by the server, as it would be. */
    async arriveLate() {
      for (const write of late.splice(0)) await write().catch(() => {});
    },
    close: () => database.close(),
  };
}

/** One process with its own file; another can be started on the same file after it died. */
function processOn(db: Database, remote: ReturnType<typeof server>) {
  const jobs = new SqliteJobs(db, { clock });
  const journal = new Journal(db, { clock });
  const one = async (write: Write): Promise<WriteResult> => (await remote.commit([write]))[0] as WriteResult;
  const { read, vread, history, ping } = remote.store;
  const reading = {
    read: read.bind(remote.store),
    vread: vread.bind(remote.store),
    history: history.bind(remote.store),
  } as Pick<FhirStore, 'read' | 'vread' | 'history'>;
  const sequence = createSequence({ ...reading, writeOne: one, remembers: remote.remembers }, journal);
  const store = {
    ...reading,
    commit: (writes: readonly Write[]) => (remote.transactions ? remote.commit(writes) : sequence.commit(writes)),
    ping: ping.bind(remote.store),
    remembers: remote.remembers,
  } as unknown as FhirStore & Pick<RecentStore, 'remembers'>;
  const units = createRemoteUnits({
    store,
    writeAll: (writes) => (remote.transactions ? remote.commit(writes) : sequence.inOrder(writes)),
    db,
    jobs,
    journal,
    sequence,
    clock,
    log: createLog({ level: 'silent' }),
    giveUp: async (_store, refused) => void remote.givenUp.push(refused),
  });
  return { ...units, jobs, journal, store };
}

let time = Date.parse('2026-11-23T10:00:00Z');
const clock = { now: () => new Date(time) };

const request = (
  id: string,
  status: CommunicationRequest['status'] = 'active',
): CommunicationRequest & { id: string } => ({
  resourceType: 'CommunicationRequest',
  id,
  status,
  subject: { reference: 'Patient/p' },
});
const attempt = (id: string, status: Communication['status'] = 'preparation'): Communication & { id: string } => ({
  resourceType: 'Communication',
  id: `c-${id}`,
  status,
  basedOn: [{ reference: `CommunicationRequest/${id}` }],
});
const jobFor = (id: string): NewJob => ({
  queue: 'dispatch',
  key: id,
  priority: 3,
  runAt: clock.now(),
  data: { communication: `c-${id}` },
});
const promised = (id: string): Unit => ({
  writes: [
    { op: 'create', resource: request(id) },
    { op: 'create', resource: attempt(id) },
  ],
  jobs: [{ kind: 'add', job: jobFor(id) }],
  inDoubt: 'undo',
});

const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});
function world(transactions: boolean) {
  const remote = server(transactions);
  const db = openDatabase(':memory:');
  open.push(remote, db);
  return { remote, db, start: () => processOn(db, remote) };
}

describe.each([
  ['with transactions', true],
  ['without transactions', false],
])('promises to a server %s', (_name, transactions) => {
  test('contract 3: whatever befalls the writes, a message is either promised, stored and queued, or taken back and not queued', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.constantFrom(...fates), { maxLength: 5 }), { maxLength: 4 }),
        async (plan) => {
          const { remote, start } = world(transactions);
          let process = start();
          const answers = new Map<string, boolean>();
          for (const [index, next] of plan.entries()) {
            const id = `r${index}`;
            remote.meets(next);
            try {
              await process.commitUnit(promised(id));
              answers.set(id, true);
            } catch (error) {
              answers.set(id, false);
              if (error instanceof Died) process = start();
            }
            remote.meets([]);
          }
          await process.settleDoubts();
          await remote.arriveLate();
          time += 60_000;
          await process.settleDoubts();
          for (const [id, kept] of answers) {
            const [stored, sent] = await Promise.all([
              remote.store.read('CommunicationRequest', id),
              remote.store.read('Communication', `c-${id}`),
            ]);
            const queued = await process.jobs.get('dispatch', id);
            if (kept) {
              expect([stored?.status, sent?.status, queued?.state]).toEqual(['active', 'preparation', 'waiting']);
            } else {
              expect(queued).toBeUndefined();
              expect([undefined, 'entered-in-error']).toContain(stored?.status);
              expect([undefined, 'entered-in-error']).toContain(sent?.status);
            }
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  test('contract 3: a draft whose release is in doubt goes back to being a draft', async () => {
    const { remote, start } = world(transactions);
    const process = start();
    await remote.store.commit([{ op: 'create', resource: request('r', 'draft') }]);
    remote.meets(['answer-lost']);
    const release: Unit = {
      writes: [
        { op: 'update', resource: request('r'), ifMatch: '1' },
        { op: 'create', resource: attempt('r') },
      ],
      jobs: [{ kind: 'add', job: jobFor('r') }],
      inDoubt: 'undo',
    };
    await expect(process.commitUnit(release)).rejects.toMatchObject({ code: 'unavailable' });
    expect((await remote.store.read('CommunicationRequest', 'r'))?.status).toBe('active');
    await process.settleDoubts('CommunicationRequest/r');
    expect((await remote.store.read('CommunicationRequest', 'r'))?.status).toBe('draft');
    expect(await process.jobs.get('dispatch', 'r')).toBeUndefined();
    // Asked for anew it is kept, and the old doubt has no more to say about it.
    await process.commitUnit({
      ...release,
      writes: [
        { op: 'update', resource: request('r'), ifMatch: '3' },
        { op: 'create', resource: { ...attempt('r'), id: 'c-again' } },
      ],
    });
    await process.settleDoubts();
    expect((await remote.store.read('CommunicationRequest', 'r'))?.status).toBe('active');
    expect((await process.jobs.get('dispatch', 'r'))?.state).toBe('waiting');
  });

  test('contract 3: while one submission is being written, another of the same key is told to wait', async () => {
    const { remote, start } = world(transactions);
    const process = start();
    let letGo = (): void => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const commit = remote.store.commit.bind(remote.store);
    const begun = new Promise<void>((resolve) => {
      remote.store.commit = async (writes) => {
        resolve();
        await held;
        return commit(writes);
      };
    });
    const first = process.commitUnit(promised('r'));
    await begun;
    await expect(process.settleDoubts('CommunicationRequest/r')).rejects.toMatchObject({ code: 'unavailable' });
    letGo();
    await first;
    await process.settleDoubts('CommunicationRequest/r');
    expect((await remote.store.read('CommunicationRequest', 'r'))?.status).toBe('active');
  });

  test('contract 3: what is being asked for anew is not taken back by the doubt before it', async () => {
    const { remote, start } = world(transactions);
    const process = start();
    remote.meets(['answer-lost']);
    await expect(process.commitUnit(promised('r'))).rejects.toMatchObject({ code: 'unavailable' });
    await process.settleDoubts();
    let letGo = (): void => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let written = (): void => {};
    const isWritten = new Promise<void>((resolve) => {
      written = resolve;
    });
    const commit = remote.store.commit.bind(remote.store);
    remote.store.commit = async (writes) => {
      const results = await commit(writes);
      remote.store.commit = commit;
      written();
      await held;
      return results;
    };
    const versionId = (await remote.store.read('CommunicationRequest', 'r'))?.meta.versionId as string;
    const again = process.commitUnit({
      ...promised('r'),
      writes: [
        { op: 'update', resource: request('r'), ifMatch: versionId },
        { op: 'create', resource: { ...attempt('r'), id: 'c-again' } },
      ],
    });
    await isWritten;
    await process.settleDoubts();
    letGo();
    await again;
    expect((await remote.store.read('CommunicationRequest', 'r'))?.status).toBe('active');
  });

  test('contract 3: a write that lands between the look for it and the reading is nobody’s promise', async () => {
    const { remote, start } = world(transactions);
    const read = remote.store.read.bind(remote.store);
    let looks = 0;
    remote.store.read = async (type: never, id: string) => {
      const found = await read(type, id);
      looks += 1;
      if (looks === 4) await remote.arriveLate();
      return found;
    };
    const process = start();
    remote.meets(['late']);
    await expect(process.commitUnit(promised('r'))).rejects.toMatchObject({ code: 'unavailable' });
    // The look reads both records; the rest of it is over when the write lands.
    looks = 2;
    expect((await settledRequest(process, 'r'))?.status).not.toBe('active');
    await remote.arriveLate();
    expect((await settledRequest(process, 'r'))?.status).toBe('entered-in-error');
  });

  test('contract 3: who joins a look that began earlier looks again', async () => {
    const { remote, start } = world(transactions);
    const read = remote.store.read.bind(remote.store);
    let letGo = (): void => {};
    let holding: Promise<void> | undefined;
    let look = (): void => {};
    const looked = new Promise<void>((resolve) => {
      look = resolve;
    });
    remote.store.read = async (type: never, id: string) => {
      const found = await read(type, id);
      if (holding !== undefined) look();
      await holding;
      return found;
    };
    const process = start();
    remote.meets(['late']);
    await expect(process.commitUnit(promised('r'))).rejects.toMatchObject({ code: 'unavailable' });
    holding = new Promise((resolve) => {
      letGo = resolve;
    });
    const early = process.settleDoubts();
    await looked;
    await remote.arriveLate();
    const asked = settledRequest(process, 'r');
    letGo();
    await early;
    expect((await asked)?.status).toBe('entered-in-error');
  });

  test('contract 3: a draft whose earlier version is gone is not taken for put back', async () => {
    const { remote, start } = world(transactions);
    await remote.store.commit([{ op: 'create', resource: request('r', 'draft') }]);
    remote.store.vread = async () => undefined;
    const process = start();
    remote.meets(['answer-lost']);
    const release: Unit = {
      writes: [{ op: 'update', resource: request('r', 'active'), ifMatch: '1' }],
      jobs: [{ kind: 'add', job: jobFor('r') }],
      inDoubt: 'undo',
    };
    await expect(process.commitUnit(release)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(settledRequest(process, 'r')).rejects.toMatchObject({ code: 'rejected' });
    await process.settleDoubts();
    expect(process.journal.entries()).toMatchObject([{ intent: 'undo', state: 'doubt' }]);
  });

  test('contract 3: what was kept after all is found at once, whatever notes there were before', async () => {
    const { remote, start } = world(transactions);
    const process = start();
    remote.meets(['never-arrives']);
    await expect(process.commitUnit(promised('r'))).rejects.toMatchObject({ code: 'unavailable' });
    await process.settleDoubts();
    await process.commitUnit(promised('r'));
    expect((await settledRequest(process, 'r'))?.status).toBe('active');
  });

  test('contract 3: a conflict with a write of our own, which a gateway repeated, is a doubt and is taken back', async () => {
    const { remote, start } = world(transactions);
    const process = start();
    remote.meets(['repeated']);
    await expect(process.commitUnit(promised('r'))).rejects.toMatchObject({ code: 'unavailable' });
    expect(await process.jobs.get('dispatch', 'r')).toBeUndefined();
    await process.settleDoubts('CommunicationRequest/r');
    expect((await remote.store.read('CommunicationRequest', 'r'))?.status).toBe('entered-in-error');
  });

  test('hapi.md 5: the same where the server takes the version from a reference', async () => {
    const { remote, start } = world(transactions);
    const process = start();
    const commit = remote.store.commit.bind(remote.store);
    remote.store.commit = (writes) => commit(JSON.parse(JSON.stringify(writes).replaceAll('/_history/3', '')));
    const about = [{ reference: 'Appointment/a/_history/3' }];
    const { writes, ...rest } = promised('r');
    const unit = { ...rest, writes: writes.map((one) => ({ ...one, resource: { ...one.resource, about } })) } as Unit;
    remote.meets(['repeated']);
    await expect(process.commitUnit(unit)).rejects.toMatchObject({ code: 'unavailable' });
    await process.settleDoubts();
    expect((await remote.store.read('CommunicationRequest', 'r'))?.status).toBe('entered-in-error');
  });

  test('contract 3: a conflict with an equal promise that was kept leaves that one alone', async () => {
    const { remote, start } = world(transactions);
    const process = start();
    await process.commitUnit(promised('r'));
    await expect(process.commitUnit(promised('r'))).rejects.toMatchObject({ code: 'conflict' });
    await process.settleDoubts();
    expect((await remote.store.read('CommunicationRequest', 'r'))?.status).toBe('active');
    expect((await process.jobs.get('dispatch', 'r'))?.state).toBe('waiting');
  });

  test('ACC-4: of what was taken back nothing of a person is remembered', async () => {
    const { remote, start } = world(transactions);
    const process = start();
    remote.meets(['answer-lost']);
    const text = 'Please ring us on 0113 496 0123.';
    const asked = { op: 'create', resource: request('r') } as const;
    const worded = { ...attempt('r'), payload: [{ contentString: text }] };
    await expect(
      process.commitUnit({ ...promised('r'), writes: [asked, { op: 'create', resource: worded }] }),
    ).rejects.toMatchObject({ code: 'unavailable' });
    expect(JSON.stringify(process.journal.entries())).toContain(text);
    await process.settleDoubts();
    expect(process.journal.entries()).toHaveLength(1);
    expect(JSON.stringify(process.journal.entries())).not.toContain(text);
  });

  test('contract 3: a revocation that the server did not confirm leaves the message in the queue', async () => {
    const { remote, start } = world(transactions);
    const process = start();
    await process.commitUnit(promised('r'));
    const revoke: Unit = {
      writes: [{ op: 'update', resource: request('r', 'revoked'), ifMatch: '1' }],
      jobs: [{ kind: 'cancel', queue: 'dispatch', key: 'r' }],
    };
    remote.meets(['never-arrives']);
    await expect(process.commitUnit(revoke)).rejects.toMatchObject({ code: 'unavailable' });
    expect((await process.jobs.get('dispatch', 'r'))?.state).toBe('waiting');
    await process.commitUnit(revoke);
    expect(await process.jobs.get('dispatch', 'r')).toBeUndefined();
  });

  test('contract 3: a revocation after the call has begun changes nothing on the server', async () => {
    const { remote, start } = world(transactions);
    const process = start();
    await process.commitUnit(promised('r'));
    const [job] = await process.jobs.claim(['dispatch'], { limit: 1, leaseMs: 60_000 });
    if (job === undefined) throw new Error('nothing was due');
    await process.jobs.beginCall(job.lease, clock.now());
    const revoke: Unit = {
      writes: [{ op: 'update', resource: request('r', 'revoked'), ifMatch: '1' }],
      jobs: [{ kind: 'cancel', queue: 'dispatch', key: 'r' }],
    };
    await expect(process.commitUnit(revoke)).rejects.toBeInstanceOf(CallInHand);
    expect((await remote.store.read('CommunicationRequest', 'r'))?.status).toBe('active');
  });
});

describe('steps of work on a server without transactions', () => {
  const end: Unit = {
    writes: [
      { op: 'update', resource: attempt('r', 'completed'), ifMatch: '1' },
      { op: 'update', resource: request('r', 'completed'), ifMatch: '1' },
      { op: 'create', resource: { resourceType: 'Task', id: 't', status: 'requested', intent: 'order' } },
    ],
  };

  test('contract 5: whatever befalls them, once the first write is there the others follow; otherwise none does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...fates), { maxLength: 4 }), async (next) => {
        const { remote, start } = world(false);
        let process = start();
        await process.commitUnit(promised('r'));
        remote.meets(next);
        await process.commitUnit(end).catch((error: unknown) => {
          if (error instanceof Died) process = start();
        });
        remote.meets([]);
        await process.settleDoubts();
        await remote.arriveLate();
        await process.settleDoubts();
        expect([
          ['completed', 'completed', 'requested'],
          ['preparation', 'active', undefined],
        ]).toContainEqual(await statuses(remote));
        expect(process.journal.entries().filter((one) => one.intent === 'finish' && one.state !== 'undone')).toEqual(
          [],
        );
      }),
      { numRuns: 150 },
    );
  });

  test('what others refer to is written before them, whatever their order; the first stays the first', async () => {
    const { remote, start } = world(false);
    const process = start();
    const written: string[] = [];
    const commit = remote.store.commit.bind(remote.store);
    remote.store.commit = (writes) => {
      written.push(...writes.map((one) => one.resource.id));
      return commit(writes);
    };
    const results = await process.commitUnit({
      writes: [
        { op: 'create', resource: request('r') },
        {
          op: 'create',
          resource: { ...attempt('r'), inResponseTo: [{ reference: 'Communication/before/_history/1' }] },
        },
        {
          op: 'create',
          resource: { ...attempt('x'), id: 'before', basedOn: [{ reference: 'CommunicationRequest/r' }] },
        },
      ],
    });
    expect(written).toEqual(['r', 'before', 'c-r']);
    expect(results.map((one) => one.resource.id)).toEqual(['r', 'c-r', 'before']);
  });

  test('what moved on meanwhile takes over only what the step changed', async () => {
    const { remote, start } = world(false);
    const process = start();
    await process.commitUnit(promised('r'));
    remote.meets(['well', 'never-arrives']);
    await expect(process.commitUnit(end)).rejects.toMatchObject({ code: 'unavailable' });
    await remote.store.commit([{ op: 'update', resource: seen }]);
    await process.settleDoubts();
    const stored = await remote.store.read('CommunicationRequest', 'r');
    expect(stored).toMatchObject({ status: 'completed', note: [{ text: 'Seen.' }] });
    expect((await remote.store.read('Task', 't'))?.status).toBe('requested');
  });

  const seen = { ...request('r'), note: [{ text: 'Seen.' }] } as CommunicationRequest & { id: string };

  test('where the version that a step changed is gone, what moved on meanwhile is left as it is, and a person is asked', async () => {
    const { remote, start } = world(false);
    remote.store.vread = async () => undefined;
    const process = start();
    await process.commitUnit(promised('r'));
    remote.meets(['well', 'never-arrives']);
    await expect(process.commitUnit(end)).rejects.toMatchObject({ code: 'unavailable' });
    await remote.store.commit([{ op: 'update', resource: seen }]);
    await forAnHour(() => process.settleDoubts());
    expect(await remote.store.read('CommunicationRequest', 'r')).toMatchObject({ status: 'active', note: seen.note });
    expect(remote.givenUp).toMatchObject([{ intent: 'finish', writes: end.writes }]);
  });

  test('where the versions are gone by which a first write is known, a person is asked, and nothing is left out in silence', async () => {
    const { remote, start } = world(false);
    const history = remote.store.history.bind(remote.store) as FhirStore['history'];
    remote.store.history = async (type, options) => {
      const { matches } = await history(type, options);
      return { matches: matches.slice(0, 1), included: [] };
    };
    const process = start();
    await process.commitUnit(promised('r'));
    remote.meets(['answer-lost']);
    await expect(process.commitUnit(end)).rejects.toMatchObject({ code: 'unavailable' });
    await remote.store.commit([{ op: 'update', resource: { ...attempt('r', 'completed'), note: seen.note ?? [] } }]);
    await forAnHour(() => process.settleDoubts());
    expect(remote.givenUp).toMatchObject([{ intent: 'finish', writes: end.writes }]);
  });

  test('what the server refuses for good keeps no other doubt from being settled', async () => {
    const { remote, start } = world(false);
    const process = start();
    remote.meets(['answer-lost']);
    await expect(process.commitUnit(promised('a'))).rejects.toThrow();
    remote.meets(['answer-lost']);
    await expect(process.commitUnit(promised('b'))).rejects.toThrow();
    remote.meets(['refused']);
    await process.settleDoubts();
    expect((await remote.store.read('CommunicationRequest', 'b'))?.status).toBe('entered-in-error');
    await process.settleDoubts();
    time += 60_000;
    await process.settleDoubts();
    expect((await remote.store.read('CommunicationRequest', 'a'))?.status).toBe('entered-in-error');
  });

  test('what the server has lasting trouble with keeps no other doubt from being settled, and no person is asked', async () => {
    const { remote, start } = world(false);
    const process = start();
    for (const id of ['a', 'b']) {
      remote.meets(['answer-lost']);
      await expect(process.commitUnit(promised(id))).rejects.toThrow();
    }
    const commit = remote.store.commit.bind(remote.store);
    let asked = 0;
    remote.store.commit = async (writes) => {
      if (!writes.some((one) => one.resource.id === 'a')) return commit(writes);
      asked += 1;
      throw new StoreError('unavailable', 'status-500');
    };
    for (let seconds = 0; seconds < 600; seconds += 5) {
      await process.settleDoubts();
      time += 5_000;
    }
    expect((await remote.store.read('CommunicationRequest', 'b'))?.status).toBe('entered-in-error');
    expect(asked).toBe(20);
    expect(remote.givenUp).toEqual([]);
    remote.store.commit = commit;
    time += 30_000;
    await process.settleDoubts();
    expect((await remote.store.read('CommunicationRequest', 'a'))?.status).toBe('entered-in-error');
  });

  test('a server that does not answer is asked about one doubt, and not about all of them', async () => {
    const { remote, start } = world(false);
    const process = start();
    for (const id of ['a', 'b']) {
      remote.meets(['answer-lost']);
      await expect(process.commitUnit(promised(id))).rejects.toThrow();
    }
    let asked = 0;
    const down = async () => {
      asked += 1;
      throw new StoreError('unavailable', 'no answer');
    };
    Object.assign(process.store, { read: down, ping: down });
    await expect(process.settleDoubts()).rejects.toMatchObject({ code: 'unavailable' });
    expect(asked).toBe(2);
  });

  test('contract 5: the rest follows a first write of which the server did not keep an extension', async () => {
    const { remote, start } = world(false);
    const process = start();
    await process.commitUnit(promised('r'));
    const commit = remote.store.commit.bind(remote.store);
    remote.store.commit = (writes) =>
      commit(
        writes.map((one) => {
          const { extension: _dropped, ...resource } = one.resource as Communication & { id: string };
          return { ...one, resource };
        }),
      );
    const [gate, ...rest] = end.writes;
    const extension = [
      { url: 'https://herald.example/fhir/StructureDefinition/status-date', valueDateTime: '2026-11-23' },
    ];
    const ended = { ...attempt('r', 'completed'), extension };
    expect(gate?.resource.id).toBe(ended.id);
    remote.meets(['answer-lost']);
    const unit: Unit = { writes: [{ op: 'update', resource: ended, ifMatch: '1' }, ...rest] };
    await expect(process.commitUnit(unit)).rejects.toMatchObject({ code: 'unavailable' });
    await process.settleDoubts();
    expect(await statuses(remote)).toEqual(['completed', 'completed', 'requested']);
  });

  test('contract 5: a first write that lands after it was looked for has the rest follow it', async () => {
    const { remote, start } = world(false);
    const process = start();
    await process.commitUnit(promised('r'));
    remote.meets(['late']);
    await expect(process.commitUnit(end)).rejects.toMatchObject({ code: 'unavailable' });
    await process.settleDoubts();
    expect((await remote.store.read('Communication', 'c-r'))?.status).toBe('preparation');
    await remote.arriveLate();
    await process.settleDoubts();
    expect(await statuses(remote)).toEqual(['completed', 'completed', 'requested']);
    expect(process.journal.entries()).toEqual([]);
  });

  const audited = (id: string): Unit => ({
    writes: [
      { op: 'update', resource: attempt('r', 'completed'), ifMatch: '1' },
      { op: 'create', resource: { resourceType: 'Task', id, status: 'requested', intent: 'order' } },
    ],
  });
  const tasks = (remote: ReturnType<typeof server>) =>
    Promise.all(['t1', 't2'].map(async (id) => (await remote.store.read('Task', id)) !== undefined));

  test('contract 5: when the same step was run again with equal content, what follows is made once, whichever run got through', async () => {
    // The first fate is that of the first run, and so on; then whether the rest of each run is there.
    const cases: readonly (readonly [Fate[], Fate[], boolean[]])[] = [
      [['late'], ['well'], [false, true]],
      [['late'], ['answer-lost'], [false, true]],
      [['late'], ['well', 'dies-after'], [false, true]],
      [['late'], ['dies-before'], [false, true]],
      [['never-arrives'], ['late'], [false, true]],
    ];
    for (const [first, second, expected] of cases) {
      const { remote, start } = world(false);
      let process = start();
      await process.commitUnit(promised('r'));
      for (const [fates, id] of [
        [first, 't1'],
        [second, 't2'],
      ] as const) {
        remote.meets(fates);
        await process.commitUnit(audited(id)).catch((error: unknown) => {
          if (error instanceof Died) process = start();
        });
        remote.meets([]);
        await process.settleDoubts();
      }
      await remote.arriveLate();
      await process.settleDoubts();
      expect(await tasks(remote), `${first} then ${second}`).toEqual(expected);
      expect(process.journal.entries()).toEqual([]);
    }
  });

  test('contract 5: a step that is under way is not finished behind its back', async () => {
    const { remote, start } = world(false);
    const process = start();
    await process.commitUnit(promised('r'));
    const commit = remote.store.commit.bind(remote.store);
    let settled: Promise<boolean> | undefined;
    remote.store.commit = (writes) => {
      settled ??= process.settleDoubts();
      return commit(writes);
    };
    await process.commitUnit(end);
    await settled;
    expect(await statuses(remote)).toEqual(['completed', 'completed', 'requested']);
  });

  test('what may still land is looked for a quarter of an hour, and what another step overtook no longer', async () => {
    const { remote, start } = world(false);
    const process = start();
    await process.commitUnit(promised('r'));
    remote.meets(['never-arrives']);
    await expect(process.commitUnit(end)).rejects.toMatchObject({ code: 'unavailable' });
    await process.settleDoubts();
    expect(process.journal.entries()).toMatchObject([{ intent: 'finish', state: 'undone' }]);
    time += 16 * 60_000;
    await process.settleDoubts();
    expect(process.journal.entries()).toEqual([]);

    remote.meets(['never-arrives']);
    await expect(process.commitUnit(end)).rejects.toMatchObject({ code: 'unavailable' });
    await remote.store.commit([{ op: 'update', resource: attempt('r', 'not-done') }]);
    await process.settleDoubts();
    expect(process.journal.entries()).toEqual([]);
  });

  test('section 7: what the server refuses for good is asked for ever more rarely, and then handed to a person', async () => {
    const { remote, start } = world(false);
    const process = start();
    await process.commitUnit(promised('r'));
    remote.meets(['well', 'never-arrives']);
    await expect(process.commitUnit(end)).rejects.toMatchObject({ code: 'unavailable' });
    let asked = 0;
    const commit = remote.store.commit.bind(remote.store);
    remote.store.commit = async (writes) => {
      asked += 1;
      throw writes.length > 0 ? new StoreError('rejected', 'never') : new Error('nothing to write');
    };
    await forAnHour(() => process.settleDoubts());
    remote.store.commit = commit;
    expect(asked).toBe(12);
    expect(remote.givenUp).toMatchObject([{ intent: 'finish', writes: end.writes }]);
    expect(process.journal.entries()).toEqual([]);
  });
});

async function forAnHour(work: () => Promise<unknown>): Promise<void> {
  for (let seconds = 0; seconds < 3_600; seconds += 5) {
    await work();
    time += 5_000;
  }
}

const statuses = async (remote: ReturnType<typeof server>): Promise<(string | undefined)[]> => {
  const [request, attempt, task] = await Promise.all([
    remote.store.read('CommunicationRequest', 'r'),
    remote.store.read('Communication', 'c-r'),
    remote.store.read('Task', 't'),
  ]);
  return [attempt?.status, request?.status, task?.status];
};
