import type { Communication, CommunicationRequest, Task } from '@medplum/fhirtypes';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/auth/caller.ts';
import { shippedEndpoints } from '../../src/catalogue/channels.ts';
import { demoStaffResources, examplePeople, exampleRequest, exampleResources } from '../../src/catalogue/examples.ts';
import { shippedMessageTypes } from '../../src/catalogue/message-types.ts';
import { AppError } from '../../src/errors.ts';
import type { Job } from '../../src/jobs/jobs.ts';
import type { JobOutcome } from '../../src/jobs/worker.ts';
import { createLog } from '../../src/log.ts';
import { defaultPolicy } from '../../src/policy-file.ts';
import type { LookupResult, Provider, ProviderNotification, SendResult } from '../../src/providers/provider.ts';
import { createRequests } from '../../src/send/accept.ts';
import { dispatch } from '../../src/send/dispatch.ts';
import { type DispatchDeps, giveUp } from '../../src/send/endings.ts';
import { followUp } from '../../src/send/follow-up.ts';
import { nextAsk } from '../../src/send/follow-up-times.ts';
import { gatherFacts } from '../../src/send/gather.ts';
import { createPace } from '../../src/send/pace.ts';
import { mediumConcept } from '../../src/send/record.ts';
import { sweep } from '../../src/send/sweep.ts';
import { attemptsOf, channelOfAttempt } from '../../src/send/tried.ts';
import { type Embedded, openEmbedded } from '../../src/store/embedded.ts';
import { type FhirStore, StoreError, searchAll } from '../../src/store/fhir-store.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const caller: Caller = { client: 'test', role: 'epr', requestId: 'r-1' };

/** The pipeline step by step, on a clock that stands still, with a provider that says what the test wants. */
describe('the pipeline', () => {
  let time: number;
  let embedded: Omit<Embedded, 'store'> & { store: FhirStore };
  let provider: ReturnType<typeof fakeProvider>;
  let deps: DispatchDeps;
  const clock = { now: () => new Date(time) };

  beforeEach(async () => {
    time = Date.parse('2026-11-23T10:00:00Z');
    embedded = openEmbedded(':memory:', { clock });
    const controller = { ods: 'RXX', name: 'Example NHS Trust' };
    const people = [...demoStaffResources(controller), ...exampleResources(controller)];
    const resources = [...shippedMessageTypes, ...shippedEndpoints, ...people];
    await embedded.store.commit(resources.map((resource) => ({ op: 'create', resource })));
    provider = fakeProvider();
    const context = { policy: defaultPolicy, controller };
    deps = {
      ...embedded,
      provider,
      clock,
      log: createLog({ level: 'silent' }),
      context,
      pace: createPace(clock, defaultPolicy.providerLimits),
      count: () => {},
      emergencySent: () => {},
      monotonic: () => time,
      readAhead: (work, { view = deps.store } = {}) => work(view),
      gather: (request, { view = deps.store, tried, leavesDraft } = {}) =>
        gatherFacts(
          request,
          {
            store: view,
            clock,
            ...context,
            providerChannels: provider.channels,
            findTemplate: provider.findTemplate,
            fingerprint: () => undefined,
          },
          tried,
          leavesDraft,
        ),
    };
  });

  const requests = () => createRequests({ ...deps, settleDoubts: embedded.settleDoubts, count: () => {} });
  const submit = async (change: Partial<CommunicationRequest> = {}): Promise<string> => {
    const answer = await requests().submit({ ...exampleRequest('k'), ...change }, caller);
    if (answer.kind !== 'created') throw new Error(`not created but ${answer.kind}`);
    return answer.resource.id;
  };
  const claim = async (queue: Job['queue'] = 'dispatch'): Promise<Job> => {
    const [job] = await embedded.jobs.claim([queue], { limit: 1, leaseMs: MINUTE });
    if (job === undefined) throw new Error(`nothing is due in ${queue}`);
    return job;
  };
  /** One claim of the job, handled as the worker would. */
  const step = async (): Promise<JobOutcome> => {
    const job = await claim();
    const outcome = await dispatch(deps, job, { stillHeld: () => true });
    if (outcome.kind === 'retry') {
      const runAt = 'runAt' in outcome ? outcome.runAt : new Date(time + outcome.delayMs);
      await embedded.jobs.retry(job.lease, { ...outcome, runAt });
      time = Math.max(time, runAt.getTime());
    } else if (outcome.kind === 'finish') await embedded.jobs.finish(job.lease);
    return outcome;
  };
  const attempt = async (id: string): Promise<Communication> => {
    const [found] = await searchAll(embedded.store, 'Communication', [['based-on', `CommunicationRequest/${id}`]]);
    return found as Communication;
  };
  const request = async (id: string) => (await embedded.store.read('CommunicationRequest', id)) as CommunicationRequest;
  /** Those that the pipeline raised: the examples have some of their own. */
  const tasks = async (): Promise<Task[]> =>
    (await searchAll(embedded.store, 'Task', [])).filter((one) => !one.id.startsWith('example-'));

  it('contract 5: an uncertain call is never repeated before the quiet period is over, and then only once', async () => {
    await submit();
    provider.says({ kind: 'uncertain', code: 'timeout' });
    await step();
    const begun = time - 1_000;
    provider.says({ kind: 'accepted', notification: notification() });
    for (let looks = 0; provider.sent.length === 1 && looks < 100; looks += 1) await step();
    expect(provider.sent).toHaveLength(2);
    expect(provider.sent[1]?.at).toBeGreaterThan(begun + provider.quietPeriodMs);
    expect(provider.sent[1]?.reference).toBe(provider.sent[0]?.reference);
    await expect(claim()).rejects.toThrow('nothing is due');
  });

  it('contract 5: an uncertain call that the provider knows is adopted', async () => {
    const id = await submit();
    provider.says({ kind: 'uncertain', code: 'cut' });
    await step();
    provider.knows({ kind: 'found', notification: notification({ body: 'What went.' }) });
    await step();
    expect(provider.sent).toHaveLength(1);
    const record = await attempt(id);
    expect([record.status, record.payload?.[0]?.contentString]).toEqual(['in-progress', 'What went.']);
  });

  it('contract 5: what nobody can tell any more is unknown, given to a person, and never sent again', async () => {
    const id = await submit();
    provider.says({ kind: 'uncertain', code: 'cut' });
    await step();
    time += provider.retentionMs + HOUR;
    await step();
    expect((await attempt(id)).status).toBe('unknown');
    expect((await request(id)).status).toBe('revoked');
    expect((await tasks()).map((one) => one.code?.coding?.[0]?.code)).toEqual(['dead-letter']);
    expect(provider.sent).toHaveLength(1);
  });

  it('contract 5: while the provider does not answer look-ups, nothing is sent', async () => {
    await submit();
    provider.says({ kind: 'uncertain', code: 'cut' });
    await step();
    provider.knows({ kind: 'unavailable', code: 'refused' });
    for (let looks = 0; looks < 20; looks += 1) await step();
    expect(provider.sent).toHaveLength(1);
  });

  it('contract 4: facts that have grown old before the call are read again', async () => {
    const id = await submit();
    provider.says({ kind: 'accepted', notification: notification() });
    provider.before = () => {
      time += 3_000;
      provider.before = undefined;
    };
    expect(await step()).toMatchObject({ kind: 'retry', call: 'none' });
    expect((await attempt(id)).status).toBe('preparation');
    await step();
    expect((await attempt(id)).status).toBe('in-progress');
  });

  it('contract 4: a fact that cannot be read sends nothing: 503 when asked, tried again when due', async () => {
    const { store } = deps;
    const silent = {
      ...bound(store),
      search: ((type: 'Consent', ...rest: [never]) =>
        type === 'Consent' ? Promise.reject(new StoreError('unavailable', 'x')) : store.search(type, ...rest)) as never,
    };
    deps = { ...deps, store: silent };
    const refused = await submit().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(AppError);
    expect((refused as AppError).code).toBe('FACTS_UNKNOWN');
    deps = { ...deps, store };
    await submit();
    deps = { ...deps, store: silent };
    expect(await step()).toMatchObject({ kind: 'retry', error: 'facts-unknown' });
    expect(provider.sent).toEqual([]);
  });

  it('contract 5: a message that only an operator can free has one Task after four minutes, and goes once mended', async () => {
    const id = await submit();
    provider.says({ kind: 'misconfigured', code: 'key' });
    await step();
    expect(await tasks()).toEqual([]);
    time += 5 * MINUTE;
    await step();
    await step();
    expect((await tasks()).map((one) => one.focus?.reference)).toEqual([`CommunicationRequest/${id}`]);
    provider.says({ kind: 'accepted', notification: notification() });
    await step();
    expect((await attempt(id)).status).toBe('in-progress');
  });

  it('contract 5: a job that breaks again and again ends as a Task, and its record says what is known', async () => {
    const id = await submit();
    await giveUp(deps, await claim(), 'failed-repeatedly');
    const record = await attempt(id);
    expect([record.status, record.statusReason?.coding?.[0]?.code]).toEqual(['not-done', 'undeliverable']);
    expect((await tasks()).map((one) => one.code?.coding?.[0]?.code)).toEqual(['dead-letter']);
    expect((await embedded.jobs.get('dispatch', id))?.state).toBe('dead');
  });

  it('contract 5: one that breaks after its call began is unknown, not "was not sent"', async () => {
    const id = await submit();
    const job = await claim();
    await embedded.jobs.beginCall(job.lease, clock.now());
    await giveUp(deps, { ...job, callBegunAt: clock.now() }, 'failed-repeatedly');
    expect((await attempt(id)).status).toBe('unknown');
  });

  it('contract 5: an attempt whose job was lost is queued again, and the provider is asked before anything is sent', async () => {
    const id = await submit();
    await embedded.jobs.cancel('dispatch', id);
    expect(await sweep({ ...deps, settleDoubts: embedded.settleDoubts })).toBe(0);
    time += MINUTE;
    expect(await sweep({ ...deps, settleDoubts: embedded.settleDoubts })).toBe(1);
    expect(await sweep({ ...deps, settleDoubts: embedded.settleDoubts })).toBe(0);
    provider.knows({ kind: 'found', notification: notification() });
    await step();
    expect(provider.sent).toEqual([]);
    expect((await attempt(id)).status).toBe('in-progress');
  });

  it('contract 5: one record that the store cannot give does not keep the others from being queued again', async () => {
    const ids = [await submit(), await submit({ identifier: [{ value: 'other' }] })];
    for (const id of ids) await embedded.jobs.cancel('dispatch', id);
    time += MINUTE;
    const broken = (await attempt(ids[0] ?? '')).id;
    const only = (changed: Partial<FhirStore>): FhirStore => ({
      ...embedded.store,
      search: (...asked) => embedded.store.search(...asked),
      ...changed,
    });
    const read: FhirStore['read'] = async (type, id) => {
      if (id === broken) throw new StoreError('unavailable', 'read Communication: 500');
      return embedded.store.read(type, id);
    };
    const sweeping = {
      ...deps,
      store: only({ read, ping: () => embedded.store.ping() }),
      settleDoubts: embedded.settleDoubts,
    };
    expect(await sweep(sweeping)).toBe(1);
    expect((await embedded.jobs.get('dispatch', ids[1] ?? ''))?.state).toBe('waiting');
    const silent = only({ read, ping: () => Promise.reject(new StoreError('unavailable', 'no answer')) });
    await expect(sweep({ ...sweeping, store: silent })).rejects.toThrow('no answer');
  });

  it('contract 5: a message for next month whose job was lost still goes, once it is due', async () => {
    const id = await submit({ occurrenceDateTime: new Date(time + 30 * 24 * HOUR).toISOString() });
    await embedded.jobs.cancel('dispatch', id);
    time += MINUTE;
    expect(await sweep({ ...deps, settleDoubts: embedded.settleDoubts })).toBe(1);
    time += 31 * 24 * HOUR;
    provider.says({ kind: 'accepted', notification: notification() });
    await step();
    expect(provider.sent).toHaveLength(1);
    expect((await attempt(id)).status).toBe('in-progress');
  });

  it('contract 3: a message is not sent before its time, whoever queued it', async () => {
    const later = new Date(time + HOUR).toISOString();
    const id = await submit({ occurrenceDateTime: later });
    await embedded.jobs.cancel('dispatch', id);
    await embedded.jobs.add([
      { queue: 'dispatch', key: id, priority: 0, runAt: clock.now(), data: { communication: (await attempt(id)).id } },
    ]);
    expect(await step()).toMatchObject({ kind: 'retry', error: 'early', runAt: new Date(later) });
    expect(provider.sent).toEqual([]);
  });

  it('contract 3: a bare day is London’s', async () => {
    const id = await submit({ occurrenceDateTime: '2027-06-01' });
    expect((await embedded.jobs.get('dispatch', id))?.runAt.toISOString()).toBe('2027-05-31T23:00:00.000Z');
  });

  it('when the provider says too many, everybody stops', async () => {
    await submit();
    provider.says({ kind: 'throttled', until: 'minute' });
    const outcome = await step();
    expect(outcome).toMatchObject({ kind: 'retry', error: 'limit-minute', call: 'none' });
    time -= 1_500;
    await submit({ identifier: [{ value: 'other' }] });
    expect(await step()).toMatchObject({ error: 'limit-minute' });
    expect(provider.sent).toHaveLength(1);
  });

  describe('what receipts do not tell is asked for', () => {
    const taken = async (change: Partial<CommunicationRequest> = {}) => {
      const id = await submit(change);
      provider.says({ kind: 'accepted', notification: notification() });
      await step();
      return id;
    };
    const ask = async () => followUp(deps, await claim('follow-up'));
    /** The same as the worker goes on: put back when it says so. */
    const askAgain = async () => {
      const job = await claim('follow-up');
      const outcome = await followUp(deps, job);
      if (outcome.kind === 'retry')
        await embedded.jobs.retry(job.lease, { runAt: clock.now(), error: 'x', call: 'none' });
    };
    const attempts = async (id: string) =>
      (await attemptsOf(embedded.store, id)).sort(
        (a, b) => Number(channelOfAttempt(a) === 'email') - Number(channelOfAttempt(b) === 'email'),
      );

    it('a technical failure, for which Notify sends no receipt, stops the message', async () => {
      const id = await taken({ medium: [mediumConcept('sms')] });
      time += 2 * MINUTE;
      provider.knows({ kind: 'found', notification: notification({ status: 'technical-failure' }) });
      await ask();
      expect((await attempt(id)).status).toBe('stopped');
      expect((await request(id)).statusReason?.coding?.[0]?.code).toBe('undeliverable');
      expect((await tasks()).map((one) => one.code?.coding?.[0]?.code)).toEqual(['check-contact']);
    });

    it('contract 5: a text that failed goes at once by the next channel, as a new attempt with its own decision', async () => {
      const id = await taken();
      time += 2 * MINUTE;
      provider.knows({ kind: 'found', notification: notification({ status: 'permanent-failure' }) });
      await ask();
      const [first, second, third] = await attempts(id);
      expect([first?.status, second?.status, third]).toEqual(['stopped', 'preparation', undefined]);
      expect(channelOfAttempt(second as Communication)).toBe('email');
      expect(second?.extension?.find((one) => one.url.endsWith('/decision'))).toBeDefined();
      expect((await request(id)).status).toBe('active');
      expect(await tasks()).toEqual([]);
      // The new attempt is sent, and its failure is the end: nothing goes by the same way twice.
      provider.knows({ kind: 'none' });
      provider.says({ kind: 'accepted', notification: notification({ id: '840e5834-3a29-46b4-9a6f-16142fde533a' }) });
      await step();
      expect((await attempts(id))[1]?.status).toBe('in-progress');
      time += 2 * MINUTE;
      provider.knows({ kind: 'found', notification: notification({ status: 'permanent-failure' }) });
      await ask();
      expect((await attempts(id)).map((one) => one.status)).toEqual(['stopped', 'stopped']);
      expect((await request(id)).statusReason?.coding?.[0]?.code).toBe('undeliverable');
      expect((await tasks()).map((one) => one.code?.coding?.[0]?.code)).toEqual(['check-contact']);
    });

    it('an attempt that outlived its queue goes by no channel that failed before it', async () => {
      const id = await taken();
      time += 2 * MINUTE;
      provider.knows({ kind: 'found', notification: notification({ status: 'permanent-failure' }) });
      await ask();
      await embedded.jobs.cancel('dispatch', id);
      time += MINUTE;
      expect(await sweep({ ...deps, settleDoubts: embedded.settleDoubts })).toBe(1);
      expect((await embedded.jobs.get('dispatch', id))?.data.tried).toEqual(['sms']);
    });

    it('what may no longer go another way is left to arrive by the first', async () => {
      const id = await taken({ priority: 'stat' });
      provider.knows({ kind: 'found', notification: notification({ status: 'sending' }) });
      const person = await embedded.store.read('Patient', examplePeople.adult);
      if (person === undefined) throw new Error('no such patient');
      await embedded.store.commit([{ op: 'update', resource: { ...person, active: false } }]);
      time += 20 * MINUTE;
      await askAgain();
      expect((await attempts(id)).map((one) => one.status)).toEqual(['in-progress']);
      expect((await request(id)).status).toBe('active');
      provider.knows({ kind: 'found', notification: notification({ status: 'delivered' }) });
      time += HOUR;
      await askAgain();
      expect((await request(id)).status).toBe('completed');
    });

    it('an attempt beside a slow one that outlived its queue does not go by the slow one’s way', async () => {
      const id = await taken({ priority: 'stat' });
      provider.knows({ kind: 'found', notification: notification({ status: 'sending' }) });
      time += 20 * MINUTE;
      await askAgain();
      await embedded.jobs.cancel('dispatch', id);
      time += MINUTE;
      expect(await sweep({ ...deps, settleDoubts: embedded.settleDoubts })).toBe(1);
      expect((await embedded.jobs.get('dispatch', id))?.data.tried).toEqual(['sms']);
    });

    it.each([
      ['stat', 15 * MINUTE],
      ['urgent', 4 * HOUR],
      ['routine', undefined],
    ] as const)('a %s message does not wait three days for word of its text', async (priority, patience) => {
      const id = await taken({ priority });
      provider.knows({ kind: 'found', notification: notification({ status: 'sending' }) });
      time += (patience ?? 47 * HOUR) - 2 * MINUTE;
      await askAgain();
      expect(await attempts(id)).toHaveLength(1);
      time += 4 * MINUTE;
      await askAgain();
      const all = await attempts(id);
      expect(all.map((one) => one.status)).toEqual(
        patience === undefined ? ['in-progress'] : ['in-progress', 'preparation'],
      );
      // It arrives after all before the other has gone: that one is not sent.
      provider.knows({ kind: 'found', notification: notification({ status: 'delivered' }) });
      time += HOUR;
      await askAgain();
      expect((await request(id)).status).toBe('completed');
      if (patience === undefined) return;
      await step();
      expect((await attempts(id)).map((one) => one.status)).toEqual(['completed', 'not-done']);
    });

    it('a message still under way is asked after later', async () => {
      await taken();
      time += 2 * MINUTE;
      provider.knows({ kind: 'found', notification: notification({ status: 'sending' }) });
      expect(await ask()).toMatchObject({ kind: 'retry' });
    });

    it('one that the provider has forgotten is unknown once its retention is over, with a Task', async () => {
      const id = await taken();
      provider.knows({ kind: 'none' });
      time += 2 * MINUTE;
      expect(await ask()).toMatchObject({ kind: 'retry' });
      time += provider.retentionMs + HOUR;
      await ask();
      expect((await attempt(id)).status).toBe('unknown');
      expect((await tasks()).map((one) => one.code?.coding?.[0]?.code)).toEqual(['check-contact']);
    });

    it('the gaps grow, and asking never ends by itself', () => {
      const from = new Date(0);
      const text = { resourceType: 'Communication', status: 'in-progress' } as const;
      expect(nextAsk(text, from, from).getTime()).toBe(MINUTE);
      expect(nextAsk(text, from, new Date(MINUTE)).getTime()).toBe(5 * MINUTE);
      expect(nextAsk(text, from, new Date(100 * HOUR)).getTime()).toBe(124 * HOUR);
    });
  });

  function fakeProvider() {
    let answer: SendResult = { kind: 'unavailable', code: 'refused' };
    let found: LookupResult = { kind: 'none' };
    const fake = {
      channels: ['sms', 'email'] as const,
      quietPeriodMs: 120_000,
      retentionMs: 72 * HOUR,
      sent: [] as { reference: string; at: number }[],
      before: undefined as (() => void) | undefined,
      says(next: SendResult) {
        answer = next;
      },
      knows(next: LookupResult) {
        found = next;
      },
      async send(message, mayStillSend) {
        fake.before?.();
        if (!mayStillSend()) return { kind: 'unavailable', code: 'lease-lost' };
        fake.sent.push({ reference: message.reference, at: time });
        if (answer.kind !== 'accepted') return answer;
        // What it sends is what it was given.
        return {
          ...answer,
          notification: { ...answer.notification, body: message.text, subject: message.subjectLine },
        };
      },
      findByReference: async () => found,
      findById: async () => found,
      findDocument: async () => ({ kind: 'none' }),
      findTemplate: async () => ({ kind: 'none' as const }),
      fingerprint: () => undefined,
    } satisfies Provider & Record<string, unknown>;
    return fake;
  }
});

function notification(change: Partial<ProviderNotification> = {}): ProviderNotification {
  return {
    id: '740e5834-3a29-46b4-9a6f-16142fde533a',
    reference: undefined,
    status: 'created',
    body: 'Text.',
    subject: undefined,
    templateUri: undefined,
    templateVersion: 1,
    sentAt: undefined,
    completedAt: undefined,
    ...change,
  };
}

/** The methods of a class as a plain object, so that one can be put in the place of another. */
function bound(store: FhirStore) {
  return {
    read: store.read.bind(store),
    vread: store.vread.bind(store),
    history: store.history.bind(store),
    commit: store.commit.bind(store),
    redact: store.redact.bind(store),
    ping: store.ping.bind(store),
  };
}
