import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CallInHand, type Job, type Lease, LeaseLost } from '../../src/jobs/jobs.ts';
import { type Embedded, openEmbedded } from '../../src/store/embedded.ts';
import { StoreError, type Write } from '../../src/store/fhir-store.ts';
import { aJob, type FakeClock, fakeClock } from './support.ts';

const create = (id: string): Write => ({
  op: 'create',
  resource: { resourceType: 'Organization', id, name: 'Example Trust' },
});

describe('a unit of work is one commit of records and jobs (contract 5)', () => {
  let clock: FakeClock;
  let embedded: Embedded;
  let announced: number;

  beforeEach(() => {
    clock = fakeClock();
    embedded = openEmbedded(':memory:', { clock });
    announced = 0;
    embedded.jobs.onWork(() => {
      announced += 1;
    });
  });
  afterEach(() => embedded.close());

  const claimOne = async (): Promise<Lease> => {
    const [job] = await embedded.jobs.claim(['dispatch'], { limit: 1, leaseMs: 1_000 });
    return (job as Job).lease;
  };
  const organization = (id: string) => embedded.store.read('Organization', id);

  it('writes both, and announces the work once it is durable', async () => {
    const [written] = await embedded.commitUnit({ writes: [create('o')], jobs: [{ kind: 'add', job: aJob('a') }] });
    expect(written).toMatchObject({ outcome: 'created', resource: { id: 'o' } });
    expect(await organization('o')).toBeDefined();
    expect(await embedded.jobs.get('dispatch', 'a')).toMatchObject({ state: 'waiting' });
    expect(announced).toBe(1);
  });

  it('undoes the jobs when a record is refused, and announces nothing', async () => {
    await embedded.store.commit([create('o')]);
    const unit = embedded.commitUnit({ writes: [create('p'), create('o')], jobs: [{ kind: 'add', job: aJob('a') }] });
    await expect(unit).rejects.toMatchObject({ name: 'StoreError', code: 'conflict' });
    expect(await embedded.jobs.get('dispatch', 'a')).toBeUndefined();
    expect(await organization('p')).toBeUndefined();
    expect(announced).toBe(0);
  });

  it('writes no record under a lease that is lost', async () => {
    await embedded.jobs.add([aJob('a')]);
    const old = await claimOne();
    clock.advance(1_000);
    const current = await claimOne();
    for (const change of [
      { kind: 'finish', lease: old } as const,
      { kind: 'bury', lease: old, error: 'code' } as const,
    ]) {
      const unit = embedded.commitUnit({ writes: [create('o')], jobs: [{ kind: 'add', job: aJob('b') }, change] });
      await expect(unit).rejects.toThrow(LeaseLost);
    }
    expect(await organization('o')).toBeUndefined();
    expect(await embedded.jobs.get('dispatch', 'b')).toBeUndefined();
    await embedded.jobs.finish(current);
  });

  it('takes nothing back once the call has begun, or while nobody knows', async () => {
    await embedded.jobs.add([aJob('a')]);
    const lease = await claimOne();
    await embedded.jobs.beginCall(lease, clock.now());
    const revoke = () =>
      embedded.commitUnit({ writes: [create('o')], jobs: [{ kind: 'cancel', queue: 'dispatch', key: 'a' }] });
    await expect(revoke()).rejects.toThrow(CallInHand);
    await embedded.jobs.retry(lease, { runAt: clock.now(), error: 'timeout', call: 'uncertain' });
    await expect(revoke()).rejects.toThrow(CallInHand);
    expect(await organization('o')).toBeUndefined();
    expect(await embedded.jobs.get('dispatch', 'a')).toBeDefined();
  });

  it('that cancels takes the job out with its record, and does not mind one that is not there', async () => {
    await embedded.jobs.add([aJob('a')]);
    const lease = await claimOne();
    const cancel = { kind: 'cancel', queue: 'dispatch', key: 'a' } as const;
    await embedded.commitUnit({ writes: [create('o')], jobs: [cancel, { ...cancel, key: 'absent' }] });
    expect(await embedded.jobs.beginCall(lease, clock.now())).toBe(false);
    expect(await organization('o')).toBeDefined();
  });

  it('may end a job and add its successor under the same key', async () => {
    await embedded.jobs.add([aJob('a')]);
    const lease = await claimOne();
    const next = aJob('a', { data: { communication: 'fallback' } });
    await embedded.commitUnit({
      writes: [],
      jobs: [
        { kind: 'finish', lease },
        { kind: 'add', job: next },
      ],
    });
    expect(await embedded.jobs.get('dispatch', 'a')).toMatchObject({ state: 'waiting', data: next.data, attempts: 0 });
  });

  it('does not undo its neighbours in the same commit', async () => {
    await embedded.jobs.add([aJob('a')]);
    const stale = { ...(await claimOne()), token: 0 };
    const [good, bad, also] = await Promise.allSettled([
      embedded.commitUnit({ writes: [create('o')] }),
      embedded.commitUnit({ writes: [create('p')], jobs: [{ kind: 'finish', lease: stale }] }),
      embedded.jobs.add([aJob('b')]),
    ]);
    expect([good.status, bad.status, also.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await organization('o')).toBeDefined();
    expect(await organization('p')).toBeUndefined();
    expect(await embedded.jobs.get('dispatch', 'b')).toBeDefined();
  });

  it('that SQLite cannot write is the store not answering', async () => {
    embedded.db.sql.exec('PRAGMA query_only = ON');
    await expect(embedded.commitUnit({ writes: [], jobs: [{ kind: 'add', job: aJob('a') }] })).rejects.toSatisfy(
      (error) => error instanceof StoreError && error.code === 'unavailable',
    );
    embedded.db.sql.exec('PRAGMA query_only = OFF');
    expect(await embedded.jobs.get('dispatch', 'a')).toBeUndefined();
  });
});
