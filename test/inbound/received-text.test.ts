import type { Communication, CommunicationRequest, Patient, Task } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { structureDefinition, system } from '../../src/canonical.ts';
import { AppError } from '../../src/errors.ts';
import type { InboundDeps } from '../../src/inbound/deps.ts';
import { createMeaning } from '../../src/inbound/meaning.ts';
import { keepReceivedText } from '../../src/inbound/received-text.ts';
import type { Job } from '../../src/jobs/jobs.ts';
import { createLog } from '../../src/log.ts';
import { createFingerprint } from '../../src/objections/fingerprint.ts';
import { defaultPolicy } from '../../src/policy-file.ts';
import { gatherFacts } from '../../src/send/gather.ts';
import type { Submitted } from '../../src/send/requests.ts';
import { openDatabase } from '../../src/store/database.ts';
import { type FhirStore, type Stored, StoreError, searchAll } from '../../src/store/fhir-store.ts';
import { SqliteFhirStore } from '../../src/store/sqlite-store.ts';

/** Three on a Sunday morning. */
let now = new Date('2027-01-17T03:00:00Z');
const clock = { now: () => now };
const controller = { ods: 'RXX', name: 'Example NHS Trust' };
const fingerprint = createFingerprint(Buffer.alloc(32, 7));
let store: FhirStore;
let close: () => void;
let asked: CommunicationRequest[];

beforeEach(async () => {
  now = new Date('2027-01-17T03:00:00Z');
  const database = openDatabase(':memory:');
  store = new SqliteFhirStore(database, { clock });
  close = () => database.close();
  asked = [];
  const robin: Patient & { id: string } = {
    resourceType: 'Patient',
    id: 'robin',
    identifier: [{ system: system.nhsNumber, value: '9990000018' }],
    name: [{ family: 'Example', given: ['Robin'] }],
    birthDate: '1990-01-01',
    telecom: [{ system: 'phone', value: '07700 900123' }],
  };
  await store.commit([{ op: 'create', resource: robin }]);
});
afterEach(() => close());

const deps = (change: Partial<InboundDeps> = {}): InboundDeps => ({
  store,
  clock,
  log: createLog({ level: 'silent' }),
  controller,
  policy: defaultPolicy,
  fingerprint,
  meaningOf: createMeaning(),
  commitUnit: ({ writes }) => store.commit(writes),
  gather: (request) =>
    gatherFacts(request, {
      store,
      clock,
      policy: defaultPolicy,
      controller,
      providerChannels: ['sms', 'email'],
      findTemplate: async () => ({ kind: 'none' }),
      fingerprint,
    }),
  requests: {
    submit: async (request) => {
      asked.push(request);
      return { kind: 'existing', resource: request as Stored<CommunicationRequest> } satisfies Submitted;
    },
  },
  ...change,
});
const job = (id: string, text: string, from = '447700900123'): Job =>
  ({
    queue: 'inbox',
    key: `received:${id}`,
    lease: { id, token: 't' },
    addedAt: now,
    data: { kind: 'received-text', id, from, text, receivedAt: now.toISOString() },
  }) as unknown as Job;
const texts = () => searchAll(store, 'Communication', []) as Promise<Stored<Communication>[]>;
const tasks = () => searchAll(store, 'Task', []) as Promise<Stored<Task>[]>;

describe('a received text', () => {
  it('contract 5, 11: a crash between keeping and answering neither loses nor doubles either', async () => {
    const dying = deps({
      requests: {
        submit: async () => {
          throw new StoreError('unavailable', 'gone');
        },
      },
    });
    await expect(keepReceivedText(dying, job('t1', 'Can I ask something?'))).rejects.toThrow('gone');
    expect([(await texts()).length, (await tasks()).length]).toEqual([1, 1]);
    expect(await keepReceivedText(deps(), job('t1', 'Can I ask something?'))).toEqual({ kind: 'finish' });
    expect([(await texts()).length, (await tasks()).length]).toEqual([1, 1]);
    const [reply] = asked;
    expect(reply?.extension?.find((one) => one.url === structureDefinition('in-reply-to'))?.valueReference).toEqual({
      reference: 'Communication/t1',
    });
    expect([reply?.requester?.type, reply?.subject?.reference]).toEqual(['Device', 'Patient/robin']);
  });

  it('TWO-2: one person and one closed period have one key, whatever the text and the hour', async () => {
    await keepReceivedText(deps(), job('t1', 'First'));
    now = new Date('2027-01-17T21:00:00Z');
    await keepReceivedText(deps(), job('t2', 'Second'));
    now = new Date('2027-01-18T18:00:00Z');
    await keepReceivedText(deps(), job('t3', 'Third'));
    const keys = asked.map((one) => one.identifier?.[0]?.value);
    expect(keys[0]).toBe(keys[1]);
    expect(keys[2]).not.toBe(keys[0]);
  });

  it('TWO-2: a key that was used before is an answer given; a doubt is looked at again', async () => {
    const failing = (code: 'IDENTIFIER_REUSED' | 'FACTS_UNKNOWN') =>
      deps({
        requests: {
          submit: async () => {
            throw new AppError(code, 'said so');
          },
        },
      });
    expect(await keepReceivedText(failing('IDENTIFIER_REUSED'), job('t1', 'Hello'))).toEqual({ kind: 'finish' });
    expect(await keepReceivedText(failing('FACTS_UNKNOWN'), job('t2', 'Hello there'))).toMatchObject({ kind: 'retry' });
  });

  it.each([
    ['says STOP', 'STOP'],
    ['says the number is wrong', 'Wrong number'],
    ['is a machine', 'Automatic reply: I am on annual leave'],
    ['is a code', '4711'],
  ])('TWO-2: nobody is answered who %s', async (_why, words) => {
    await keepReceivedText(deps(), job('t1', words));
    expect(asked).toEqual([]);
  });

  it("TWO-2: the same words twice in a day are a machine's", async () => {
    await keepReceivedText(deps(), job('t1', 'Thank you for your message.'));
    now = new Date('2027-01-17T04:00:00Z');
    await keepReceivedText(deps(), job('t2', 'Thank you for your message.'));
    expect(asked).toHaveLength(1);
  });

  it('TWO-2: what is read when somebody is there again is not answered by a machine', async () => {
    const late = job('t1', 'Hello');
    now = new Date('2027-01-18T10:00:00Z');
    await keepReceivedText(deps(), late);
    expect(asked).toEqual([]);
  });

  it('TWO-1: a text without words, or with what FHIR has no place for, is kept', async () => {
    await keepReceivedText(deps(), job('t1', ''));
    await keepReceivedText(deps(), job('t2', 'a\u0000b\u0007c'));
    const kept = (await texts()).map((one) => one.payload?.[0]?.contentString).sort();
    expect(kept).toEqual(['(A text without words.)', 'abc']);
  });

  it("VER-1: withheld, short, and named numbers are nobody's", async () => {
    for (const [at, from] of ['', '60777', 'SomeShop', '+'].entries())
      await keepReceivedText(deps(), job(`t${at}`, 'Hi', from));
    expect((await texts()).filter((one) => one.subject !== undefined)).toEqual([]);
    expect(await tasks()).toHaveLength(4);
  });
});
