import type { Patient } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FhirStore, SearchParams, Stored } from '../../../src/store/fhir-store.ts';
import { StoreError } from '../../../src/store/fhir-store.ts';
import { createReadAhead, Hints, recallFrom } from '../../../src/store/remote/ahead.ts';

/** People by number, each with those that they link to, and whoever fails to be read. */
interface Record {
  readonly links: readonly number[];
  readonly fails?: boolean;
}
type People = readonly Record[];

const asPatient = (index: number, { links }: Record): Stored<Patient> => ({
  resourceType: 'Patient',
  id: `p${index}`,
  meta: { versionId: '1', lastUpdated: '2026-11-21T09:00:00Z' },
  link: links.map((one) => ({ type: 'seealso', other: { reference: `Patient/p${one}` } })),
});

/** A store over a server that is far away: what is asked before the event loop turns is one call. */
function farAway(people: People) {
  const turns: string[][] = [];
  let waiting: string[] | undefined;
  const ask = async <T>(question: string, answer: () => T): Promise<T> => {
    if (waiting === undefined) {
      waiting = [];
      turns.push(waiting);
    }
    waiting.push(question);
    await new Promise((resolve) => setImmediate(resolve));
    waiting = undefined;
    return answer();
  };
  const found = (index: number): Stored<Patient> | undefined => {
    const record = people[index];
    if (record?.fails) throw new StoreError('unavailable', 'no answer');
    return record === undefined ? undefined : asPatient(index, record);
  };
  const store = {
    read: (_type: string, id: string) => ask(`read ${id}`, () => found(Number(id.slice(1)))),
    search: (_type: string, [[, value = ''] = ['', '']]: SearchParams) =>
      ask(`search ${value}`, () => ({
        matches: people.flatMap((one, index) =>
          one.links.some((link) => `Patient/p${link}` === value) ? (found(index) ?? []) : [],
        ),
        included: [],
      })),
  } as unknown as FhirStore;
  return { store, turns };
}

/** Everybody who can be reached from one person, in both directions, and who could not be asked about. */
async function reach(view: FhirStore, start: number): Promise<string[]> {
  const seen: string[] = [];
  let fresh = [`p${start}`];
  while (fresh.length > 0) {
    seen.push(...fresh);
    const next = await Promise.all(
      fresh.map(async (id) => {
        try {
          const [one, others] = await Promise.all([
            view.read('Patient', id),
            view.search('Patient', [['link', `Patient/${id}`]]),
          ]);
          const linked = (one?.link ?? []).map(({ other }) => other.reference?.slice('Patient/'.length) ?? '');
          return [...linked, ...others.matches.map((match) => match.id)];
        } catch (error) {
          const fault = `${id}: ${(error as StoreError).code}`;
          if (!seen.includes(fault)) seen.push(fault);
          return [];
        }
      }),
    );
    fresh = [...new Set(next.flat())].filter((id) => !seen.includes(id));
  }
  return seen.sort();
}

const people = fc.array(
  fc.record({ links: fc.array(fc.nat(5), { maxLength: 2 }), fails: fc.boolean() }, { requiredKeys: ['links'] }),
  { minLength: 1, maxLength: 6 },
);

describe('contract 4: reading ahead', () => {
  it('comes to what reading as the work goes comes to, whatever was seen or expected before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(people, { minLength: 1, maxLength: 4 }), people, async (times, expected) => {
        const hints = new Hints();
        for (const now of times) {
          const { store } = farAway(now);
          const asItGoes = await reach(farAway(now).store, 0);
          const options = { expected: expected.map((one, index) => asPatient(index, one)) };
          const ahead = await createReadAhead(store, hints)((view) => reach(view, 0), options);
          expect(ahead).toEqual(asItGoes);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('asks each thing once, and all at once where it went the same way before', async () => {
    const now: People = [{ links: [1] }, { links: [2] }, { links: [] }, { links: [0] }];
    const hints = new Hints();
    const first = farAway(now);
    await createReadAhead(first.store, hints)((view) => reach(view, 0));
    expect(first.turns.length).toBeGreaterThan(1);
    expect(new Set(first.turns.flat()).size).toBe(first.turns.flat().length);
    const again = farAway(now);
    await createReadAhead(again.store, hints)((view) => reach(view, 0));
    expect(again.turns).toHaveLength(1);
    expect([...again.turns.flat()].sort()).toEqual([...first.turns.flat()].sort());
  });

  it('asks anew each time: no answer of an earlier decision is used', async () => {
    const hints = new Hints();
    await createReadAhead(farAway([{ links: [1] }, { links: [] }]).store, hints)((view) => reach(view, 0));
    const later = farAway([{ links: [] }, { links: [] }]);
    expect(await createReadAhead(later.store, hints)((view) => reach(view, 0))).toEqual(['p0']);
    expect(later.turns.flat()).toContain('read p0');
  });

  it('what is expected saves a turn for somebody who was never met', async () => {
    const now: People = [{ links: [1] }, { links: [] }];
    const { store, turns } = farAway(now);
    const expected = [asPatient(0, { links: [1] })];
    expect(await createReadAhead(store, new Hints())((view) => reach(view, 0), { expected })).toEqual(['p0', 'p1']);
    expect(turns).toHaveLength(1);
  });

  it('work that asks something else at every run is done as it goes in the end', async () => {
    const { store } = farAway([]);
    let run = 0;
    const work = async (view: FhirStore) => {
      run += 1;
      const asked = run;
      await view.read('Patient', `p${asked}`);
      return asked;
    };
    expect(await createReadAhead(store, new Hints())(work)).toBe(run);
    expect(run).toBeLessThan(12);
  });

  it('within work that is read ahead, reading ahead is reading', async () => {
    const { store, turns } = farAway([{ links: [] }]);
    const readAhead = createReadAhead(store, new Hints());
    let runs = 0;
    await readAhead((view) =>
      readAhead(
        async (inner) => {
          runs += 1;
          return inner.read('Patient', 'p0');
        },
        { view },
      ),
    );
    expect([runs, turns.length]).toEqual([2, 1]);
  });

  it('the work cannot write, and its own errors are its own', async () => {
    const readAhead = createReadAhead(farAway([]).store, new Hints());
    await expect(readAhead((view) => view.commit([]))).rejects.toThrow(/must not write/);
    await expect(readAhead(() => Promise.reject(new TypeError('of the work')))).rejects.toThrow('of the work');
  });
});

describe('what is remembered as written', () => {
  const request = (id: string) => ({ resourceType: 'CommunicationRequest', id, status: 'active' }) as const;
  const stored = (id: string, versionId: string) => ({
    ...request(id),
    subject: { reference: 'Patient/p' },
    meta: { versionId, lastUpdated: '2026-11-21T09:00:00Z' },
  });

  it('is the last version, until it is in doubt; people are not remembered', () => {
    const hints = new Hints();
    const recall = recallFrom(hints);
    hints.wrote([stored('r', '1'), asPatient(0, { links: [] })]);
    hints.wrote([stored('r', '2')]);
    expect(recall('CommunicationRequest', 'r')?.meta.versionId).toBe('2');
    expect(recall('Patient', 'p0')).toBeUndefined();
    hints.forget([request('r')]);
    expect(recall('CommunicationRequest', 'r')).toBeUndefined();
  });

  it('is bounded', () => {
    const hints = new Hints(2);
    hints.wrote(['a', 'b', 'c'].map((id) => stored(id, '1')));
    expect(['a', 'b', 'c'].map((id) => recallFrom(hints)('CommunicationRequest', id)?.id)).toEqual([
      undefined,
      'b',
      'c',
    ]);
  });
});
