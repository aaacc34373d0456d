import type { AuditEvent } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createUnauthenticated, type Unauthenticated } from '../../src/auth/unauthenticated.ts';
import { createLog } from '../../src/log.ts';
import { StoreError, type Write } from '../../src/store/fhir-store.ts';
import { validator } from '../profiles/support.ts';
import { audited, startApp } from '../support/app.ts';

const base = 'https://herald.nhs.example/fhir';
let events: AuditEvent[];
let counted: Record<string, number>;
let broken: boolean;
let logged: string[];
let unauthenticated: Unauthenticated;

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-06-01T09:00:00Z') });
  events = [];
  counted = {};
  broken = false;
  logged = [];
  unauthenticated = createUnauthenticated({
    store: {
      commit: async (writes: readonly Write[]) => {
        if (broken) throw new StoreError('unavailable', 'the disk is full');
        events.push(...writes.map(({ resource }) => resource as AuditEvent));
        return [];
      },
    } as never,
    clock: { now: () => new Date() },
    log: createLog({ level: 'error', stream: { write: (line: string) => logged.push(line) } }),
    metrics: { unauthenticated: (how, times) => (counted[how] = (counted[how] ?? 0) + times) },
    controller: { ods: 'RXX', name: 'Example NHS Trust' },
  });
});
afterEach(() => {
  vi.useRealTimers();
});

const from = (client: string, times = 1) =>
  Promise.all(
    Array.from({ length: times }, (_, n) =>
      unauthenticated.record({ requestId: `r-${n}`, network: { client, server: base } }),
    ),
  );
const minute = () => vi.advanceTimersByTimeAsync(60_000);
const told = () =>
  events.map((one) => ({
    address: one.agent.find((agent) => agent.network?.type === '2')?.network?.address,
    times: Number(one.entity?.flatMap((entity) => entity.detail ?? [])[0]?.valueString ?? 1),
  }));

describe('ACC-2: requests of nobody we know', () => {
  it('one is recorded before it is answered, with its request id', async () => {
    await from('192.0.2.1');
    expect(told()).toEqual([{ address: '192.0.2.1', times: 1 }]);
    expect(events[0]?.entity?.map((one) => one.what?.identifier?.value)).toEqual(['r-0']);
    await minute();
    expect([events.length, counted]).toEqual([1, { recorded: 1 }]);
  });

  it('a thousand of one address in a minute are two events that count them all', async () => {
    await from('192.0.2.1', 1_000);
    expect(events).toHaveLength(1);
    await minute();
    expect(told().map((one) => one.times)).toEqual([1, 999]);
    expect(events[1]).toMatchObject({
      outcome: '4',
      period: { start: '2026-06-01T09:00:00.000Z', end: '2026-06-01T09:01:00.000Z' },
      subtype: [{ code: '110122' }],
    });
    expect(counted).toEqual({ recorded: 1, counted: 999 });
    for (const one of events) expect(validator.validate(one)).toEqual({ structure: [], profile: [] });
  });

  it('the next minute begins anew', async () => {
    await from('192.0.2.1', 2);
    await minute();
    await from('192.0.2.1', 3);
    await minute();
    expect(told().map((one) => one.times)).toEqual([1, 1, 1, 2]);
  });

  it('a thousand addresses are at most 41 events a minute, and nobody is left out of the count', async () => {
    for (let n = 0; n < 1_000; n += 1) await from(`192.0.2.${n}`, 3);
    await minute();
    expect(events).toHaveLength(41);
    expect(told().reduce((sum, one) => sum + one.times, 0)).toBe(3_000);
    expect(told().at(-1)).toEqual({ address: undefined, times: 980 * 3 });
    expect(counted).toEqual({ recorded: 20, counted: 2_980 });
  });

  it('what a service counted is written when it stops', async () => {
    await from('192.0.2.1', 5);
    await unauthenticated.settle();
    await unauthenticated.settle();
    expect(told().map((one) => one.times)).toEqual([1, 4]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('a refusal stays one when it cannot be recorded: the metrics and the log have it', async () => {
    broken = true;
    await from('192.0.2.1', 5);
    await minute();
    expect([events, counted]).toEqual([[], { failed: 5 }]);
    expect(logged.filter((line) => line.includes('audit.failed'))).toHaveLength(2);
    expect(logged.join('')).not.toMatch(/192\.0\.2|disk/);
  });
});

it('ACC-2: behind HTTP, many 401s leave one event at once', async () => {
  vi.useRealTimers();
  const herald = startApp();
  for (let n = 0; n < 5; n += 1) expect((await herald.nobody('get', '/fhir/Patient')).status).toBe(401);
  expect(await audited(herald.store)).toHaveLength(1);
  herald.close();
});
