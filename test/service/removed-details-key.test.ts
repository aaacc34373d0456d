import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Consent } from '@medplum/fhirtypes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exampleRequest } from '../../src/catalogue/examples.ts';
import { ConfigError } from '../../src/config.ts';
import { existingKey, removedDetailsKey } from '../../src/service/removed-details-key.ts';
import { StoreError } from '../../src/store/fhir-store.ts';
import { startStub } from '../servers/stub/stub.ts';
import { openTestStore, type TestStore } from '../store/open-store.ts';
import { startHerald, until } from '../support/herald.ts';
import { atRisk, objection, reachable, reason, removing } from '../support/objections.ts';
import { aText, callbackEnv, tasksAbout } from '../support/texts.ts';

const NAME = 'removed-details.key';

describe('VER-1, OBJ-8, OBJ-11: the key by which closed numbers and removed details are known again', () => {
  let test: TestStore;
  let dir: string;
  beforeEach(() => {
    test = openTestStore();
    dir = join(test.file, '..');
  });
  afterEach(() => test.close());

  const removed: Consent & { id: string } = {
    ...objection('Patient/iris', { parts: [reason, atRisk, removing, { url: 'removed', valueString: 'print' }] }),
    id: 'o1',
  };
  const refusal = async (of: Promise<unknown>): Promise<string> => {
    const error = await of.then(
      () => undefined,
      (one: unknown) => one,
    );
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  };

  it('is made once, whole, for its owner alone, and is the same afterwards', async () => {
    expect(await existingKey(dir, test.store)).toBeUndefined();
    const both = await Promise.all([removedDetailsKey(dir, test.store), removedDetailsKey(dir, test.store)]);
    await test.put(removed);
    const again = await removedDetailsKey(dir, test.store);
    expect(new Set([...both, again].map((one) => one.toString('hex'))).size).toBe(1);
    expect([again.length, statSync(join(dir, NAME)).mode & 0o777]).toEqual([32, 0o600]);
    expect(readdirSync(dir).filter((one) => one.startsWith(NAME))).toEqual([NAME]);
  });

  it.each([
    ['lost', (file: string) => rmSync(file), 'is missing'],
    ['cut short', (file: string) => truncateSync(file, 7), 'is damaged'],
    ['empty', (file: string) => truncateSync(file, 0), 'is damaged'],
  ])('where it is %s and the record needs it, the start is refused, naming the file', async (_how, spoil, said) => {
    await removedDetailsKey(dir, test.store);
    await test.put(removed);
    spoil(join(dir, NAME));
    for (const look of [removedDetailsKey, existingKey]) {
      const message = await refusal(look(dir, test.store));
      for (const part of ['HERALD_DATA_DIR', NAME, said, 'docs/operate.md']) expect(message).toContain(part);
      expect(message).not.toContain(dir);
    }
  });

  it('none is made while it cannot be said whether the record needs one', async () => {
    const silent = Object.create(test.store, {
      search: { value: () => Promise.reject(new StoreError('unavailable', 'silent')) },
    });
    await expect(removedDetailsKey(dir, silent)).rejects.toThrow(StoreError);
    expect(existsSync(join(dir, NAME))).toBe(false);
  });
});

describe.each(['embedded', 'strict'])('OBJ-8, VER-1: a start without the key, on %s', (on) => {
  it('is refused once a number was closed or a detail removed, and goes on with the key', async () => {
    const herald = await startHerald({ on, env: callbackEnv });
    try {
      // Nothing is told by it yet: it is made anew.
      await herald.restart({ lost: [NAME] });
      await reachable(herald, '9991232176', '07700 900193');
      const text = await aText(herald, '447700900193', 'Wrong number');
      const [check] = await tasksAbout(herald, text, 'check-contact');
      expect(check?.identifier).toHaveLength(1);
      await herald.service.close();
      const { store } = herald.config;
      if (store.kind === 'remote') {
        const search = `${store.baseUrl}/Task?focus=Communication/${text.id}&code=${check?.code?.coding?.[0]?.code}`;
        await until(async () => (await (await fetch(search)).text()).includes('"entry"'), 'the Task in the index');
      }
      const file = join(store.dataDir, NAME);
      const key = readFileSync(file);
      rmSync(file);
      await expect(herald.startAnother()).rejects.toThrow(NAME);
      expect(existsSync(file)).toBe(false);
      writeFileSync(file, key, { mode: 0o600 });
      await herald.startAnother();
    } finally {
      await herald.close().catch(() => {});
    }
  });
});

describe('contract 1, OBJ-8: a first start while the server of the record does not answer', () => {
  it('waits, names what it waits for, makes no key and sends nothing; it goes on once the server answers', async () => {
    const stub = await startStub({ indexLagMs: 0 });
    const herald = await startHerald({ on: stub.url, timing: { doubtsMs: 100 } });
    try {
      const { store } = herald.config;
      const file = store.kind === 'remote' ? join(store.dataDir, NAME) : '';
      await stub.down();
      await herald.restart({ lost: [NAME] });
      const { status, body } = await herald.get('/readyz');
      expect([status, body.failing]).toEqual([503, expect.arrayContaining(['removed-details-key'])]);
      expect(existsSync(file)).toBe(false);
      expect((await herald.post('/fhir/CommunicationRequest', exampleRequest('early'))).status).toBe(503);
      await stub.up();
      await until(async () => (await herald.get('/readyz')).status === 200, 'that it is ready');
      expect(existsSync(file)).toBe(true);
      expect((await herald.post('/fhir/CommunicationRequest', exampleRequest('late'))).status).toBe(201);
    } finally {
      await herald.close();
      await stub.stop();
    }
  });
});
