import type { ActivityDefinition } from '@medplum/fhirtypes';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestStore, type TestStore } from './open-store.ts';

let test: TestStore;
beforeAll(() => {
  test = openTestStore({ now: () => new Date('2026-06-01T12:00:00Z') });
});
afterAll(() => test.close());

const url = 'https://example.org/types/one';
const write = (title: string) => {
  const resource: ActivityDefinition & { id: string } = {
    resourceType: 'ActivityDefinition',
    id: 'one',
    status: 'active',
    url,
    title,
  };
  return test.store.commit([{ op: 'update', resource }]);
};
const found = async () => (await test.store.search('ActivityDefinition', [['url', url]])).matches[0];

it('a new version of a message type is found at once, though versions are parsed once', async () => {
  await write('First');
  const first = await found();
  expect([first?.title, await found()]).toEqual(['First', first]);
  await write('Second');
  expect((await found())?.title).toBe('Second');
  expect(first?.title).toBe('First');
});

it('what all have in common cannot be changed by one of them', async () => {
  const one = await found();
  expect(() => Object.assign(one ?? {}, { title: 'Changed' })).toThrow(TypeError);
  expect((await found())?.title).toBe('Second');
});
