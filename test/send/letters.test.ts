import type { Communication, CommunicationRequest, Task } from '@medplum/fhirtypes';
import { beforeEach, describe, expect, it } from 'vitest';
import { codeSystem, identifierSystem } from '../../src/canonical.ts';
import type { Job } from '../../src/jobs/jobs.ts';
import type { JobOutcome } from '../../src/jobs/worker.ts';
import { createLog } from '../../src/log.ts';
import { defaultPolicy } from '../../src/policy-file.ts';
import type { DocumentResult, LookupResult } from '../../src/providers/provider.ts';
import { notifyStatuses } from '../../src/providers/status-map.ts';
import { followUp, followUpJob } from '../../src/send/follow-up.ts';
import { nextAsk } from '../../src/send/follow-up-times.ts';
import type { OutcomeDeps } from '../../src/send/outcome.ts';
import { exactText, mediumConcept } from '../../src/send/record.ts';
import { applyReturnedLetter } from '../../src/send/returned-letter.ts';
import { channelOfAttempt } from '../../src/send/tried.ts';
import { type Embedded, openEmbedded } from '../../src/store/embedded.ts';
import { type Stored, searchAll } from '../../src/store/fhir-store.ts';
import { known, messageType, request as requestFacts, world } from '../policy/world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ATTEMPT = '0197f3aa-0000-7000-8000-000000000001';
const NOTIFY = '740e5834-3a29-46b4-9a6f-16142fde533a';
const pdf = Buffer.from('%PDF-1.7 a letter');

/** A letter that the provider took, on a clock that stands still, with a provider that says what the test wants. */
describe('a letter after it was taken', () => {
  let time: number;
  let embedded: Embedded;
  let deps: Parameters<typeof followUp>[0] & OutcomeDeps;
  let found: LookupResult;
  let document: DocumentResult;
  let looks: number;
  const clock = { now: () => new Date(time) };

  beforeEach(() => {
    time = Date.parse('2026-11-23T10:00:00Z');
    embedded = openEmbedded(':memory:', { clock });
    found = { kind: 'none' };
    document = { kind: 'not-yet' };
    looks = 0;
    deps = {
      ...embedded,
      clock,
      log: createLog({ level: 'silent' }),
      count: () => {},
      context: { policy: defaultPolicy, controller: { ods: 'RXX', name: 'Example NHS Trust' } },
      gather: async () => world({ messageType: known(messageType({ fallback: false })) }),
      provider: {
        channels: ['sms', 'email', 'letter'],
        quietPeriodMs: 120_000,
        retentionMs: 72 * HOUR,
        send: async () => ({ kind: 'unavailable', code: 'refused' }),
        findByReference: async () => found,
        findById: async () => found,
        findDocument: async () => {
          looks += 1;
          return document;
        },
        findTemplate: async () => ({ kind: 'none' }),
      },
    };
  });

  const record = (change: Partial<Communication> = {}): Communication & { id: string } => ({
    resourceType: 'Communication',
    id: ATTEMPT,
    status: 'in-progress',
    identifier: [
      { system: identifierSystem.attempt, value: ATTEMPT },
      { system: identifierSystem.notifyNotification, value: NOTIFY },
    ],
    basedOn: [{ reference: 'CommunicationRequest/asked' }],
    medium: [mediumConcept('letter')],
    subject: { reference: 'Patient/maya' },
    recipient: [{ reference: 'Patient/maya' }],
    sent: '2026-11-23T10:00:00.000Z',
    payload: [exactText('Words.')],
    ...change,
  });
  const taken = async (change: Partial<Communication> = {}, request: Partial<CommunicationRequest> = {}) => {
    const asked: CommunicationRequest & { id: string } = {
      resourceType: 'CommunicationRequest',
      id: 'asked',
      status: 'active',
      subject: { reference: 'Patient/maya' },
      ...request,
    };
    const communication = record(change);
    await embedded.store.commit([
      { op: 'create', resource: asked },
      { op: 'create', resource: communication },
    ]);
    await embedded.jobs.add([followUpJob(communication, clock.now(), clock.now())]);
  };
  const knows = (status: string): void => {
    found = {
      kind: 'found',
      notification: {
        ...{ id: NOTIFY, reference: ATTEMPT, status, body: 'Words.', subject: undefined },
        ...{ templateUri: undefined, templateVersion: 1 },
        sentAt: '2026-11-23T17:50:00.000Z',
        completedAt: '2026-11-24T15:00:00.000Z',
      },
    };
  };
  const claimed = async (queue: Job['queue']): Promise<Job> => {
    const [job] = await embedded.jobs.claim([queue], { limit: 1, leaseMs: MINUTE });
    if (job === undefined) throw new Error(`nothing is due in ${queue}`);
    return job;
  };
  const settled = async (job: Job, outcome: JobOutcome): Promise<JobOutcome> => {
    if (outcome.kind === 'retry') {
      const runAt = 'runAt' in outcome ? outcome.runAt : new Date(time + outcome.delayMs);
      await embedded.jobs.retry(job.lease, { ...outcome, runAt });
    } else if (outcome.kind === 'finish') await embedded.jobs.finish(job.lease);
    return outcome;
  };
  /** The next time that it is asked after, whenever that is. */
  const ask = async (): Promise<JobOutcome> => {
    const state = await embedded.jobs.get('follow-up', ATTEMPT);
    time = Math.max(time, state?.runAt.getTime() ?? time);
    const job = await claimed('follow-up');
    return settled(job, await followUp(deps, job));
  };
  /** From now on the type's messages go by text as well. */
  const fallsBack = (): void => {
    deps = {
      ...deps,
      gather: async (_request, { tried = [] } = {}) => world({ request: requestFacts({ tried }) }),
    };
  };
  const comeBack = async (event: object = {}): Promise<JobOutcome> => {
    const data = { kind: 'returned-letter', id: NOTIFY, reference: ATTEMPT, ...event };
    await embedded.jobs.add([{ queue: 'inbox', key: 'letter', priority: 0, runAt: clock.now(), data }]);
    const job = await claimed('inbox');
    return settled(job, await applyReturnedLetter(deps, job));
  };
  const now = async () => (await embedded.store.read('Communication', ATTEMPT)) as Stored<Communication>;
  const request = async () => (await embedded.store.read('CommunicationRequest', 'asked'))?.status;
  const tasks = async () =>
    (await searchAll(embedded.store, 'Task', [])).map((one: Task) => one.code?.coding?.[0]?.code);
  const pdfs = (one: Communication) => one.payload?.flatMap((part) => part.contentAttachment ?? []) ?? [];

  const underWay = ['in-progress', 'active', []] as const;
  const failed = ['stopped', 'revoked', ['check-contact']] as const;
  const words: [string, readonly [Communication['status'], CommunicationRequest['status'], readonly string[]]][] = [
    ['created', underWay],
    ['pending-virus-check', underWay],
    ['accepted', underWay],
    ['sending', underWay],
    ['received', ['completed', 'completed', []]],
    ['delivered', ['completed', 'completed', []]],
    ['returned-letter', failed],
    ['cancelled', failed],
    ['failed', failed],
    ['technical-failure', failed],
    ['permanent-failure', failed],
    ['validation-failed', failed],
    ['virus-scan-failed', failed],
    // Not of letters, or of nothing that is known: nothing is guessed.
    ['pending', underWay],
    ['sent', underWay],
    ['temporary-failure', underWay],
    ['teleported', underWay],
  ];

  it.each(words)('contract 5: the provider says %s', async (word, [status, asked, raised]) => {
    await taken();
    knows(word);
    document = { kind: 'found', pdf };
    await ask();
    const after = await now();
    expect([after.status, await request(), await tasks()]).toEqual([status, asked, raised]);
    expect(after.received).toBeUndefined();
    if (status !== 'in-progress') {
      expect(after.statusReason?.coding).toContainEqual({ system: codeSystem('govuk-notify-status'), code: word });
    }
    if (status === 'completed') expect(after.sent).toBe('2026-11-23T17:50:00.000Z');
    // What is not printed has no looks worth keeping.
    expect(pdfs(after)).toHaveLength(status === 'stopped' ? 0 : 1);
    const goesOn = status === 'in-progress';
    expect((await embedded.jobs.get('follow-up', ATTEMPT)) !== undefined).toBe(goesOn);
  });

  it('every word of Notify’s has its row here', () => {
    const rows = words.map(([word]) => word);
    expect(notifyStatuses.filter((word) => !rows.includes(word))).toEqual([]);
  });

  it('govuk-notify 5.7: a PDF is kept once, beside the words', async () => {
    await taken();
    knows('accepted');
    document = { kind: 'found', pdf };
    await ask();
    await ask();
    expect(looks).toBe(1);
    const [attached] = pdfs(await now());
    expect(Buffer.from(attached?.data ?? '', 'base64').equals(pdf)).toBe(true);
    expect(attached).toMatchObject({ contentType: 'application/pdf', size: pdf.length });
    expect((await now()).payload?.[0]?.contentString).toBe('Words.');
    expect((await now()).meta.versionId).toBe('2');
  });

  it('govuk-notify 5.7: a letter that was posted without its PDF is asked for it again', async () => {
    await taken();
    knows('received');
    await ask();
    expect([(await now()).status, await request(), pdfs(await now())]).toEqual(['completed', 'completed', []]);
    document = { kind: 'unavailable', code: 'http-503' };
    await ask();
    document = { kind: 'found', pdf };
    expect(await ask()).toEqual({ kind: 'settled' });
    expect(pdfs(await now())).toHaveLength(1);
    expect((await now()).status).toBe('completed');
    expect(await embedded.jobs.get('follow-up', ATTEMPT)).toBeUndefined();
  });

  it.each<[string, DocumentResult]>([
    ['never comes', { kind: 'not-yet' }],
    ['is not there', { kind: 'none' }],
  ])('a PDF that %s costs nothing but itself', async (_what, answer) => {
    await taken();
    knows('received');
    document = answer;
    for (let times = 0; times < 30 && (await embedded.jobs.get('follow-up', ATTEMPT)) !== undefined; times += 1)
      await ask();
    expect(await embedded.jobs.get('follow-up', ATTEMPT)).toBeUndefined();
    expect([(await now()).status, await request(), await tasks()]).toEqual(['completed', 'completed', []]);
    expect(time - Date.parse('2026-11-23T10:00:00Z')).toBeLessThanOrEqual(deps.provider.retentionMs + 6 * HOUR);
  });

  it('contract 5: one that the provider has forgotten is unknown once its retention is over, with a Task', async () => {
    await taken();
    await ask();
    expect((await now()).status).toBe('in-progress');
    time += deps.provider.retentionMs;
    await ask();
    expect([(await now()).status, await request(), await tasks()]).toEqual(['unknown', 'revoked', ['check-contact']]);
  });

  it('the post takes days, whatever the priority: nothing goes another way beside it', async () => {
    fallsBack();
    await taken({ priority: 'stat' }, { priority: 'stat' });
    knows('accepted');
    time += 10 * HOUR;
    await ask();
    expect(await searchAll(embedded.store, 'Communication', [])).toHaveLength(1);
  });

  it.each([
    ['technical-failure', ['in preparation by sms', 'stopped by letter'], 'active'],
    // Whoever stopped it did not want it to go by text instead.
    ['cancelled', ['stopped by letter'], 'revoked'],
  ])('contract 5: %s, where the type falls back to texts', async (word, ways, asked) => {
    fallsBack();
    await taken();
    knows(word);
    await ask();
    const all = await searchAll(embedded.store, 'Communication', []);
    const way = (one: Communication) =>
      `${one.status === 'preparation' ? 'in preparation' : one.status} by ${channelOfAttempt(one)}`;
    expect(all.map(way).sort()).toEqual(ways);
    expect(await request()).toBe(asked);
  });

  it('is asked after for its PDF within minutes, then every few hours: never so rarely that a night can delete it unseen', () => {
    const from = new Date(0);
    const times = [from];
    for (let n = 0; n < 12; n += 1) times.push(nextAsk(record(), from, times.at(-1) as Date));
    const gaps = times.slice(1).map((one, n) => one.getTime() - (times[n] as Date).getTime());
    expect(gaps[0]).toBe(5 * MINUTE);
    // From the afternoon's post at 15:00 to the deletion at 3:00 in the night.
    expect(Math.max(...gaps)).toBeLessThan(12 * HOUR);
    expect(Math.min(...gaps.slice(4))).toBeGreaterThanOrEqual(3 * HOUR);
  });

  describe('contract 11: the post brings it back', () => {
    it.each<[Communication['status'], CommunicationRequest['status'], CommunicationRequest['status']]>([
      ['completed', 'completed', 'completed'],
      ['in-progress', 'active', 'completed'],
      ['unknown', 'revoked', 'revoked'],
    ])('a record that is %s is stopped; a request that was %s is %s', async (status, before, after) => {
      await taken({ status }, { status: before });
      expect(await comeBack()).toEqual({ kind: 'settled' });
      const back = await now();
      expect([back.status, await request(), await tasks()]).toEqual(['stopped', after, ['check-contact']]);
      expect(back.statusReason?.coding?.map((one) => one.code)).toEqual(['recipient-unavailable', 'returned-letter']);
      // A repeat finds nothing to do.
      expect(await comeBack()).toEqual({ kind: 'finish' });
      expect([(await now()).meta.versionId, await tasks()]).toEqual([back.meta.versionId, ['check-contact']]);
    });

    it.each<[Communication['status']]>([['stopped'], ['not-done'], ['entered-in-error']])(
      'a record that is %s stays as it is',
      async (status) => {
        await taken({ status, statusReason: { text: 'Why.' } });
        expect(await comeBack()).toEqual({ kind: 'finish' });
        expect([(await now()).status, await tasks()]).toEqual([status, []]);
      },
    );

    it('before its record knows that it went, it waits, and is applied then', async () => {
      const { identifier, ...unsent } = record({ status: 'preparation' });
      await embedded.store.commit([
        { op: 'create', resource: { ...unsent, identifier: identifier?.slice(0, 1) ?? [] } },
      ]);
      expect(await comeBack()).toMatchObject({ kind: 'retry', error: 'early' });
      const { meta, ...stored } = await now();
      await embedded.store.commit([
        { op: 'update', resource: { ...record(), id: stored.id }, ifMatch: meta.versionId },
      ]);
      time += MINUTE;
      const job = await claimed('inbox');
      expect(await applyReturnedLetter(deps, job)).toEqual({ kind: 'settled' });
      expect([(await now()).status, await tasks()]).toEqual(['stopped', ['check-contact']]);
    });

    it.each<[string, object]>([
      ['another system’s, with its own reference', { reference: 'invoice 7' }],
      ['another system’s, without a reference', { reference: undefined }],
      ['another letter under our reference', { id: '11111111-1111-4111-8111-111111111111' }],
    ])('%s changes nothing, and is done with', async (_what, event) => {
      await taken({ status: 'completed' }, { status: 'completed' });
      expect(await comeBack(event)).toEqual({ kind: 'finish' });
      expect([(await now()).meta.versionId, await tasks()]).toEqual(['1', []]);
    });

    it('a letter that nobody knows is waited for, and then done with', async () => {
      const unknown = { reference: '0197f3aa-0000-7000-8000-000000000099' };
      expect(await comeBack(unknown)).toMatchObject({ kind: 'retry' });
      time += 2 * HOUR;
      const job = await claimed('inbox');
      expect(await applyReturnedLetter(deps, job)).toEqual({ kind: 'finish' });
    });
  });
});
