import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Job, type Jobs, LeaseLost, queues } from '../../src/jobs/jobs.ts';
import { aJob, type FakeClock, fakeClock } from '../jobs/support.ts';
import { LEASE, type OpenJobs } from './jobs-bench.ts';

type Step =
  | { readonly kind: 'add' | 'cancel'; readonly key: string }
  | { readonly kind: 'claim'; readonly limit: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | {
      readonly kind: 'beginCall' | 'finish' | 'bury' | 'heartbeat' | 'retryNone' | 'retryUncertain';
      readonly by: number;
    };

const key = fc.constantFrom('a', 'b', 'c');
const by = fc.nat(12);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('add' as const, 'cancel' as const), key }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('claim' as const), limit: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(1, 10_000, LEASE) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom(...(['beginCall', 'finish', 'bury', 'heartbeat', 'retryNone', 'retryUncertain'] as const)),
      by,
    }),
  },
);

/** One job from its adding to its end; the same key added again is another life. */
interface Life {
  end?: 'finished' | 'buried' | 'cancelled';
  noted: boolean;
  holder?: { token: number; until: number };
}

export function jobsKeepTheirInvariants(open: OpenJobs): void {
  it('contract 5: in any order of events a job ends once, a cancelled one is never sent, a begun call never cancelled', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        const clock = fakeClock();
        const { jobs, close } = await open({ clock });
        try {
          const world = new World(jobs, clock);
          for (const one of steps) await world.take(one);
          await world.drain();
        } finally {
          await close();
        }
      }),
      { numRuns: 150 },
    );
  });
}

/** Plays the steps, and holds each answer against what must never happen. */
class World {
  readonly #jobs: Jobs;
  readonly #clock: FakeClock;
  readonly #lives = new Map<string, Life>();
  readonly #claims: { job: Job; life: Life }[] = [];

  constructor(jobs: Jobs, clock: FakeClock) {
    this.#jobs = jobs;
    this.#clock = clock;
  }

  async take(one: Step): Promise<void> {
    switch (one.kind) {
      case 'add': {
        const life = this.#lives.get(one.key);
        if (life === undefined || life.end !== undefined) this.#lives.set(one.key, { noted: false });
        return this.#jobs.add([aJob(one.key)]);
      }
      case 'cancel':
        return this.#cancel(one.key);
      case 'claim':
        return this.#claim(one.limit);
      case 'pass':
        return this.#clock.advance(one.ms);
      default: {
        const claim = this.#claims[one.by % Math.max(1, this.#claims.length)];
        if (claim !== undefined) await this.#use(one.kind, claim.job, claim.life);
      }
    }
  }

  /** Whatever has not ended is still there, and comes up again. */
  async drain(): Promise<void> {
    this.#clock.advance(LEASE);
    await this.#claim(10);
    const open = [...this.#lives].filter(([, life]) => life.end === undefined);
    expect(open.every(([, life]) => life.holder !== undefined)).toBe(true);
    for (const { job, life } of this.#claims) {
      if (life.end === undefined && life.holder?.token === job.lease.token) await this.#jobs.finish(job.lease);
    }
    this.#clock.advance(LEASE);
    expect(await this.#jobs.claim(queues, { limit: 10, leaseMs: LEASE })).toEqual([]);
  }

  async #cancel(of: string): Promise<void> {
    const life = this.#lives.get(of);
    const answer = await this.#jobs.cancel('dispatch', of);
    if (life === undefined || life.end !== undefined) return expect(answer).toBe('absent');
    expect(answer).toBe(life.noted ? 'in-hand' : 'cancelled');
    if (answer === 'cancelled') life.end = 'cancelled';
  }

  async #claim(limit: number): Promise<void> {
    const now = this.#clock.now().getTime();
    for (const job of await this.#jobs.claim(queues, { limit, leaseMs: LEASE })) {
      const life = this.#lives.get(job.key);
      if (life === undefined) throw new Error('a job that nobody added');
      expect(life.end).toBeUndefined();
      // Nobody else may still believe that it is theirs.
      expect(life.holder?.until ?? 0).toBeLessThanOrEqual(now);
      expect(job.callBegunAt !== undefined).toBe(life.noted);
      life.holder = { token: job.lease.token, until: job.lease.expiresAt.getTime() };
      this.#claims.push({ job, life });
    }
  }

  async #use(kind: Extract<Step, { by: number }>['kind'], { lease }: Job, life: Life): Promise<void> {
    const now = this.#clock.now();
    const mine = life.end === undefined && life.holder?.token === lease.token;
    const current = mine && life.holder !== undefined && life.holder.until > now.getTime();
    switch (kind) {
      case 'beginCall':
        expect(await this.#jobs.beginCall(lease, now)).toBe(current);
        if (current) life.noted = true;
        return;
      case 'heartbeat': {
        const kept = await this.#jobs.heartbeat([lease], LEASE);
        expect(kept.length).toBe(current ? 1 : 0);
        if (current) life.holder = { token: lease.token, until: now.getTime() + LEASE };
        return;
      }
      case 'finish':
        if (await done(this.#jobs.finish(lease), mine)) life.end = 'finished';
        return;
      case 'bury':
        if (await done(this.#jobs.bury(lease, 'code'), mine)) life.end = 'buried';
        return;
      case 'retryNone':
      case 'retryUncertain': {
        const call = kind === 'retryNone' ? 'none' : 'uncertain';
        if (!(await done(this.#jobs.retry(lease, { runAt: now, error: 'code', call }), mine))) return;
        delete life.holder;
        if (call === 'none') life.noted = false;
        return;
      }
      default:
        kind satisfies never;
    }
  }
}

/** Whether the change was taken; it must be, exactly when the job is still this holder's. */
async function done(change: Promise<void>, mine: boolean): Promise<boolean> {
  const error = await change.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (mine) expect(error).toBeUndefined();
  else expect(error).toBeInstanceOf(LeaseLost);
  return mine;
}
