import type { Communication } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SearchParams, searchAll } from '../../src/store/fhir-store.ts';
import { openTestStore, type TestStore } from './open-store.ts';

let test: TestStore;
beforeAll(() => {
  test = openTestStore();
});
afterAll(() => test.close());

const SYSTEMS = ['urn:a', 'urn:b'];
const CODES = ['x', 'y', 'z|z', 'q,r'];
const WORDS = ['Café au lait', 'cafe noir', 'Ca,fé|', 'été', 'Ete long'];
const PATIENTS = ['Patient/1', 'Patient/2', 'Group/1'];
const DAY = 86_400_000;
const FIRST = Date.UTC(2026, 0, 1);

type Message = Communication & { id: string };
interface Question {
  readonly param: readonly [string, string];
  readonly holds: (message: Message) => boolean;
}

const message = fc.record(
  {
    status: fc.constantFrom('completed' as const, 'stopped' as const, 'preparation' as const),
    subject: fc.constantFrom(...PATIENTS).map((reference) => ({ reference })),
    category: fc.array(
      fc.record(
        {
          coding: fc.array(
            fc.record(
              {
                system: fc.constantFrom(...SYSTEMS),
                code: fc.constantFrom(...CODES),
                display: fc.constantFrom(...WORDS),
              },
              { requiredKeys: ['code'], noNullPrototype: true },
            ),
            { minLength: 1, maxLength: 2 },
          ),
          text: fc.constantFrom(...WORDS),
        },
        { requiredKeys: ['coding'], noNullPrototype: true },
      ),
      { minLength: 1, maxLength: 2 },
    ),
    sent: fc.integer({ min: 0, max: 10 * DAY }).map((ms) => new Date(FIRST + ms).toISOString()),
  },
  { requiredKeys: ['status'], noNullPrototype: true },
);

const escaped = (text: string): string => text.replace(/[\\,|$]/g, (letter) => `\\${letter}`);
const codings = ({ category }: Message) => (category ?? []).flatMap((one) => one.coding ?? []);

const token = fc
  .record({ system: fc.constantFrom(undefined, '', ...SYSTEMS), code: fc.constantFrom(undefined, ...CODES) })
  .filter(({ system, code }) => code !== undefined || (system !== undefined && system !== ''))
  .map(({ system, code }) => ({
    text: `${system === undefined ? '' : `${system}|`}${escaped(code ?? '')}`,
    holds: (one: Message) =>
      codings(one).some(
        (coding) =>
          (code === undefined || coding.code === code) && (system === undefined || (coding.system ?? '') === system),
      ),
  }));

const category: fc.Arbitrary<Question> = fc
  .record({ tokens: fc.array(token, { minLength: 1, maxLength: 3 }), not: fc.boolean() })
  .map(({ tokens, not }) => ({
    param: [not ? 'category:not' : 'category', tokens.map((one) => one.text).join(',')],
    holds: (one) => tokens.some(({ holds }) => holds(one)) !== not,
  }));

const plainWords = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

const words: fc.Arbitrary<Question> = fc
  .record({
    word: fc.constantFrom(...WORDS, 'noir', 'long'),
    length: fc.integer({ min: 1, max: 6 }),
    loud: fc.boolean(),
  })
  .map(({ word, length, loud }) => {
    const start = word.slice(0, length).trimEnd();
    const beside = (one: Message) =>
      (one.category ?? []).flatMap(({ text, coding }) => [text, ...(coding ?? []).map(({ display }) => display)]);
    return {
      param: ['category:text', escaped(loud ? start.toUpperCase() : start)],
      holds: (one) => beside(one).some((text) => text !== undefined && plainWords(text).startsWith(plainWords(start))),
    };
  });

const subject: fc.Arbitrary<Question> = fc
  .record({
    references: fc.array(fc.constantFrom(...PATIENTS, 'Patient/3'), { minLength: 1, maxLength: 2 }),
    name: fc.constantFrom('subject', 'patient'),
  })
  .map(({ references, name }) => ({
    param: [name, references.join(',')],
    holds: ({ subject: found }) =>
      references.includes(found?.reference ?? '') &&
      (name === 'subject' || found?.reference?.startsWith('Patient/') === true),
  }));

const missing: fc.Arbitrary<Question> = fc
  .record({ name: fc.constantFrom('subject' as const, 'sent' as const, 'category' as const), value: fc.boolean() })
  .map(({ name, value }) => ({
    param: [`${name}:missing`, String(value)],
    holds: (one) => (one[name] === undefined) === value,
  }));

const compared = {
  eq: (at: number, low: number, high: number) => at >= low && at < high,
  ne: (at: number, low: number, high: number) => at < low || at >= high,
  gt: (at: number, _: number, high: number) => at >= high,
  ge: (at: number, low: number) => at >= low,
  lt: (at: number, low: number) => at < low,
  le: (at: number, _: number, high: number) => at < high,
  sa: (at: number, _: number, high: number) => at >= high,
  eb: (at: number, low: number) => at < low,
};

/** January: the trust's days are UTC's. */
const sent: fc.Arbitrary<Question> = fc
  .record({
    prefix: fc.constantFrom(...(Object.keys(compared) as (keyof typeof compared)[])),
    day: fc.integer({ min: 0, max: 10 }),
    exact: fc.boolean(),
    ms: fc.integer({ min: 0, max: DAY - 1 }),
  })
  .map(({ prefix, day, exact, ms }) => {
    const low = FIRST + day * DAY + (exact ? ms : 0);
    const text = new Date(low).toISOString();
    return {
      param: ['sent', `${prefix}${exact ? text : text.slice(0, 10)}`],
      holds: (one) => one.sent !== undefined && compared[prefix](Date.parse(one.sent), low, low + (exact ? 1 : DAY)),
    };
  });

/** Of several values of a key, the one that comes first in the order; none comes last, whichever way it goes. */
const keys: Readonly<Record<string, (message: Message) => readonly (string | number)[]>> = {
  _id: ({ id }) => [id],
  sent: ({ sent: at }) => (at === undefined ? [] : [Date.parse(at)]),
  status: ({ status }) => [status],
  subject: ({ subject: found }) => (found?.reference === undefined ? [] : [found.reference]),
  category: (one) => codings(one).flatMap(({ code }) => code ?? []),
};

function inOrder(sort: readonly string[], messages: readonly Message[]): string[] {
  const isDown = (key: string): boolean => key.startsWith('-');
  const first = (key: string, one: Message): string | number | undefined =>
    [...(keys[key.replace('-', '')]?.(one) ?? [])].sort((a, b) => (a < b === isDown(key) ? 1 : -1))[0];
  const compare = (a: Message, b: Message): number => {
    for (const key of sort) {
      const [left, right] = [first(key, a), first(key, b)];
      if (left === right) continue;
      if (left === undefined || right === undefined) return left === undefined ? 1 : -1;
      return left < right === isDown(key) ? 1 : -1;
    }
    return (messages.indexOf(a) - messages.indexOf(b)) * (isDown(sort.at(-1) ?? '') ? -1 : 1);
  };
  return [...messages].sort(compare).map(({ id }) => id);
}

const sorting = fc.array(
  fc.constantFrom(...Object.keys(keys)).chain((key) => fc.constantFrom(key, `-${key}`)),
  { maxLength: 3 },
);

describe('searching', () => {
  it('finds what a plain filter over the same resources finds, whatever is asked', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { minLength: 1, maxLength: 20 }),
        fc.array(fc.array(fc.oneof(category, words, subject, sent, missing), { minLength: 1, maxLength: 3 }), {
          minLength: 1,
          maxLength: 10,
        }),
        sorting,
        fc.integer({ min: 1, max: 7 }),
        async (parts, questions, sort, count) => {
          run += 1;
          const tag = { system: 'urn:run', code: String(run) };
          const made = parts.map(
            (one, at): Message => ({
              resourceType: 'Communication',
              id: `r${run}-${at}`,
              meta: { tag: [tag] },
              ...one,
            }),
          );
          // Through an update with other content first, so that the index must also forget.
          const before = made.map((one, at) => ({ ...one, ...made[(at + 1) % made.length], id: one.id }));
          await test.store.commit(before.map((resource) => ({ op: 'create', resource })));
          await test.store.commit(made.map((resource) => ({ op: 'update', resource })));
          for (const question of questions) {
            const params: SearchParams = [
              ...question.map((one) => one.param),
              ['_tag', `urn:run|${run}`],
              ['_count', String(count)],
            ];
            const expected = made.filter((one) => question.every(({ holds }) => holds(one)));
            if (sort.length === 0) {
              expect(await test.ids('Communication', params)).toEqual(expected.map(({ id }) => id).sort());
            } else {
              const found = await searchAll(test.store, 'Communication', [...params, ['_sort', sort.join(',')]]);
              expect([sort, found.map(({ id }) => id)]).toEqual([sort, inOrder(sort, expected)]);
            }
            const counted = await test.store.search('Communication', [...params.slice(0, -1), ['_summary', 'count']]);
            expect(counted.total).toBe(expected.length);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
