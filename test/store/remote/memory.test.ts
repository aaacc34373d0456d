import type { Patient } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import type { Log } from '../../../src/log.ts';
import type { Stored } from '../../../src/store/fhir-store.ts';
import { isNewer, Memory } from '../../../src/store/remote/memory.ts';
import { type Walk, Walks } from '../../../src/store/remote/walks.ts';

const stored = (id: string, versionId = '1', parts: Partial<Patient> = {}): Stored<Patient> => ({
  resourceType: 'Patient',
  id,
  ...parts,
  meta: { versionId, lastUpdated: '2026-06-01T09:00:00Z' },
});

describe('what is remembered is bounded', () => {
  it('beyond 32 million characters the oldest is forgotten before its time, and that is said', async () => {
    const events: string[] = [];
    const note = (event: string) => void events.push(event);
    const log: Log = { debug: note, info: note, warn: note, error: note, fatal: note };
    const memory = new Memory({
      clock: { now: () => new Date('2026-06-01T09:00:00Z') },
      monotonic: () => 0,
      lagMs: 30_000,
      log,
    });
    const large = 'x'.repeat(1_000_000);
    for (let at = 0; at < 40; at += 1) memory.remember([stored(`p-${at}`, '1', { language: large })]);
    expect(memory.get('Patient', 'p-0')).toBeUndefined();
    expect(memory.get('Patient', 'p-39')).toBeDefined();
    const kept = Array.from({ length: 40 }, (_, at) => memory.get('Patient', `p-${at}`)).filter((one) => one);
    expect(kept.length).toBeGreaterThan(14);
    expect(kept.length).toBeLessThan(33);
    expect(events).toEqual(['store.recent-full']);
    memory.close();
  });

  it('so are walks: who reads on in an old one is told that it has expired', () => {
    const walks = new Walks();
    const walk = (queue: number): Walk => ({
      type: 'Patient',
      params: [],
      order: 0,
      queue: Array.from({ length: queue }, (_, at) => stored(`p-${at}`)),
    });
    const first = walks.cursor({ walk: walk(1), offset: 1 });
    const second = walks.cursor({ walk: walk(9_999), offset: 1 });
    expect(walks.read('Patient', [], first)).toMatchObject({ offset: 1 });
    walks.cursor({ walk: walk(1), offset: 1 });
    expect(() => walks.read('Patient', [], first)).toThrow(/expired/);
    expect(walks.read('Patient', [], second)).toMatchObject({ offset: 1 });
    for (let at = 0; at < 1_000; at += 1) walks.cursor({ walk: walk(0), offset: 0 });
    expect(() => walks.read('Patient', [], second)).toThrow(/expired/);
  });
});

describe('which of two versions is newer', () => {
  const version = (versionId: string, seconds: number) => ({
    versionId,
    lastUpdated: new Date(seconds * 1_000).toISOString(),
  });

  it.each([
    ['10', 5, '9', 5, true],
    ['9', 6, '10', 5, false],
    ['3', 9, '3', 5, false],
    ['b', 6, 'a', 5, true],
    ['a', 5, 'b', 6, false],
    ['a', 5, 'b', 5, false],
  ])('%s of second %i before %s of second %i: %s', (one, at, other, then, expected) => {
    expect(isNewer(version(one, at), version(other, then))).toBe(expected);
  });
});
